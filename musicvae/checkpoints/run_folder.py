"""A run folder: what one training leaves behind, and what generating and evaluating start from.

    run_dir/config.toml     the configuration with every hyperparameter
    run_dir/train/          checkpoints and training summaries
    run_dir/eval[SUFFIX]/   evaluation summaries

Folders that Magenta's trainer wrote have no config.toml; their sizes come from the checkpoint.
"""

from __future__ import annotations

import contextlib
import os

import tomli_w

from musicvae.checkpoints.locate import latest_in
from musicvae.config import Config, load_config, read_config
from musicvae.errors import CheckpointError, ConfigError, InputError
from musicvae.files import atomic_file, exclusive_lock

CONFIG_FILE = "config.toml"
_LOCK = "training.lock"


class RunFolder:
    """A run folder by its path.

    Attributes:
      path: the folder.
      train: where checkpoints are.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.path.expanduser(os.fspath(path))
        self.train = os.path.join(self.path, "train")

    def evaluation(self, suffix: str = "") -> str:
        """Returns the folder of an evaluation's summaries."""
        return os.path.join(self.path, f"eval{suffix}")

    def locked(self) -> contextlib.AbstractContextManager[None]:
        """Keeps other trainings out of the folder while the context lasts.

        Raises:
          CheckpointError: the folder cannot be written.
          InputError: another process trains here; the message says which.
        """
        try:
            os.makedirs(self.train, exist_ok=True)
        except OSError as error:
            raise CheckpointError(f"{self.train}: cannot be made: {error.strerror}") from error
        shown = self.path.replace("{", "{{").replace("}", "}}")
        return exclusive_lock(
            os.path.join(self.train, _LOCK),
            f"{shown}: another training works in this folder ({{holder}}); wait for its end, or "
            "choose another --run_dir",
        )

    @property
    def latest(self) -> str | None:
        """The prefix of the latest training checkpoint, or None."""
        return latest_in(self.train) if os.path.isdir(self.train) else None

    @property
    def config(self) -> Config | None:
        """The remembered configuration, or None where the folder has none.

        Raises:
          ConfigError: config.toml is damaged.
        """
        path = os.path.join(self.path, CONFIG_FILE)
        return read_config(path) if os.path.exists(path) else None

    def remember(self, config: Config) -> None:
        """Writes the configuration into the folder, which is made where it is missing.

        Raises:
          CheckpointError: it cannot be written.
        """
        path = os.path.join(self.path, CONFIG_FILE)
        try:
            os.makedirs(self.path, exist_ok=True)
            with atomic_file(path) as file:
                tomli_w.dump(config.to_dict(), file)
        except (OSError, InputError) as error:
            raise CheckpointError(f"{path}: cannot remember the configuration: {error}") from error

    def resolve(self, name: str | None, hparams: str = "", augment: str = "") -> Config:
        """Returns the configuration to use with this folder.

        Args:
          name: what the user gave as --config, or None.
          hparams: what the user gave as --hparams, laid over it.
          augment: what the user gave as --augment, likewise.

        Raises:
          ConfigError: the folder remembers another configuration than `name`, or none and no name
            was given; or its configuration names code outside this package, which is imported only
            where a configuration of the user's own, `name`, names it too.
        """
        remembered = self.config
        if remembered is None and not name:
            raise ConfigError(
                f"{self.path} does not say which configuration it is (it has no {CONFIG_FILE}); "
                "give --config"
            )
        asked = load_config(name) if name else None
        if remembered and asked and remembered.name != asked.name:
            raise ConfigError(
                f"--config={name} is not what {self.path} was trained with: {remembered.name}; "
                "leave --config out"
            )
        config = remembered or asked
        assert config is not None
        foreign = config.import_paths - (asked.import_paths if asked else frozenset())
        if foreign:
            raise ConfigError(
                f"{self.path} asks for code from outside musicvae, '{min(foreign)}', and a folder "
                "may be a stranger's: give your own configuration, --config=FILE.toml, that names "
                "it too"
            )
        return config.override(hparams, augment)
