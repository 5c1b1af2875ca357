"""Components of a configuration: converters, encoders and decoders by type, with their options.

A type is the name that a component of this package is registered under, or an import path,
`my_pkg.slow:SlowMelody`, of a user's own. Nothing is imported here.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from musicvae.errors import ConfigError
from musicvae.registry import did_you_mean, is_import_path

OptionsT = TypeVar("OptionsT")


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
    """A converter, encoder or decoder by its type.

    Attributes:
      type: the registered name, or an import path, "my_pkg.slow:SlowMelody".
      options: what the type's own Config takes.
      core: the component inside this one, for hierarchical types.
    """

    type: str
    options: Options = dataclasses.field(default_factory=lambda: Options({}))
    core: Component | None = None


def component_of(table: Mapping[str, Any]) -> Component:
    """Returns a component as its TOML table describes it.

    Args:
      table: type, options, and the table of the core, if it has one.

    Raises:
      ConfigError: a core has no type.
    """
    options = dict(table)
    core = options.pop("core", None)
    if "type" not in options:
        raise ConfigError("a core has no type; say which decoder to use")
    return Component(
        type=options.pop("type"),
        options=Options(options),
        core=None if core is None else component_of(core),
    )


def component_table(component: Component) -> dict[str, Any]:
    """Returns a component's TOML table, of which `component_of` makes the same component."""
    table = {"type": component.type} | {k: _thawed(v) for k, v in component.options.items()}
    if component.core is not None:
        table["core"] = component_table(component.core)
    return table


def import_paths(component: Component) -> frozenset[str]:
    """Returns the types of a component and its cores that are import paths."""
    inner = frozenset[str]() if component.core is None else import_paths(component.core)
    return inner | {component.type} if is_import_path(component.type) else inner


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
    reject_unknown(options, tuple(fields), f"{subject}: option")
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


def reject_unknown(given: Mapping[str, Any], known: tuple[str, ...], subject: str) -> None:
    """Raises ConfigError for a name that is not known, with the nearest one that is."""
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
