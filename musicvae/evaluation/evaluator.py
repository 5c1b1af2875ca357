"""How well a model gives back music that it was not trained on.

Every example is encoded once and decoded twice: fed the true previous step (teacher-forced), and
fed its own samples, as when it writes music. TensorBoard gets Magenta's tags from the one of the
two that the model was trained for, and both under `teacher_forced/` and `sampled/`.

Axes: B batch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import tensorflow as tf

from musicvae.checkpoints import open_checkpoint, restore
from musicvae.config import Config
from musicvae.converters import build_converter
from musicvae.data.batches import EvaluationBatches
from musicvae.data.pipeline import evaluation_dataset
from musicvae.evaluation.log import COMPARED, Evaluation
from musicvae.models import Batch, MusicVAE, add_metric_counts, summarize
from musicvae.models.schedules import uses_scheduled_sampling

Tensor = Any

TEACHER_FORCED, SAMPLED = "teacher_forced", "sampled"
_PASSES = {TEACHER_FORCED: 0.0, SAMPLED: 1.0}
_NATS_PER_BIT = math.log(2.0)


class Evaluator:
    """Evaluates a model on a set of examples, each time with the same noise."""

    def __init__(
        self, model: MusicVAE, batches: EvaluationBatches, *, device: str = "", seed: int = 0
    ) -> None:
        """Plans evaluations.

        Args:
          model: whose variables are used as they are at each call.
          batches: the examples.
          device: where to compute; TensorFlow chooses where it is empty.
          seed: what the noise depends on.
        """
        self._model = model
        self._batches = batches
        self._device = device
        self._seed = seed
        self._measure = tf.function(self._measured, autograph=False, reduce_retracing=True)

    def evaluate(self, step: int, *, progress: Callable[[int], None] | None = None) -> Evaluation:
        """Goes through all examples once.

        Args:
          step: the training step of the weights, which the weight of the KL divergence depends on.
          progress: called with the number of examples done.
        """
        sums: dict[str, Any] | None = None
        at = tf.constant(step, tf.int64)
        for number, batch in enumerate(evaluation_dataset(self._batches)):
            seed = tf.constant([self._seed, number], tf.int32)
            with tf.device(self._device):
                part = self._measure(Batch(*batch), at, seed)
            sums = part if sums is None else {name: _sum(sums[name], part[name]) for name in sums}
            if progress is not None:
                progress(int(sums[TEACHER_FORCED]["sums"]["examples"]))
        assert sums is not None, "an example set has examples"
        passes = {name: _scalars(sums[name]) for name in _PASSES}
        scheduled = uses_scheduled_sampling(self._model.config.hparams)
        scalars = dict(passes[SAMPLED if scheduled else TEACHER_FORCED])
        max_beta = self._model.config.hparams.max_beta
        scalars[COMPARED] = scalars["losses/r_loss"] + max_beta * scalars["losses/kl_loss"]
        for name, values in passes.items():
            scalars |= {f"{name}/{tag}": value for tag, value in values.items()}
        return Evaluation(step, self._batches.num_examples, scalars)

    def _measured(self, batch: Batch, step: Tensor, seed: Tensor) -> dict[str, Any]:
        """Returns the sums of a batch for each pass: counts, losses and counts."""
        return {name: self._pass(batch, step, seed, p) for name, p in _PASSES.items()}

    def _pass(self, batch: Batch, step: Tensor, seed: Tensor, probability: float) -> dict[str, Any]:
        losses = self._model.loss(
            batch, step, training=False, seed=seed, sampling_probability=probability
        )
        free = self._model.config.hparams.free_bits * _NATS_PER_BIT
        sums = {
            "examples": tf.cast(tf.size(losses.r_loss), tf.float32),
            "r_loss": tf.reduce_sum(losses.r_loss),
            "kl": tf.reduce_sum(losses.kl),
            "kl_loss": tf.reduce_sum(tf.maximum(losses.kl - free, 0.0)),
        }
        return {"sums": sums, "beta": losses.beta, "counts": dict(losses.metric_counts)}


def load_weights(model: MusicVAE, path: str) -> int:
    """Loads a checkpoint's weights into a model.

    Args:
      model: of the checkpoint's sizes.
      path: a run folder, a checkpoint or an archive.

    Returns:
      The step at which it was saved.

    Raises:
      CheckpointError: there is none, or it does not fit.
    """
    with open_checkpoint(path) as checkpoint:
        restore(model.named_variables, checkpoint)
        return checkpoint.step


def table(evaluation: Evaluation, config: Config) -> str:
    """Returns an evaluation as a table for people.

    Args:
      evaluation: what was found.
      config: the model's configuration.
    """
    found = evaluation.scalars
    rows = [
        (figure_label(tag, config), found[f"{TEACHER_FORCED}/{tag}"], found[f"{SAMPLED}/{tag}"])
        for tag in _tags(evaluation)
    ]
    width = max(len(label) for label, _, _ in rows)
    head = f"step {evaluation.step:,}, {evaluation.examples:,} examples"
    lines = [head, f"{'':{width}}  {'teacher-forced':>14}  {'sampled':>14}"]
    lines += [f"{label:{width}}  {forced:14.5g}  {own:14.5g}" for label, forced, own in rows]
    return "\n".join(lines)


def _tags(evaluation: Evaluation) -> Iterator[str]:
    """Yields the tags of one pass, without single segments."""
    for tag in evaluation.scalars:
        if tag.startswith(f"{TEACHER_FORCED}/") and "/segment/" not in tag:
            yield tag.removeprefix(f"{TEACHER_FORCED}/")


def figure_label(tag: str, config: Config) -> str:
    """Returns a figure's TensorBoard tag as words, with the name of the part.

    Args:
      tag: the tag, with its pass or without.
      config: the model's configuration.
    """
    words = [word for word in tag.split("/") if word not in ("losses", "metrics")]
    if words[-1].startswith("output_"):
        parts = build_converter(config.converter).parts
        number = int(words[-1].removeprefix("output_"))
        words[-1] = parts[number].name if number < len(parts) else words[-1]
    return ", ".join(words).replace("_", " ")


def _sum(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "sums": {name: value + b["sums"][name] for name, value in a["sums"].items()},
        "beta": a["beta"],
        "counts": add_metric_counts(a["counts"], b["counts"]),
    }


def _scalars(part: Mapping[str, Any]) -> dict[str, float]:
    """Returns one pass's results by Magenta's tags."""
    sums = {name: float(value) for name, value in part["sums"].items()}
    count, beta = sums["examples"], float(part["beta"])
    r_loss, kl_loss = sums["r_loss"] / count, sums["kl_loss"] / count
    return {
        "loss": r_loss + beta * kl_loss,
        "losses/r_loss": r_loss,
        "losses/kl_loss": kl_loss,
        "losses/kl_bits": sums["kl"] / count / _NATS_PER_BIT,
        "losses/kl_beta": beta,
        **summarize(part["counts"]),
    }
