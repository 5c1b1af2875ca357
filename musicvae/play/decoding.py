"""Between windows and latent vectors, with the controls, tempos and instruments that go with them.

Axes: N latent vectors, W windows of each result, T time step, C columns of control, Z columns of z.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from musicvae.converters.base import Array
from musicvae.errors import InputError
from musicvae.inference import Encoded, TrainedModel
from musicvae.lazy_note_seq import NoteSequence
from musicvae.play.chords import Key, chord_controls, parse_chords, parse_key
from musicvae.play.fitting import Window, fit_window
from musicvae.play.joining import join
from musicvae.play.outcome import Input, Take, Vector, Wishes

_USUAL_QPM, _USUAL_VELOCITY = 120.0, 80


@dataclasses.dataclass(frozen=True)
class Setting:
    """How a result sounds, apart from its notes.

    Attributes:
      qpm: quarters a minute.
      velocity: MIDI velocity, where the model has none of its own.
      program: MIDI program of melodies; None for the model's.
    """

    qpm: float = _USUAL_QPM
    velocity: int = _USUAL_VELOCITY
    program: int | None = None

    @classmethod
    def of(cls, window: Window) -> Setting:
        """Returns a window's own."""
        return cls(window.qpm, window.velocity, window.program)

    def towards(self, other: Setting, share: float) -> Setting:
        """Returns a setting on the way to another; the instrument is that of the nearer one."""
        return Setting(
            qpm=self.qpm + (other.qpm - self.qpm) * share,
            velocity=round(self.velocity + (other.velocity - self.velocity) * share),
            program=self.program if share < 0.5 else other.program,
        )


def setting_between(start: Window, end: Window, share: float) -> Setting:
    """Returns a setting between those of two windows."""
    return Setting.of(start).towards(Setting.of(end), share)


def encode(model: TrainedModel, windows: Sequence[Window]) -> Encoded:
    """Returns the posteriors of windows: z, mu, sigma, float32 `[N, Z]` each."""
    return model.encode_examples([window.example for window in windows], seed=0)


def chords_of(wishes: Wishes) -> tuple[list[list[str]], Key | None]:
    """Returns the chords that are wished for, bar by bar, and their key."""
    assert wishes.chords is not None
    key = None if wishes.key is None else parse_key(wishes.key)
    return parse_chords(wishes.chords, key), key


def plays_over_chords(model: TrainedModel) -> bool:
    """Returns whether a model is controlled by chords."""
    return bool(model.config.converter.options.get("chord_encoding"))


def controls_for(
    model: TrainedModel, wishes: Wishes, window: Window | None = None
) -> list[Array] | None:
    """Returns the controls under which results are decoded.

    Args:
      model: a trained model.
      wishes: with chords, with a piece to follow, or without.
      window: the input whose controls serve where neither is given.

    Returns:
      One float32 array `[T, C]` for each window W of every result, or None for a model without
      controls.

    Raises:
      InputError: controls are needed and not given, or given and not needed.
    """
    kind = model.config.name
    if wishes.chords is not None and not plays_over_chords(model):
        raise InputError(f"'{kind}' plays over no chords; leave --chords out or take another model")
    if wishes.control is not None and not model.converter.spec.control_depth:
        raise InputError(f"'{kind}' follows no other piece; leave --control_midi out")
    if not model.converter.spec.control_depth:
        return None
    if wishes.chords is not None:
        return chord_controls(model.converter, *chords_of(wishes))
    if wishes.control is not None:
        window = control_window(model, wishes.control)
    if window is not None:
        return [np.asarray(window.example.controls, np.float32)]
    if plays_over_chords(model):
        raise InputError(f"'{kind}' plays over chords; give them, as in --chords='C Am F G'")
    raise InputError(f"'{kind}' plays given hits; give them with --control_midi=FILE.mid")


def control_window(model: TrainedModel, piece: Input) -> Window:
    """Returns the window of a piece that is to be followed."""
    return fit_window(piece.sequence, model.converter, name=piece.name)


def decode(
    model: TrainedModel,
    z: Vector,
    captions: Sequence[str],
    wishes: Wishes,
    settings: Sequence[Setting],
    controls: Sequence[Array] | None,
) -> tuple[Take, ...]:
    """Writes the music of latent vectors, at each temperature.

    Args:
      model: a trained model.
      z: float32 `[N, Z]`.
      captions: N names.
      wishes: what is asked for.
      settings: N settings.
      controls: float32 `[T, C]`, or `[N, T, C]`, for each window W of a result; None for a model
        without controls.

    Returns:
      N takes at the first temperature, N at the second, and so on.
    """
    takes: list[Take] = []
    for temperature in wishes.temperatures:
        pieces: list[list[NoteSequence]] = [[] for _ in captions]
        for w, control in enumerate([None] if controls is None else controls):
            decoded = model.decode_to_tensors(
                z, wishes.length, temperature, control, seed=wishes.seed_for(w)
            )
            for k, outputs in enumerate(decoded):
                own = control if control is None or control.ndim == 2 else control[k]
                pieces[k].append(_to_notes(model, outputs, own, settings[k], wishes))
        for k, caption in enumerate(captions):
            if len(wishes.temperatures) > 1:
                caption = f"{caption}, temperature {temperature:g}"
            takes.append(Take(join(pieces[k]), caption, z[k]))
    return tuple(takes)


def _to_notes(
    model: TrainedModel, outputs: Array, control: Array | None, setting: Setting, wishes: Wishes
) -> NoteSequence:
    sequence: NoteSequence = model.converter.to_notes(
        outputs,
        None if control is None else control[: len(outputs)],
        qpm=wishes.qpm or setting.qpm,
        velocity=setting.velocity,
        program=setting.program if wishes.program is None else wishes.program,
    )
    return sequence
