"""Named configurations: what a model is, what it learns from, and how it is trained.

A configuration is one TOML file. Read, it is frozen data: it stores names and numbers, never
classes or live objects, so that one model's settings cannot leak into the next. Nothing here needs
TensorFlow.

    [model]      z_size, max_seq_len
    [converter]  type and its options: how notes become tensors
    [encoder]    type, rnn_size, residual and the type's own options
    [decoder]    the same; [decoder.core] is the decoder inside a hierarchical one
    [train]      batch_size, learning_rate, free_bits, ...
    [augment]    transpose_range, ...: the random changes of training
    [data]       tfds_name

`base = "NAME"` at the top takes everything else from another configuration.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib.resources
import os
import tomllib
import types
import typing
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from musicvae.augmentation import Augmentation
from musicvae.errors import ConfigError
from musicvae.hparams import FIELDS, HParams
from musicvae.registry import did_you_mean

if TYPE_CHECKING:
    from musicvae.notebook_converter import NotebookConverter

OptionsT = TypeVar("OptionsT")

_SECTIONS = ("model", "converter", "encoder", "decoder", "train", "augment", "data")
_TOP_LEVEL = ("name", "description", "aliases", "base")


class Options(Mapping[str, Any]):
    """A frozen mapping with hashable values: lists are stored as tuples."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._items = tuple((key, _frozen(value)) for key, value in values.items())

    def __getitem__(self, key: str) -> Any:
        return dict(self._items)[key]

    def __iter__(self) -> Iterator[str]:
        return iter(key for key, _ in self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __hash__(self) -> int:
        return hash(frozenset(self._items))

    def __repr__(self) -> str:
        return f"Options({dict(self._items)!r})"


@dataclasses.dataclass(frozen=True)
class Component:
    """A converter, encoder or decoder by its registered name.

    Attributes:
      type: the registered name.
      options: what the type's own Config takes.
      core: the component inside this one, for hierarchical types.
    """

    type: str
    options: Options = dataclasses.field(default_factory=lambda: Options({}))
    core: Component | None = None


@dataclasses.dataclass(frozen=True)
class ExampleSpec:
    """The shape of a converter's examples: what a model must know of its data.

    Attributes:
      input_depth: columns of the encoder's input.
      output_depth: columns of the decoder's target.
      control_depth: columns of the control signal; 0 where there is none.
      part_depths: columns of each part of the target, side by side; they sum to `output_depth`.
      end_token: the output label that ends a sequence or segment, or None.
      num_segments: segments with a length of their own, or 0 where a sequence has one length.
    """

    input_depth: int
    output_depth: int
    control_depth: int = 0
    part_depths: tuple[int, ...] = ()
    end_token: int | None = None
    num_segments: int = 0


@dataclasses.dataclass(frozen=True)
class Config:
    """One named configuration.

    Attributes:
      name: as `--config` takes it.
      hparams: sizes and training settings under Magenta's names.
      converter: how notes become tensors and back.
      encoder: the recognition model q(z|x).
      decoder: the generative model p(x|z).
      augmentation: random changes to training data, or None.
      tfds_name: the TensorFlow Datasets name that `--tfds_name` defaults to, or None.
      description: one line for `--list_configs`.
      aliases: other names for the same configuration.
    """

    name: str
    hparams: HParams
    converter: Component
    encoder: Component
    decoder: Component
    augmentation: Augmentation | None = None
    tfds_name: str | None = None
    description: str = ""
    aliases: tuple[str, ...] = ()

    @functools.cached_property
    def data_converter(self) -> NotebookConverter:
        """The converter, with the methods and attributes that notebooks touch."""
        from musicvae.config_map import notebook_converter

        return notebook_converter(self)

    def override(self, hparams: str, augment: str = "") -> Config:
        """Returns a copy with hyperparameters from text such as `batch_size=32,z_size=64`.

        Args:
          hparams: as HParams.override takes it.
          augment: as Augmentation.override takes it; laid over the configuration's own.

        Raises:
          ConfigError: as HParams.override and Augmentation.override.
        """
        augmentation = self.augmentation
        if augment.strip():
            augmentation = (augmentation or Augmentation()).override(augment)
        return dataclasses.replace(
            self, hparams=self.hparams.override(hparams), augmentation=augmentation
        )

    def to_dict(self) -> dict[str, Any]:
        """Returns the configuration as the nested tables of its TOML file."""
        tables: dict[str, Any] = {"name": self.name}
        if self.description:
            tables["description"] = self.description
        if self.aliases:
            tables["aliases"] = list(self.aliases)
        tables |= {
            "model": {},
            "converter": _component_table(self.converter),
            "encoder": _component_table(self.encoder),
            "decoder": _component_table(self.decoder),
            "train": {},
        }
        for name, field in FIELDS.items():
            section, key = field.metadata["section"], field.metadata["key"] or name
            value = getattr(self.hparams, name)
            tables[section][key] = list(value) if isinstance(value, tuple) else value
        if self.augmentation is not None:
            tables["augment"] = self.augmentation.to_dict()
        if self.tfds_name is not None:
            tables["data"] = {"tfds_name": self.tfds_name}
        return tables


def list_configs() -> list[Config]:
    """Returns every configuration that ships with the package, sorted by name."""
    return sorted(_shipped().values(), key=lambda config: config.name)


def load_config(name_or_path: str) -> Config:
    """Returns a configuration by name, alias or path of a TOML file.

    Args:
      name_or_path: "cat-mel_2bar_big", or a path that ends in ".toml".

    Raises:
      ConfigError: the name is unknown (the message suggests the nearest), or the file is missing or
        wrong.
    """
    if name_or_path.endswith(".toml"):
        return read_config(name_or_path)
    shipped = _shipped()
    by_name = {alias: config for config in shipped.values() for alias in config.aliases} | shipped
    if name_or_path not in by_name:
        raise ConfigError(
            f"unknown config '{name_or_path}'{did_you_mean(name_or_path, by_name)} "
            "`musicvae-train --list_configs` shows all; a file of your own is given by its path, "
            "ending in .toml"
        )
    return dataclasses.replace(by_name[name_or_path])


def read_config(path: str | os.PathLike[str]) -> Config:
    """Reads a configuration from a TOML file.

    Args:
      path: the file. Its stem is the name unless the file states one.

    Raises:
      ConfigError: the file is missing, not TOML, or its content is not a configuration.
    """
    try:
        with open(path, "rb") as file:
            tables = tomllib.load(file)
    except OSError as error:
        raise ConfigError(f"{path}: cannot read the configuration: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not a TOML file: {error}") from error
    name = os.path.basename(os.fspath(path)).removesuffix(".toml")
    return parse_config(tables, name, source=os.fspath(path))


def parse_config(tables: Mapping[str, Any], name: str, *, source: str) -> Config:
    """Makes a configuration of a TOML file's tables.

    Args:
      tables: as `tomllib` reads them.
      name: the name where the tables state none.
      source: the file, for error messages.

    Raises:
      ConfigError: a table or key is unknown or missing, or a value does not fit.
    """
    _reject_unknown(tables, (*_TOP_LEVEL, *_SECTIONS), f"{source}: table or key")
    try:
        if "base" in tables:
            tables = _merged(_base_tables(str(tables["base"])), tables)
        hparams = {}
        components = {}
        for section in ("encoder", "decoder", "converter"):
            if "type" not in tables.get(section, {}):
                raise ConfigError(f"[{section}] has no type; say which {section} to use")
        rest = {section: dict(tables.get(section, {})) for section in _SECTIONS}
        for hparam, field in FIELDS.items():
            table, key = rest[field.metadata["section"]], field.metadata["key"] or hparam
            if key in table:
                hparams[hparam] = table.pop(key)
        for section in ("model", "train"):
            _reject_unknown(rest[section], (), f"key in [{section}]:")
        for section in ("encoder", "decoder", "converter"):
            components[section] = _component(rest[section])
        augmentation = (
            options_as(Augmentation, rest["augment"], "[augment]") if rest["augment"] else None
        )
        _reject_unknown(rest["data"], ("tfds_name",), "key in [data]:")
        return Config(
            name=str(tables.get("name", name)),
            description=str(tables.get("description", "")),
            aliases=tuple(tables.get("aliases", ())),
            hparams=HParams(**hparams),
            augmentation=augmentation,
            tfds_name=rest["data"].get("tfds_name"),
            **components,
        )
    except ConfigError as error:
        raise ConfigError(f"{source}: {error}") from error


def options_as(cls: type[OptionsT], options: Mapping[str, Any], subject: str) -> OptionsT:
    """Makes a component's frozen Config of its options.

    Args:
      cls: a frozen dataclass.
      options: values by field name; lists and tuples are taken for each other.
      subject: what the options belong to, for error messages: "[converter] type 'melody'".

    Raises:
      ConfigError: a name is unknown or missing, or a value is of the wrong type.
    """
    assert dataclasses.is_dataclass(cls)
    fields = {field.name: field for field in dataclasses.fields(cls)}
    _reject_unknown(options, tuple(fields), f"{subject}: option")
    hints = typing.get_type_hints(cls)
    values = {}
    for name, value in options.items():
        value = _frozen(value)
        if _accepts(hints[name], float) and type(value) is int and not _accepts(hints[name], int):
            value = float(value)
        if not _fits(value, hints[name]):
            raise ConfigError(
                f"{subject}: {name} = {value!r} is not of type {_hint_name(hints[name])}"
            )
        values[name] = value
    for name, field in fields.items():
        required = (
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        )
        if required and name not in values:
            raise ConfigError(f"{subject}: option '{name}' is missing")
    return cls(**values)


@functools.cache
def _shipped_tables() -> dict[str, dict[str, Any]]:
    return {
        file.name.removesuffix(".toml"): tomllib.loads(file.read_text(encoding="utf-8"))
        for file in importlib.resources.files("musicvae.configs").iterdir()
        if file.name.endswith(".toml")
    }


@functools.cache
def _shipped() -> dict[str, Config]:
    return {
        name: parse_config(tables, name, source=f"{name}.toml")
        for name, tables in _shipped_tables().items()
    }


def _base_tables(name: str) -> dict[str, Any]:
    """Returns a shipped configuration's tables without what names that configuration."""
    shipped = _shipped_tables()
    if name not in shipped:
        raise ConfigError(f"base = '{name}' is not a shipped config{did_you_mean(name, shipped)}")
    own = {key: value for key, value in shipped[name].items() if key not in _TOP_LEVEL}
    base = shipped[name].get("base")
    return _merged(_base_tables(base), own) if base else own


def _component(table: Mapping[str, Any]) -> Component:
    options = dict(table)
    core = options.pop("core", None)
    return Component(
        type=str(options.pop("type")),
        options=Options(options),
        core=None if core is None else _component(core),
    )


def _component_table(component: Component) -> dict[str, Any]:
    table = {"type": component.type} | {k: _thawed(v) for k, v in component.options.items()}
    if component.core is not None:
        table["core"] = _component_table(component.core)
    return table


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Lays one file's tables over another's, key by key."""
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merged(merged[key], value) if both else value
    return merged


def _reject_unknown(given: Mapping[str, Any], known: tuple[str, ...], subject: str) -> None:
    for name in given:
        if name not in known:
            hint = did_you_mean(name, known)
            expected = f" Known: {', '.join(known)}" if known else ""
            raise ConfigError(f"{subject} '{name}' is unknown{hint}{expected}")


def _frozen(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(_frozen(item) for item in value)
    if isinstance(value, Mapping):
        return Options(value)
    return value


def _thawed(value: Any) -> Any:
    return [_thawed(item) for item in value] if isinstance(value, tuple) else value


def _accepts(hint: Any, kind: type) -> bool:
    return hint is kind or kind in typing.get_args(hint)


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value is of an annotated type: a scalar, None, a tuple of these, or a union."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return any(_fits(value, arg) for arg in args)
    if origin is tuple:
        if not isinstance(value, tuple):
            return False
        if len(args) == 2 and args[1] is Ellipsis:
            return all(_fits(item, args[0]) for item in value)
        return len(value) == len(args) and all(map(_fits, value, args))
    return type(value) is hint


def _hint_name(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) else str(hint)
