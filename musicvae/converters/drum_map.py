"""Drum kits that are not General MIDI: what each of their pitches is.

A drum map is a TOML file with a line for each pitch that differs from General MIDI: the pitch, and
what it is, as a class, as a General MIDI pitch, or "none" for what no model is to hear:

    35 = "kick"
    37 = "snare"
    60 = 42        # the closed hi-hat
    99 = "none"

What a model writes goes the other way, to the first pitch of the file that has its class.
"""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Callable, Mapping

from musicvae.converters.drum_classes import REDUCED, ROLAND, class_of_pitch
from musicvae.errors import InputError
from musicvae.lazy_note_seq import NoteSequence
from musicvae.registry import did_you_mean

DRUM_NAMES = (
    "kick",
    "snare",
    "closed_hihat",
    "open_hihat",
    "low_tom",
    "mid_tom",
    "high_tom",
    "crash",
    "ride",
)
UNHEARD = "none"
MAX_BYTES = 65_536

_NO_PITCH = 0  # A pitch of no class.
_CLASS_OF_PITCH = class_of_pitch(REDUCED)


@dataclasses.dataclass(frozen=True)
class DrumMap:
    """What the pitches of a kit are.

    Attributes:
      name: what to call it in messages.
      read: the General MIDI pitch of each pitch of the kit that differs; 0 where no model is to
        hear it.
      output_pitches: the kit's pitch for each of the nine classes.
    """

    name: str
    read: Mapping[int, int]
    output_pitches: tuple[int, ...]

    def general_midi_pitch(self, pitch: int) -> int:
        """Returns the General MIDI pitch of a pitch of the kit; 0 where no model hears it."""
        return self.read.get(pitch, pitch)

    def class_of(self, pitch: int) -> int:
        """Returns the class, 0 to 8, of a pitch of the kit, or -1."""
        heard = self.general_midi_pitch(pitch)
        return int(_CLASS_OF_PITCH[heard]) if 0 <= heard < 128 else -1

    def original_pitch(self, pitch: int) -> int:
        """Returns the kit's pitch for a General MIDI pitch that a model writes."""
        drum = int(_CLASS_OF_PITCH[pitch]) if 0 <= pitch < 128 else -1
        if drum >= 0 and pitch == REDUCED[drum][0]:
            return self.output_pitches[drum]
        return next((own for own, heard in self.read.items() if heard == pitch), pitch)

    def as_general_midi(self, sequence: NoteSequence) -> NoteSequence:
        """Returns a piece with General MIDI's pitches for its drums; a copy where they change."""
        return _with_pitches(sequence, self.general_midi_pitch) if self.read else sequence

    def with_original_pitches(self, sequence: NoteSequence) -> NoteSequence:
        """Returns a piece with the kit's pitches for its drums; a copy where they change."""
        return _with_pitches(sequence, self.original_pitch) if self.read else sequence


GENERAL_MIDI = DrumMap("inference", {}, tuple(pitches[0] for pitches in REDUCED))
ROLAND_TD_11 = DrumMap(
    "training",
    {
        **{pitch: _NO_PITCH for pitch in range(128)},
        **{pitch: REDUCED[k][0] for k, pitches in enumerate(ROLAND) for pitch in pitches},
    },
    tuple(pitches[0] for pitches in ROLAND),
)
DRUM_MAPS: Mapping[str, DrumMap] = {each.name: each for each in (GENERAL_MIDI, ROLAND_TD_11)}
"""The maps that have names: General MIDI's, and that of the kit that the training data was played
on."""


def load_drum_map(name_or_path: str) -> DrumMap:
    """Returns a drum map.

    Args:
      name_or_path: one of `DRUM_MAPS`, or the path of a TOML file.

    Raises:
      InputError: there is no such file, or a line of it makes no sense.
    """
    if name_or_path in DRUM_MAPS:
        return DRUM_MAPS[name_or_path]
    try:
        with open(name_or_path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        hint = did_you_mean(name_or_path, DRUM_MAPS)
        raise InputError(
            f"drum map '{name_or_path}': {error.strerror}{hint} Give {', '.join(DRUM_MAPS)} or a "
            "TOML file"
        ) from error
    if len(data) > MAX_BYTES:
        raise InputError(f"drum map '{name_or_path}' has over {MAX_BYTES} bytes")
    try:
        table = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(f"drum map '{name_or_path}' is not TOML: {error}") from error
    return parse_drum_map(table, name_or_path)


def parse_drum_map(table: Mapping[str, object], name: str) -> DrumMap:
    """Makes a drum map of a table.

    Args:
      table: pitch, as text, to a class, a General MIDI pitch or "none".
      name: what to call it in messages.

    Raises:
      InputError: a line makes no sense.
    """
    if not table:
        raise InputError(f"drum map '{name}' is empty; write lines such as 37 = \"snare\"")
    read: dict[int, int] = {}
    first: dict[int, int] = {}
    for text, value in table.items():
        pitch = int(text) if text.isascii() and text.isdigit() and len(text) <= 3 else -1
        if not 0 <= pitch <= 127:
            raise InputError(f"drum map '{name}': '{text}' is not a MIDI pitch from 0 to 127")
        heard = _heard_pitch(value, f"drum map '{name}': {pitch}")
        read[pitch] = heard
        drum = int(_CLASS_OF_PITCH[heard])
        if drum >= 0 and (drum not in first or heard == REDUCED[drum][0] != read[first[drum]]):
            first[drum] = pitch
    output_pitches = tuple(first.get(drum, pitches[0]) for drum, pitches in enumerate(REDUCED))
    return DrumMap(name, read, output_pitches)


def _heard_pitch(value: object, subject: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 127:
        return value
    if value == UNHEARD:
        return _NO_PITCH
    if isinstance(value, str) and value in DRUM_NAMES:
        return REDUCED[DRUM_NAMES.index(value)][0]
    hint = did_you_mean(value, DRUM_NAMES) if isinstance(value, str) else ""
    shown = f"'{value}'" if isinstance(value, str) else value
    raise InputError(
        f"{subject} = {shown} is no drum{hint} Give {', '.join(DRUM_NAMES)}, {UNHEARD} or a "
        "General MIDI pitch from 0 to 127"
    )


def _with_pitches(sequence: NoteSequence, pitch_of: Callable[[int], int]) -> NoteSequence:
    copy = NoteSequence()
    copy.CopyFrom(sequence)
    for note in copy.notes:
        if note.is_drum:
            note.pitch = pitch_of(note.pitch)
    return copy
