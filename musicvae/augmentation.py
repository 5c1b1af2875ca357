"""Which random changes training makes to its examples, drawn anew every time one is taken.

    [augment]
    transpose_range = [-5, 5]          # semitones
    drop_voice_probability = 0.3       # drums and groove only
    rotate_probability = 0.2           # drums and groove only
    mix_probability = 0.5              # drums and groove only

On the command line, laid over the configuration's:

    --augment=drop_voice_probability=0.3,rotate_probability=0.2
"""

from __future__ import annotations

import dataclasses
from typing import Any

from musicvae.errors import ConfigError
from musicvae.hparams import parse_assignments
from musicvae.registry import did_you_mean

DRUM_CHANGES = ("drop_voice_probability", "rotate_probability", "mix_probability")
"""The changes that only drums know, each how often it is made."""

_FLAG = "--augment"


@dataclasses.dataclass(frozen=True)
class Augmentation:
    """Random changes to training data.

    Attributes:
      transpose_range: lowest and highest transposition, in semitones.
      stretch_range: lowest and highest factor on the tempo, or None. Accepted for Magenta's sake:
        examples count in steps, which a stretched tempo leaves as they are.
      drop_voice_probability: how often a drum class is left out of a whole window, 0 to 1; a
        window with a single class keeps it.
      rotate_probability: how often a window of drums starts at another of its beats, 0 to 1.
      mix_probability: how often a window takes some of its drum classes from another one, 0 to 1.
    """

    transpose_range: tuple[int, int] = (0, 0)
    stretch_range: tuple[float, float] | None = None
    drop_voice_probability: float = 0.0
    rotate_probability: float = 0.0
    mix_probability: float = 0.0

    def __post_init__(self) -> None:
        low, high = self.transpose_range
        if low > high:
            raise ConfigError(
                f"[augment] transpose_range = [{low}, {high}] is empty; give the lower one first"
            )
        for name in DRUM_CHANGES:
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0:
                raise ConfigError(
                    f"[augment] {name} = {value} is out of range; it must be between 0.0 and 1.0"
                )

    @property
    def is_for_drums(self) -> bool:
        """Whether it has changes that only drums know."""
        return any(getattr(self, name) > 0.0 for name in DRUM_CHANGES)

    def to_dict(self) -> dict[str, Any]:
        """Returns the `[augment]` table of a TOML file."""
        values = dataclasses.asdict(self).items()
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in values
            if value is not None
        }

    def override(self, text: str) -> Augmentation:
        """Returns a copy with the values that `text` names.

        Args:
          text: `drop_voice_probability=0.3,transpose_range=[-3,3]`.

        Raises:
          ConfigError: the text cannot be parsed, a name is unknown, or a value does not fit.
        """
        given: dict[str, Any] = {}
        known = [field.name for field in dataclasses.fields(self)]
        for name, index, value in parse_assignments(text, _FLAG):
            if name not in known:
                raise ConfigError(
                    f"{_FLAG}: '{name}' is unknown{did_you_mean(name, known)} "
                    f"Known: {', '.join(known)}"
                )
            given[name] = _parsed(name, index, value)
        return dataclasses.replace(self, **given)


def _parsed(name: str, index: int | None, text: str) -> Any:
    """Returns one value of `--augment`: a number, or two in brackets for a range."""
    kind = int if name == "transpose_range" else float
    is_range = name.endswith("_range")
    try:
        values = tuple(kind(item) for item in text.strip("[]").split(","))
        if index is None and len(values) == 1 + is_range and text.startswith("[") == is_range:
            return values if is_range else values[0]
    except ValueError:
        pass
    raise ConfigError(
        f"{_FLAG}: {name}={text} does not fit; write {name}={'[LOW,HIGH]' if is_range else '0.3'}"
    )
