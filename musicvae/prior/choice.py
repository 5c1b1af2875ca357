"""Which prior a model draws from: the one that was fitted to it, N(0, I), or one of the user's."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from musicvae.config import Config
from musicvae.errors import InputError
from musicvae.prior.latent_prior import LatentPrior
from musicvae.prior.storage import prior_content, prior_path, read_prior

if TYPE_CHECKING:
    from musicvae.checkpoints import Checkpoint

LEARNED, STANDARD = "learned", "standard"

PriorChoice: TypeAlias = str | os.PathLike[str] | LatentPrior | None


class ModelPrior:
    """The priors that a loaded model can draw from.

    The prior that was fitted to its checkpoint is read when it is first drawn from, so that a
    broken file stops nobody who draws nothing.
    """

    def __init__(self, choice: PriorChoice, checkpoint: Checkpoint, config: Config) -> None:
        """Looks for the checkpoint's prior.

        Args:
          choice: what to draw from: "learned", "standard", a file or a prior; None for the learned
            one where there is one.
          checkpoint: the model's, open.
          config: the model's configuration.

        Raises:
          InputError: there is no such prior.
        """
        self._config, self._step = config, checkpoint.step
        self._name = str(prior_path(checkpoint.location))
        beside, inside = Path(self._name), prior_path(checkpoint.prefix)
        self._own: LatentPrior | bytes | None = None
        if beside.is_file():
            self._own = prior_content(beside)
        elif inside.is_file():
            self._own, self._name = prior_content(inside), checkpoint.location
        self._choice: PriorChoice = None
        if choice is not None:
            self._choice = self._find(choice) or STANDARD

    def chosen(self, choice: PriorChoice = None) -> LatentPrior | None:
        """Returns the prior to draw from; None for N(0, I).

        Args:
          choice: as for the constructor; None for what was chosen there.

        Raises:
          InputError: there is no such prior, or it is another model's.
        """
        choice = self._choice if choice is None else choice
        if choice is None:
            return None if self._own is None else self._learned()
        return self._find(choice)

    def _find(self, choice: str | os.PathLike[str] | LatentPrior) -> LatentPrior | None:
        if choice == STANDARD:
            return None
        if choice == LEARNED:
            return self._learned()
        if isinstance(choice, LatentPrior):
            return self._checked(choice, "the given prior")
        path = os.path.expanduser(os.fspath(choice))
        if not os.path.exists(path):
            raise InputError(
                f"prior '{path}': must be {LEARNED}, {STANDARD} or a file of `musicvae-prior`"
            )
        return self._checked(read_prior(prior_content(path), path), f"the prior in '{path}'")

    def _learned(self) -> LatentPrior:
        if self._own is None:
            raise InputError(
                f"config '{self._config.name}' has no learned prior here ({self._name}); "
                "`musicvae-prior` fits one"
            )
        if isinstance(self._own, bytes):
            prior = read_prior(self._own, self._name)
            self._own = self._checked(prior, f"the prior in '{self._name}'")
        return self._own

    def _checked(self, prior: LatentPrior, name: str) -> LatentPrior:
        """Returns a prior, if it was fitted to this checkpoint."""
        z_size = self._config.hparams.z_size
        if prior.z_size != z_size:
            raise InputError(
                f"{name} has {prior.z_size} dimensions, the model {z_size}; `musicvae-prior` fits "
                "the model's own"
            )
        if prior.step != self._step:
            raise InputError(
                f"{name} was fitted to step {prior.step:,}, the checkpoint is of step "
                f"{self._step:,}; `musicvae-prior` fits it anew, --prior=standard does without"
            )
        return prior
