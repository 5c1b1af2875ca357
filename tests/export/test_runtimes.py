"""Tests that exported files give in their runtimes what the model gives in TensorFlow."""

from __future__ import annotations

import dataclasses
import importlib
import json
import pathlib
import sys
import types

import numpy as np
import pytest

from musicvae.errors import InputError
from musicvae.export.decoder_program import DecoderProgram
from musicvae.export.source import ExportSource

onnx = pytest.importorskip("onnx")

from noise import noise_of  # noqa: E402
from runtimes import labels_of, run_onnx, run_part  # noqa: E402

from musicvae.export.onnx_files import export_onnx, onnx_models  # noqa: E402
from musicvae.export.onnx_operations import ONNXOperations  # noqa: E402
from musicvae.export.tensorflow_files import export_saved_model, export_tflite  # noqa: E402
from musicvae.models import MusicVAE  # noqa: E402

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"
SEED = np.array([5, 8], np.int32)
EXPORTS = {"onnx": export_onnx, "tflite": export_tflite, "savedmodel": export_saved_model}
FAMILIES = [
    "cat-drums_2bar_small",
    "cat-mel_2bar_med_chords",
    "nade-drums_2bar_reduced",
    "groovae_2bar_humanize",
    "groovae_2bar_hits_control_tfds",
    "flat-trio_16bar",
    "hierdec-mel_16bar",
    "hierdec-trio_16bar",
    "hier-multiperf_vel_1bar_med_chords",
]
# A flat and a hierarchical one; a conversion takes seconds.
FEW = ["groovae_2bar_hits_control_tfds", "hierdec-trio_16bar"]
MOST = [name for name in FAMILIES if name not in FEW]
GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "golden" / "models_options"
UNSUPPORTED = ("autoregressive", "reencoding", "unconditional")
OPTIONS = sorted(
    path.name
    for path in GOLDEN.iterdir()
    if path.is_dir() and not path.name.startswith(UNSUPPORTED)
)
QUICK = ["control_preprocessing", "end_token", "lstm_encoder", "residual", "three_levels"]


def check_decoder(source, network, run, controls, *, batch=3, length=None) -> None:
    """Checks equal steps with equal noise, cold and at temperature 1."""
    length = length or source.config.hparams.max_seq_len
    generator = np.random.default_rng(1)
    z = generator.standard_normal((batch, source.config.hparams.z_size)).astype(np.float32)
    given = {"z": z, "noise": noise_of(network, SEED, batch, length)}
    if controls is not None:
        controls = np.broadcast_to(controls[:length], (batch, length, controls.shape[-1]))
        given["controls"] = np.ascontiguousarray(controls)
    for temperature in (0.0, 1.0):
        given["temperature"] = np.array(temperature, np.float32)
        found = run(given)
        expected = network.decode(z, length, temperature=temperature, controls=controls, seed=SEED)
        steps = expected.outputs.numpy()
        if "labels" in found:
            draws = DecoderProgram(source, ONNXOperations()).draws
            depths = [depth for draw in draws for depth in draw.depths]
            np.testing.assert_array_equal(found["labels"], labels_of(steps, depths))
        else:
            assert np.abs(found["steps"] - steps).max() <= 1e-5
        if "lengths" in found:
            np.testing.assert_array_equal(found["lengths"], expected.lengths.numpy())
        else:
            assert (expected.lengths.numpy() == length).all()


def check_case(case, folder: pathlib.Path, export) -> None:
    export(case.source, folder)
    check_decoder(
        case.source,
        case.model.network,
        lambda given: run_part(folder, "decoder", given),
        case.controls,
    )
    given = {"inputs": case.inputs, "lengths": np.array(case.input_lengths, np.int32)}
    if case.controls is not None:
        given["controls"] = np.stack([case.controls] * len(case.inputs))
    posterior = run_part(folder, "encoder", given)
    assert np.abs(posterior["mu"] - case.mu).max() <= 1e-5


def test_options_are_recorded() -> None:
    assert set(QUICK) < set(OPTIONS)
    assert len(OPTIONS) > 20


@pytest.mark.parametrize("name", FAMILIES)
def test_onnx_gives_the_same_steps_and_latent_vectors(name, small, tmp_path) -> None:
    check_case(small(name), tmp_path, export_onnx)


@pytest.mark.parametrize("name", FEW)
def test_tflite_gives_the_same_steps_and_latent_vectors(name, small, tmp_path) -> None:
    check_case(small(name), tmp_path, export_tflite)


@pytest.mark.slow
@pytest.mark.parametrize("name", MOST)
def test_tflite_gives_them_for_every_family(name, small, tmp_path) -> None:
    check_case(small(name), tmp_path, export_tflite)


@pytest.mark.parametrize("name", ["cat-mel_2bar_med_chords", "groovae_2bar_humanize"])
def test_saved_models_give_the_same_steps_and_latent_vectors(name, small, tmp_path) -> None:
    check_case(small(name), tmp_path, export_saved_model)


def test_files_take_any_batch_and_number_of_steps(small, tmp_path) -> None:
    case = small("groovae_2bar_humanize")
    for kind in ("onnx", "tflite"):
        folder = tmp_path / kind
        EXPORTS[kind](case.source, folder)
        for batch, length in ((1, 32), (5, 7)):
            check_decoder(
                case.source,
                case.model.network,
                lambda given, folder=folder: run_part(folder, "decoder", given),
                None,
                batch=batch,
                length=length,
            )


def recorded_source(name: str) -> tuple[ExportSource, MusicVAE, dict]:
    """A recorded model that no named configuration describes: residual layers, levels, ..."""
    sys.path.insert(0, str(SCRIPTS))
    golden_models = importlib.import_module("golden_models")
    sys.path.remove(str(SCRIPTS))
    recorded = json.loads((GOLDEN / name / "hparams.json").read_text())
    golden = dict(np.load(GOLDEN / name / "golden.npz"))
    config = golden_models.recorded_config(recorded)
    spec = golden_models.recorded_spec(golden, recorded)
    network = MusicVAE(config, spec, seed=4)
    # First values are so small that all latent vectors sound alike.
    for variable in network.named_variables.values():
        variable.assign(4.0 * variable)
    weights = {n: v.numpy() for n, v in network.named_variables.items()}
    converter = types.SimpleNamespace(spec=spec)
    return ExportSource(config, converter, weights, name, 0, True), network, golden


@pytest.mark.parametrize(
    "name",
    [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in OPTIONS],
)
def test_onnx_knows_every_option_of_encoders_and_decoders(name) -> None:
    source, network, golden = recorded_source(name)
    models = {part: model.SerializeToString() for part, model in onnx_models(source).items()}
    controls = golden.get("controls")
    check_decoder(
        source,
        network,
        lambda given: run_onnx(models["decoder"], given),
        None if controls is None else controls[0].astype(np.float32),
    )
    inputs, lengths = golden["inputs"].astype(np.float32), golden["lengths"].astype(np.int32)
    given = {"inputs": inputs, "lengths": lengths}
    if controls is not None:
        given["controls"] = controls.astype(np.float32)
    posterior = run_onnx(models["encoder"], given)
    expected = network.encode(inputs, lengths, given.get("controls"))
    for name in ("mu", "sigma"):
        assert np.abs(posterior[name] - getattr(expected, name).numpy()).max() <= 1e-5


@pytest.mark.parametrize("name", ["autoregressive", "reencoding"])
def test_a_conductor_that_is_fed_what_was_written_is_refused_in_one_line(name) -> None:
    source, _, _ = recorded_source(name)
    with pytest.raises(InputError, match=r"conductor is fed what was written.*TrainedModel"):
        onnx_models(source)


@pytest.mark.parametrize("kind", EXPORTS)
def test_weights_in_integers_are_for_magenta_js(kind, small, tmp_path) -> None:
    source = small("cat-drums_2bar_small").source
    with pytest.raises(InputError, match=f"--quantize=uint8.*float16 with --format={kind}"):
        EXPORTS[kind](source, tmp_path, quantization="uint8")
    assert list(tmp_path.iterdir()) == []


def test_a_model_too_large_for_a_file_is_refused_before_it_is_built(
    small, tmp_path, monkeypatch
) -> None:
    from musicvae.export import stored

    source = small("cat-drums_2bar_small").source
    monkeypatch.setattr(stored, "LARGEST_FILE", source.size // 2 + 10)
    with pytest.raises(InputError, match=r"at most 2 GB; add --quantize=float16"):
        export_onnx(source, tmp_path)
    export_onnx(source, tmp_path, quantization="float16")


def test_a_decoder_is_a_loop_and_not_a_step_written_down_256_times(small) -> None:
    nodes = {}
    for name in ("cat-mel_2bar_small", "flat-mel_16bar"):
        source = small(name).source
        graph = onnx_models(source)["decoder"].graph
        (loop,) = [node for node in graph.node if node.op_type == "Loop"]
        layers = len(source.config.hparams.dec_rnn_size)
        nodes[name] = (len(graph.node) + len(loop.attribute[0].g.node)) / layers
    assert nodes["flat-mel_16bar"] < 1.5 * nodes["cat-mel_2bar_small"]


@pytest.mark.parametrize(
    "kind", ["onnx", "savedmodel", pytest.param("tflite", marks=pytest.mark.slow)]
)
def test_float16_files_compute_with_rounded_weights_in_about_half_the_size(
    kind, small, tmp_path
) -> None:
    case = small("cat-mel_2bar_small")
    rounded = {
        name: value.astype(np.float16).astype(np.float32) if value.ndim > 1 else value
        for name, value in case.source.weights.items()
    }
    full, half = tmp_path / "full", tmp_path / "half"
    EXPORTS[kind](dataclasses.replace(case.source, weights=rounded), full)
    EXPORTS[kind](case.source, half, quantization="float16")
    given = {"inputs": case.inputs, "lengths": np.array(case.input_lengths, np.int32)}
    ours, theirs = (run_part(folder, "encoder", given) for folder in (full, half))
    assert np.abs(ours["mu"] - theirs["mu"]).max() <= 1e-5
    assert np.abs(ours["mu"] - case.mu).max() > 1e-6


def test_a_model_without_its_encoder_has_a_decoder_alone(small, tmp_path) -> None:
    case = small("hierdec-mel_16bar", decoder_only=True)
    files = export_onnx(case.source, tmp_path)
    assert sorted(file.name for file in files) == ["decoder.onnx", "model.json"]
    assert "encoder" not in json.loads((tmp_path / "model.json").read_text())


def test_labels_and_noise_are_described(small, tmp_path) -> None:
    export_onnx(small("hier-multiperf_vel_1bar_med_chords").source, tmp_path)
    described = json.loads((tmp_path / "model.json").read_text())
    assert described["decoder"]["inputs"]["noise"]["shape"] == ["batch", 512, 490]
    assert described["decoder"]["outputs"]["lengths"]["shape"] == ["batch", 8]
    assert described["representation"]["labels"]["end"]["first"] == 489
    assert described["representation"]["steps_per_bar"] == 96
