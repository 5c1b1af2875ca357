"""The estimate of a training's memory."""

from __future__ import annotations

from musicvae.config import load_config
from musicvae.converters import build_converter
from musicvae.models import variable_shapes
from musicvae.training.memory import Memory, expected_memory


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


def test_nade_keeps_its_hidden_units_at_each_drum():
    reduced, full = (_expected(f"nade-drums_2bar_{size}", 1) for size in ("reduced", "full"))
    hidden = 4 * 2 * 32 * (61 - 9) * 128
    logits = 4 * 4 * 32 * (61 - 9)
    assert full.activations - reduced.activations == hidden + logits


def test_the_total_is_the_sum_of_its_parts():
    memory = _expected("cat-mel_2bar_small", 8)
    assert memory.total == memory.variables + memory.activations + memory.graph
    assert "about 1.0 GB beside TensorFlow itself" in str(Memory(512 << 20, 512 << 20, 0))
