"""Trained models that are kept warm: loaded once, on first use, with nothing left to trace."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from musicvae.config import Config, load_config
from musicvae.converters import build_converter
from musicvae.errors import MusicVAEError
from musicvae.generate.results import SamplingOptions
from musicvae.model_choice import ModelChoice, choose_model, shipped_models
from musicvae.registry import did_you_mean
from musicvae.studio.knobs import Knobs, shipped_knobs
from musicvae.studio.model_cards import model_card, modes_of, style_card
from musicvae.studio.replies import ModelCard, ModelEntry
from musicvae.studio.sources import NotFoundError
from musicvae.styles import Style

if TYPE_CHECKING:
    from musicvae.generate import TrainedModel
    from musicvae.prior import LatentPrior

BATCH_SIZE = 32


@dataclasses.dataclass(frozen=True)
class GivenStyle:
    """The style that a studio was started with.

    Attributes:
      style: the style.
      name: of its file.
    """

    style: Style
    name: str


@dataclasses.dataclass
class WarmModel:
    """A loaded model.

    Attributes:
      trained: the model.
      knobs: its attributes; None until they are computed.
      given: the studio's style; None where it is another model's, or there is none.
    """

    trained: TrainedModel
    knobs: Knobs | None = None
    given: GivenStyle | None = None

    @property
    def style(self) -> Style | None:
        """The style that it can play within."""
        return None if self.given is None else self.given.style

    def card(self) -> ModelCard:
        """Describes it."""
        rows = () if self.knobs is None else self.knobs.rows
        style = None if self.given is None else style_card(self.given.style, self.given.name)
        return model_card(self.trained.config, _prior_of(self.trained), rows, style)


class WarmModels:
    """The models of a studio, by name: those that ship, and the one that it was started with.

    Attributes:
      current: name of the model that requests mean which name none.
    """

    def __init__(
        self,
        choice: ModelChoice,
        load: Callable[[ModelChoice], TrainedModel],
        given: GivenStyle | None = None,
    ) -> None:
        """Lists the models; none is loaded.

        Args:
          choice: the model to start with.
          load: loads a model.
          given: a style of the model to start with.
        """
        self.current = choice.config.name
        self._load = load
        self._given = given
        self._started_with = choice
        self._warm: dict[str, WarmModel] = {}
        self._loading = threading.Lock()

    @property
    def names(self) -> list[str]:
        """The names of all models, the one that the studio was started with first."""
        first = self._started_with.config.name
        return [first, *(name for name in shipped_models() if name != first)]

    def entries(self) -> list[ModelEntry]:
        """Describes all models in a line each."""
        return [self._entry(name) for name in self.names]

    def config(self, name: str) -> Config:
        """Returns a model's configuration.

        Raises:
          NotFoundError: there is no such model.
        """
        if name == self._started_with.config.name:
            return self._started_with.config
        if name not in self.names:
            raise NotFoundError(
                f"no model '{name[:80]}'{did_you_mean(name, self.names) or ';'} "
                f"there are {', '.join(self.names)}"
            )
        return load_config(name)

    def get(self, name: str | None = None) -> WarmModel:
        """Returns a model, loading it first where that is needed.

        Args:
          name: its name; None for the current one.

        Raises:
          NotFoundError: there is no such model.
          MusicVAEError: it cannot be loaded, or the style is another model's.
        """
        name = name or self.current
        with self._loading:
            if name not in self._warm:
                config = self.config(name)
                own = config is self._started_with.config
                trained = self._load(self._started_with if own else choose_model(name))
                given = self._given if own else None
                if given is not None:
                    z_size = trained.config.hparams.z_size
                    given.style.check_model(name, trained.step, z_size, given.name)
                _warm_up(trained)
                self._warm[name] = WarmModel(trained, shipped_knobs(trained), given)
            return self._warm[name]

    def known(self, name: str | None) -> WarmModel | None:
        """Returns a model that is loaded; None where it is not."""
        return self._warm.get(name or self.current)

    def _entry(self, name: str) -> ModelEntry:
        config = self.config(name)
        return ModelEntry(
            name=name,
            description=config.description,
            family=build_converter(config.converter).noun,
            loaded=name in self._warm,
            modes=modes_of(config),
        )


def _prior_of(trained: TrainedModel) -> LatentPrior | None:
    try:
        return trained.prior
    except MusicVAEError:
        return None


def _warm_up(trained: TrainedModel) -> None:
    """Traces what requests run."""
    from musicvae.generate.modes import reconstruct, sample
    from musicvae.generate.results import Piece

    if trained.converter.spec.control_depth:
        return
    options = SamplingOptions(seed=0)
    (first,) = sample(trained, 1, options)
    if first.sequence.notes:
        reconstruct(trained, Piece(first.sequence, "warm"), 1, options)
