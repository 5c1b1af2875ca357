"""Scheduled sampling: in training, a decoder's step is now and then fed the decoder's own sample.

A coin is tossed for every step of every example. Where it falls for the sample, one is drawn from
the distribution of the step before, at temperature 1, and stands for the target as the next input.
All layers take a step together; what they keep is replayed layer by layer for the gradient, which
does not go through samples.

Axes: T time step, N examples, D columns of a step, E columns of the lowest layer's entry.

Source: Bengio et al. 2015, section 2.4.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from musicvae.models.compilation import is_for_xla
from musicvae.models.decoders.outputs import Output
from musicvae.models.forward import Forward
from musicvae.models.lstm import State, Trace
from musicvae.models.lstm_layer import LayerWeights
from musicvae.models.random_numbers import fold, uniform
from musicvae.models.stack_steps import start_traces, step_stack
from musicvae.models.variables import Dense, product

Tensor = Any

_COINS, _SAMPLES = 1000, 1001


class Rollout(NamedTuple):
    """What takes a step.

    Attributes:
      enter: gives what enters the lowest layer, float32 `[N, E]`, of the step and its input `[N,
        D]`.
      weights: of each layer.
      initial: the states before the first step.
      masks: dropout `[T, N, I]` of each layer's input, or nothing.
      projection: the layer from the top to a distribution's parameters.
      output: the distribution.
    """

    enter: Callable[[Tensor, Tensor], Tensor]
    weights: Sequence[LayerWeights]
    initial: Sequence[State]
    masks: Sequence[Tensor]
    projection: Dense
    output: Output


def roll_out(rollout: Rollout, teacher: Tensor, forward: Forward) -> tuple[Tensor, list[Trace]]:
    """Runs all layers together, feeding samples back.

    Args:
      rollout: what takes a step.
      teacher: float32 `[T, N, D]`, the step before each step by the target.
      forward: how; `sampling` is the probability of a sample.

    Returns:
      What each step was fed, float32 `[T, N, D]`, and each layer's trace.
    """
    steps, batch = tf.shape(teacher)[0], tf.shape(teacher)[1]
    coins = uniform([steps, batch], fold(forward.seed, _COINS))
    use_sample = tf.concat([tf.zeros([1, batch], tf.bool), coins[1:] < forward.sampling], 0)
    sample_seed = fold(forward.seed, _SAMPLES)
    kernel, bias = tf.cast(rollout.projection.kernel, forward.dtype), rollout.projection.bias + 0.0

    def fed_at(t: Tensor, top: Tensor) -> Tensor:
        """Returns the target's step, with a sample in the rows where the coin says so."""
        if is_for_xla():
            parameters = product(top, kernel, forward.dtype) + bias
            drawn = _drawn_everywhere(
                rollout.output, parameters, use_sample[t], fold(sample_seed, t)
            )
            return tf.where(use_sample[t][:, None], drawn, teacher[t])
        rows = tf.where(use_sample[t])
        parameters = product(tf.gather_nd(top, rows), kernel, forward.dtype) + bias
        drawn = rollout.output.sample(parameters, 1.0, fold(sample_seed, t))
        return tf.tensor_scatter_nd_update(teacher[t], rows, drawn)

    def step(t: Tensor, top: Tensor, states: Any, traces: Any, fed: Any) -> Any:
        previous = fed_at(t, top)
        masks = [mask[t] for mask in rollout.masks]
        after = step_stack(rollout.enter(t, previous), rollout.weights, states, masks)
        kept = zip(traces, after.states, after.gates, strict=True)
        traces = [trace.write(t, state, gates) for trace, state, gates in kept]
        return t + 1, after.top, after.states, traces, fed.write(t, previous)

    start = (
        tf.constant(0),
        tf.zeros_like(rollout.initial[-1].h),
        list(rollout.initial),
        start_traces(steps, rollout.initial),
        tf.TensorArray(tf.float32, steps, element_shape=teacher.shape[1:]),
    )
    *_, traces, fed = tf.while_loop(
        lambda t, *_: t < steps, step, start, maximum_iterations=steps, parallel_iterations=1
    )
    return tf.stop_gradient(fed.stack()), [trace.finish() for trace in traces]


def _drawn_everywhere(output: Output, parameters: Tensor, chosen: Tensor, seed: Tensor) -> Tensor:
    """Draws a step of every example, of a shape that does not depend on values.

    Args:
      output: the distribution.
      parameters: float32 `[N, P]`.
      chosen: bool `[N]`, whose samples are wanted; these are what `output.sample` would draw of the
        chosen rows alone.
      seed: int32 `[2]`.

    Returns:
      float32 `[N, D]`.
    """
    noise = output.noise([tf.shape(parameters)[0]], seed)
    # The first rows of noise belong to the chosen examples, however many more there are.
    rank = tf.maximum(tf.cumsum(tf.cast(chosen, tf.int32)) - 1, 0)
    return output.steps(output.draw(parameters, tf.gather(noise, rank)))
