"""Sampling music step by step, each step fed the one before.

A sampler is what one stack of layers needs for it. All that can be known before the first step is
computed there: what z, the bias and the controls give to the lowest layer, and the noise of every
draw. A step looks up, or multiplies, what the step before gives to the lowest layer, passes once
over the layers and the projection, and adds the noise. What a layer's output gives to that layer in
the next step is a product that nothing in this step waits for, so that it runs beside the layers
above. Samplers that know nothing of each other take each step together.

Axes: T time step, N examples, D columns of a step, P parameters of a step, C controls, E columns of
the lowest layer's entry, H a layer's units.
"""

from __future__ import annotations

import abc
import dataclasses
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from musicvae.models.decoders.base import Decoded, Decoder, Precomputed, Request
from musicvae.models.decoders.outputs import Output
from musicvae.models.lstm import State
from musicvae.models.lstm_layer import LayerWeights
from musicvae.models.lstm_stack import pack_states
from musicvae.models.stack_steps import recurrent_products, step_ahead
from musicvae.models.variables import product

Tensor = Any

_PART_STEPS = 16


class Weights(NamedTuple):
    """What all examples have in common; kernels are in the dtype that products are computed in.

    Attributes:
      rows: `[D, E]`, what the previous step is multiplied by.
      control_rows: `[C, E]`, what the controls are multiplied by.
      layers: of each layer.
      kernel: `[H, P]`, from the top layer to the parameters.
      bias: float32 `[P]`.
    """

    rows: Tensor
    control_rows: Tensor
    layers: Sequence[LayerWeights]
    kernel: Tensor
    bias: Tensor


class InitialState(NamedTuple):
    """What each example is begun with.

    Attributes:
      states: of each layer before the first step.
      recurrent: of each layer, float32 `[N, 4H]`: what its output gives to its own first step.
      constant: float32 `[N, E]`, what z and the bias give to every step.
    """

    states: list[State]
    recurrent: list[Tensor]
    constant: Tensor


class LoopState(NamedTuple):
    """What goes from a step to the next one.

    Attributes:
      fed: float32 `[N, E]`, what the step before gives to the lowest layer.
      states: of each layer.
      recurrent: of each layer, float32 `[N, 4H]`: what its output gives to its own next step.
      lengths: int32 `[N]`, the steps of each example, as far as they are known.
    """

    fed: Tensor
    states: list[State]
    recurrent: list[Tensor]
    lengths: Tensor


@dataclasses.dataclass(frozen=True)
class Sampler:
    """One stack of layers that samples.

    Attributes:
      output: the distribution of a step.
      weights: of the layers.
      initial_state: what each example is begun with.
      first: float32 `[N, E]`, what the step before the first one gives to the lowest layer.
      controls: float32 `[T, N, E]`, what the controls give to each step; None without controls.
      noise: float32 `[T, N, Q]`, of every draw, times the temperature.
      fixed: float32 `[T, N, D]`, values that the steps must have; NaN where they are drawn, None
        where all are.
    """

    output: Output
    weights: Weights
    initial_state: InitialState
    first: Tensor
    controls: Tensor
    noise: Tensor
    fixed: Tensor

    def start(self, length: int) -> LoopState:
        """Returns what the first step is given.

        Args:
          length: T.
        """
        lengths = tf.fill([tf.shape(self.first)[0]], length)
        initial_state = self.initial_state
        return LoopState(
            self.first, list(initial_state.states), list(initial_state.recurrent), lengths
        )

    def step(
        self, t: Tensor, loop_state: LoopState, request: Request, *, with_state: bool, is_last: bool
    ) -> tuple[Tensor, LoopState]:
        """Samples a step.

        Args:
          t: int32 scalar, 0 to T - 1.
          loop_state: of the step before.
          request: its length and end token are used.
          with_state: whether an example's states are to stay as they were at its end.
          is_last: whether no step follows.

        Returns:
          The step as `Output.draw` gives it, and what the next step is given, as far as there is
          one.
        """
        entered = [self.initial_state.constant, loop_state.fed]
        if self.controls is not None:
            entered.append(tf.gather(self.controls, t))
        top, states = step_ahead(
            entered, self.weights.layers, loop_state.states, loop_state.recurrent
        )
        parameters = (
            product(top, self.weights.kernel, self.weights.kernel.dtype) + self.weights.bias
        )
        drawn = self.output.draw(parameters, tf.gather(self.noise, t))
        if self.fixed is not None:
            drawn = self.output.with_fixed(drawn, tf.gather(self.fixed, t))
        lengths = loop_state.lengths
        if request.end_token is not None:
            going = lengths == request.length
            if with_state:
                states = _where(going, states, loop_state.states)
            ended = going & (self.output.label(drawn) == request.end_token)
            lengths = tf.where(ended, t + 1, lengths)
        if is_last:
            return drawn, LoopState(loop_state.fed, states, loop_state.recurrent, lengths)
        fed = self.output.feed(drawn, self.weights.rows)
        return drawn, LoopState(
            fed, states, recurrent_products(states, self.weights.layers), lengths
        )


class StepwiseDecoder(Decoder):
    """A decoder whose samplers can sample beside those of others."""

    @abc.abstractmethod
    def samplers(self, precomputed: Precomputed, request: Request) -> list[Sampler]:
        """Returns the samplers, one for each part of a step's columns.

        Args:
          precomputed: of the latent vectors.
          request: what to sample.
        """

    def sample(
        self, precomputed: Precomputed, request: Request, *, with_state: bool = False
    ) -> Decoded:
        """Samples music step by step.

        Args:
          precomputed: of the latent vectors.
          request: what to sample.
          with_state: whether the states at the end are wanted.

        Returns:
          Steps float32 `[B, T, D]`, the first part's lengths, and all parts' states side by side.
        """
        parts = sample_together(self.samplers(precomputed, request), request, with_state=with_state)
        return Decoded(
            tf.concat([part.outputs for part in parts], -1),
            parts[0].lengths,
            tf.concat([part.state for part in parts], -1) if with_state else None,
        )

    def part_steps(self, length: int) -> int:
        """Returns the steps of a bar, or the most that divide `length`."""
        return math.gcd(length, _PART_STEPS)

    def begin(self, z: Tensor, request: Request, dtype: tf.DType) -> tuple[Tensor, list[LoopState]]:
        """Returns z and what the first step of each sampler is given.

        Args:
          z: float32 `[B, Z]`.
          request: what to sample, whole.
          dtype: what products are computed in.
        """
        samplers = self.samplers(self.precompute(z, dtype), request)
        return z, [sampler.start(request.length) for sampler in samplers]

    def sample_part(
        self,
        part_state: tuple[Tensor, list[LoopState]],
        first: Tensor,
        request: Request,
        dtype: tf.DType,
    ) -> tuple[Decoded, tuple[Tensor, list[LoopState]]]:
        """Samples some steps more.

        Args:
          part_state: what `begin` gave, or the part before.
          first: int32 scalar, the step that the part begins with.
          request: what to sample, whole.
          dtype: what products are computed in.

        Returns:
          The part, with lengths `[B]` within it, and what the next part is given.
        """
        z, loop_states = part_state
        samplers = self.samplers(self.precompute(z, dtype), request)
        count = self.part_steps(request.length)
        outputs, loop_states = _some_steps(samplers, loop_states, first, count, request)
        lengths = tf.clip_by_value(loop_states[0].lengths - first, 0, count)
        if request.end_token is not None:
            outputs *= tf.sequence_mask(lengths, count, tf.float32)[..., None]
        return Decoded(outputs, lengths), (z, loop_states)


def sample_together(
    samplers: Sequence[Sampler], request: Request, *, with_state: bool = False
) -> list[Decoded]:
    """Runs samplers together, one step of each in every turn of a loop.

    Args:
      samplers: one or more; they know nothing of each other.
      request: its length and end token are used.
      with_state: whether the states at the end are wanted.

    Returns:
      What each sampled.
    """
    length = request.length

    def step(t: Tensor, loop_state: Any, steps: Any, *, is_last: bool = False) -> Any:
        after, decoded = [], []
        for sampler, before, array in zip(samplers, loop_state, steps, strict=True):
            drawn, state = sampler.step(t, before, request, with_state=with_state, is_last=is_last)
            after.append(state)
            decoded.append(array.write(t, drawn))
        return t + 1, after, decoded

    # Steps past every example's end change nothing, but there must be none past the length. Several
    # samplers make a large graph as it is.
    turn = math.gcd(length, samplers[0].output.steps_a_turn) if len(samplers) == 1 else 1

    def several(*state: Any, are_last: bool = False) -> Any:
        for k in range(turn):
            state = step(*state, is_last=are_last and k == turn - 1)
        return state

    def unfinished(t: Tensor, loop_state: Any, steps: Any) -> Tensor:
        del steps
        if request.end_token is None:
            return t < length - turn
        going = [tf.reduce_any(part.lengths > t) for part in loop_state]
        return (t < length - turn) & tf.reduce_any(going)

    start = (
        tf.constant(0),
        [sampler.start(length) for sampler in samplers],
        [sampler.output.array(length) for sampler in samplers],
    )
    most = tf.while_loop(unfinished, several, start, parallel_iterations=1)
    _, loop_state, steps = several(*most, are_last=True)
    decoded = []
    for sampler, end, array in zip(samplers, loop_state, steps, strict=True):
        outputs = sampler.output.steps(array.stack())
        if request.end_token is not None:
            mask = tf.sequence_mask(end.lengths, length, tf.float32)
            outputs *= tf.transpose(mask)[..., None]
        state = pack_states(end.states) if with_state else None
        decoded.append(Decoded(tf.transpose(outputs, [1, 0, 2]), end.lengths, state))
    return decoded


def _some_steps(
    samplers: Sequence[Sampler],
    loop_states: Sequence[LoopState],
    first: Tensor,
    count: int,
    request: Request,
) -> tuple[Tensor, list[LoopState]]:
    """Lets samplers take some steps.

    Args:
      samplers: what writes.
      loop_states: what each is given.
      first: int32 scalar, the first step.
      count: how many steps.
      request: its length and end token are used.

    Returns:
      Float32 `[N, count, D]`, the columns of all samplers side by side, and what they are given
      next.
    """

    def step(k: Tensor, loop_states: Any, steps: Any) -> Any:
        after, decoded = [], []
        for sampler, before, array in zip(samplers, loop_states, steps, strict=True):
            drawn, state = sampler.step(first + k, before, request, with_state=False, is_last=False)
            after.append(state)
            decoded.append(array.write(k, drawn))
        return k + 1, after, decoded

    start = (tf.constant(0), list(loop_states), [s.output.array(count) for s in samplers])
    _, after, steps = tf.while_loop(lambda k, *_: k < count, step, start, parallel_iterations=1)
    columns = [s.output.steps(array.stack()) for s, array in zip(samplers, steps, strict=True)]
    return tf.transpose(tf.concat(columns, -1), [1, 0, 2]), after


def _where(condition: Tensor, yes: list[State], no: list[State]) -> list[State]:
    def choose(a: Tensor, b: Tensor) -> Tensor:
        return tf.where(condition[:, None], a, b)

    return [State(*map(choose, *pair)) for pair in zip(yes, no, strict=True)]
