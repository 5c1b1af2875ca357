"""Names for things that configurations select: converters, encoders, decoders.

A configuration stores names; a registry turns a name into a class, and an unknown name into an
error that suggests the nearest one.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

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


class Registry(Generic[T]):
    """Classes by the name that configurations use for them."""

    def __init__(self, noun: str) -> None:
        """Makes an empty registry.

        Args:
          noun: what its entries are, for error messages: "converter", "decoder".
        """
        self._noun = noun
        self._classes: dict[str, type[T]] = {}

    def register(self, name: str) -> Callable[[type[T]], type[T]]:
        """Returns a class decorator that enters the class under `name`."""

        def enter(cls: type[T]) -> type[T]:
            assert name not in self._classes, f"{self._noun} '{name}' is registered twice"
            self._classes[name] = cls
            return cls

        return enter

    def get(self, name: str) -> type[T]:
        """Returns the class under `name`.

        Raises:
          ConfigError: there is none; the message names the nearest one and all that exist.
        """
        if name not in self._classes:
            raise ConfigError(
                f"unknown {self._noun} '{name}'{did_you_mean(name, self._classes)} "
                f"Known: {', '.join(sorted(self._classes))}"
            )
        return self._classes[name]

    def names(self) -> list[str]:
        """Returns all registered names, sorted."""
        return sorted(self._classes)
