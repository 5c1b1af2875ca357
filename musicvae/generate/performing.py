"""What the jobs share: an input's window, and what was done to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from musicvae.errors import InputError
from musicvae.generate.adaptations import Adaptation, Adapted
from musicvae.generate.chords import with_chords
from musicvae.generate.controls import chords_of
from musicvae.generate.input_windows import Window, fit_window
from musicvae.generate.results import Piece, SamplingOptions
from musicvae.lazy_note_seq import NoteSequence

if TYPE_CHECKING:
    from musicvae.generate import TrainedModel

MAX_RESULTS = 10_000


def check_number(n: int) -> None:
    """Checks how many results are asked for.

    Raises:
      InputError: too few or too many.
    """
    if not 1 <= n <= MAX_RESULTS:
        raise InputError(f"{n} results are asked for; give 1 to {MAX_RESULTS}")


def fit(model: TrainedModel, piece: Piece, options: SamplingOptions) -> Window:
    """Finds the window of an input that a model is to read; see `input_windows.fit_window`.

    Args:
      model: a trained model.
      piece: the input.
      options: what is asked for; its chords serve where the piece's own cannot be found.
    """
    return fit_window(
        options.drum_map.as_general_midi(piece.sequence),
        model.converter,
        name=piece.name,
        strict=options.strict,
        bar=options.bar,
        adaptations=adaptations_for(options),
    )


def takes_whole(options: SamplingOptions) -> bool:
    """Returns whether a whole piece may be taken, and not one window that was asked for."""
    return not options.strict and options.bar is None


def adaptations_for(options: SamplingOptions) -> list[Adaptation]:
    """Returns the adaptations of an input that are tried before all others."""
    adaptations: list[Adaptation] = []
    if options.chords is not None:
        bars, key = chords_of(options)

        def under_the_chords(sequence: NoteSequence) -> Adapted | None:
            return Adapted(with_chords(sequence, bars, key), "it was read under the given chords")

        adaptations.append(under_the_chords)
    return adaptations


def notes_about(pieces: Sequence[Piece], windows: Sequence[Window | None]) -> tuple[str, ...]:
    """Returns what was done to some inputs, each sentence once."""
    lines = [
        f"{piece.name}: {line}"
        for piece, window in zip(pieces, windows, strict=True)
        for line in (window.notes if window is not None else ())
    ]
    return tuple(dict.fromkeys(lines))
