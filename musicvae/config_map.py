"""Configurations as notebooks use them: a table by name whose entries may be edited.

    config = configs.CONFIG_MAP["cat-mel_2bar_big"]
    config.hparams.batch_size = 4
    model = TrainedModel(config, batch_size=4, checkpoint_dir_or_path="model.tar")

Every look-up gives a copy of its own, so that nothing that one caller assigns to a configuration
reaches another. A configuration of your own is entered under a name of its own:

    configs.CONFIG_MAP["my-melodies"] = config
    model = TrainedModel("my-melodies", batch_size=4, checkpoint_dir_or_path="run")
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from musicvae.config import Config, list_configs, load_config
from musicvae.errors import ConfigError
from musicvae.hparams import HParams
from musicvae.notebook_converter import NotebookConverter


class EditableHParams:
    """Hyperparameters as attributes that may be assigned; each assignment is checked."""

    _current: HParams

    def __init__(self, hparams: HParams | None = None, /, **values: Any) -> None:
        """Starts from some hyperparameters, or from the defaults.

        Args:
          hparams: where to start.
          **values: what is different.

        Raises:
          ConfigError: a name is unknown, or a value of the wrong type or out of range.
        """
        object.__setattr__(self, "_current", (hparams or HParams()).replace(**values))

    def __contains__(self, name: object) -> bool:
        return name in self.values()

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

    def override_from_dict(self, values: Mapping[str, Any]) -> EditableHParams:
        """Assigns values by name; returns this object."""
        object.__setattr__(self, "_current", self._current.replace(**values))
        return self

    def set_hparam(self, name: str, value: Any) -> None:
        """Assigns one value."""
        setattr(self, name, value)

    def get(self, name: str, default: Any = None) -> Any:
        """Returns one value, or the default where there is no such hyperparameter."""
        return self.values().get(name, default)

    def frozen(self) -> HParams:
        """Returns the present values as a frozen record."""
        return self._current


class EditableConfig:
    """A private copy of a named configuration whose hyperparameters and converter may be assigned.

    Attributes:
      name: the configuration's name.
      hparams: its hyperparameters, assignable.
      data_converter: its converter, with `to_tensors` and `from_tensors`; assignable.
      tfds_name: the TensorFlow Datasets name that training takes by default, or None.
      train_examples_path: kept for notebooks that set it; `musicvae-train` takes --examples_path.
      eval_examples_path: likewise.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._data_converter: NotebookConverter | None = None
        self.name = config.name
        self.hparams = EditableHParams(config.hparams)
        self.tfds_name = config.tfds_name
        self.train_examples_path: str | None = None
        self.eval_examples_path: str | None = None

    def frozen(self) -> Config:
        """Returns the present state as a frozen configuration."""
        converter = self._config.converter
        if self._data_converter is not None:
            converter = self._data_converter.component
        return dataclasses.replace(
            self._config,
            name=self.name,
            aliases=self._config.aliases if self.name == self._config.name else (),
            hparams=self.hparams.frozen(),
            converter=converter,
            tfds_name=self.tfds_name,
        )

    @property
    def data_converter(self) -> NotebookConverter:  # noqa: D102 (an attribute of the class)
        if self._data_converter is None:
            self._data_converter = notebook_converter(self._config)
        return self._data_converter

    @data_converter.setter
    def data_converter(self, converter: NotebookConverter) -> None:
        if not isinstance(converter, NotebookConverter):
            raise ConfigError(
                f"data_converter is a {type(converter).__name__}; make one with "
                "musicvae.data.GrooveConverter or its brothers"
            )
        self._data_converter = converter

    @property
    def values(self) -> dict[str, Any]:
        """What `update_config` can change, by name."""
        return {name: getattr(self, name) for name in _UPDATABLE}

    def copy(self) -> EditableConfig:
        """Returns a private copy."""
        duplicate = EditableConfig(self.frozen())
        values = self.values | {"data_converter": copy.copy(self.data_converter)}
        return _updated(duplicate, values)

    def _replace(self, **values: Any) -> EditableConfig:
        """Returns a private copy with these values, as of a named tuple."""
        return update_config(self, values)


_UPDATABLE = ("hparams", "data_converter", "tfds_name", "train_examples_path", "eval_examples_path")


def update_config(config: EditableConfig, values: Mapping[str, Any]) -> EditableConfig:
    """Returns a private copy of a configuration with other values.

    Args:
      config: not changed.
      values: of hparams, data_converter, tfds_name, train_examples_path and eval_examples_path.

    Raises:
      ConfigError: there is no such value.
    """
    return _updated(config.copy(), values)


def _updated(config: EditableConfig, values: Mapping[str, Any]) -> EditableConfig:
    for name, value in values.items():
        if name not in _UPDATABLE:
            raise ConfigError(f"a configuration has no '{name}'; known: {', '.join(_UPDATABLE)}")
        if name == "hparams":
            config.hparams = EditableHParams(config.hparams.frozen(), **value.values())
        else:
            setattr(config, name, value)
    return config


def merge_hparams(first: EditableHParams, second: EditableHParams) -> EditableHParams:
    """Returns the first's hyperparameters with those of the second that are not the defaults."""
    defaults = EditableHParams().values()
    changed = {name: value for name, value in second.values().items() if value != defaults[name]}
    return EditableHParams(first.frozen(), **changed)


class ConfigMap(MutableMapping[str, EditableConfig]):
    """All named configurations and their aliases, and those that were assigned.

    Each look-up makes a private copy, and so does each assignment.
    """

    def __init__(self) -> None:
        self._assigned: dict[str, EditableConfig] = {}

    def __setitem__(self, name: str, config: EditableConfig | Config) -> None:
        if not isinstance(config, EditableConfig | Config):
            raise ConfigError(
                f"CONFIG_MAP['{name}'] takes a configuration, not a {type(config).__name__}; start "
                "from a copy, as in config = CONFIG_MAP['cat-mel_2bar_small']"
            )
        own = EditableConfig(config) if isinstance(config, Config) else config.copy()
        own.name = name
        self._assigned[name] = own

    def __delitem__(self, name: str) -> None:
        del self._assigned[name]

    def __getitem__(self, name: str) -> EditableConfig:
        if name in self._assigned:
            return self._assigned[name].copy()
        try:
            return EditableConfig(load_config(name))
        except ConfigError as error:
            raise KeyError(str(error)) from error

    def __iter__(self) -> Iterator[str]:
        shipped = [name for config in list_configs() for name in (config.name, *config.aliases)]
        return iter([*shipped, *(name for name in self._assigned if name not in shipped)])

    def __len__(self) -> int:
        return len(list(iter(self)))


CONFIG_MAP = ConfigMap()


def as_config(config: Config | EditableConfig | str) -> Config:
    """Returns the frozen configuration of what a caller holds: one, an editable copy or a name."""
    if isinstance(config, str):
        return CONFIG_MAP[config].frozen() if config in CONFIG_MAP else load_config(config)
    return config.frozen() if isinstance(config, EditableConfig) else config


def notebook_converter(config: Config) -> NotebookConverter:
    """Returns a configuration's converter as notebooks use it, made anew."""
    from musicvae.converters import build_converter

    return NotebookConverter(build_converter(config.converter), config.converter)
