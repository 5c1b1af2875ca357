"""A whole piece as the rows that a model reads and writes, and back into the piece's own bars.

Axes: T steps of the whole piece, D columns of a step, K parts of a step, C columns of control.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

from musicvae.converters import (
    Converter,
    DrumsConverter,
    Example,
    GrooveConverter,
    MelodyConverter,
    TrioConverter,
)
from musicvae.converters.base import Array
from musicvae.converters.drums import bits_to_roll
from musicvae.converters.labels import labels_of
from musicvae.converters.trio import BASS_PROGRAM, BASS_PROGRAMS, ROLES
from musicvae.converters.voices import FIRST_PITCH, NOTE_OFF, silence_before_first_note
from musicvae.errors import ConfigError, InputError
from musicvae.generate.adaptations import copy_of
from musicvae.generate.bar_lines import BarLines
from musicvae.generate.grid_pieces import GRID_QPM, place
from musicvae.generate.performing import adaptations_for
from musicvae.generate.results import Piece, SamplingOptions
from musicvae.generate.whole_piece import read_whole
from musicvae.generate.window_lengths import window_bars, with_options
from musicvae.lazy_note_seq import NoteSequence

MAX_BARS = 1024
_LABELS = ("labels", "melody", "bass")

Rows = npt.NDArray[np.float32]


@dataclasses.dataclass(frozen=True)
class PieceRows:
    """A piece on the grid.

    Attributes:
      rows: float32 `[T, D]`; every bar of the grid has as many steps.
      controls: float32 `[T, C]`, or None for a model without controls.
      lines: its bar lines.
      velocity: mean MIDI velocity of its notes.
      program: MIDI program of its melody, or None.
      notes: what was done to the piece, in sentences for the user.
    """

    rows: Rows
    controls: Rows | None
    lines: BarLines
    velocity: int
    program: int | None
    notes: tuple[str, ...] = ()


def check_writes_rows(converter: Converter, config_name: str, mode: str) -> None:
    """Checks that a representation is rows of a bar after a bar, which can be kept or written.

    Args:
      converter: the model's.
      config_name: its configuration's name.
      mode: what is asked for.

    Raises:
      ConfigError: it is not.
    """
    if isinstance(converter, GrooveConverter) or converter.spec.num_segments:
        kind = "grooves" if isinstance(converter, GrooveConverter) else "bars of several tracks"
        raise ConfigError(
            f"--mode={mode} is for melodies, drum patterns and trios, and config '{config_name}' "
            f"plays {kind}; take another model"
        )


def steps_per_bar(converter: Converter) -> int:
    """Returns the steps of a bar."""
    return converter.num_steps // window_bars(converter)


def read_rows(
    converter: Converter, piece: Piece, options: SamplingOptions, *, missing: Collection[str] = ()
) -> PieceRows:
    """Reads a whole piece, every bar of it in its place.

    Args:
      converter: the model's.
      piece: the piece.
      options: what is asked for.
      missing: parts of a trio that the piece may lack.

    Returns:
      The piece; where an instrument rests, its rows are silent.

    Raises:
      NoExamplesError: the model can read nothing of it.
      InputError: it has too many bars.
    """
    sequence = options.kit.as_general_midi(piece.sequence)
    if missing:
        sequence = _with_silent_parts(sequence, missing)
    lines = BarLines.of(sequence)
    slots = lines.slot_at(lines.end).number
    if slots > MAX_BARS:
        raise InputError(f"'{piece.name}' has {slots} bars; at most {MAX_BARS} can be worked on")
    bars = max(slots, window_bars(converter), 1)
    reader = with_options(converter, slice_bars=bars, max_bars=max(bars, MAX_BARS))
    whole = read_whole(sequence, reader, name=piece.name, adaptations=adaptations_for(options))
    tile = whole.tiles[0]
    steps = slots * steps_per_bar(converter)
    controls = None
    if converter.spec.control_depth:
        controls = np.asarray(tile.example.controls[:steps], np.float32)
    rows = np.asarray(tile.example.outputs[:steps], np.float32)
    return PieceRows(rows, controls, whole.lines, tile.velocity, tile.program, whole.notes)


def inputs_of(converter: Converter, rows: Rows, controls: Rows | None) -> list[Example]:
    """Returns windows of rows as examples that an encoder reads.

    Args:
      converter: the model's.
      rows: float32 `[N, T, D]`, T that of a window.
      controls: float32 `[N, T, C]`, or None.
    """
    nothing = np.zeros((rows.shape[1], converter.spec.control_depth), np.float32)
    compact: dict[str, list[Array]] = {}
    for k, outputs in enumerate(rows):
        own = nothing if controls is None else controls[k]
        for name, array in _compact(converter, outputs, own).items():
            compact.setdefault(name, []).append(array)
    arrays = {name: np.stack(parts) for name, parts in compact.items()}
    for name in _LABELS:
        if name in arrays:
            arrays[name] = silence_before_first_note(arrays[name])
    return [Example(*each) for each in zip(*converter.expand(arrays), strict=True)]


def silent_rows(converter: Converter, steps: int) -> Rows:
    """Returns rows in which nothing happens, float32 `[steps, D]`."""
    rows = np.zeros((steps, converter.spec.output_depth), np.float32)
    nothing = np.zeros((steps, converter.spec.control_depth), np.float32)
    zeros = {name: np.zeros_like(a)[None] for name, a in _compact(converter, rows, nothing).items()}
    return np.asarray(converter.expand(zeros).outputs[0], np.float32)


def notes_of_rows(
    converter: Converter, rows: Rows, piece: PieceRows, options: SamplingOptions
) -> NoteSequence:
    """Puts rows into the bars of a piece; rows past its end go on in its last time signature.

    Args:
      converter: the model's.
      rows: float32 `[T, D]`.
      piece: whose bars, tempos and sound they take.
      options: what is asked for: tempo, program, drum map.
    """
    bars = len(rows) // steps_per_bar(converter)
    slot = piece.lines.slot_numbered(bars)
    result, seconds = piece.lines.excerpt(0.0, slot.beat, options.qpm)
    controls = None if piece.controls is None else piece.controls[: len(rows)]
    written = converter.to_notes(
        rows,
        controls,
        qpm=GRID_QPM,
        velocity=piece.velocity,
        program=piece.program if options.program is None else options.program,
    )
    place(written, 0, piece.lines, result, seconds, slot.beat)
    return options.kit.as_kit(result)


def part_columns(converter: Converter) -> list[slice]:
    """Returns the columns of each part K of a step."""
    depths = converter.spec.part_depths or (converter.spec.output_depth,)
    ends = np.cumsum(depths).tolist()
    return [slice(end - depth, end) for depth, end in zip(depths, ends, strict=True)]


def pitched_parts(converter: Converter) -> tuple[int, ...]:
    """Returns which parts K of a step are melodies, whose notes last until something ends them."""
    if isinstance(converter, TrioConverter):
        return (0, 1)
    return (0,) if isinstance(converter, MelodyConverter) else ()


def has_onset(converter: Converter, rows: Rows) -> npt.NDArray[np.bool_]:
    """Returns the steps in which a note begins in any part, bool `[..., T]`, of `[..., T, D]`."""
    pitched = pitched_parts(converter)
    found = np.zeros(rows.shape[:-1], bool)
    for part, own in enumerate(part_columns(converter)):
        if part in pitched:
            found |= rows[..., own].argmax(axis=-1) >= FIRST_PITCH
        elif isinstance(converter, DrumsConverter) and converter.config.roll_output:
            found |= (rows[..., own] > 0.5).any(axis=-1)
        else:
            found |= rows[..., own].argmax(axis=-1) > 0
    return found


def sounding_before(converter: Converter, rows: Rows) -> npt.NDArray[np.bool_]:
    """Returns where a note sounds on into a step, if nothing ends it there: bool `[..., T, K]`.

    Args:
      converter: the model's.
      rows: float32 `[..., T, D]`.
    """
    columns = part_columns(converter)
    before = np.zeros((*rows.shape[:-1], len(columns)), bool)
    steps = np.arange(rows.shape[-2])
    for part in pitched_parts(converter):
        labels = rows[..., columns[part]].argmax(axis=-1)
        # The last event up to each step decides whether a note sounds after it.
        last = np.maximum.accumulate(np.where(labels > 0, steps, 0), axis=-1)
        sounds = np.take_along_axis(labels, last, axis=-1) >= FIRST_PITCH
        before[..., 1:, part] = sounds[..., :-1]
    return before


def with_note_offs(converter: Converter, rows: Rows, ends: npt.NDArray[np.bool_]) -> Rows:
    """Ends notes that would ring into what is kept, where it was silent.

    Args:
      converter: the model's.
      rows: float32 `[N, T, D]`.
      ends: bool `[T, K]`, the steps that no note may ring into.

    Returns:
      Rows with a note-off in these steps where a note rings and nothing else happens.
    """
    if not ends.any():
        return rows
    result, columns = rows.copy(), part_columns(converter)
    sounding = sounding_before(converter, rows)
    for part in pitched_parts(converter):
        own = result[..., columns[part]]
        ringing = sounding[..., part] & ends[:, part] & (own.argmax(axis=-1) == 0)
        own[ringing] = np.eye(own.shape[-1], dtype=np.float32)[NOTE_OFF]
        result[..., columns[part]] = own
    return result


def parts_named(converter: Converter, names: Sequence[str], config_name: str) -> list[bool]:
    """Returns which parts K of a step are named.

    Args:
      converter: the model's.
      names: of parts of a trio: melody, bass, drums.
      config_name: the configuration's name.

    Raises:
      InputError: the model is no trio, a name is unknown, or nothing is left to be written.
    """
    if not isinstance(converter, TrioConverter):
        raise InputError(
            f"--keep_parts is for trios of {', '.join(ROLES)}, and config '{config_name}' has one "
            "part; leave it out or take another model"
        )
    unknown = [name for name in names if name not in ROLES]
    if unknown:
        raise InputError(f"--keep_parts: no part '{unknown[0]}'; known: {', '.join(ROLES)}")
    if set(names) == set(ROLES):
        raise InputError("--keep_parts keeps all three parts, so that nothing is left to write")
    return [role in names for role in ROLES]


def _compact(converter: Converter, rows: Rows, controls: Rows) -> dict[str, Array]:
    """Returns the compact form of what is written, `[T, D]`, without an encoder's inputs."""
    inputs: Array = rows
    if isinstance(converter, DrumsConverter):
        roll = rows > 0.5
        if not converter.config.roll_output:
            roll = bits_to_roll(labels_of(rows), len(converter.config.table))
        inputs = np.pad(roll, ((0, 0), (0, 1)))
    return converter.compact(Example(inputs, rows, controls, np.array(len(rows), np.int32)))


def _with_silent_parts(sequence: NoteSequence, missing: Collection[str]) -> NoteSequence:
    """Adds players that rest throughout for the parts that a piece has nobody for."""
    result = copy_of(sequence)
    present = {
        "drums" if note.is_drum else "bass" if note.program in BASS_PROGRAMS else "melody"
        for note in sequence.notes
    }
    used = [note.instrument for note in sequence.notes]
    for k, role in enumerate(role for role in ROLES if role in missing and role not in present):
        # Pitch 0 is outside every part's range.
        result.notes.add(
            pitch=0,
            velocity=80,
            end_time=max(sequence.total_time, 1e-3),
            instrument=max(used, default=0) + 1 + k,
            program=BASS_PROGRAM if role == "bass" else 0,
            is_drum=role == "drums",
        )
    return result
