"""Tests of TensorBoard summaries."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest
import tensorflow as tf

from musicvae.errors import InputError
from musicvae.formats.tfrecord import read_records
from musicvae.training.summaries import Summaries


def _events(folder: pathlib.Path) -> list[Any]:
    (path,) = folder.glob("events.out.tfevents.*")
    return [tf.compat.v1.Event.FromString(record) for record in read_records(path)]


def test_scalars_stand_under_their_tags(tmp_path: pathlib.Path) -> None:
    summaries = Summaries(tmp_path / "train")
    summaries.scalars(7, {"loss": 1.5, "losses/kl_bits": 0.25})
    summaries.close()
    values = [
        (event.step, value.tag, float(tf.make_ndarray(value.tensor)))
        for event in _events(tmp_path / "train")
        for value in event.summary.value
    ]
    assert values == [(7, "loss", 1.5), (7, "losses/kl_bits", 0.25)]


def test_tensorboard_finds_scalars_and_texts_on_their_pages(tmp_path: pathlib.Path) -> None:
    summaries = Summaries(tmp_path)
    summaries.texts({"hparams": "batch_size=8"})
    summaries.scalars(1, {"loss": 1.5})
    summaries.close()
    plugins = {
        value.tag: value.metadata.plugin_data.plugin_name
        for event in _events(tmp_path)
        for value in event.summary.value
    }
    assert plugins == {"hparams": "text", "loss": "scalars"}


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write summaries"):
        Summaries(tmp_path / "file" / "train")
