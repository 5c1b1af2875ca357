"""The Fréchet distance of the codes of samples and of music."""

from __future__ import annotations

import numpy as np
import pytest
from pieces import melody
from tiny_models import write_run

from musicvae.data.examples import TFRecordSource, load_examples
from musicvae.evaluation.code_distance import encodes_samples, frechet_distances
from musicvae.formats.tfrecord import write_note_sequences
from musicvae.generate import TrainedModel


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> TrainedModel:
    folder = tmp_path_factory.mktemp("run")
    write_run(folder, "cat-mel_2bar_small")
    return TrainedModel("cat-mel_2bar_small", 16, folder)


@pytest.fixture(scope="module")
def music(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("music") / "music.tfrecord"
    write_note_sequences(path, [melody(lowest=lowest) for lowest in range(40, 72)])
    return load_examples(model.config.converter, TFRecordSource((str(path),)), num_workers=1)


def test_music_itself_is_at_no_distance_and_other_music_is(model, music):
    outputs = [np.asarray(rows) for rows in model.converter.expand(music.arrays).outputs]
    same, training = frechet_distances(model, outputs, music, music, 0)
    assert same == pytest.approx(0.0, abs=1e-4) and training == pytest.approx(0.0, abs=1e-4)
    silent = [np.eye(90, dtype=np.float32)[np.zeros(32, int)]] * len(outputs)
    away, _ = frechet_distances(model, silent, music, None, 0)
    assert away > 0.01


def test_models_whose_encoder_reads_more_than_they_write_are_left_out(tmp_path):
    write_run(tmp_path, "groovae_4bar")
    groove = TrainedModel("groovae_4bar", 16, tmp_path)
    assert not encodes_samples(groove.converter)
