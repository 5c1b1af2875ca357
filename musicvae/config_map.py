"""Configurations as notebooks use them: a table by name whose entries may be edited.

    config = configs.CONFIG_MAP["cat-mel_2bar_big"]
    config.hparams.batch_size = 4
    model = TrainedModel(config, batch_size=4, checkpoint_dir_or_path="model.tar")

Every look-up gives a copy of its own, so that nothing that one caller assigns to a configuration
reaches another. A configuration of your own is entered under a name of its own:

    configs.CONFIG_MAP["my-melodies"] = config
    model = TrainedModel("my-melodies", batch_size=4, checkpoint_dir_or_path="run")

One may also be built of a model, hyperparameters and a converter; see lstm_models.py.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from musicvae.augmentation import Augmentation
from musicvae.base_model import MusicVAE
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
    """A configuration of its owner's whose values may be assigned: a copy of a named one, or new.

    Attributes:
      name: the configuration's name; "custom" for a new one.
      model: the types of its encoder and decoder.
      hparams: its hyperparameters, assignable.
      note_sequence_augmenter: its random changes to training data, or None.
      data_converter: its converter, with `to_tensors` and `from_tensors`; assignable.
      tfds_name: the TensorFlow Datasets name that training takes by default, or None.
      train_examples_path: kept for notebooks that set it; `musicvae-train` takes --examples_path.
      eval_examples_path: likewise.
    """

    def __init__(
        self,
        model: Config | MusicVAE | None = None,
        hparams: EditableHParams | None = None,
        note_sequence_augmenter: Augmentation | None = None,
        data_converter: NotebookConverter | None = None,
        train_examples_path: str | None = None,
        eval_examples_path: str | None = None,
        tfds_name: str | None = None,
    ) -> None:
        """Copies a named configuration, or builds a new one.

        Args:
          model: what to copy; or the encoder and decoder of a new one, with all that follows.
          hparams: hyperparameters; the defaults where not given.
          note_sequence_augmenter: of `musicvae.data.NoteSequenceAugmenter`.
          data_converter: of `musicvae.data.OneHotMelodyConverter` or its brothers.
          train_examples_path: kept for notebooks that set it.
          eval_examples_path: likewise.
          tfds_name: the TensorFlow Datasets name that training takes by default.

        Raises:
          ConfigError: a value is missing, or is not of this package.
        """
        self._data_converter: NotebookConverter | None = None
        if isinstance(model, Config):
            self._config = model
            self.name = model.name
            self.model = MusicVAE(model.encoder, model.decoder)
            self.hparams = EditableHParams(model.hparams)
            self.note_sequence_augmenter = model.augmentation
            self.tfds_name = model.tfds_name
            self.train_examples_path: str | None = None
            self.eval_examples_path: str | None = None
            return
        if model is None or data_converter is None:
            missing = "model" if model is None else "data_converter"
            raise ConfigError(
                f"a configuration needs model and data_converter; {missing} is missing"
            )
        _check_kind("model", model, MusicVAE, "musicvae.base_model.MusicVAE(encoder, decoder)")
        self.name = _NEW
        self.data_converter = data_converter
        self.hparams = EditableHParams(**(hparams.values() if hparams is not None else {}))
        self._config = Config(
            _NEW, self.hparams.frozen(), data_converter.component, model.encoder, model.decoder
        )
        self.model = model
        self.note_sequence_augmenter = note_sequence_augmenter
        self.tfds_name = tfds_name
        self.train_examples_path = train_examples_path
        self.eval_examples_path = eval_examples_path

    def frozen(self) -> Config:
        """Returns the present state as a frozen configuration.

        Raises:
          ConfigError: what was assigned is not of this package.
        """
        converter = self._config.converter
        if self._data_converter is not None:
            converter = self._data_converter.component
        _check_kind("model", self.model, MusicVAE, "musicvae.base_model.MusicVAE(encoder, decoder)")
        if self.note_sequence_augmenter is not None:
            _check_kind(
                "note_sequence_augmenter",
                self.note_sequence_augmenter,
                Augmentation,
                "musicvae.data.NoteSequenceAugmenter(transpose_range)",
            )
        return dataclasses.replace(
            self._config,
            name=self.name,
            aliases=self._config.aliases if self.name == self._config.name else (),
            hparams=self.hparams.frozen(),
            converter=converter,
            encoder=self.model.encoder,
            decoder=self.model.decoder,
            augmentation=self.note_sequence_augmenter,
            tfds_name=self.tfds_name,
        )

    @property
    def data_converter(self) -> NotebookConverter:  # noqa: D102 (an attribute of the class)
        if self._data_converter is None:
            self._data_converter = notebook_converter(self._config)
        return self._data_converter

    @data_converter.setter
    def data_converter(self, converter: NotebookConverter) -> None:
        _check_kind(
            "data_converter",
            converter,
            NotebookConverter,
            "musicvae.data.GrooveConverter or its brothers",
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

    def _asdict(self) -> dict[str, Any]:
        """Returns `values`, as of a named tuple; `Config(**values)` is the same again."""
        return self.values

    def _replace(self, **values: Any) -> EditableConfig:
        """Returns a private copy with these values, as of a named tuple."""
        return update_config(self, values)


_UPDATABLE = (
    "model",
    "hparams",
    "note_sequence_augmenter",
    "data_converter",
    "train_examples_path",
    "eval_examples_path",
    "tfds_name",
)
_NEW = "custom"


def _check_kind(name: str, value: object, kind: type, where: str) -> None:
    if not isinstance(value, kind):
        raise ConfigError(f"{name} is a {type(value).__name__}; make one with {where}")


def update_config(config: EditableConfig, values: Mapping[str, Any]) -> EditableConfig:
    """Returns a private copy of a configuration with other values.

    Args:
      config: not changed.
      values: by name, as in `EditableConfig`.

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
