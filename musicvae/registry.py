"""Names for things that configurations select: converters, encoders, decoders.

A configuration stores names; a registry turns a name into a class, and an unknown name into an
error that suggests the nearest one. A name with a colon is an import path, `package.module:Class`,
of a class that is not registered. Only names from a configuration of the user's own may get here:
importing a module runs it.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from musicvae.errors import ConfigError

T = TypeVar("T")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Suggests the known name that is nearest to `name`.

    Args:
      name: what was given.
      known: the names that exist.

    Returns:
      `"; did you mean 'x'?"`, or an empty string where nothing is near.
    """
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; did you mean '{near[0]}'?" if near else ""


def check_keywords(given: Iterable[str], known: Iterable[str]) -> None:
    """Checks the names of keywords.

    Args:
      given: those that a caller gave.
      known: those that there are.

    Raises:
      TypeError: one is unknown; the message names the nearest one, or all.
    """
    names = {*known}
    for name in given:
        if name not in names:
            hint = did_you_mean(name, names) or f"; known: {', '.join(sorted(names))}"
            raise TypeError(f"unknown keyword '{name}'{hint}")


def is_import_path(name: str) -> bool:
    """Whether a component's type is an import path, `package.module:Class`."""
    return ":" in name


class Registry(Generic[T]):
    """Classes by the name that configurations use for them."""

    def __init__(self, noun: str, base: type[Any]) -> None:
        """Makes an empty registry.

        Args:
          noun: what its entries are, for error messages: "converter", "decoder".
          base: the class that all of them extend.
        """
        self._noun = noun
        self._base = base
        self._classes: dict[str, type[T]] = {}

    def register(self, name: str) -> Callable[[type[T]], type[T]]:
        """Returns a class decorator that enters the class under `name`.

        Raises:
          ConfigError: another class has this name. The same one, defined again, replaces itself.
        """

        def enter(cls: type[T]) -> type[T]:
            before = self._classes.get(name)
            if before is not None and _path_of(before) != _path_of(cls):
                raise ConfigError(
                    f"{self._noun} '{name}' is {_path_of(before)} already; register "
                    f"{_path_of(cls)} under another name"
                )
            self._classes[name] = cls
            return cls

        return enter

    def get(self, name: str) -> type[T]:
        """Returns the class under `name`.

        Args:
          name: a registered name, or an import path from a configuration of the user's own.

        Raises:
          ConfigError: there is none; the message names the nearest one and all that exist.
        """
        if is_import_path(name):
            return self._imported(name)
        if name not in self._classes:
            raise ConfigError(
                f"unknown {self._noun} '{name}'{did_you_mean(name, self._classes)} "
                f"Known: {', '.join(sorted(self._classes))}"
            )
        return self._classes[name]

    def portable_name(self, name: str) -> str:
        """Returns a name under which another process finds the same class.

        Args:
          name: a registered name or an import path.

        Returns:
          The name itself for a class of this package, which every process registers; else the
          class's import path.

        Raises:
          ConfigError: there is no such class; the message names the nearest one.
        """
        cls = self.get(name)
        if is_import_path(name) or cls.__module__.partition(".")[0] == __package__:
            return name
        return _path_of(cls)

    def names(self) -> list[str]:
        """Returns all registered names, sorted."""
        return sorted(self._classes)

    def _imported(self, path: str) -> type[T]:
        module, _, name = path.partition(":")
        subject = f"{self._noun} type '{path}'"
        try:
            found: Any = importlib.import_module(module)
        except ModuleNotFoundError as error:
            if not f"{module}.".startswith(f"{error.name}."):
                raise ConfigError(f"{subject}: importing {module} fails: {error}") from error
            raise ConfigError(
                f"{subject}: there is no module '{error.name}'; is its folder on PYTHONPATH?"
            ) from error
        except Exception as error:
            raise ConfigError(f"{subject}: importing {module} fails: {error!r}") from error
        for part in name.split("."):
            if not hasattr(found, part):
                hint = did_you_mean(part, dir(found))
                raise ConfigError(f"{subject}: {module} has no '{name}'{hint}")
            found = getattr(found, part)
        if not (isinstance(found, type) and issubclass(found, self._base)):
            wanted = _path_of(self._base)
            raise ConfigError(f"{subject} is not a {self._noun}; it must extend {wanted}")
        cls: type[T] = found
        return cls


def _path_of(cls: type[Any]) -> str:
    return f"{cls.__module__}:{cls.__qualname__}"
