"""A whole piece as the rows that a model reads and writes, and back into the piece's own bars.

Axes: T steps of the whole piece, D columns of a step, K parts of a step, C columns of control.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from musicvae.converters import Converter, Example, performance_converter
from musicvae.converters.examples import Array
from musicvae.converters.voices import FIRST_PITCH, NOTE_OFF
from musicvae.errors import ConfigError, InputError
from musicvae.generate.adaptations import copy_of
from musicvae.generate.bar_lines import BarLines
from musicvae.generate.grid_pieces import GRID_QPM, place
from musicvae.generate.performing import adaptations_for
from musicvae.generate.results import Piece, SamplingOptions
from musicvae.generate.whole_piece import read_whole
from musicvae.lazy_note_seq import NoteSequence

if TYPE_CHECKING:
    from musicvae.generate import Encoded, TrainedModel

MAX_BARS = 1024

Rows = npt.NDArray[np.float32]
Known = npt.NDArray[np.bool_]


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
    is_performance = performance_converter(converter) is not None
    if is_performance or converter.spec.num_segments:
        kind = "grooves" if is_performance else "bars of several tracks"
        raise ConfigError(
            f"--mode={mode} is for melodies, drum patterns and trios, and config '{config_name}' "
            f"plays {kind}; take another model"
        )


def steps_per_bar(converter: Converter) -> int:
    """Returns the steps of a bar."""
    return converter.num_steps // converter.bars


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
    sequence = options.drum_map.as_general_midi(piece.sequence)
    playing = {note.instrument for note in sequence.notes}
    if missing:
        sequence = copy_of(sequence)
        converter.add_resting_parts(sequence, tuple(missing))
    lines = BarLines.of(sequence)
    slots = lines.slot_at(lines.end).number
    if slots > MAX_BARS:
        raise InputError(f"'{piece.name}' has {slots} bars; at most {MAX_BARS} can be worked on")
    bars = max(slots, converter.bars)
    reader = converter.with_bars(bars) or converter
    whole = read_whole(
        sequence,
        reader,
        name=piece.name,
        adaptations=adaptations_for(options),
        resting={note.instrument for note in sequence.notes} - playing,
    )
    tile = whole.tiles[0]
    steps = slots * steps_per_bar(converter)
    controls = None
    if converter.spec.control_depth:
        controls = np.asarray(tile.example.controls[:steps], np.float32)
    rows = np.asarray(tile.example.outputs[:steps], np.float32)
    return PieceRows(rows, controls, whole.lines, tile.velocity, tile.program, whole.notes)


def inputs_of(converter: Converter, rows: Rows, controls: Rows | None) -> tuple[Example, ...]:
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
        for name, array in converter.compact_outputs(outputs, own).items():
            compact.setdefault(name, []).append(array)
    arrays = {name: np.stack(parts) for name, parts in compact.items()}
    return converter.examples(converter.cut_off(arrays))


def encode_rows(model: TrainedModel, rows: Rows, controls: Rows | None) -> Encoded:
    """Returns the posteriors of windows, `[N, S, D]`, under the same controls `[S, C]` or None."""
    own = None if controls is None else np.repeat(controls[np.newaxis], len(rows), axis=0)
    return model.encode_examples(inputs_of(model.converter, rows, own), seed=0)


def silent_rows(converter: Converter, steps: int) -> Rows:
    """Returns rows in which nothing happens, float32 `[steps, D]`."""
    rows = np.zeros((steps, converter.spec.output_depth), np.float32)
    nothing = np.zeros((steps, converter.spec.control_depth), np.float32)
    compact = converter.compact_outputs(rows, nothing)
    zeros = {name: np.zeros_like(array)[np.newaxis] for name, array in compact.items()}
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
    return options.drum_map.with_original_pitches(result)


def part_columns(converter: Converter) -> list[slice]:
    """Returns the columns of each part K of a step."""
    depths = [part.depth for part in converter.parts]
    ends = np.cumsum(depths).tolist()
    return [slice(end - depth, end) for depth, end in zip(depths, ends, strict=True)]


def has_onset(converter: Converter, rows: Rows) -> npt.NDArray[np.bool_]:
    """Returns the steps in which a note begins in any part, bool `[..., T]`, of `[..., T, D]`."""
    labels = converter.step_labels(rows)
    first = [FIRST_PITCH if part.labels == "pitches" else 1 for part in converter.parts]
    found: npt.NDArray[np.bool_] = np.any(labels >= np.array(first), axis=-1)
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
    for part in converter.pitched_parts:
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
    for part in converter.pitched_parts:
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
    parts = [part.name for part in converter.parts]
    if len(parts) == 1:
        raise InputError(
            f"--keep_parts is for models of several parts, such as trios, and config "
            f"'{config_name}' has one part; leave it out or take another model"
        )
    unknown = [name for name in names if name not in parts]
    if unknown:
        raise InputError(f"--keep_parts: no part '{unknown[0]}'; known: {', '.join(parts)}")
    if set(names) == set(parts):
        raise InputError(f"--keep_parts keeps all {len(parts)} parts; nothing is left to write")
    return [name in names for name in parts]
