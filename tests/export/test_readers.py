"""Tests that the programs of docs/export.md make the notes that Python makes."""

from __future__ import annotations

import pathlib
import re

import numpy as np
import pretty_midi
import pytest
from node import MODULES, require_node, run_script
from noise import GivenNoise

from musicvae.export import export_model
from musicvae.export.source import read_source
from musicvae.generate import TrainedModel
from musicvae.model_choice import choose_model

TEXT = (pathlib.Path(__file__).parents[2] / "docs" / "export.md").read_text(encoding="utf-8")


def block(language: str, word: str) -> str:
    found = re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    (code,) = [code for code in found if word in code]
    assert len(code.splitlines()) <= 36
    return code


def notes_of(sequence) -> list[tuple]:
    return sorted((n.pitch, round(n.start_time, 3), round(n.end_time, 3)) for n in sequence.notes)


def test_the_drums_of_the_onnx_reader_are_those_of_the_converter(tmp_path, monkeypatch) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    monkeypatch.chdir(tmp_path)
    choice = choose_model("cat-drums_2bar_small")
    export_model(choice, "onnx", "drums", decoder_only=True)
    names: dict = {}
    exec(compile(block("python", "import onnxruntime"), "docs", "exec"), names)
    converter = read_source(choice, decoder_only=True).converter
    hits = 0
    for k, labels in enumerate(names["labels"][:, :, 0]):
        steps = np.eye(converter.spec.output_depth, dtype=np.float32)[labels]
        expected = converter.to_notes(steps, None, qpm=120.0, velocity=80, program=None)
        midi = pretty_midi.PrettyMIDI(f"drums/{k}.mid")
        found = [n for instrument in midi.instruments for n in instrument.notes]
        assert sorted((n.pitch, round(n.start, 3), round(n.end, 3)) for n in found) == notes_of(
            expected
        )
        hits += len(found)
    assert hits > 20


def test_the_groove_of_the_tflite_reader_is_that_of_the_model(
    tmp_path, monkeypatch, capsys
) -> None:
    pytest.importorskip("ai_edge_litert")
    monkeypatch.chdir(tmp_path)
    choice = choose_model("groovae_2bar_humanize")
    export_model(choice, "tflite", "humanize")
    names: dict = {}
    exec(compile(block("python", "ai_edge_litert"), "docs", "exec"), names)
    printed = re.findall(r"([\d.]+) s  pitch (\d+)  velocity (\d+)", capsys.readouterr().out)
    model = TrainedModel("groovae_2bar_humanize", 1)
    mu = model.encode_tensors([names["beat"][0]], [32]).mu
    (sequence,) = model.decode(mu, temperature=0.0)
    found = sorted((int(pitch), float(start)) for start, pitch, _ in printed)
    expected = sorted((n.pitch, n.start_time) for n in sequence.notes)
    assert len(expected) > 10
    assert [pitch for pitch, _ in found] == [pitch for pitch, _ in expected]
    np.testing.assert_allclose([t for _, t in found], [t for _, t in expected], atol=2e-3)


def test_the_melody_of_the_javascript_reader_is_that_of_the_model(tmp_path) -> None:
    require_node()
    pytest.importorskip("onnx")
    if not (MODULES / "onnxruntime-web").is_dir():
        pytest.skip("onnxruntime-web is not installed; run `npm ci` in tests/export")
    choice = choose_model("cat-mel_2bar_small")
    export_model(choice, "onnx", tmp_path / "melody")
    request = {"folder": str(tmp_path / "melody"), "code": block("js", "onnxruntime-web")}
    found = run_script("run_module.cjs", tmp_path, request)
    # With 0.5 for every random number, the noise is the same in all columns.
    model = TrainedModel("cat-mel_2bar_small", 1)
    size = model.config.hparams.z_size
    noise = np.full((1, size), np.sqrt(-2 * np.log(0.5)) * np.cos(np.pi), np.float32)
    z = read_source(choice).prior.draw(GivenNoise(noise), 1)
    (sequence,) = model.decode(z, temperature=0.0)
    step = 0.125
    assert found
    assert [(n["pitch"], n["start"] * step, n["end"] * step) for n in found] == [
        (n.pitch, pytest.approx(n.start_time), pytest.approx(n.end_time)) for n in sequence.notes
    ]
