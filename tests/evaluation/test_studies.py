"""Tests of what is measured of a whole model, on untrained ones of every representation."""

from __future__ import annotations

import json
import math
import pathlib
import re

import numpy as np
import pytest
from small_music import drum_piece, melody_piece, write_drums, write_melodies
from tiny_models import write_run

from musicvae.data.example_set import ExampleSet
from musicvae.data.examples import extract_examples
from musicvae.data.records import TFRecordSource
from musicvae.evaluation import sample_study
from musicvae.evaluation.model_report import EvalConfig, ModelReport, Music, measure_model
from musicvae.evaluation.reconstruction import AS_IT_IS, baseline_figures, measure_reconstruction
from musicvae.evaluation.report import report_json, report_pictures, report_tables
from musicvae.evaluation.sample_study import study_samples
from musicvae.evaluation.step_labels import labels_of_set
from musicvae.formats.tfrecord import write_note_sequences
from musicvae.generate import TrainedModel


def trio_piece(seed: int, bars: int = 16):
    piece = melody_piece(seed, bars)
    bass, drums = melody_piece(seed + 50, bars, 36, 48), drum_piece(seed, bars)
    for note in bass.notes:
        note.program, note.instrument = 33, 1
    piece.notes.extend([*bass.notes, *drums.notes])
    return piece


def chord_piece(seed: int):
    piece = melody_piece(seed)
    for bar, text in enumerate(("C", "Am", "F", "G")):
        piece.text_annotations.add(time=2.0 * bar, text=text, annotation_type=1)
    return piece


def write_music(path: pathlib.Path, name: str, first: int = 0, pieces: int = 5) -> pathlib.Path:
    """Writes music that a configuration has examples in."""
    kinds = {"trio": trio_piece, "multiperf": trio_piece, "chords": chord_piece}
    kinds |= {"drums": drum_piece, "groovae": drum_piece, "mel": melody_piece}
    make = next(make for kind, make in kinds.items() if kind in name)
    write_note_sequences(path, [make(first + k) for k in range(pieces)])
    return path


def set_of(model: TrainedModel, path: pathlib.Path) -> ExampleSet:
    return extract_examples(model.config.converter, TFRecordSource((str(path),)))


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Returns what measures an untrained model of a configuration, each only once."""
    found: dict[str, tuple[TrainedModel, ModelReport]] = {}

    def measure(name: str) -> tuple[TrainedModel, ModelReport]:
        if name not in found:
            folder = tmp_path_factory.mktemp("model")
            write_run(folder, name)
            model = TrainedModel(name, 16, folder, seed=0)
            held_out, known = (
                Music(part, set_of(model, write_music(folder / part, name, first)))
                for part, first in (("held_out", 0), ("training", 3))
            )
            eval_config = EvalConfig(samples=6, interpolation_pairs=2, seed=4)
            found[name] = model, measure_model(model, held_out, known, eval_config)
        return found[name]

    return measure


REPRESENTATIONS = (
    "cat-mel_2bar_small",
    "cat-mel_2bar_med_chords",
    "cat-drums_2bar_small",
    "nade-drums_2bar_reduced",
    "groovae_2bar_humanize",
    "groovae_2bar_hits_control_tfds",
    "flat-trio_16bar",
    pytest.param("hier-multiperf_vel_1bar_med", marks=pytest.mark.slow),
)


@pytest.mark.parametrize("name", REPRESENTATIONS)
def test_every_representation_can_be_measured_and_shown(measured, name):
    _, report = measured(name)
    for passed in (report.reconstruction.teacher_forced, report.reconstruction.sampled):
        assert passed["kl_nats"] == pytest.approx(math.log(2) * passed["kl_bits"])
        assert passed["loss"] > 0
    assert report.reconstruction.examples == len(report.held_out.examples)
    assert report.samples is not None and report.samples.count == 6
    shares = (report.samples.empty, report.samples.broken, report.samples.unique)
    assert all(0.0 <= share <= 1.0 for share in shares)
    assert report.realism is not None and report.realism.prior == "N(0, I)"
    found = (report.realism.accuracy, report.realism.training_accuracy, report.realism.code_auc)
    assert all(share is None or 0.0 <= share <= 1.0 for share in found)
    assert report.realism.cost is not None and report.realism.cost > 0
    pitched = "mel" in name or "trio" in name
    assert (report.realism.long_notes is not None) == pitched
    assert (report.interpolation is None) == ("interpolation" in report.left_out)
    assert ("repetition of bars" in report.left_out) == ("1bar" in name)
    json.loads(json.dumps(report_json(report), allow_nan=False))
    assert all(len(row) == len(t.head) for t in report_tables(report) for row in t.rows)
    assert set(report_pictures(report)) <= {"samples", "novelty", "interpolation"}


@pytest.mark.parametrize(
    ("name", "figures"),
    [
        ("cat-mel_2bar_small", {"accuracy"}),
        ("nade-drums_2bar_reduced", {"accuracy", "f1", "precision", "recall"}),
        ("flat-trio_16bar", {"accuracy/output_0", "accuracy/output_1", "accuracy/output_2"}),
        ("groovae_2bar_humanize", {"hits_f1", "velocity_mae", "timing_mae", "timing_mae_ms"}),
    ],
)
def test_each_representation_has_its_figures_teacher_forced_and_sampled(measured, name, figures):
    found = measured(name)[1].reconstruction
    assert figures <= set(found.teacher_forced) and figures <= set(found.sampled)
    named = {"accuracy", *(f"accuracy/output_{k}" for k in range(3)), "hits_f1", "timing_mae_ms"}
    assert all(figures & named <= set(baseline) for baseline in found.baseline.values())


def test_f1_is_the_harmonic_mean_of_precision_and_recall(measured):
    for name, prefix in (("nade-drums_2bar_reduced", ""), ("groovae_2bar_humanize", "hits_")):
        found = measured(name)[1].reconstruction.sampled
        precision, read_run_state = found[f"{prefix}precision"], found[f"{prefix}recall"]
        assert precision > 0 and read_run_state > 0
        expected = 2 * precision * read_run_state / (precision + read_run_state)
        assert found[f"{prefix}f1"] == pytest.approx(expected, rel=1e-4)


def test_the_python_of_the_docs_works(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_drums(tmp_path / "test.tfrecord", pieces=1, bars=2)
    text = (pathlib.Path(__file__).parents[2] / "docs" / "evaluation.md").read_text()
    [block] = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    exec(compile(block.replace("samples=500", "samples=5"), "docs", "exec"), {})
    accuracy, empty = map(float, capsys.readouterr().out.split())
    assert 0.0 <= accuracy <= 1.0 and 0.0 <= empty <= 1.0


def test_a_trios_parts_are_named(measured):
    _, report = measured("flat-trio_16bar")
    names = {row[0] for row in report_tables(report)[0].rows}
    assert {"accuracy, melody", "accuracy, bass", "accuracy, drums"} <= names


def test_what_does_not_apply_is_said(measured):
    assert "pitch range and pitch classes" in measured("cat-drums_2bar_small")[1].left_out
    assert "controls" in measured("cat-mel_2bar_med_chords")[1].left_out["interpolation"]


def test_hits_given_to_the_encoder_are_right_as_they_are_and_their_velocity_is_not(measured):
    model, report = measured("groovae_2bar_humanize")
    baseline = report.reconstruction.baseline[AS_IT_IS]
    assert baseline["hits_f1"] == 1.0
    outputs = model.converter.expand(report.held_out.examples.arrays).outputs
    hits, velocities, offsets = np.split(outputs, 3, axis=-1)
    assert baseline["velocity_mae"] == pytest.approx(127 * velocities[hits > 0].mean())
    assert baseline["timing_mae"] == pytest.approx(np.abs(offsets[hits > 0]).mean() / 2)


def test_a_groove_whose_hits_are_given_has_those_and_the_models_own_velocity_and_timing(measured):
    found = measured("groovae_2bar_humanize")[1].reconstruction
    assert found.hits_given["hits_f1"] == 1.0
    for name in ("velocity_mae", "timing_mae"):
        assert 0.0 < found.hits_given[name] != found.baseline[AS_IT_IS][name]
    assert not measured("cat-drums_2bar_small")[1].reconstruction.hits_given


def test_a_groove_model_that_takes_no_hits_is_measured_without_them(measured, monkeypatch):
    model, report = measured("groovae_2bar_humanize")
    monkeypatch.setattr(model.network.decoder, "takes_fixed", False)
    assert not measure_reconstruction(model, report.held_out.examples).hits_given


def test_the_evaluators_groove_figures_are_those_of_the_rows_that_the_model_gives(measured):
    # The evaluator counts in TensorFlow, groove_errors in NumPy; z = mu in both.
    import tensorflow as tf

    from musicvae.evaluation.groove_errors import groove_errors
    from musicvae.models import Batch

    model, report = measured("groovae_2bar_humanize")
    batch = Batch(*model.converter.expand(report.held_out.examples.arrays))
    batch = batch._replace(controls=None)
    eps = tf.zeros([len(batch.lengths), model.config.hparams.z_size])
    losses = model.network.loss(batch, 1, training=False, eps=eps, sampling_probability=0.0)
    hits, velocities, offsets = np.split(losses.outputs.numpy(), 3, axis=-1)
    rows = np.concatenate(
        [hits > 0, 1 / (1 + np.exp(-velocities)), np.tanh(offsets)], axis=-1, dtype=np.float64
    )
    for name, value in groove_errors(rows, batch.outputs).figures().items():
        assert float(losses.metrics[f"metrics/{name}"]) == pytest.approx(value, rel=1e-4), name


def test_the_most_usual_step_comes_from_the_training_music(measured, tmp_path):
    model, _ = measured("cat-mel_2bar_small")
    # A melody of eighths: every second step is a new note, every other one "nothing new".
    held_out = set_of(model, write_melodies(tmp_path / "held_out", pieces=3))
    baseline = baseline_figures(model.converter, held_out, held_out)
    assert baseline == {"most common step": {"accuracy": 0.5}}
    labels = labels_of_set(model.converter, held_out)
    assert (labels == 0).mean() == 0.5


def test_measuring_twice_gives_the_same_and_another_seed_another_thing(measured, tmp_path):
    model, _ = measured("cat-drums_2bar_small")
    held_out = set_of(model, write_drums(tmp_path / "held_out", pieces=3))

    def samples(seed: int) -> list[bytes]:
        study = study_samples(model, held_out, count=20, temperature=1.0, seed=seed)
        return [piece.SerializeToString() for piece in study.pieces]

    assert samples(1) == samples(1) != samples(2)


class Copier:
    """Stands in for a model that writes given rows."""

    batch_size = 2
    default_temperature = 0.5

    def __init__(self, model: TrainedModel, rows: list[np.ndarray]) -> None:
        self.converter, self.config, self._rows = model.converter, model.config, rows
        self.step = 0

    def sample_z(self, n: int, seed: int) -> np.ndarray:
        del seed
        return np.arange(n, dtype=np.float32)[:, np.newaxis]

    def decode_to_tensors(self, z, length, temperature, controls, *, seed):
        del length, temperature, controls, seed
        return [self._rows[int(k)] for k in z[:, 0]]


def melody_rows(pitch: int) -> np.ndarray:
    labels = np.zeros(32, int)
    labels[::4] = pitch - 21 + 2 + np.array([0, 2, 4, 5, 0, 2, 4, 5])
    return np.eye(90)[labels]


def test_copies_empty_and_broken_samples_are_found(measured, tmp_path):
    model, _ = measured("cat-mel_2bar_small")
    known = set_of(model, write_melodies(tmp_path / "known", pieces=4))
    held_out = set_of(model, write_melodies(tmp_path / "held_out", pieces=2))
    first = model.converter.expand(known.arrays).outputs[0].astype(float)
    moved = np.roll(first, 3, axis=1) * (first.argmax(1) >= 2)[:, None]
    moved[first.argmax(1) < 2] = first[first.argmax(1) < 2]
    silent = np.eye(90)[np.zeros(32, int)]
    broken = np.full((32, 90), np.nan)
    rows = [first, moved, silent, broken, melody_rows(60), melody_rows(60)]
    study = study_samples(Copier(model, rows), held_out, known, count=6)
    assert study.empty == 1 / 6
    assert study.broken == 1 / 6
    assert len(study.pieces) == 4
    assert study.novelty is not None
    # Training transposes, so a transposed copy is a copy.
    assert study.novelty.transpositions == (-5, 5)
    assert study.novelty.samples[:2].tolist() == [0.0, 0.0]
    assert (study.novelty.samples[2:] > 0).all()
    # The two pieces held out are among the known ones.
    assert (study.novelty.held_out == 0).all()
    # Bars of the last two repeat; the first's do not.
    assert study.samples.repetition.bars == pytest.approx(2 / 4)


def test_different_samples_are_counted_once(measured, tmp_path):
    model, _ = measured("cat-mel_2bar_small")
    held_out = set_of(model, write_melodies(tmp_path / "held_out", pieces=2))
    rows = [melody_rows(60), melody_rows(60), melody_rows(62), melody_rows(60)]
    assert study_samples(Copier(model, rows), held_out, count=4).unique == 0.5


def test_notes_that_midi_cannot_hold_break_a_sample(measured, monkeypatch):
    model, _ = measured("cat-mel_2bar_small")
    piece = melody_piece(1)
    piece.notes[3].pitch = 200
    monkeypatch.setattr(type(model.converter), "to_notes", lambda *_, **__: piece)
    assert sample_study._as_notes(model.converter, melody_rows(60)) is None


def test_progress_leads_to_the_end_of_each_part(measured):
    model, report = measured("cat-drums_2bar_small")
    last: dict[str, tuple[int, int]] = {}
    measure_model(
        model,
        report.held_out,
        None,
        EvalConfig(samples=5, interpolation_pairs=2),
        progress=lambda what, done, total: last.update({what: (done, total)}),
    )
    assert {"examples given back", "samples", "pairs interpolated"} <= set(last)
    assert all(done == total for done, total in last.values())
