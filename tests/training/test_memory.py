"""The estimate of a training's memory."""

from __future__ import annotations

from musicvae.config import load_config
from musicvae.converters import build_converter
from musicvae.models import variable_shapes
from musicvae.training.memory import expected_memory


def _expected(name: str, examples: int, checkpoint_segments: int = 0):
    config = load_config(name)
    spec = build_converter(config.converter).spec
    shapes = variable_shapes(config, spec)
    return expected_memory(config, spec, shapes, examples, checkpoint_segments)


def test_activations_grow_with_the_batch_and_weights_do_not():
    small, large = (_expected("cat-mel_2bar_small", examples) for examples in (8, 16))
    assert large.activations == 2 * small.activations
    assert large.variables == small.variables


def test_checkpointing_saves_what_the_core_decoder_keeps():
    kept, half, one = (_expected("hierdec-trio_16bar", 16, n) for n in (0, 8, 1))
    assert kept.activations > half.activations > one.activations
    saved = kept.activations - half.activations
    assert abs((kept.activations - one.activations) - 15 / 8 * saved) < 1e-6 * saved
    assert kept.variables == one.variables
