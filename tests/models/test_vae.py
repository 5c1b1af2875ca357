"""What a model does beyond the golden numbers."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from models.conftest import groove_batch, melody_batch, tiny

from musicvae.converters import build_converter
from musicvae.errors import ConfigError
from musicvae.models import Batch, MusicVAE, variable_shapes
from musicvae.models.decoders import base
from musicvae.models.forward import Forward
from musicvae.training.step import TrainStep

_SEED = tf.constant([3, 4])


def _loss_and_gradients(model, batch, **options):
    variables = list(model.named_variables.values())

    @tf.function(autograph=False)
    def run():
        with tf.GradientTape() as tape:
            losses = model.loss(batch, 0, seed=_SEED, **options)
        return losses.r_loss, tape.gradient(losses.loss, variables)

    return run()


def test_a_decoder_that_never_draws_a_sample_is_teacher_forced():
    spec, batch = melody_batch()
    model = MusicVAE(tiny("cat-mel_2bar_small"), spec, seed=1)
    forced = _loss_and_gradients(model, batch, training=True, sampling_probability=0.0)
    fed_back = _loss_and_gradients(model, batch, training=True, sampling_probability=1e-30)
    tf.nest.map_structure(
        lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), forced, fed_back
    )


def test_dropout_is_the_same_whether_layers_run_together_or_one_by_one():
    spec, batch = groove_batch()
    model = MusicVAE(tiny("groovae_4bar"), spec, seed=1)
    assert model.config.hparams.dropout_keep_prob < 1.0
    forced = _loss_and_gradients(model, batch, training=True, sampling_probability=0.0)
    fed_back = _loss_and_gradients(model, batch, training=True, sampling_probability=1e-30)
    tf.nest.map_structure(
        lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), forced, fed_back
    )


def test_dropout_is_for_training_only():
    spec, batch = groove_batch()
    model = MusicVAE(tiny("groovae_4bar"), spec, seed=1)
    eps = tf.zeros([3, 4])

    def loss(seed, **options):
        return model.loss(batch, 0, eps=eps, seed=seed, **options).loss

    assert loss([1, 1], training=True) != loss([2, 2], training=True)
    assert loss([1, 1], training=True) == loss([1, 1], training=True)
    assert loss([1, 1], training=False) == loss([2, 2], training=False)


def test_a_model_with_a_sampling_schedule_is_evaluated_on_its_own_samples():
    spec, batch = melody_batch()
    model = MusicVAE(tiny("cat-mel_2bar_small"), spec, seed=1)
    for variable in model.named_variables.values():
        variable.assign(tf.random.stateless_normal(variable.shape, [5, 6]))
    options = {"training": False, "eps": tf.zeros([3, 4]), "seed": _SEED}
    scheduled = model.loss(batch, 0, **options)
    sampled = model.loss(batch, 0, sampling_probability=1.0, **options)
    forced = model.loss(batch, 0, sampling_probability=0.0, **options)
    np.testing.assert_array_equal(scheduled.r_loss, sampled.r_loss)
    assert not np.allclose(forced.r_loss, sampled.r_loss)
    np.testing.assert_allclose(forced.outputs[:, 0], sampled.outputs[:, 0], atol=1e-6)


def test_what_is_past_the_end_of_a_sequence_has_no_effect():
    spec, batch = melody_batch(steps=6)
    lengths = np.array([2, 6, 4], np.int32)
    within = (np.arange(6) < lengths[:, None])[..., None]
    model = MusicVAE(tiny("cat-mel_2bar_small"), spec, seed=1)
    found = []
    for fill in (0.0, 1.0):
        sequences = np.where(within, batch.inputs, fill).astype(np.float32)
        ragged = Batch(sequences, sequences, None, lengths)
        options = {"training": True, "sampling_probability": 0.0}
        found.append(_loss_and_gradients(model, ragged, **options))
    tf.nest.map_structure(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), *found)


def test_a_backward_layer_starts_at_the_end_of_its_own_sequence():
    spec, batch = melody_batch(steps=6)
    model = MusicVAE(tiny("cat-mel_2bar_small", enc_rnn_size=(5, 3)), spec, seed=1)
    padded = model.encode(batch.inputs, np.array([2, 6, 4], np.int32))
    alone = model.encode(batch.inputs[:1, :2], np.array([2], np.int32))
    np.testing.assert_allclose(padded.mu[:1], alone.mu, atol=1e-8)


def test_temperature_zero_is_the_most_likely_value():
    spec, _ = melody_batch()
    model = MusicVAE(tiny("cat-mel_2bar_small"), spec, seed=1)
    z = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    cold = [model.decode(z, 7, temperature=0.0, seed=[s, 0]).outputs for s in range(2)]
    np.testing.assert_array_equal(*cold)
    assert not np.isnan(cold[0]).any()
    hot = [model.decode(z, 7, temperature=1.0, seed=[s, 0]).outputs for s in range(2)]
    assert not np.array_equal(*hot)


@pytest.mark.parametrize("length", [1, 6, 7, 12])
def test_the_beginning_of_cold_music_is_the_same_at_every_length(length):
    spec, _ = melody_batch()
    model = MusicVAE(tiny("cat-mel_2bar_small"), spec, seed=1)
    z = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    longest = model.decode(z, 13, temperature=0.0).outputs
    outputs = model.decode(z, length, temperature=0.0).outputs
    np.testing.assert_array_equal(outputs, longest[:, :length])


def test_a_row_of_a_batch_depends_on_its_place_and_not_on_the_rows_after_it():
    spec, _ = melody_batch()
    model = MusicVAE(tiny("cat-mel_2bar_small"), spec, seed=1)
    z = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    five = model.decode(z, 7, temperature=1.0, seed=[1, 2]).outputs
    two = model.decode(z[:2], 7, temperature=1.0, seed=[1, 2]).outputs
    np.testing.assert_array_equal(five[:2], two)


def test_batches_of_any_size_are_sampled_by_one_graph(monkeypatch):
    spec, _ = melody_batch()
    model = MusicVAE(tiny("cat-mel_2bar_small"), spec, seed=1)
    traced = []
    sample = model.decoder.sample
    monkeypatch.setattr(model.decoder, "sample", lambda *a: traced.append(a) or sample(*a))
    for size in (1, 3, 8, 2):
        assert len(model.decode(np.zeros([size, 4]), 5, seed=[size, 0]).outputs) == size
    assert len(traced) == 1
    model.decode(np.zeros([2, 4]), 6)
    assert len(traced) == 2


def test_controls_may_be_given_once_for_all():
    generator = np.random.default_rng(0)
    spec, _ = melody_batch()
    spec = type(spec)(spec.input_depth, spec.output_depth, control_depth=2)
    model = MusicVAE(tiny("cat-mel_2bar_med_chords"), spec, seed=1)
    z = generator.normal(size=(3, 4)).astype(np.float32)
    controls = generator.random((7, 2), np.float32)
    once = model.decode(z, 7, temperature=1.0, controls=controls, seed=[1, 2]).outputs
    each = np.tile(controls[None], [3, 1, 1])
    for_each = model.decode(z, 7, temperature=1.0, controls=each, seed=[1, 2]).outputs
    np.testing.assert_array_equal(once, for_each)


def test_decoding_stops_at_the_end_token():
    spec, _ = melody_batch(depth=3)
    spec = type(spec)(3, 3, end_token=2)
    model = MusicVAE(tiny("cat-mel_2bar_small"), spec, seed=1)
    z = np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32)
    outputs, lengths, _ = model.decode(z, 8, temperature=1.0, seed=[1, 2])
    assert len(set(lengths.numpy())) > 2
    for row, length in zip(outputs.numpy(), lengths.numpy(), strict=True):
        ends = np.flatnonzero(row[:, 2])
        assert length == (ends[0] + 1 if len(ends) else 8)
        assert row[:length].sum() == length and not row[length:].any()
    decoded = model.decode(z, 8, temperature=1.0, seed=[1, 2], stop_at_end_token=False)
    assert set(decoded.lengths.numpy()) == {8}


@pytest.mark.parametrize(
    "name", ["cat-mel_2bar_small", "hierdec-mel_16bar_small", "hierdec-trio_16bar_small",
             "flat-trio_16bar_small", "nade-drums_2bar_reduced", "groovae_4bar"]
)  # fmt: skip
def test_given_values_stay_and_the_steps_after_them_follow_from_them(name):
    config = tiny(name)
    spec = build_converter(config.converter).spec
    steps = config.hparams.max_seq_len
    model = MusicVAE(config, spec, seed=1)
    z = tf.random.stateless_normal([2, config.hparams.z_size], [1, 2])
    free = model.decode(z, steps, seed=_SEED, temperature=1.0).outputs.numpy()
    other = model.decode(z, steps, seed=[5, 6], temperature=1.0).outputs.numpy()
    fixed = np.full(free.shape, np.nan, np.float32)
    fixed[:, steps // 4 : steps // 2] = other[:, steps // 4 : steps // 2]
    held = model.decode(z, steps, seed=_SEED, temperature=1.0, fixed=fixed).outputs.numpy()
    np.testing.assert_array_equal(held[:, : steps // 4], free[:, : steps // 4])
    kept = slice(steps // 4, steps // 2)
    np.testing.assert_array_equal(held[:, kept], other[:, kept])


@pytest.mark.parametrize("name", ["cat-mel_2bar_small", "hierdec-trio_16bar_small"])
def test_the_losses_of_all_steps_and_parts_make_up_the_reconstruction_loss(name):
    config = tiny(name)
    converter = build_converter(config.converter)
    model = MusicVAE(config, converter.spec, seed=1)
    steps = config.hparams.max_seq_len
    z = tf.random.stateless_normal([3, config.hparams.z_size], [1, 2])
    outputs = model.decode(z, steps, seed=_SEED).outputs.numpy()
    losses = model.step_losses(z, outputs, np.full(3, steps)).numpy()
    assert losses.shape == (3, steps, max(1, len(converter.spec.part_depths)))
    target = base.Target(tf.constant(outputs), tf.fill([3], steps))
    whole = model.decoder.reconstruct(z, target, Forward(_SEED)).loss
    np.testing.assert_allclose(losses.sum(axis=(1, 2)), whole, rtol=1e-4)


def test_the_step_before_the_first_one_is_fed_to_it():
    spec, _ = melody_batch()
    model = MusicVAE(tiny("cat-mel_2bar_small"), spec, seed=1)
    z = tf.zeros([64, 4])
    zeros = model.decode(z, 4, seed=_SEED, first_input=tf.zeros([64, spec.output_depth])).outputs
    np.testing.assert_array_equal(zeros, model.decode(z, 4, seed=_SEED).outputs)
    first = tf.one_hot(tf.fill([64], 8), spec.output_depth)
    assert np.any(zeros != model.decode(z, 4, seed=_SEED, first_input=first).outputs)


def test_first_values_depend_on_the_seed_alone():
    spec, _ = melody_batch()
    config = tiny("cat-mel_2bar_small")
    values = [
        [v.numpy() for v in MusicVAE(config, spec, seed=seed).named_variables.values()]
        for seed in (1, 1, 2)
    ]
    for a, b in zip(values[0], values[1], strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(values[0][0], values[2][0])


def test_first_values_are_spread_as_published():
    spec, _ = melody_batch()
    config = tiny("cat-mel_2bar_small", z_size=200, enc_rnn_size=(100,), dec_rnn_size=(100,))
    variables = MusicVAE(config, spec, seed=1).named_variables
    for scope in ("encoder/mu", "encoder/sigma", "decoder/z_to_initial_state"):
        assert np.std(variables[f"{scope}/kernel"]) == pytest.approx(0.001, rel=0.02)
    kernel = variables["decoder/multi_rnn_cell/cell_0/lstm_cell/kernel"].numpy()
    limit = np.sqrt(6 / sum(kernel.shape))
    assert 0.99 * limit < np.abs(kernel).max() <= limit
    assert all(not np.any(v) for name, v in variables.items() if name.endswith("/bias"))
    nade = tiny("nade-drums_2bar_reduced", nade_num_hidden=300)
    spec = type(spec)(10, 9)
    w_enc = MusicVAE(nade, spec, seed=1).named_variables["decoder/nade/w_enc"].numpy()
    assert np.abs(w_enc).max() <= 2 / np.sqrt(9)
    assert np.std(w_enc) == pytest.approx(0.88 / np.sqrt(9), rel=0.05)


def test_shapes_are_known_without_making_variables():
    spec, _ = melody_batch()
    config = tiny("cat-mel_2bar_small")
    made = MusicVAE(config, spec, seed=1).named_variables
    assert variable_shapes(config, spec) == {name: tuple(v.shape) for name, v in made.items()}


def test_a_model_that_only_decodes_has_no_encoder():
    spec, _ = melody_batch()
    config = tiny("cat-mel_2bar_small")

    def halves(name, shape):
        return np.full(shape, 0.5, np.float32)

    model = MusicVAE(config, spec, initial_values=halves, decoder_only=True)
    assert model.named_variables and not any("encoder/" in n for n in model.named_variables)
    assert all(np.all(v.numpy() == 0.5) for v in model.named_variables.values())
    assert model.decode(np.zeros([1, 4]), 3, temperature=0.0).outputs.shape == (1, 3, 9)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_kernels_kept_in_half_the_bytes_write_nearly_the_same(dtype):
    spec, _ = groove_batch()
    config = tiny("groovae_4bar", dropout_keep_prob=1.0)
    whole = MusicVAE(config, spec, seed=1)
    half = MusicVAE(config, spec, seed=1, precision=dtype, kept_in=dtype)
    for name, variable in half.named_variables.items():
        assert variable.dtype == (dtype if name.endswith("kernel") else "float32")
    z = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    a, b = (model.decode(z, 6, temperature=0.0).outputs for model in (whole, half))
    np.testing.assert_allclose(a, b, atol=0.02)
    assert not np.array_equal(a, b)


@pytest.mark.parametrize("name", ["cat-mel_2bar_small", "groovae_4bar"])
def test_training_lowers_the_loss(name):
    spec, batch = melody_batch() if name.startswith("cat") else groove_batch()
    model = MusicVAE(tiny(name, learning_rate=0.01), spec, seed=1)
    train = TrainStep(model, len(batch.inputs))
    batch = Batch(*(None if x is None else tf.constant(x) for x in batch))
    losses = [float(train(batch, tf.constant([k, 0]))["loss"]) for k in range(60)]
    assert np.mean(losses[-5:]) < 0.8 * np.mean(losses[:5])
    assert int(train.global_step) == 60


def test_fault_11_a_step_that_is_not_finite_changes_neither_weights_nor_moments():
    spec, batch = melody_batch()
    model = MusicVAE(tiny("cat-mel_2bar_small"), spec, seed=1)
    train = TrainStep(model, len(batch.inputs))
    kept = {**model.named_variables, **train.optimizer.named_slots}
    before = [v.numpy() for v in kept.values()]
    eps = np.full([3, 4], np.nan, np.float32)
    scalars = train(batch, tf.constant([0, 0]), eps=tf.constant(eps))
    assert np.isnan(scalars["loss"]) and int(train.global_step) == 1
    for old, variable in zip(before, kept.values(), strict=True):
        np.testing.assert_array_equal(old, variable)


@pytest.mark.parametrize(
    ("name", "segments"), [("hierdec-mel_16bar", 1), ("hierdec-trio_16bar", 4)]
)
def test_checkpointed_segments_have_the_same_loss_and_gradients(name, segments):
    config = tiny(name)
    spec = build_converter(config.converter).spec
    generator = np.random.default_rng(0)
    rows = generator.integers(0, spec.output_depth, (2, 256))
    music = np.eye(spec.output_depth, dtype=np.float32)[rows]
    batch = Batch(music, music, None, tf.constant([256, 90]))
    found = []
    for options in ({}, {"checkpoint_segments": segments}):
        model = MusicVAE(config, spec, seed=1, **options)
        found.append(_loss_and_gradients(model, batch, training=True))
    tf.nest.map_structure(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-4), *found)


@pytest.mark.parametrize(
    ("name", "segments", "problem"),
    [("cat-mel_2bar_small", 2, "no segments"), ("hierdec-mel_16bar", 5, "does not divide the 16")],
)
def test_segments_that_cannot_be_checkpointed_are_refused(name, segments, problem):
    config = tiny(name)
    spec = build_converter(config.converter).spec
    with pytest.raises(ConfigError, match=problem):
        MusicVAE(config, spec, seed=1, checkpoint_segments=segments)
