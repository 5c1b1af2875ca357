"""A whole piece through a model: every bar comes back in its place, rests included.

Axes: W windows with notes, T time step, D columns of a step, C columns of control, Z columns of z.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from musicvae.converters import Converter
from musicvae.converters.examples import Array
from musicvae.errors import InputError
from musicvae.generate.controls import controls_for, has_own_controls, window_controls
from musicvae.generate.grid_pieces import GRID_QPM, place
from musicvae.generate.held_notes import hold_on
from musicvae.generate.performing import adaptations_for, check_number
from musicvae.generate.results import Piece, Result, Sample, SamplingOptions
from musicvae.generate.whole_piece import WholePiece, read_whole
from musicvae.generate.window_plan import PlannedWindow, by_length, describe_plan
from musicvae.grid import STEPS_PER_QUARTER
from musicvae.lazy_note_seq import NoteSequence

if TYPE_CHECKING:
    from musicvae.generate import TrainedModel
    from musicvae.generate.arrays import Encoded


def reconstruct_whole(
    model: TrainedModel,
    piece: Piece,
    n: int,
    options: SamplingOptions,
    others: Sequence[TrainedModel] = (),
) -> Result:
    """Plays a whole input as the model remembers it, window after window.

    Args:
      model: a trained model.
      piece: the input.
      n: how many results; the first comes from the mean of the posterior, others from samples.
      options: what is asked for.
      others: models of other lengths: the longest that fits plays each stretch.

    Returns:
      The results, with the input's tempos, time signatures and bars.

    Raises:
      InputError: the input does not fit, or a number is out of range.
    """
    check_number(n)
    if options.length is not None and model.converter.spec.num_segments:
        raise InputError(
            f"config '{model.config.name}' counts its length in tokens of a bar; leave --length out"
        )
    models = by_length(model, others)
    whole = read_whole(
        options.drum_map.as_general_midi(piece.sequence),
        model.converter,
        name=piece.name,
        adaptations=adaptations_for(options),
        lengths=tuple(models),
    )
    notes = whole.notes
    if others:
        windows = [PlannedWindow(tile.slot, tile.bars) for tile in whole.tiles]
        notes = (*notes, describe_plan(models, windows, whole.lines))
    places = {
        bars: [k for k, tile in enumerate(whole.tiles) if tile.bars == bars] for bars in models
    }
    shares = [_Share.of(models[bars], own, whole) for bars, own in places.items() if own]
    controls = _controls(model, whole, options)
    samples = []
    for k in range(n):
        seed = options.seed_for(k)
        generator = np.random.default_rng(seed)
        codes = [share.posterior.draw(generator) if k else share.posterior.mu for share in shares]
        for temperature in options.temperatures:
            rows: list[Array] = [np.empty(0)] * len(whole.tiles)
            for share, z in zip(shares, codes, strict=True):
                share.decode_into(rows, z, temperature, controls, seed)
            caption = piece.name if n == 1 else f"{piece.name}, version {k + 1}"
            if len(options.temperatures) > 1:
                caption = f"{caption}, temperature {temperature:g}"
            last = codes[0][0] if len(whole.tiles) == 1 else None
            sequence = _written(model.converter, whole, rows, controls, options)
            samples.append(Sample(sequence, caption, last))
    return Result(tuple(samples), tuple(f"{piece.name}: {note}" for note in notes))


class _Share(NamedTuple):
    """The windows of a piece that one model plays.

    Attributes:
      model: the model.
      places: which tiles they are.
      posterior: theirs.
    """

    model: TrainedModel
    places: Sequence[int]
    posterior: Encoded

    @classmethod
    def of(cls, model: TrainedModel, places: Sequence[int], whole: WholePiece) -> _Share:
        """Encodes some windows of a piece."""
        examples = [whole.tiles[k].example for k in places]
        return cls(model, places, model.encode_examples(examples, seed=0))

    def decode_into(
        self,
        rows: list[Array],
        z: Array,
        temperature: float,
        controls: Sequence[Array] | None,
        seed: int | None,
    ) -> None:
        """Decodes the windows, `[T, D]` each, and puts them into their places among all."""
        own = None if controls is None else np.array([controls[k] for k in self.places])
        decoded = self.model.decode_to_tensors(z, None, temperature, own, seed=seed)
        for k, outputs in zip(self.places, decoded, strict=True):
            rows[k] = outputs


def _controls(
    model: TrainedModel, whole: WholePiece, options: SamplingOptions
) -> list[Array] | None:
    """Returns the controls of each window, float32 `[T, C]`; those asked for go round."""
    converter = model.converter
    if not converter.spec.control_depth:
        return None
    if has_own_controls(options):
        wanted = controls_for(converter, model.config.name, options)
        assert wanted is not None
        steps, line = converter.num_steps // converter.bars, np.concatenate(list(wanted))
        return [
            line[(tile.slot * steps + np.arange(tile.bars * steps)) % len(line)]
            for tile in whole.tiles
        ]
    return [window_controls(converter, tile.example) for tile in whole.tiles]


def _written(
    converter: Converter,
    whole: WholePiece,
    rows: Sequence[Array],
    controls: Sequence[Array] | None,
    options: SamplingOptions,
) -> NoteSequence:
    """Puts decoded windows in their places."""
    lines, end = whole.lines, whole.lines.end
    if options.length is not None:
        end = min(end, options.length / STEPS_PER_QUARTER)
    result, seconds = lines.excerpt(0.0, end, options.qpm)
    pieces = [
        converter.to_notes(
            outputs,
            None if controls is None else controls[k][: len(outputs)],
            qpm=GRID_QPM,
            velocity=tile.velocity,
            program=tile.program if options.program is None else options.program,
        )
        for k, (tile, outputs) in enumerate(zip(whole.tiles, rows, strict=True))
    ]
    slots = [tile.slot for tile in whole.tiles]
    hold_on(
        pieces,
        slots,
        [tile.held for tile in whole.tiles],
        [tile.bars for tile in whole.tiles],
        lines,
        any_pitch=[part.labels for part in converter.parts] == ["pitches"],
    )
    for slot, piece in zip(slots, pieces, strict=True):
        place(piece, slot, lines, result, seconds, end)
    return options.drum_map.with_original_pitches(result)
