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

`base = "NAME"` at the top takes everything else from another configuration. A type with a colon is
an import path, `type = "my_pkg.slow:SlowMelody"`: a component of one's own.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib.resources
import os
import tomllib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from musicvae.augmentation import Augmentation
from musicvae.components import (
    Component,
    component_of,
    component_table,
    import_paths,
    options_as,
    reject_unknown,
)
from musicvae.errors import ConfigError
from musicvae.hparams import FIELDS, HParams
from musicvae.registry import did_you_mean

if TYPE_CHECKING:
    from musicvae.notebook_converter import NotebookConverter

_SECTIONS = ("model", "converter", "encoder", "decoder", "train", "augment", "data")
_MAX_BYTES = 1 << 20
_HIGHEST = 2**63
_TOP_LEVEL = ("name", "description", "aliases", "base")


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

    @property
    def import_paths(self) -> frozenset[str]:
        """The import paths among its components' types: code from outside this package."""
        return frozenset().union(*map(import_paths, (self.converter, self.encoder, self.decoder)))

    def override(self, hparams: str, augment: str = "") -> Config:
        """Returns a copy with hyperparameters from text such as `batch_size=32,z_size=64`.

        Args:
          hparams: assignments with commas; lists in brackets, as in `enc_rnn_size=[256]`.
          augment: likewise, such as `rotate_probability=0.2`; laid over the configuration's own.

        Raises:
          ConfigError: the text cannot be parsed, a name is unknown, or a value does not fit.
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
            "converter": component_table(self.converter),
            "encoder": component_table(self.encoder),
            "decoder": component_table(self.decoder),
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
            f"unknown config '{name_or_path}'{did_you_mean(name_or_path, by_name) or '.'} "
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
            text = file.read(_MAX_BYTES + 1)
        if len(text) > _MAX_BYTES:
            raise ConfigError(f"{path}: over {_MAX_BYTES >> 20} MiB are no configuration")
        tables = tomllib.loads(text.decode())
    except OSError as error:
        raise ConfigError(f"{path}: cannot read the configuration: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        # ValueError: no TOML, no UTF-8, a number of thousands of digits.
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
    reject_unknown(tables, (*_TOP_LEVEL, *_SECTIONS), f"{source}: table or key")
    try:
        _check_kinds(tables)
        _check_numbers(tables)
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
            reject_unknown(rest[section], (), f"key in [{section}]:")
        for section in ("encoder", "decoder", "converter"):
            components[section] = component_of(rest[section])
        augmentation = (
            options_as(Augmentation, rest["augment"], "[augment]") if rest["augment"] else None
        )
        reject_unknown(rest["data"], ("tfds_name",), "key in [data]:")
        return Config(
            name=tables.get("name", name),
            description=tables.get("description", ""),
            aliases=tuple(tables.get("aliases", ())),
            hparams=HParams(**hparams),
            augmentation=augmentation,
            tfds_name=rest["data"].get("tfds_name"),
            **components,
        )
    except ConfigError as error:
        raise ConfigError(f"{source}: {error}") from error


def _check_kinds(tables: Mapping[str, Any]) -> None:
    """Checks that tables are tables, and the few texts texts."""
    expected: list[tuple[str, Any, type]] = [
        (f"[{section}]", tables.get(section, {}), Mapping) for section in _SECTIONS
    ]
    expected += [(key, tables.get(key, ""), str) for key in ("name", "description", "base")]
    expected.append(("aliases", tables.get("aliases", []), list))
    expected += [("aliases", alias, str) for alias in _listed(tables.get("aliases", []))]
    for section in ("encoder", "decoder", "converter"):
        table, where = tables.get(section), f"[{section}]"
        while isinstance(table, Mapping):
            expected.append((f"type in {where}", table.get("type", ""), str))
            expected.append((f"core in {where}", table.get("core", {}), Mapping))
            table, where = table.get("core"), f"{where[:-1]}.core]"
    if isinstance(tables.get("data"), Mapping):
        expected.append(("tfds_name", tables["data"].get("tfds_name", ""), str))
    names: dict[Any, str] = {Mapping: "a table", str: "text", list: "a list"}
    for what, value, kind in expected:
        if not isinstance(value, kind):
            raise ConfigError(f"{what} = {str(value)[:40]} is not {names[kind]}")


def _check_numbers(tables: Mapping[str, Any]) -> None:
    """Checks that whole numbers are of a size that arrays and other numbers take."""
    waiting: list[tuple[str, Any]] = list(tables.items())
    while waiting:
        key, value = waiting.pop()
        if isinstance(value, Mapping):
            waiting += value.items()
        elif isinstance(value, list):
            waiting += ((key, item) for item in value)
        elif type(value) is int and abs(value) >= _HIGHEST:
            raise ConfigError(f"{key} is a number of {len(str(value))} digits; that is too large")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


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


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Lays one file's tables over another's, key by key."""
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merged(merged[key], value) if both else value
    return merged
