"""Exported models run in the real @magenta/music and give what they give here."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from export_cases import CHORDS, Case, case, write_small_run
from google.protobuf.json_format import MessageToDict
from node import require_node, run_script
from pieces import drum_beat

from musicvae.config import load_config
from musicvae.errors import InputError
from musicvae.export import export_model
from musicvae.export.magenta_js import read_weights
from musicvae.model_choice import choose_model

WITH_ENCODER = (
    "cat-drums_2bar_small",
    "cat-mel_2bar_small",
    "nade-drums_2bar_reduced",
    "groovae_2bar_humanize",
    "groovae_2bar_hits_control_tfds",
    "cat-mel_2bar_med_chords",
    "hier-multiperf_vel_1bar_med",
)
DECODERS = ("hierdec-mel_16bar", "hierdec-trio_16bar")
SHIPPED = ("cat-drums_2bar_small",)
SHIPPED_SLOW = (
    "groovae_2bar_humanize",
    "cat-mel_2bar_small",
    "nade-drums_2bar_reduced",
    "groovae_2bar_hits_control_tfds",
    "groovae_2bar_tap_fixed_velocity",
    "groovae_4bar",
    "hierdec-mel_16bar_small",
    "hierdec-trio_16bar_small",
)

Small = Callable[..., Case]


def request(model: Case, folder: pathlib.Path) -> dict[str, Any]:
    """Asks magenta-js for all that it can do with a model."""
    asked: dict[str, Any] = {"folder": str(folder), "z": model.z.tolist(), "sample": True}
    if model.mu is not None:
        asked["inputs"] = model.inputs.tolist()
        asked["similar"] = True
        asked["interpolate"] = not model.source.spec.num_segments
    if model.controls is not None and model.source.config.converter.type == "groove":
        asked["controls"] = {"extraControls": {"hits": model.controls.tolist()}}
    elif model.controls is not None:
        asked["controls"] = {"chordProgression": list(CHORDS)}
    if model.source.config.converter.type in ("drums", "groove"):
        asked["notes"] = MessageToDict(drum_beat())
        asked["notes"]["tempos"] = [{"time": 0, "qpm": 120}]
    return asked


@pytest.fixture(scope="module")
def answers(small: Small, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What magenta-js makes of each small model."""
    require_node()
    folder = tmp_path_factory.mktemp("magenta-js")
    asked = []
    for name in (*WITH_ENCODER, *DECODERS):
        only = name in DECODERS
        export_model(
            small(name, decoder_only=only).choice, "magenta-js", folder / name,
            quantization="float32", decoder_only=only,
        )  # fmt: skip
        asked.append(request(small(name, decoder_only=only), folder / name))
    found = run_script("magenta_js.cjs", folder, asked)
    return dict(zip((*WITH_ENCODER, *DECODERS), found, strict=True))


def check_steps(steps: Any, model: Case) -> None:
    got = np.asarray(steps)
    assert got.shape == model.steps.shape
    if model.source.config.decoder.type == "groove":
        np.testing.assert_allclose(got, model.steps, atol=1e-5)
    else:
        np.testing.assert_array_equal(got, model.steps)


def written_on(model: Case) -> Any:
    """The steps where tracks do not end at their end token, as magenta-js writes them."""
    decoded = model.model.network.decode(
        model.z,
        model.sequence_length,
        temperature=0.0,
        controls=model.controls,
        stop_at_end_token=False,
    )
    return decoded.outputs.numpy()


@pytest.mark.parametrize("name", [*WITH_ENCODER, *DECODERS])
def test_z_is_decoded_to_the_same_steps(name: str, answers: dict[str, Any], small: Small) -> None:
    assert "error" not in answers[name], answers[name]
    model = small(name, decoder_only=name in DECODERS)
    if model.source.spec.num_segments:
        model = dataclasses.replace(model, steps=written_on(model))
    check_steps(answers[name]["steps"], model)


@pytest.mark.parametrize("name", WITH_ENCODER)
def test_inputs_are_encoded_to_the_same_mu(
    name: str, answers: dict[str, Any], small: Small
) -> None:
    np.testing.assert_allclose(answers[name]["encoded"], small(name).mu, atol=1e-5)


@pytest.mark.parametrize("name", WITH_ENCODER)
def test_similar_interpolate_and_sample_run(
    name: str, answers: dict[str, Any], small: Small
) -> None:
    found, model = answers[name], small(name)
    assert found["similar"] == [2, *model.steps.shape[1:]]
    assert len(found["sampled"]) == 2
    if model.source.spec.num_segments:
        assert "interpolated" not in found
    else:
        assert found["interpolated"] == [3, *model.steps.shape[1:]]


@pytest.mark.parametrize("name", [name for name in WITH_ENCODER if "groovae" in name])
def test_notes_become_the_same_input(name: str, answers: dict[str, Any], small: Small) -> None:
    converter = small(name).source.converter
    (example,) = converter.extract(drum_beat(), pitch_map="inference").examples
    np.testing.assert_allclose(answers[name]["tensor"], example.inputs, atol=1e-6)


def check_shipped(name: str, folder: pathlib.Path) -> None:
    """Checks that float16 gives the same steps as float32 does here."""
    require_node()
    only = name.startswith("hierdec")
    model = case(choose_model(name), decoder_only=only)
    export_model(model.choice, "magenta-js", folder / name, decoder_only=only)
    asked = request(model, folder / name)
    (found,) = run_script("magenta_js.cjs", folder, [asked])
    assert "error" not in found, found
    steps = np.asarray(found["steps"])
    if model.source.config.decoder.type != "groove":
        np.testing.assert_array_equal(steps, model.steps)
        return
    drums = steps.shape[-1] // 3
    np.testing.assert_array_equal(steps[..., :drums], model.steps[..., :drums])
    np.testing.assert_allclose(steps, model.steps, atol=0.02)


@pytest.mark.parametrize("name", SHIPPED)
def test_float16_of_a_shipped_model_gives_the_same_steps(name: str, tmp_path: pathlib.Path) -> None:
    check_shipped(name, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED_SLOW)
def test_float16_of_every_shipped_model_gives_the_same_steps(
    name: str, tmp_path: pathlib.Path
) -> None:
    check_shipped(name, tmp_path)


@pytest.mark.parametrize(
    ("quantization", "tolerance"),
    [("float32", 0.0), ("float16", 5e-4), ("uint16", 1.6e-5), ("uint8", 4e-3)],
)
def test_weights_read_back_are_those_of_the_checkpoint(
    quantization: Any, tolerance: float, tmp_path: pathlib.Path, small: Small
) -> None:
    model = small("cat-mel_2bar_small")
    export_model(model.choice, "magenta-js", tmp_path, quantization=quantization)
    found = read_weights(tmp_path)
    assert list(found) == list(model.source.weights)
    for name, array in model.source.weights.items():
        largest = np.abs(array).max()
        np.testing.assert_allclose(found[name], array, atol=tolerance * 2 * largest)
        assert not found[name][array == 0.0].any()


def test_shards_hold_at_most_4_mib_and_the_manifest_says_where_each_weight_is(
    tmp_path: pathlib.Path,
) -> None:
    exported = export_model(choose_model("cat-drums_2bar_small"), "magenta-js", tmp_path)
    (group,) = json.loads((tmp_path / "weights_manifest.json").read_text())
    sizes = [(tmp_path / name).stat().st_size for name in group["paths"]]
    assert len(sizes) == 3
    assert sizes[:-1] == [4 * 2**20] * 2
    assert sum(sizes) == 2 * sum(int(np.prod(w["shape"])) for w in group["weights"])
    assert all(w["quantization"] == {"dtype": "float16"} for w in group["weights"])
    assert exported.size == sum(file.stat().st_size for file in tmp_path.iterdir())


def test_a_smaller_export_leaves_no_shard_of_a_larger_one_behind(
    tmp_path: pathlib.Path, small: Small
) -> None:
    (tmp_path / "mine.txt").write_text("stays")
    export_model(choose_model("cat-drums_2bar_small"), "magenta-js", tmp_path)
    export_model(small("cat-drums_2bar_small").choice, "magenta-js", tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "config.json", "group1-shard1of1.bin", "mine.txt", "weights_manifest.json",
    ]  # fmt: skip


def test_uint8_is_refused_for_grooves(tmp_path: pathlib.Path, small: Small) -> None:
    model = small("groovae_2bar_humanize")
    with pytest.raises(InputError, match="use float16"):
        export_model(model.choice, "magenta-js", tmp_path / "out", quantization="uint8")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("hierdec-mel_16bar_small", "add --decoder_only"),
        ("groovae_2bar_add_closed_hh", "add_instruments.*add --decoder_only"),
        ("flat-trio_16bar_small", "splits a trio only under a conductor"),
    ],
)
def test_a_model_that_magenta_js_cannot_run_is_refused_with_what_to_do(
    name: str, reason: str, tmp_path: pathlib.Path
) -> None:
    write_small_run(tmp_path / "run", load_config(name))
    with pytest.raises(InputError, match=reason) as error:
        export_model(choose_model(run_dir=str(tmp_path / "run")), "magenta-js", tmp_path / "out")
    assert "\n" not in str(error.value)
    assert not (tmp_path / "out").exists()


def test_an_export_for_decoding_says_that_its_encoder_is_zeros(tmp_path: pathlib.Path) -> None:
    write_small_run(tmp_path / "run", load_config("hierdec-mel_16bar"))
    choice = choose_model(run_dir=str(tmp_path / "run"))
    exported = export_model(choice, "magenta-js", tmp_path / "out", decoder_only=True)
    assert "an encoder of zeros" in exported.notes[0]
    weights = read_weights(tmp_path / "out")
    assert not any(w.any() for n, w in weights.items() if n.startswith("encoder/"))
