"""Tables of codes: what is in them, where they are kept, and what lies near."""

from __future__ import annotations

import numpy as np
import pytest
from pieces import melody
from tiny_models import write_run

import musicvae as mv
from musicvae.codes import CodeTable, frechet_distance, load_codes, nearest, save_codes
from musicvae.codes.encoding import encode_music
from musicvae.data.music_folder import MusicFolder
from musicvae.data.records import TFRecordSource
from musicvae.errors import InputError, NoExamplesError
from musicvae.formats.tfrecord import write_note_sequences
from musicvae.generate.music import write_music


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> mv.Model:
    folder = tmp_path_factory.mktemp("run")
    write_run(folder, "cat-mel_2bar_small")
    return mv.load(folder)


def long_tune(lowest: int):
    """Four bars whose second half is a third higher than the first."""
    tune = melody(lowest=lowest)
    for note in melody(lowest=lowest + 4).notes:
        copy = tune.notes.add()
        copy.CopyFrom(note)
        copy.start_time, copy.end_time = note.start_time + 4, note.end_time + 4
    tune.total_time = 8.0
    return tune


@pytest.fixture(scope="module")
def songs(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("songs")
    (folder / "low").mkdir()
    write_music(long_tune(48), folder / "low" / "a.mid")
    write_music(long_tune(60), folder / "b.mid")
    return str(folder)


@pytest.fixture(scope="module")
def table(model, songs) -> CodeTable:
    return encode_music(model.trained, MusicFolder(songs, recursive=True))


def test_a_row_is_a_window_with_its_file_and_bar(model, table):
    assert list(zip(table.files, table.bars.tolist(), strict=True)) == [
        ("b.mid", 1), ("b.mid", 2), ("b.mid", 3),
        ("low/a.mid", 1), ("low/a.mid", 2), ("low/a.mid", 3),
    ]  # fmt: skip
    expected = model.encode(melody(lowest=60), melody(lowest=52))
    np.testing.assert_allclose(table.mu[[0, 5]], expected.mu, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(table.sigma[[0, 5]], expected.sigma, rtol=1e-5, atol=1e-5)
    assert (table.config, table.step) == ("cat-mel_2bar_small", 5)


def test_a_hop_of_two_bars_takes_every_second_window(model, songs):
    found = encode_music(model.trained, MusicFolder(songs, recursive=True), hop_bars=2)
    assert found.bars.tolist() == [1, 3, 1, 3]
    with pytest.raises(InputError, match="hop=0 must be at least 1 bar"):
        encode_music(model.trained, MusicFolder(songs), hop_bars=0)


def test_records_without_a_file_name_are_called_by_their_number(model, tmp_path):
    path = tmp_path / "music.tfrecord"
    write_note_sequences(path, [melody(), melody(lowest=50)])
    found = encode_music(model.trained, TFRecordSource((str(path),)))
    assert found.files == (f"{path}#0", f"{path}#1")


def test_music_without_a_window_is_an_error_that_says_why(model, tmp_path):
    path = tmp_path / "drums.tfrecord"
    short = melody()
    del short.notes[3:]
    write_note_sequences(path, [short])
    with pytest.raises(NoExamplesError, match="shorter than one window"):
        encode_music(model.trained, TFRecordSource((str(path),)))


@pytest.mark.parametrize("ending", ["npz", "parquet"])
def test_a_table_comes_back_as_it_was_written(table, tmp_path, ending):
    if ending == "parquet":
        pytest.importorskip("pyarrow", reason="the extra 'parquet' is not installed")
    path = tmp_path / f"codes.{ending}"
    save_codes(path, table)
    found = load_codes(path)
    assert (found.files, found.config, found.step) == (table.files, table.config, table.step)
    np.testing.assert_array_equal(found.bars, table.bars)
    np.testing.assert_array_equal(found.mu, table.mu)
    np.testing.assert_array_equal(found.sigma, table.sigma)


def test_pandas_reads_the_columns(table, tmp_path):
    pytest.importorskip("pyarrow", reason="the extra 'parquet' is not installed")
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    save_codes(tmp_path / "codes.parquet", table)
    frame = pandas.read_parquet(tmp_path / "codes.parquet")
    assert list(frame.columns) == ["file", "bar", "mu", "sigma"]
    np.testing.assert_array_equal(np.stack(frame["mu"]), table.mu)


def test_a_table_of_ones_own_needs_mu_alone(model, tmp_path):
    np.savez(tmp_path / "own.npz", mu=np.zeros((3, 8)))
    own = load_codes(tmp_path / "own.npz")
    assert (len(own), own.files) == (3, ())
    assert len(model.decode(own.mu, seed=1)) == 3


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"z": np.zeros((3, 8))}, "it has no mu, only z"),
        ({"mu": np.zeros(8)}, r"mu is \[8\] of float64, not numbers \[N, Z\]"),
        ({"mu": np.full((2, 8), np.nan)}, "mu has values that are not finite"),
        ({"mu": np.zeros((2, 8)), "bar": np.zeros(3)}, "2 codes of 0 files and 3 bars"),
        ({"mu": np.array([[{}]], object)}, "cannot be loaded when allow_pickle=False"),
    ],
)
def test_a_broken_table_is_one_line(tmp_path, arrays, message):
    np.savez(tmp_path / "broken.npz", **arrays)
    with pytest.raises(InputError, match=message) as error:
        load_codes(tmp_path / "broken.npz")
    assert "\n" not in str(error.value)


def test_a_missing_table_and_an_unknown_ending_say_what_to_do(tmp_path):
    with pytest.raises(InputError, match="`musicvae-encode` writes them"):
        load_codes(tmp_path / "none.npz")
    with pytest.raises(InputError, match=r"end the name in \.npz or \.parquet"):
        load_codes(tmp_path / "codes.csv")


def test_the_nearest_file_to_a_piece_is_the_piece_itself(table):
    first, second = nearest(table, table.mu[3:6], 10)
    assert (first.file, first.bar, first.to_bar, first.distance) == ("low/a.mid", 1, 0, 0.0)
    assert second.file == "b.mid" and second.distance > 0
    assert len(nearest(table, table.mu[0], 1)) == 1
    with pytest.raises(InputError, match="nearest=0 must be at least 1"):
        nearest(table, table.mu[0], 0)


def test_the_frechet_distance_is_that_of_gaussians():
    generator = np.random.default_rng(0)
    a = generator.standard_normal((20_000, 3))
    b = 2.0 * generator.standard_normal((20_000, 3)) + [3.0, 0.0, 0.0]
    # |m1 - m2|² + the sum of (s1 - s2)²
    assert frechet_distance(a, b) == pytest.approx(9.0 + 3.0, rel=0.03)
    assert frechet_distance(a, a) == pytest.approx(0.0, abs=1e-6)
    with pytest.raises(InputError, match="needed"):
        frechet_distance(a[:1], b)
