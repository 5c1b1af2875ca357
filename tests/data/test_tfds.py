"""Tests of data sets by name, on a stand-in for tensorflow-datasets."""

from __future__ import annotations

import io
import sys
import types
from collections.abc import Iterator
from typing import Any

import pytest
from small_music import drum_piece

from musicvae.config import load_config
from musicvae.data.examples import extract_examples
from musicvae.data.tfds import TFDSSource
from musicvae.errors import InputError, MissingExtraError

CONVERTER = load_config("groovae_2bar_humanize").converter


def _midi(seed: int) -> bytes:
    from musicvae.lazy_note_seq import note_seq

    file = io.BytesIO()
    note_seq.midi_io.note_sequence_to_pretty_midi(drum_piece(seed, bars=2)).write(file)
    return file.getvalue()


class _StandIn:
    """A data set of three beats in `train` and one in `validation`."""

    def __init__(self, error: Exception | None = None, feature: str = "midi") -> None:
        self._error = error
        self._feature = feature
        self._splits = {"train": [1, 2, 3], "validation": [4]}
        self.info = types.SimpleNamespace(
            full_name="beats/2bar/1.0.0",
            splits={
                name: types.SimpleNamespace(num_examples=len(seeds))
                for name, seeds in self._splits.items()
            },
            features={feature: object()},
        )

    def download_and_prepare(self) -> None:
        if self._error is not None:
            raise self._error

    def as_dataset(self, *, split: str, shuffle_files: bool) -> Any:
        assert not shuffle_files

        def read() -> Iterator[dict[str, Any]]:
            return iter([{self._feature: _midi(seed), "id": b"x"} for seed in self._splits[split]])

        return types.SimpleNamespace(as_numpy_iterator=read)


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Returns a function that puts a stand-in where tensorflow-datasets would be."""

    def put(stand_in: _StandIn) -> None:
        module = types.ModuleType("tensorflow_datasets")
        module.__dict__["builder"] = lambda name: stand_in
        monkeypatch.setitem(sys.modules, "tensorflow_datasets", module)

    return put


def test_midi_files_of_a_split_become_examples(install: Any) -> None:
    install(_StandIn())
    train = extract_examples(CONVERTER, TFDSSource("beats/2bar", "train"))
    validation = extract_examples(CONVERTER, TFDSSource("beats/2bar", "validation"))
    assert train.sources.tolist() == [0, 1, 2]
    assert len(validation) == 1


def test_a_data_set_that_cannot_be_downloaded_is_one_clear_line(install: Any) -> None:
    install(_StandIn(ConnectionError("Failed to resolve 'storage.googleapis.com'\nmore\nlines")))
    with pytest.raises(InputError) as raised:
        extract_examples(CONVERTER, TFDSSource("beats/2bar", "train"))
    message = str(raised.value)
    assert "--tfds_name=beats/2bar" in message
    assert "Failed to resolve" in message and "lines" not in message
    assert "musicvae-convert" in message and "TFDS_DATA_DIR" in message


def test_a_data_set_without_midi_is_refused(install: Any) -> None:
    install(_StandIn(feature="image"))
    with pytest.raises(InputError, match="no feature 'midi'"):
        extract_examples(CONVERTER, TFDSSource("beats/2bar", "train"))


def test_an_unknown_split_is_named(install: Any) -> None:
    install(_StandIn())
    with pytest.raises(InputError, match="no split 'test'; it has train, validation"):
        extract_examples(CONVERTER, TFDSSource("beats/2bar", "test"))


def test_a_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    with pytest.raises(MissingExtraError, match=r"musicvae\[tfds\]"):
        extract_examples(CONVERTER, TFDSSource("beats/2bar", "train"))


def test_the_fingerprint_is_name_version_and_size(install: Any) -> None:
    install(_StandIn())
    assert TFDSSource("beats/2bar", "train").fingerprint() == ["beats/2bar/1.0.0", "train", 3]
