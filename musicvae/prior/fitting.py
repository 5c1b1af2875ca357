"""Fitting a prior to the posteriors of music.

The network learns the velocity between noise and draws of the posteriors (network.py), each time
with new noise. A tenth of the pieces of music, never of their windows alone, is held out: what is
kept is the running mean of the weights where the loss on those was lowest.

Axes: N examples, B examples of a step, Z columns of z, K informative directions, A attributes,
L groups, C condition features.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from musicvae.errors import InputError
from musicvae.prior import DEFAULT_TEMPERATURE
from musicvae.prior.axes import LatentAxes, latent_axes
from musicvae.prior.conditions import (
    CONDITIONS,
    MAX_GROUPS,
    ConditionScale,
    condition_scale,
)
from musicvae.prior.latent_prior import (
    MAX_SHARPNESS,
    MAX_SPREAD,
    MAX_TEMPERATURE,
    LatentPrior,
)
from musicvae.prior.network import NUM_FREQUENCIES, FlowNetwork, FlowSize

Array = npt.NDArray[Any]
Progress = Callable[[int, int], None]

MIN_EXAMPLES = 32
_STEPS_TOGETHER = 20
_HELD_OUT = 0.1
_MOST_HELD_OUT = 2048
_AVERAGE = 0.999
_MOST_NORM = 1.0
_WARM_UP = 100
# The tangent of the angle, noise over code, is log-normal.
_LEVEL, _LEVEL_DEVIATION = -0.8, 1.2
_FREE = 0.4
_ASKED = 0.4
_EVALUATIONS = 16
_DRAWS = 4


class Posteriors(NamedTuple):
    """What music is encoded as.

    Attributes:
      mu: float32 `[N, Z]`.
      sigma: float32 `[N, Z]`, standard deviations.
      values: float64 `[N, len(CONDITIONS)]`, what `measure_conditions` gives.
      sources: int64 `[N]`, which piece of music each comes from.
      groups: int64 `[N]`, the number of each one's group, -1 for none; None where none has one.
    """

    mu: Array
    sigma: Array
    values: Array
    sources: Array
    groups: Array | None = None

    def take(self, rows: Array) -> Posteriors:
        """Returns those of some examples, by their numbers or by a mask."""
        mu, sigma, values, sources = (part[rows] for part in self[:4])
        groups = None if self.groups is None else self.groups[rows]
        return Posteriors(mu, sigma, values, sources, groups)


@dataclasses.dataclass(frozen=True)
class FitOptions:
    """How a prior is fitted.

    Attributes:
      num_steps: training steps.
      batch_size: examples of a step.
      learning_rate: at its highest; it rises for 100 steps and falls to 0 along a cosine.
      units: of each layer.
      blocks: residual blocks.
      min_signal: share of signal from which on an axis is learnt.
      sharpness: of the draws, over 0 and at most 10; 1 is as the network is fitted.
      spread: of the noise that draws start from, over 0 and at most 2; likewise.
      temperature: at which the model decodes new music unless another is asked for, 0 to 100.
      seed: random seed.
    """

    num_steps: int = 4000
    batch_size: int = 256
    learning_rate: float = 2e-3
    units: int = 256
    blocks: int = 4
    min_signal: float = 0.03
    sharpness: float = 2.0
    spread: float = 1.0
    temperature: float = DEFAULT_TEMPERATURE
    seed: int = 0


class Fit(NamedTuple):
    """A fitted prior, and how well it fits.

    Attributes:
      prior: the prior.
      loss: mean squared error of the velocity on held-out pieces.
      gaussian_loss: the same of a Gaussian of the codes' mean and covariance.
      step: the training step of the weights.
    """

    prior: LatentPrior
    loss: float
    gaussian_loss: float
    step: int


def fit_prior(
    posteriors: Posteriors,
    config: str,
    step: int,
    options: FitOptions | None = None,
    *,
    groups: Sequence[str] = (),
    progress: Progress | None = None,
) -> Fit:
    """Fits a prior.

    Args:
      posteriors: of training music, of two pieces or more.
      config: name of the model's configuration.
      step: training step of its checkpoint.
      options: sizes and settings of the fit.
      groups: names of the music's groups, such as styles, that draws may be asked for.
      progress: called with how many training steps are done, and of how many.

    Raises:
      InputError: there are too few examples, or an option is out of range.
    """
    options = options or FitOptions()
    _check(posteriors, options, groups)
    generator = np.random.default_rng(options.seed)
    held_out = _held_out(posteriors.sources, generator)
    known = posteriors.take(~held_out)
    axes = latent_axes(known.mu, known.sigma)
    scale = condition_scale(known.values, groups)
    directions = axes.informative(options.min_signal)
    size = FlowSize(directions, options.units, options.blocks, scale.num_features)
    trainer = _Trainer(size, scale, axes, options)
    chosen = np.flatnonzero(held_out)
    chosen = np.sort(generator.permutation(chosen)[:_MOST_HELD_OUT])
    best = trainer.fit(known, posteriors.take(chosen), progress or (lambda done, total: None))
    network = FlowNetwork(size, best.weights)
    prior = LatentPrior(
        *(config, step, len(known.mu), axes, network, scale),
        *(options.sharpness, options.spread, options.temperature),
    )
    return Fit(prior, best.loss, best.gaussian_loss, best.step)


def _check(posteriors: Posteriors, options: FitOptions, groups: Sequence[str]) -> None:
    pieces = len(np.unique(posteriors.sources))
    if len(posteriors.mu) < MIN_EXAMPLES or pieces < 2:
        raise InputError(
            f"a prior needs at least {MIN_EXAMPLES} examples of 2 pieces of music, not "
            f"{len(posteriors.mu)} of {pieces}; give more music"
        )
    if len(groups) > MAX_GROUPS:
        raise InputError(f"{len(groups)} groups are given; a prior knows {MAX_GROUPS} at most")
    for name in ("num_steps", "batch_size", "units", "blocks"):
        if getattr(options, name) < 1:
            raise InputError(f"{name}={getattr(options, name)} must be at least 1")
    if not 0.0 < options.sharpness <= MAX_SHARPNESS:
        raise InputError(
            f"sharpness={options.sharpness:g} must be over 0 and at most {MAX_SHARPNESS:g}"
        )
    if not 0.0 < options.spread <= MAX_SPREAD:
        raise InputError(f"spread={options.spread:g} must be over 0 and at most {MAX_SPREAD:g}")
    if not 0.0 <= options.temperature <= MAX_TEMPERATURE:
        raise InputError(f"temperature={options.temperature:g} is not in 0..{MAX_TEMPERATURE:g}")
    if not 0.0 < options.learning_rate < 1.0:
        raise InputError(f"learning_rate={options.learning_rate} is not between 0 and 1")


def _held_out(sources: Array, generator: np.random.Generator) -> npt.NDArray[np.bool_]:
    pieces = generator.permutation(np.unique(sources))
    count = max(1, round(len(pieces) * _HELD_OUT))
    return np.isin(sources, pieces[:count])


class _Best(NamedTuple):
    loss: float
    gaussian_loss: float
    step: int
    weights: dict[str, Array]


class _Trainer:
    """A network being fitted."""

    def __init__(
        self, size: FlowSize, scale: ConditionScale, axes: LatentAxes, options: FitOptions
    ) -> None:
        self._size, self._scale, self._axes, self._options = size, scale, axes, options
        generator = np.random.default_rng(options.seed + 1)
        self._weights = {
            name: tf.Variable(_first_weight(name, shape, generator), name=name)
            for name, shape in size.shapes().items()
        }
        self._averages = {name: tf.Variable(value) for name, value in self._weights.items()}
        self._done = tf.Variable(0, dtype=tf.int64)
        warm_up = min(_WARM_UP, options.num_steps // 2)
        self._optimizer = tf.keras.optimizers.Adam(
            tf.keras.optimizers.schedules.CosineDecay(
                0.0 if warm_up else options.learning_rate,
                options.num_steps - warm_up,
                warmup_target=options.learning_rate if warm_up else None,
                warmup_steps=warm_up,
            ),
            beta_2=0.99,
        )
        self._optimizer.build(list(self._weights.values()))

    def fit(self, known: Posteriors, test: Posteriors, progress: Progress) -> _Best:
        """Trains, and returns the best weights on the test examples."""
        data, test_data = self._constants(known), self._constants(test)
        total = self._options.num_steps
        every = max(_STEPS_TOGETHER, total // _EVALUATIONS)

        def train(count: Any) -> None:
            tf.while_loop(
                lambda k: k < count,
                lambda k: (self._step(data) + k,),
                [tf.constant(0)],
                parallel_iterations=1,
            )

        def evaluate() -> Any:
            # The same noise every time, several draws of each example.
            losses = []
            for k in range(_DRAWS):
                drawn = self._drawn(test_data, None, [self._options.seed, k])
                losses.append([self._loss(self._averages, *drawn), self._loss(None, *drawn)])
            return tf.reduce_mean(losses, 0)

        train = tf.function(train, autograph=False)
        evaluate = tf.function(evaluate, autograph=False)
        best = _Best(math.inf, math.inf, 0, {})
        done = 0
        while done < total:
            count = min(_STEPS_TOGETHER, total - done)
            train(tf.constant(count))
            done += count
            progress(done, total)
            if done % every < count or done == total:
                loss, gaussian_loss = evaluate().numpy().tolist()
                if loss < best.loss:
                    weights = {name: value.numpy() for name, value in self._averages.items()}
                    best = _Best(loss, gaussian_loss, done, weights)
        if not best.weights:
            raise InputError("the fit diverged; give a lower --learning_rate")
        return best

    def _constants(self, posteriors: Posteriors) -> tuple[Any, ...]:
        """Returns projected means, noise and condition features as tensors."""
        projection = self._axes.projection()[:, : self._size.directions]
        names = [attribute.name for attribute in CONDITIONS]
        columns = [names.index(name) for name in self._scale.names]
        groups = posteriors.groups
        if groups is None:
            groups = np.full(len(posteriors.mu), -1)
        return (
            tf.constant((posteriors.mu - self._axes.mean) @ projection, tf.float32),
            tf.constant(posteriors.sigma, tf.float32),
            tf.constant(self._scale.features_of(posteriors.values[:, columns], groups)),
            tf.constant(projection),
        )

    def _drawn(
        self, data: tuple[Any, ...], count: int | None, seed: Any
    ) -> tuple[Any, Any, Any, Any]:
        """Returns codes `[B, K]`, noise `[B, K]`, angles `[B, 1]` and conditions `[B, C]`."""
        mu, sigma, features, projection = data
        seeds = tf.unstack(tf.random.split(tf.cast(seed, tf.int32), 6))
        if count is not None:
            rows = tf.random.stateless_uniform([count], seeds[0], 0, mu.shape[0], tf.int32)
            mu, sigma, features = (tf.gather(part, rows) for part in (mu, sigma, features))
        noise_of_posterior = sigma * tf.random.stateless_normal(tf.shape(sigma), seeds[1])
        code = mu + noise_of_posterior @ projection
        noise = tf.random.stateless_normal(tf.shape(code), seeds[2])
        level = tf.random.stateless_normal([tf.shape(mu)[0], 1], seeds[3], _LEVEL, _LEVEL_DEVIATION)
        angle = tf.atan(tf.exp(level))
        asked = tf.random.stateless_uniform([tf.shape(mu)[0], 1], seeds[4]) > _FREE
        # Of all groups one is asked for, or none.
        attributes = len(self._scale.names)
        each = tf.random.stateless_uniform([tf.shape(mu)[0], attributes + 1], seeds[5]) < _ASKED
        kept = tf.cast(asked & each, tf.float32)
        ranks, group = kept[:, :attributes], kept[:, attributes:]
        groups = tf.repeat(group, features.shape[1] - 2 * attributes, axis=1)
        return code, noise, angle, features * tf.concat([ranks, ranks, groups], 1)

    def _step(self, data: tuple[Any, ...]) -> Any:
        seed = tf.stack([tf.constant(self._options.seed + 2, tf.int64), self._done])
        batch = self._drawn(data, self._options.batch_size, seed)
        weights = list(self._weights.values())
        with tf.GradientTape() as tape:
            loss = self._loss(self._weights, *batch)
        gradients, _ = tf.clip_by_global_norm(tape.gradient(loss, weights), _MOST_NORM)
        self._optimizer.apply_gradients(zip(gradients, weights, strict=True))
        self._done.assign_add(1)
        done = tf.cast(self._done, tf.float32)
        share = tf.minimum(_AVERAGE, done / (done + 9.0))
        for average, value in zip(self._averages.values(), weights, strict=True):
            average.assign(share * average + (1.0 - share) * value)
        return tf.constant(1)

    def _loss(
        self, weights: dict[str, Any] | None, code: Any, noise: Any, angle: Any, asked: Any
    ) -> Any:
        """Returns the mean squared error; without weights, of no velocity at all."""
        cosine, sine = tf.cos(angle), tf.sin(angle)
        target = cosine * noise - sine * code
        if weights is None:
            return tf.reduce_mean(tf.square(target))
        found = self._velocity(weights, cosine * code + sine * noise, angle, asked)
        return tf.reduce_mean(tf.square(found - target))

    def _velocity(self, weights: dict[str, Any], x: Any, angle: Any, asked: Any) -> Any:
        """Returns what `FlowNetwork.velocity` does, with an angle `[B, 1]` of each row."""
        turned = angle * (2.0 * np.arange(NUM_FREQUENCIES, dtype=np.float32) + 1.0)
        time = tf.concat([tf.ones_like(angle), tf.cos(turned), tf.sin(turned)], 1)
        hidden = x @ weights["in"]
        for k in range(self._size.blocks):
            inner = _normalized(hidden) @ weights[f"block_{k}/first"]
            inner += time @ weights[f"block_{k}/time"]
            if self._size.conditions:
                inner += asked @ weights[f"block_{k}/condition"]
            hidden += tf.nn.silu(inner) @ weights[f"block_{k}/second"]
        return _normalized(hidden) @ weights["out"]


def _normalized(hidden: Any) -> Any:
    return hidden * tf.math.rsqrt(tf.reduce_mean(hidden * hidden, 1, keepdims=True) + 1e-6)


def _first_weight(name: str, shape: tuple[int, int], generator: np.random.Generator) -> Array:
    """Returns N(0, 1 / inputs), less where a block adds to others, 0 at the output."""
    scale = {"in": 1.0, "first": 1.0, "second": 0.3, "time": 0.3, "condition": 0.3, "out": 0.0}
    drawn = generator.standard_normal(shape) * scale[name.rpartition("/")[2]]
    return (drawn / math.sqrt(shape[0])).astype(np.float32)
