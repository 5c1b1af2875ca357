"""Tests that pieces, files and parts of pieces are handed out as they are finished."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np
import pytest
from tiny_models import write_run

from musicvae.cli.generate_modes import MODES
from musicvae.cli.generate_results import write_results
from musicvae.cli.outputs import OutputFolder
from musicvae.errors import InputError
from musicvae.generate import TrainedModel
from musicvae.generate.modes import sample, stream
from musicvae.generate.results import SamplingOptions

NAME = "cat-mel_2bar_small"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("run")
    write_run(folder, NAME)
    return folder


@pytest.fixture
def model(run: pathlib.Path) -> TrainedModel:
    return TrainedModel(NAME, 2, run)


@pytest.fixture
def decodings(model: TrainedModel, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many pieces each decoding had, so far."""
    found: list[int] = []
    decode = model.network.decode

    def counted(z: Any, *arguments: Any, **options: Any) -> Any:
        found.append(len(z))
        return decode(z, *arguments, **options)

    monkeypatch.setattr(model.network, "decode", counted)
    return found


def test_a_stream_gives_what_sample_gives(model: TrainedModel) -> None:
    assert [*model.stream(5, seed=3, qpm=90)] == model.sample(5, seed=3, qpm=90)


def test_pieces_come_before_the_next_group_is_decoded(
    model: TrainedModel, decodings: list[int]
) -> None:
    pieces = model.stream(5, seed=3)
    assert decodings == []
    next(pieces)
    next(pieces)
    assert decodings == [2]
    assert len([*pieces]) == 3
    assert decodings == [2, 2, 1]


def test_a_stream_refuses_bad_values_before_anything_is_written(model: TrainedModel) -> None:
    with pytest.raises(InputError, match="temperature=-1"):
        model.stream(5, temperature=-1.0)
    with pytest.raises(InputError, match="more than batch_size=2"):
        model.stream_tensors(np.zeros([3, 8], np.float32))


def test_samples_of_several_temperatures_stream_in_the_order_of_sample(
    model: TrainedModel, decodings: list[int]
) -> None:
    options = SamplingOptions(temperatures=(0.5, 1.0), seed=4)
    samples = stream(model, 3, options)
    first = next(samples)
    assert decodings == [2]
    titles = [first.title, *(each.title for each in samples)]
    assert titles == [each.title for each in sample(model, 3, options)]


def test_the_command_writes_a_file_before_the_next_group_is_decoded(
    model: TrainedModel, decodings: list[int], tmp_path: pathlib.Path
) -> None:
    results = MODES["sample"].run(model, [], SamplingOptions(seed=4), {"num_outputs": 6})
    folder = OutputFolder(str(tmp_path))
    paths = folder.names(NAME, "sample", 6)
    there: list[int] = []
    decode = model.network.decode

    def counted(*arguments: Any, **options: Any) -> Any:
        there.append(len([path for path in tmp_path.glob("*.mid") if path.stat().st_size]))
        return decode(*arguments, **options)

    model.network.decode = counted
    result = write_results(results, folder, paths, quiet=True)
    assert there == [0, 2, 4]
    assert [each.title for each in result] == [f"sample {k}" for k in range(1, 7)]


def test_parts_of_a_piece_are_those_of_the_whole(model: TrainedModel) -> None:
    z = model.sample_z(2, seed=1)
    parts = [*model.stream_tensors(z, seed=1, length=32)]
    assert len(parts) == 2
    whole = model.decode_to_tensors(z, seed=1, length=32)
    for k, piece in enumerate(whole):
        np.testing.assert_array_equal(np.concatenate([part[k] for part in parts]), piece)
