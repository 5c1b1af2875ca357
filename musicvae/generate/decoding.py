"""Between windows and latent vectors, with the controls, tempos and instruments that go with them.

Axes: N latent vectors, W windows of each result, T time step, C columns of control, Z columns of z.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from musicvae.converters.examples import Array
from musicvae.generate.bar_lines import COMMON_TIME
from musicvae.generate.grid_pieces import GRID_QPM, in_bars_of
from musicvae.generate.input_windows import Window
from musicvae.generate.joining import cut_at, join
from musicvae.generate.results import Sample, SamplingOptions, Vector
from musicvae.grid import DEFAULT_QPM
from musicvae.lazy_note_seq import NoteSequence

if TYPE_CHECKING:
    from musicvae.generate import Encoded, TrainedModel

_USUAL_VELOCITY = 80


@dataclasses.dataclass(frozen=True)
class Setting:
    """How a result sounds, apart from its notes.

    Attributes:
      qpm: quarters a minute.
      velocity: MIDI velocity, where the model has none of its own.
      program: MIDI program of melodies; None for the model's.
      time_signature: numerator and denominator of its bars.
    """

    qpm: float = DEFAULT_QPM
    velocity: int = _USUAL_VELOCITY
    program: int | None = None
    time_signature: tuple[int, int] = COMMON_TIME

    @classmethod
    def of(cls, window: Window) -> Setting:
        """Returns a window's own."""
        return cls(window.qpm, window.velocity, window.program, window.time_signature)

    def towards(self, other: Setting, share: float) -> Setting:
        """Returns a setting on the way to another.

        Instrument and time signature are those of the nearer one.
        """
        return Setting(
            qpm=self.qpm + (other.qpm - self.qpm) * share,
            velocity=round(self.velocity + (other.velocity - self.velocity) * share),
            program=self.program if share < 0.5 else other.program,
            time_signature=self.time_signature if share < 0.5 else other.time_signature,
        )


def encode(model: TrainedModel, windows: Sequence[Window]) -> Encoded:
    """Returns the posteriors of windows: z, mu, sigma, float32 `[N, Z]` each."""
    return model.encode_examples([window.example for window in windows], seed=0)


def decode(
    model: TrainedModel,
    z: Vector,
    captions: Sequence[str],
    options: SamplingOptions,
    settings: Sequence[Setting],
    controls: Sequence[Array] | None,
) -> tuple[Sample, ...]:
    """Writes the music of latent vectors, as `decode_each`, all of it at once."""
    return tuple(decode_each(model, z, captions, options, settings, controls))


def decode_each(
    model: TrainedModel,
    z: Vector,
    captions: Sequence[str],
    options: SamplingOptions,
    settings: Sequence[Setting],
    controls: Sequence[Array] | None,
) -> Iterator[Sample]:
    """Writes the music of latent vectors, at each temperature, and hands it out as it is finished.

    Args:
      model: a trained model.
      z: float32 `[N, Z]`.
      captions: N names.
      options: what is asked for.
      settings: N settings.
      controls: float32 `[T, C]`, or `[N, T, C]`, for each window W of a result; None for a model
        without controls.

    Yields:
      N samples at the first temperature, N at the second, and so on.
    """
    windows = [None] if controls is None else controls
    for temperature in options.temperatures:
        decoded = [
            model.stream_pieces(z, options.length, temperature, own, seed=options.seed_for(w))
            for w, own in enumerate(windows)
        ]
        for k, pieces in enumerate(zip(*decoded, strict=True)):
            notes = []
            for control, outputs in zip(windows, pieces, strict=True):
                own = control if control is None or control.ndim == 2 else control[k]
                notes.append(_to_notes(model, outputs, own, settings[k], options))
            caption = captions[k]
            if len(options.temperatures) > 1:
                caption = f"{caption}, temperature {temperature:g}"
            joined = join(notes)
            # What rings on after the last step is cut, so that the piece is whole bars long.
            yield Sample(cut_at(joined, joined.total_time), caption, z[k])


def _to_notes(
    model: TrainedModel,
    outputs: Array,
    control: Array | None,
    setting: Setting,
    options: SamplingOptions,
) -> NoteSequence:
    qpm = options.qpm or setting.qpm
    is_common = setting.time_signature == COMMON_TIME
    sequence: NoteSequence = model.converter.to_notes(
        outputs,
        None if control is None else control[: len(outputs)],
        qpm=qpm if is_common else GRID_QPM,
        velocity=setting.velocity,
        program=setting.program if options.program is None else options.program,
    )
    if not is_common:
        sequence = in_bars_of(sequence, setting.time_signature, qpm)
    return options.drum_map.with_original_pitches(sequence)
