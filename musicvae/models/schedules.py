"""What changes with the training step: the KL weight, the learning rate, scheduled sampling.

All functions take the global step as a number or a scalar tensor and return a float32 scalar.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from musicvae.errors import ConfigError
from musicvae.hparams import HParams

Tensor = Any


def beta(step: Tensor, hparams: HParams) -> Tensor:
    """Returns the weight of the KL divergence, (1 - beta_rate^step) * max_beta.

    Args:
      step: the global step.
      hparams: beta_rate and max_beta.

    Source: Roberts et al. 2018, section 3.1; annealing as Bowman et al. 2016.
    """
    return (1.0 - tf.pow(hparams.beta_rate, tf.cast(step, tf.float32))) * hparams.max_beta


def learning_rate(step: Tensor, hparams: HParams) -> Tensor:
    """Returns the rate that decays exponentially from learning_rate to min_learning_rate.

    Args:
      step: the global step.
      hparams: learning_rate, min_learning_rate and decay_rate.

    Source: Roberts et al. 2018, section 5.1.
    """
    decayed = tf.pow(hparams.decay_rate, tf.cast(step, tf.float32))
    floor = hparams.min_learning_rate
    return (hparams.learning_rate - floor) * decayed + floor


def uses_scheduled_sampling(hparams: HParams) -> bool:
    """Returns whether a model is trained on its own samples at any step.

    Args:
      hparams: sampling_schedule and sampling_rate.
    """
    return hparams.sampling_schedule != "constant" or hparams.sampling_rate > 0.0


def check_sampling_schedule(hparams: HParams) -> None:
    """Raises ConfigError where the schedule has no probability to give.

    Args:
      hparams: sampling_schedule and sampling_rate.
    """
    schedule, rate = hparams.sampling_schedule, hparams.sampling_rate
    fits = rate >= 1.0 if schedule == "inverse_sigmoid" else rate <= 1.0
    if not fits:
        allowed = "at least 1" if schedule == "inverse_sigmoid" else "between 0 and 1"
        raise ConfigError(
            f"hyperparameter sampling_rate={rate}: for sampling_schedule={schedule} it must be "
            f"{allowed}"
        )


def sampling_probability(step: Tensor, hparams: HParams) -> Tensor:
    """Returns the probability that a step's input is a sample instead of the target, in training.

    Args:
      step: the global step.
      hparams: sampling_schedule and sampling_rate, r: constant r; exponential 1 - r^step;
        inverse_sigmoid 1 - r / (r + exp(step / r)).

    Source: Bengio et al. 2015, section 2.4.
    """
    rate, step = hparams.sampling_rate, tf.cast(step, tf.float32)
    if hparams.sampling_schedule == "exponential":
        return 1.0 - tf.pow(rate, step)
    if hparams.sampling_schedule == "inverse_sigmoid":
        return 1.0 - rate / (rate + tf.exp(step / rate))
    return tf.constant(rate, tf.float32)
