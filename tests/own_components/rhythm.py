"""A converter, an encoder and a decoder of a user's own, as docs/extending.md shows them.

Rhythms at sixteenth notes: at each step whether a note begins.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

from musicvae.components import Component, options_as
from musicvae.config import ExampleSpec
from musicvae.converters import (
    Batch,
    Compact,
    Converter,
    Example,
    Origin,
    PitchMap,
    Reading,
    Section,
)
from musicvae.converters.sections import quantize
from musicvae.hparams import HParams
from musicvae.lazy_note_seq import NoteSequence
from musicvae.models.decoders.base import DecoderContext
from musicvae.models.decoders.categorical_output import Categorical
from musicvae.models.decoders.flat import FlatDecoder
from musicvae.models.encoders import Encoder
from musicvae.models.forward import Forward
from musicvae.models.variables import Dense, Variables, glorot_uniform

STEPS_PER_BAR = 16


@dataclasses.dataclass(frozen=True)
class RhythmConfig:
    """Options of the converter."""

    bars: int = 2
    pitch: int = 60
    max_tensors_per_input: int | None = None


@dataclasses.dataclass(frozen=True)
class RhythmConverter(Converter):
    """Rhythms, one-hot: nothing, or a note begins. Compact form: `begins`, bool `[T]`."""

    Config = RhythmConfig
    noun = "rhythms"
    config: RhythmConfig

    @property
    def spec(self) -> ExampleSpec:
        return ExampleSpec(input_depth=2, output_depth=2)

    @property
    def num_steps(self) -> int:
        return self.config.bars * STEPS_PER_BAR

    def section_windows(self, section: Section, reading: Reading) -> tuple[Compact, list[Origin]]:
        steps = quantize(section.notes.start, 4, section.qpm)
        windows = int(steps.max()) // self.num_steps + 1
        begins = np.zeros(windows * self.num_steps, bool)
        begins[steps] = True
        starts = range(0, len(begins), self.num_steps)
        origins = [section.origin((0,), start) for start in starts]
        return {"begins": begins.reshape(windows, self.num_steps)}, origins

    def compact(self, example: Example) -> dict[str, Any]:
        return {"begins": np.asarray(example.outputs)[:, 1] > 0}

    def expand(self, batch: Compact) -> Batch:
        begins = batch["begins"]
        rows = np.stack([~begins, begins], axis=-1)
        lengths = np.full(len(begins), self.num_steps, np.int32)
        return Batch(rows, rows, np.zeros((*begins.shape, 0), bool), lengths)

    def to_notes(
        self,
        outputs: Any,
        controls: Any = None,
        *,
        qpm: float = 120.0,
        velocity: int = 80,
        program: int | None = None,
        pitch_map: PitchMap = "inference",
    ) -> Any:
        sequence = NoteSequence(ticks_per_quarter=220)
        sequence.tempos.add(qpm=qpm)
        seconds = 15.0 / qpm
        for step in np.flatnonzero(np.argmax(outputs, axis=-1)).tolist():
            sequence.notes.add(
                pitch=self.config.pitch,
                velocity=velocity,
                program=program or 0,
                start_time=step * seconds,
                end_time=(step + 1) * seconds,
            )
        sequence.total_time = len(outputs) * seconds
        return sequence


@dataclasses.dataclass(frozen=True)
class NoOptions:
    """Neither the encoder nor the decoder has options of its own."""


class MeanEncoder(Encoder):
    """A dense layer on the mean of all steps."""

    def __init__(
        self, component: Component, hparams: HParams, variables: Variables, depth: int, scope: str
    ) -> None:
        options_as(NoOptions, component.options, "[encoder] type 'mean'")
        self.output_depth = hparams.enc_rnn_size[-1]
        self._dense = Dense(variables, f"{scope}/dense", depth, self.output_depth, glorot_uniform)

    def encode(self, sequence: Any, lengths: Any, forward: Forward) -> Any:
        return tf.tanh(self._dense(tf.reduce_mean(sequence, 1), forward.dtype))


class SmoothedCategorical(Categorical):
    """A class a step, with label smoothing."""

    smoothing = 0.1

    def loss(self, parameters: Any, targets: Any) -> Any:
        uniform = tf.ones_like(targets) / self.depth
        return super().loss(parameters, targets) * (1.0 - self.smoothing) + (
            tf.nn.softmax_cross_entropy_with_logits(uniform, parameters) * self.smoothing
        )


class SmoothDecoder(FlatDecoder):
    """LSTM layers with a smoothed categorical on top."""

    def __init__(
        self, component: Component, hparams: HParams, variables: Variables, context: DecoderContext
    ) -> None:
        options_as(NoOptions, component.options, "[decoder] type 'smooth'")
        super().__init__(SmoothedCategorical(context.output_depth), hparams, variables, context)
