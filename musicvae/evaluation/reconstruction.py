"""How well a model reconstructs held-out music, compared with baselines that need no model.

Axes: N examples, T time step, P parts, D columns of a step.

Source: Roberts et al. 2018 (arXiv:1803.05428), tables 1 and 2; Gillick et al. 2019
(arXiv:1905.06118), section 5.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from musicvae.converters import NO_LABEL, Converter, performance_converter
from musicvae.data.batches import EvaluationBatches
from musicvae.data.example_set import Array, ExampleSet
from musicvae.evaluation.groove_errors import STEP_MS, GrooveErrors, baseline_grooves, groove_errors
from musicvae.evaluation.step_labels import labels_of_set

if TYPE_CHECKING:
    from musicvae.generate import TrainedModel

Figures = Mapping[str, float]

AS_IT_IS = "the input as it is"

_NATS_PER_BIT = math.log(2.0)
_TOGETHER = 256


@dataclasses.dataclass(frozen=True)
class Reconstruction:
    """What was found.

    Attributes:
      examples: how many.
      teacher_forced: figures by name, each step being told the true one before it.
      sampled: the same when each step is told the model's own sample.
      baseline: figures of the baselines, by what is predicted; see `baseline_figures`.
      hits_given: of grooves, the figures of a model that writes velocity and timing for the hits of
        the music itself, as when it humanizes; empty for other music, and where the model's decoder
        takes no given values.
    """

    examples: int
    teacher_forced: Figures
    sampled: Figures
    baseline: Mapping[str, Figures]
    hits_given: Figures = dataclasses.field(default_factory=dict)


def measure_reconstruction(
    model: TrainedModel,
    held_out: ExampleSet,
    known: ExampleSet | None = None,
    *,
    batch_size: int = 128,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> Reconstruction:
    """Has a model reconstruct music, teacher-forced and sampled.

    Args:
      model: a trained model with its encoder.
      held_out: examples that it was not trained on; at least one.
      known: its training music, which the baselines are taken from; the held-out music itself
        where not given.
      batch_size: how many examples are worked on together.
      seed: of the posteriors' noise and of what is sampled.
      progress: called with the number of examples done.

    Returns:
      Figures by TensorBoard tag without "metrics/" and "losses/", with `kl_nats` beside `kl_bits`
      and, of grooves, `timing_mae_ms` at 120 quarters a minute.
    """
    from musicvae.evaluation.evaluator import SAMPLED, TEACHER_FORCED, Evaluator

    batches = EvaluationBatches(held_out, model.converter, batch_size)
    found = Evaluator(model.network, batches, seed=seed, device=model.device).evaluate(
        model.step, progress=progress
    )
    baseline = baseline_figures(model.converter, held_out, held_out if known is None else known)
    has_hits = performance_converter(model.converter) is not None
    takes_hits = has_hits and model.network.decoder.takes_fixed
    return Reconstruction(
        found.examples,
        _figures(found.scalars, TEACHER_FORCED),
        _figures(found.scalars, SAMPLED),
        baseline,
        _hits_given(model, batches, seed) if takes_hits else {},
    )


def _hits_given(model: TrainedModel, batches: EvaluationBatches, seed: int) -> Figures:
    """Returns the errors of a model's performances of hits that it may not choose."""
    errors = GrooveErrors()
    for batch in batches:
        controls = batch.controls if model.converter.spec.control_depth else None
        each = None if controls is None else list(controls)
        found = model.encode_tensors(list(batch.inputs), list(batch.lengths), each)
        _, steps, columns = batch.outputs.shape
        fixed = np.full_like(batch.outputs, np.nan)
        drums = columns // 3
        fixed[..., :drums] = batch.outputs[..., :drums]
        written = model.decode_to_tensors(found.mu, steps, 1.0, controls, seed=seed, fixed=fixed)
        errors += groove_errors(np.stack(written), batch.outputs)
    return _with_ms(errors.figures())


def baseline_figures(
    converter: Converter, held_out: ExampleSet, known: ExampleSet
) -> dict[str, Figures]:
    """Returns how well predictions do that are the same for every example.

    Args:
      converter: what the examples are of.
      held_out: what is to be predicted.
      known: the music that the predictions are taken from.

    Returns:
      Of grooves, the errors of the mean performance and of the mean of each drum, and of the
      encoder's input left as it is; of all else the accuracy of the most common step (of a trio, of
      each part).
    """
    if performance_converter(converter) is not None:
        predictions = baseline_grooves(outputs for _, outputs in _grooves(converter, known))
        errors = dict.fromkeys([*predictions, AS_IT_IS], GrooveErrors())
        for inputs, outputs in _grooves(converter, held_out):
            errors[AS_IT_IS] += groove_errors(inputs, outputs)
            for name, prediction in predictions.items():
                errors[name] += groove_errors(prediction, outputs)
        return {name: _with_ms(error.figures()) for name, error in errors.items()}
    accuracies = _baseline_steps(
        labels_of_set(converter, held_out), labels_of_set(converter, known)
    )
    if len(accuracies) == 1:
        return {"most common step": {"accuracy": accuracies[0]}}
    figures = {f"accuracy/output_{k}": accuracy for k, accuracy in enumerate(accuracies)}
    return {"most common step": figures}


def _grooves(converter: Converter, examples: ExampleSet) -> Iterator[tuple[Array, Array]]:
    """Yields inputs and outputs `[N, T, D]` of a few examples at a time."""
    for batch in EvaluationBatches(examples, converter, _TOGETHER):
        yield batch.inputs, batch.outputs


def _baseline_steps(held_out: Array, known: Array) -> list[float]:
    """Returns the share of the steps of each part that have its most common label."""
    accuracies = []
    for part in range(held_out.shape[-1]):
        labels = known[..., part]
        values, counts = np.unique(labels[labels != NO_LABEL], return_counts=True)
        steps = held_out[..., part]
        steps = steps[steps != NO_LABEL]
        accuracies.append(float((steps == values[np.argmax(counts)]).mean()))
    return accuracies


def _figures(scalars: Figures, mode: str) -> dict[str, float]:
    """Returns the figures of one pass by short names."""
    found = {}
    for tag, value in scalars.items():
        if tag.startswith(f"{mode}/") and "/segment/" not in tag:
            name = tag.removeprefix(f"{mode}/")
            name = name.removeprefix("losses/").removeprefix("metrics/")
            found[name] = value
            if name == "kl_bits":
                found["kl_nats"] = value * _NATS_PER_BIT
    return _with_ms(found)


def _with_ms(figures: dict[str, float]) -> dict[str, float]:
    if "timing_mae" in figures:
        figures["timing_mae_ms"] = figures["timing_mae"] * STEP_MS
    return figures
