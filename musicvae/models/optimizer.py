"""Adam as TensorFlow 1 has it, with clipped gradients, under TensorFlow 1's checkpoint names.

    m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g²
    x -= rate * sqrt(1 - b2^t) / (1 - b1^t) * m / (sqrt(v) + epsilon)

The epsilon is added outside the bias correction, unlike in Kingma and Ba's algorithm 1.

Source: Kingma and Ba 2015, the remark before section 2.1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from musicvae.hparams import HParams

Tensor = Any

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8


class Clipped(NamedTuple):
    """Gradients as they are applied.

    Attributes:
      gradients: one a variable.
      global_norm: float32 scalar, their norm together before clipping.
    """

    gradients: list[Tensor]
    global_norm: Tensor


def clip_gradients(gradients: Sequence[Tensor], hparams: HParams) -> Clipped:
    """Bounds gradients.

    Args:
      gradients: one a variable.
      hparams: clip_mode, grad_clip and grad_norm_clip_to_zero.

    Returns:
      The gradients scaled to a global norm of at most grad_clip (or each element clipped to it);
      all zeros where the norm is over grad_norm_clip_to_zero.
    """
    norm = tf.linalg.global_norm(gradients)
    exploded = norm > hparams.grad_norm_clip_to_zero
    if hparams.clip_mode == "value":
        bound = hparams.grad_clip
        clipped = [tf.clip_by_value(gradient, -bound, bound) for gradient in gradients]
        return Clipped([tf.where(exploded, tf.zeros_like(g), g) for g in clipped], norm)
    scale = tf.where(exploded, 0.0, hparams.grad_clip / tf.maximum(norm, hparams.grad_clip))
    return Clipped([tf.math.multiply_no_nan(g, scale) for g in gradients], norm)


class AdamOptimizer(tf.Module):  # type: ignore[misc]
    """Adam's moments, and the step that uses them.

    Attributes:
      named_slots: the state by its names in a checkpoint: `<name>/Adam`, `<name>/Adam_1`,
        `beta1_power`, `beta2_power`.
    """

    def __init__(self, named_variables: Mapping[str, tf.Variable]) -> None:
        """Makes the moments.

        Args:
          named_variables: what is to be trained, by name.
        """
        super().__init__(name="adam")
        self._names = {variable.ref(): name for name, variable in named_variables.items()}
        self.named_slots: dict[str, tf.Variable] = {
            "beta1_power": tf.Variable(BETA_1, name="beta1_power", trainable=False),
            "beta2_power": tf.Variable(BETA_2, name="beta2_power", trainable=False),
        }
        for name, variable in named_variables.items():
            for slot in (f"{name}/Adam", f"{name}/Adam_1"):
                moment = tf.Variable(tf.zeros(variable.shape), name=slot, trainable=False)
                self.named_slots[slot] = moment

    def apply(
        self,
        gradients: Sequence[Tensor],
        variables: Sequence[tf.Variable],
        learning_rate: Tensor,
        is_finite: Tensor = True,
    ) -> None:
        """Takes one step.

        Args:
          gradients: float32, one a variable.
          variables: what they belong to.
          learning_rate: float32 scalar.
          is_finite: bool scalar; where it is False nothing changes.
        """

        def update_all() -> Tensor:
            for gradient, variable in zip(gradients, variables, strict=True):
                self.update(variable, gradient, learning_rate)
            return tf.constant(True)

        tf.cond(is_finite, update_all, lambda: tf.constant(False))
        self.advance(is_finite)

    def update(self, variable: tf.Variable, gradient: Tensor, learning_rate: Tensor) -> None:
        """Takes one step for one variable; `advance` is to follow once all have taken it.

        Args:
          variable: one of those that the optimizer was made for.
          gradient: float32, of its shape.
          learning_rate: float32 scalar.
        """
        name = self._names[variable.ref()]
        adam_update(
            variable,
            self.named_slots[f"{name}/Adam"],
            self.named_slots[f"{name}/Adam_1"],
            gradient,
            learning_rate,
            self.named_slots["beta1_power"],
            self.named_slots["beta2_power"],
        )

    def advance(self, is_finite: Tensor = True) -> None:
        """Moves the powers of the decay rates on to the next step, unless told not to."""
        for slot, rate in (("beta1_power", BETA_1), ("beta2_power", BETA_2)):
            power = self.named_slots[slot]
            power.assign(power * tf.where(is_finite, rate, 1.0))


def adam_update(
    variable: tf.Variable,
    m: tf.Variable,
    v: tf.Variable,
    gradient: Tensor,
    learning_rate: Tensor,
    beta1_power: Tensor,
    beta2_power: Tensor,
) -> None:
    """Takes one step of Adam for one variable, in place.

    Args:
      variable: float32.
      m: the first moment, of its shape.
      v: the second moment, of its shape.
      gradient: of its shape.
      learning_rate: float32 scalar.
      beta1_power: float32 scalar, 0.9^t.
      beta2_power: float32 scalar, 0.999^t.
    """
    tf.raw_ops.ResourceApplyAdam(
        var=variable.handle,
        m=m.handle,
        v=v.handle,
        beta1_power=beta1_power,
        beta2_power=beta2_power,
        lr=learning_rate,
        beta1=BETA_1,
        beta2=BETA_2,
        epsilon=EPSILON,
        grad=gradient,
    )
