"""What people are told before a training starts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from musicvae.augmentation import Augmentation
from musicvae.checkpoints import variable_table
from musicvae.config import Config, list_configs
from musicvae.data.batches import TrainingBatches
from musicvae.data.example_set import ExampleSet, Findings
from musicvae.data.examples import summed_up
from musicvae.hparams import FIELDS
from musicvae.models import MusicVAE
from musicvae.precision import ChosenPrecision
from musicvae.training.devices import TrainingDevices
from musicvae.training.memory import expected_memory, readable


def lines(
    config: Config,
    model: MusicVAE,
    devices: TrainingDevices,
    precision: ChosenPrecision,
    examples: ExampleSet,
    batches: TrainingBatches,
    rounds: int = 1,
    checkpoint_segments: int = 0,
) -> Iterator[str]:
    """Prints the table of variables and yields what else there is to say.

    Args:
      config: what is trained.
      model: with its variables.
      devices: on which devices.
      precision: what products are computed in.
      examples: the training set.
      batches: what training makes of it.
      rounds: in which each batch is worked on.
      checkpoint_segments: how many of a decoder's segments are worked on at a time; 0 for all.
    """
    changed = changed_hparams(config)
    yield f"configuration: {config.name}" + (f", with {changed}" if changed else "")
    if config.augmentation is not None:
        yield f"augmentation: {_augmentation(config.augmentation)}"
    yield f"device: {devices.description}, products in {precision}"
    values, size = variable_table(model.named_variables)
    yield f"model: {values:,} weights, {readable(size)}"
    yield f"examples: {len(examples):,} {of_sequences(examples.findings)}"
    taken = f"{batches.examples_per_epoch:,} examples"
    if batches.examples_per_epoch < len(examples):
        taken += f" (at most {batches.max_per_source} of a sequence, drawn anew every time)"
    if examples.weights is not None:
        yield f"weights: {_weights(batches)}"
    yield f"an epoch: {taken}, {batches.batches_per_epoch:.1f} batches of {batches.batch_size}"
    shapes = {name: tuple(v.shape) for name, v in model.named_variables.items()}
    at_a_time = batches.batch_size // (devices.replicas * rounds)
    memory = expected_memory(config, model.spec, shapes, at_a_time, checkpoint_segments)
    yield f"memory: {memory}"


def _weights(batches: TrainingBatches) -> str:
    """Returns which part of an epoch the examples of each weight are."""
    total = batches.examples_per_epoch
    shares = sorted(batches.examples_by_weight.items())
    return ", ".join(f"{weight:g} for {count / total:.0%} of an epoch" for weight, count in shares)


def warnings(batches: TrainingBatches) -> Iterator[str]:
    """Yields what should make a user think again.

    Args:
      batches: what is trained on.
    """
    if batches.examples_per_epoch < batches.batch_size:
        yield (
            f"only {batches.examples_per_epoch} examples, fewer than "
            f"batch_size={batches.batch_size}: every batch repeats some; give more music or "
            f"--hparams=batch_size={batches.examples_per_epoch}"
        )


def of_sequences(findings: Findings) -> str:
    """Returns what examples were found in, and why some sequences gave none."""
    with_examples = findings.sequences - findings.without_examples
    text = f"in {with_examples:,} of {findings.sequences:,} sequences"
    return text + (
        f" (not in the others: {summed_up(findings)})" if findings.without_examples else ""
    )


def all_hparams(config: Config) -> str:
    """Returns all hyperparameters as a Markdown table."""
    rows = [f"| {name} | {_text(getattr(config.hparams, name))} |" for name in FIELDS]
    return "\n".join(["| hyperparameter | value |", "| --- | --- |", *rows])


def changed_hparams(config: Config) -> str:
    """Returns, as --hparams, what differs from the shipped configuration of the same name."""
    shipped = {other.name: other for other in list_configs()}.get(config.name)
    if shipped is None:
        return ""
    values = {name: getattr(config.hparams, name) for name in FIELDS}
    differing = {
        name: value for name, value in values.items() if value != getattr(shipped.hparams, name)
    }
    return ",".join(f"{name}={_text(value)}" for name, value in differing.items())


def _augmentation(augmentation: Augmentation) -> str:
    """Returns what training changes at random, for people."""
    low, high = augmentation.transpose_range
    said = []
    if (low, high) != (0, 0):
        said.append(f"examples are transposed by {low} to {high} semitones")
    if augmentation.mix_probability:
        said.append(f"{augmentation.mix_probability:.0%} of examples take drums of another one")
    if augmentation.drop_voice_probability:
        said.append(
            f"{augmentation.drop_voice_probability:.0%} of examples lose one of their drums"
        )
    if augmentation.rotate_probability:
        said.append(f"{augmentation.rotate_probability:.0%} of examples start at another beat")
    return ", ".join(said) or "none"


def _text(value: Any) -> str:
    return f"[{','.join(map(str, value))}]" if isinstance(value, tuple) else str(value)
