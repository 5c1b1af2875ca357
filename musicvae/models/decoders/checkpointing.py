"""Gradient checkpointing: segments of a hierarchical decoder are run again for their gradient.

Once the conductor has given its embeddings, segments do not depend on each other. Instead of
keeping what the core decoder computed for all of them until the gradient is taken, a loop runs some
at a time and keeps their loss alone; a second loop runs them again, now with a gradient. The core's
memory is that of one round, at the price of one more forward pass.

Axes: B batch, S segments, L steps of a segment, D columns of a step, H units of the top layer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from musicvae.errors import ConfigError

Tensor = Any

# Runs segments `[B, n]` of a round's number and embeddings `[B, n, H]`; returns their loss `[B, n]`
# and the parameters of their steps' distributions, `[B, n, L, P]`.
RunSegments = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


def check_segments(segments: int, at_a_time: int) -> None:
    """Checks that segments can be run some at a time.

    Args:
      segments: a decoder's independent ones; 0 where it has none.
      at_a_time: how many are to be run together; 0 for all.

    Raises:
      ConfigError: there are none, or they cannot be cut into equal rounds.
    """
    if at_a_time and not segments:
        raise ConfigError(
            f"checkpoint_segments={at_a_time}: this decoder has no segments that can be run apart "
            "from each other; leave it out"
        )
    if at_a_time and segments % at_a_time:
        raise ConfigError(
            f"checkpoint_segments={at_a_time} does not divide the {segments} segments of the "
            "decoder"
        )


def in_rounds(run: RunSegments, embeddings: Tensor, rounds: int) -> tuple[Tensor, Tensor]:
    """Runs a core decoder over some segments at a time, and again for the gradient.

    Args:
      run: what runs the segments of a round. What is random in it must depend on the round alone,
        for it to be the same both times.
      embeddings: float32 `[B, S, H]`.
      rounds: how many; S is a multiple of it.

    Returns:
      The loss of each segment, float32 `[B, S]`, and the parameters of each step's distribution,
      float32 `[B, S, L, P]`; these have no gradient.
    """
    size = embeddings.shape[1] // rounds

    def of_round(x: Tensor, number: Tensor) -> Tensor:
        return x[:, number * size : (number + 1) * size]

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def checkpointed(embeddings: Tensor) -> Any:
        def gradient(upstream: Tensor, _: Tensor, variables: list[Any]) -> tuple[Tensor, list[Any]]:
            def backwards(number: Tensor, of_embeddings: Any, of_variables: list[Tensor]) -> Any:
                with tf.GradientTape(watch_accessed_variables=False) as tape:
                    mine = of_round(embeddings, number)
                    tape.watch([mine, *variables])
                    loss, _ = run(number, mine)
                found, *of_weights = tape.gradient(
                    loss,
                    [mine, *variables],
                    of_round(upstream, number),
                    unconnected_gradients=tf.UnconnectedGradients.ZERO,
                )
                total = [a + b for a, b in zip(of_variables, of_weights, strict=True)]
                return number + 1, of_embeddings.write(number, found), total

            start = (tf.constant(0), _array(rounds), [tf.zeros(v.shape) for v in variables])
            _, of_embeddings, of_variables = _loop(backwards, start, rounds)
            return _side_by_side(of_embeddings, rounds), of_variables

        def forwards(number: Tensor, losses: Any, parameters: Any) -> Any:
            loss, own = run(number, of_round(embeddings, number))
            return number + 1, losses.write(number, loss), parameters.write(number, own)

        start = (tf.constant(0), _array(rounds), _array(rounds))
        _, losses, parameters = _loop(forwards, start, rounds)
        return (_side_by_side(losses, rounds), _side_by_side(parameters, rounds)), gradient

    loss, parameters = checkpointed(embeddings)
    return loss, tf.stop_gradient(parameters)


def _array(size: int) -> Any:
    return tf.TensorArray(tf.float32, size)


def _loop(body: Callable[..., Any], start: Any, rounds: int) -> Any:
    return tf.while_loop(lambda number, *_: number < rounds, body, start, parallel_iterations=1)


def _side_by_side(found: Any, rounds: int) -> Tensor:
    """Joins `[B, n, ...]` of all rounds to `[B, S, ...]`."""
    return tf.concat(tf.unstack(found.stack(), rounds), 1)
