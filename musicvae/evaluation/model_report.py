"""Everything that is measured of a model, in one go, and what it comes from."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from musicvae.converters import performance_converter
from musicvae.data.example_set import ExampleSet
from musicvae.evaluation.interpolation_study import (
    InterpolationStudy,
    study_interpolation,
    why_not_studied,
)
from musicvae.evaluation.realism import Realism, measure_realism
from musicvae.evaluation.reconstruction import Reconstruction, measure_reconstruction
from musicvae.evaluation.sample_study import SampleStudy, study_samples
from musicvae.evaluation.step_labels import drawn_set, each_example
from musicvae.prior import DEFAULT_TEMPERATURE

if TYPE_CHECKING:
    from musicvae.generate import TrainedModel

Progress = Callable[[str, int, int], None]

_MAX_LEARNT = 5000


@dataclasses.dataclass(frozen=True)
class Music:
    """Examples with what they are called.

    Attributes:
      name: where they come from.
      examples: at least one.
    """

    name: str
    examples: ExampleSet

    @property
    def pieces(self) -> int:
        """How many pieces of music they come from."""
        return len(set(self.examples.sources.tolist()))


@dataclasses.dataclass(frozen=True)
class EvalConfig:
    """How much is measured.

    Attributes:
      samples: how many samples are drawn from the prior; 0 for none.
      temperature: at which they, and interpolations, are decoded; None for the model's own of new
        music, and 0.5.
      interpolation_pairs: how many pairs of pieces are interpolated; 0 for none.
      seed: of all that is drawn.
    """

    samples: int = 256
    temperature: float | None = None
    interpolation_pairs: int = 0
    seed: int = 0


@dataclasses.dataclass(frozen=True)
class ModelReport:
    """What was found.

    Attributes:
      config: name of the configuration.
      checkpoint: where the weights came from.
      step: their training step.
      seed: of all that was drawn.
      held_out: the music that was measured on.
      training: the music that it was compared with, or None.
      reconstruction: how well it gives back the held-out music.
      samples: its new music, or None.
      realism: whether that could be taken for music, or None.
      interpolation: how smooth its ways between two pieces are, or None.
      left_out: why a measure is missing, by its name.
      parts: names of the parts of a step; empty where there is one.
    """

    config: str
    checkpoint: str
    step: int
    seed: int
    held_out: Music
    training: Music | None
    reconstruction: Reconstruction
    samples: SampleStudy | None
    realism: Realism | None
    interpolation: InterpolationStudy | None
    left_out: Mapping[str, str]
    parts: tuple[str, ...] = ()


def measure_model(
    model: TrainedModel,
    held_out: Music,
    training: Music | None = None,
    eval_config: EvalConfig | None = None,
    *,
    progress: Progress | None = None,
) -> ModelReport:
    """Measures a model.

    Args:
      model: a trained model.
      held_out: music that it was not trained on.
      training: the music that it was trained on, which baselines are taken from, and which tells
        copies from new music. None leaves both to the held-out music or out.
      eval_config: how much is measured.
      progress: called with what is done, how many of it, and of how many.

    Returns:
      What was found.

    Raises:
      InputError: an interpolation is asked for and there are fewer than two held-out examples, or,
        without training music, fewer than four.
    """
    eval_config = eval_config or EvalConfig()
    report = progress or (lambda what, done, total: None)
    known = None if training is None else training.examples
    left_out: dict[str, str] = dict(_inapplicable(model))
    reconstruction = measure_reconstruction(
        model,
        held_out.examples,
        known,
        batch_size=model.batch_size,
        seed=eval_config.seed,
        progress=lambda done: report("examples given back", done, len(held_out.examples)),
    )
    samples = realism = None
    if eval_config.samples:
        samples = study_samples(
            model,
            held_out.examples,
            known,
            count=eval_config.samples,
            temperature=eval_config.temperature,
            seed=eval_config.seed,
            progress=report,
        )
        realism = measure_realism(
            model,
            samples.outputs,
            held_out.examples,
            known,
            seed=eval_config.seed,
            progress=report,
        )
        if realism.accuracy is None:
            left_out["telling samples from held-out music"] = "too few pieces of held-out music"
        if known is None:
            left_out["5-gram cost of samples"] = "no training music was given"
            left_out["distance to the training music"] = "no training music was given"
    interpolation = None
    if eval_config.interpolation_pairs:
        reason = why_not_studied(model.converter)
        if not model.config.hparams.z_size:
            reason = "it has no latent space"
        if reason:
            left_out["interpolation"] = reason
        else:
            interpolation = _interpolated(model, held_out.examples, known, eval_config, report)
    return ModelReport(
        config=model.config.name,
        checkpoint=str(model.checkpoint),
        step=model.step,
        seed=eval_config.seed,
        held_out=held_out,
        training=training,
        reconstruction=reconstruction,
        samples=samples,
        realism=realism,
        interpolation=interpolation,
        left_out=left_out,
        parts=_part_names(model),
    )


def _interpolated(
    model: TrainedModel,
    held_out: ExampleSet,
    known: ExampleSet | None,
    eval_config: EvalConfig,
    report: Progress,
) -> InterpolationStudy:
    """Studies interpolations; without training music the n-gram model learns from one half."""
    seed = eval_config.seed
    if known is None:
        middle = _middle(held_out)
        learnt = _part(held_out, slice(middle, None))
        held_out = _part(held_out, slice(0, middle))
    else:
        learnt = known
    chosen = drawn_set(held_out, 2 * eval_config.interpolation_pairs, seed)
    return study_interpolation(
        model,
        list(each_example(model.converter, chosen)),
        each_example(model.converter, drawn_set(learnt, _MAX_LEARNT, seed)),
        pairs=eval_config.interpolation_pairs,
        temperature=DEFAULT_TEMPERATURE
        if eval_config.temperature is None
        else eval_config.temperature,
        seed=seed,
        progress=lambda done: report("pairs interpolated", done, eval_config.interpolation_pairs),
    )


def _middle(examples: ExampleSet) -> int:
    """Returns where to cut in two, between two pieces of music if there are several."""
    half = len(examples) // 2
    return int(np.searchsorted(examples.sources, examples.sources[half])) or half


def _part(examples: ExampleSet, rows: slice) -> ExampleSet:
    arrays = {name: array[rows] for name, array in examples.arrays.items()}
    return ExampleSet(arrays, examples.sources[rows], examples.findings)


def _part_names(model: TrainedModel) -> tuple[str, ...]:
    """Returns the names of the parts, if there are several."""
    parts = model.converter.parts
    return tuple(part.name for part in parts) if len(parts) > 1 else ()


def _inapplicable(model: TrainedModel) -> dict[str, str]:
    """Returns what does not apply to a representation, with the reason."""
    converter, found = model.converter, {}
    labels = {part.labels for part in converter.parts}
    if performance_converter(converter) is None:
        found["hits, velocity and timing errors"] = (
            f"{converter.noun} examples have no velocity and timing"
        )
    if labels == {"drums"}:
        found["pitch range and pitch classes"] = "drums have no pitch; drum classes stand instead"
    elif labels == {"pitches"}:
        found["drum classes"] = f"a {converter.noun} has no drums"
    if model.converter.spec.num_segments:
        found["repetition of bars"] = "an example is one bar"
    return found
