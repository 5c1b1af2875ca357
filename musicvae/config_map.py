"""Configurations as notebooks use them: a table by name whose entries may be edited.

    config = configs.CONFIG_MAP["cat-mel_2bar_big"]
    config.hparams.batch_size = 4
    model = TrainedModel(config, batch_size=4, checkpoint_dir_or_path="model.tar")

Every look-up gives a copy of its own, so that nothing that one caller assigns reaches another.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from musicvae.config import Config, list_configs, load_config
from musicvae.errors import ConfigError
from musicvae.hparams import HParams
from musicvae.notebook_converter import NotebookConverter


class EditableHParams:
    """Hyperparameters as attributes that may be assigned; each assignment is checked."""

    _current: HParams

    def __init__(self, hparams: HParams) -> None:
        object.__setattr__(self, "_current", hparams)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name not in self.values():
            raise AttributeError(f"no hyperparameter '{name}'")
        return self.values()[name]

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, "_current", self._current.replace(**{name: value}))

    def __getstate__(self) -> HParams:
        return self._current

    def __setstate__(self, hparams: HParams) -> None:
        object.__setattr__(self, "_current", hparams)

    def __repr__(self) -> str:
        return repr(self._current)

    def values(self) -> dict[str, Any]:
        """Returns all values by name."""
        return dataclasses.asdict(self._current)

    def parse(self, text: str) -> EditableHParams:
        """Assigns the values that `name=value,...` names; returns this object."""
        object.__setattr__(self, "_current", self._current.override(text))
        return self

    def frozen(self) -> HParams:
        """Returns the present values as a frozen record."""
        return self._current


class EditableConfig:
    """A private copy of a named configuration whose hyperparameters may be assigned.

    Attributes:
      name: the configuration's name.
      hparams: its hyperparameters, assignable.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self.name = config.name
        self.hparams = EditableHParams(config.hparams)

    def frozen(self) -> Config:
        """Returns the present state as a frozen configuration."""
        return dataclasses.replace(self._config, hparams=self.hparams.frozen())

    @property
    def data_converter(self) -> NotebookConverter:
        """The configuration's converter, made anew, with `to_tensors` and `from_tensors`."""
        from musicvae.converters import build_converter

        return NotebookConverter(build_converter(self._config.converter))


class ConfigMap(Mapping[str, EditableConfig]):
    """All named configurations and their aliases; each look-up makes a private copy."""

    def __getitem__(self, name: str) -> EditableConfig:
        try:
            return EditableConfig(load_config(name))
        except ConfigError as error:
            raise KeyError(str(error)) from error

    def __iter__(self) -> Iterator[str]:
        return iter([name for config in list_configs() for name in (config.name, *config.aliases)])

    def __len__(self) -> int:
        return len(list(iter(self)))


CONFIG_MAP = ConfigMap()


def as_config(config: Config | EditableConfig | str) -> Config:
    """Returns the frozen configuration of what a caller holds: one, an editable copy or a name."""
    if isinstance(config, EditableConfig):
        return config.frozen()
    return load_config(config) if isinstance(config, str) else config
