"""What can be asked of every mode, as keywords: checked by a type checker, and by name at run time.

model.sample(4, temperature=0.8, qpm=90, seed=1)
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from musicvae.converters.drum_map import load_drum_map
from musicvae.errors import InputError
from musicvae.generate.music import MusicLike, as_piece
from musicvae.generate.results import SamplingOptions
from musicvae.prior import DEFAULT_TEMPERATURE, parse_targets
from musicvae.registry import check_keywords


class SamplingKeywords(TypedDict, total=False):
    """Keywords of every mode; those left out have the defaults of `SamplingOptions`.

    Attributes:
      temperature: at least 0; 0 takes the most likely notes. Several give every result at each. 0.5
        by default; new music has that of the learned prior.
      seed: random seed, at least 0; None for something new every time.
      qpm: tempo of the results in quarter notes a minute, 5..1000.
      program: MIDI program of melodies, 0..127.
      length: steps of a result at most.
      chords: chords to play over, such as "C Am F G", for models with chords.
      key: key of the chords, such as "G"; chords may then be numerals, "I vi IV V".
      control: a piece whose chords or hits are followed, for models with such a control.
      strict: whether an input must be one window exactly, as it stands.
      bar: the bar at which an input's window begins, from 1.
      keep_hits: whether the groove modes play the input's hits as they are.
      timing: how much of a groove model's timing kept hits take, 0 (none) to 1.
      velocity: how much of its velocities they take, 0 (none) to 1.
      drum_map: what drum pitches are: "inference" (General MIDI), "training", or the path of a TOML
        file.
      attribute: attributes that new music is to have, such as "note_density=high", for models with
        a learned prior.
      guidance: how strongly, at least 0; 1 is as the training music has them.
    """

    temperature: float | Sequence[float]
    seed: int | None
    qpm: float | None
    program: int | None
    length: int | None
    chords: str | None
    key: str | None
    control: MusicLike | None
    strict: bool
    bar: int | None
    keep_hits: bool
    timing: float
    velocity: float
    drum_map: str | os.PathLike[str]
    attribute: str | Sequence[str]
    guidance: float


def sampling_options(
    keywords: Mapping[str, Any], temperature: float = DEFAULT_TEMPERATURE
) -> SamplingOptions:
    """Makes options of keywords.

    Args:
      keywords: see `SamplingKeywords`.
      temperature: the one that is taken where the keywords have none.

    Raises:
      TypeError: a keyword is unknown; the message names the nearest one.
      InputError: a value is out of range.
    """
    values = dict(keywords)
    check_keywords(values, SamplingKeywords.__annotations__)
    asked = values.pop("temperature", temperature)
    try:
        temperatures = tuple(map(float, asked))
    except TypeError:
        temperatures = (_number(asked),)
    attribute = values.pop("attribute", ())
    texts = [attribute] if isinstance(attribute, str) else list(attribute)
    if texts:
        values["targets"] = parse_targets(texts)
    if "drum_map" in values:
        values["drum_map"] = load_drum_map(os.fspath(values["drum_map"]))
    if values.get("control") is not None:
        values["control"] = as_piece(values["control"])
    return SamplingOptions(temperatures=temperatures, **values)


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise InputError(f"temperature {value!r} is no number; give one such as 0.5") from error
