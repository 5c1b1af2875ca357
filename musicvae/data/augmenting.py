"""Makes the random changes of training to a batch, as an Augmentation has them.

Axes: B batch.
"""

from __future__ import annotations

import numpy as np

from musicvae.augmentation import DRUM_CHANGES, Augmentation
from musicvae.converters import Converter, drum_converter
from musicvae.converters.examples import Compact
from musicvae.errors import ConfigError
from musicvae.grid import STEPS_PER_QUARTER


def check_augmentation(augmentation: Augmentation | None, converter: Converter) -> None:
    """Checks that a converter knows the changes that are asked for.

    Args:
      augmentation: what is asked for.
      converter: what examples are made with.

    Raises:
      ConfigError: they are for drums, and the converter is not.
    """
    is_for_drums = augmentation is not None and augmentation.is_for_drums
    if is_for_drums and drum_converter(converter) is None:
        raise ConfigError(
            f"[augment] {', '.join(DRUM_CHANGES)} are for drum configurations "
            "(converter type 'drums' or 'groove'); leave them out, or 0"
        )


def augmented(
    batch: Compact,
    converter: Converter,
    augmentation: Augmentation,
    generator: np.random.Generator,
) -> Compact:
    """Changes a batch at random.

    Args:
      batch: compact arrays with a leading axis B.
      converter: what the examples were made with.
      augmentation: which changes.
      generator: the source of randomness.

    Returns:
      a compact batch.
    """
    size = len(next(iter(batch.values())))
    low, high = augmentation.transpose_range
    batch = converter.transpose(batch, generator.integers(low, high + 1, size))
    drums = drum_converter(converter)
    if drums is None:
        return batch
    if augmentation.mix_probability:
        chosen = generator.random((size, 1)) < augmentation.mix_probability
        taken = chosen & (generator.random((size, drums.num_classes)) < 0.5)
        batch = drums.mix(batch, generator.permutation(size), taken)
    if augmentation.drop_voice_probability:
        chosen = generator.random(size) < augmentation.drop_voice_probability
        batch = drums.drop_voice(batch, chosen, generator)
    if augmentation.rotate_probability:
        chosen = generator.random(size) < augmentation.rotate_probability
        beats = generator.integers(1, drums.num_steps // STEPS_PER_QUARTER, size)
        batch = drums.rotate(batch, np.where(chosen, beats, 0))
    return batch
