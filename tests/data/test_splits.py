from __future__ import annotations

import os

import pytest

from musicvae.data.splits import HashSplit, TableSplit
from musicvae.errors import InputError


def test_parts_have_about_their_sizes():
    split = HashSplit((0.8, 0.1, 0.1))
    parts = [split.part_of(f"folder/song {index}.mid") for index in range(5000)]
    assert split.parts == ("train", "validation", "test")
    assert 3900 < parts.count("train") < 4100
    assert 420 < parts.count("validation") < 580


def test_a_files_part_is_a_matter_of_its_name_alone():
    names = ["a.mid", "b.mid", "c/d.mid", "é.mid", "x\udcff.mid"]
    assert [HashSplit((0.5, 0.5)).part_of(name) for name in names] == [
        "validation",
        "validation",
        "validation",
        "train",
        "validation",
    ]


def test_a_file_that_trains_still_trains_when_the_training_part_grows():
    small, large = HashSplit((0.5, 0.25, 0.25)), HashSplit((0.7, 0.15, 0.15))
    names = [f"{index}.mid" for index in range(500)]
    assert all(large.part_of(n) == "train" for n in names if small.part_of(n) == "train")


@pytest.mark.parametrize("fractions", [(1.0,), (0.5, 0.4), (1.5, -0.5), (0.25,) * 4, (0.5, 0.6)])
def test_fractions_that_do_not_sum_to_one_are_refused(fractions):
    with pytest.raises(InputError, match="--split="):
        HashSplit(fractions)


def _table(tmp_path, text: str):
    (tmp_path / "info.csv").write_text(text)
    return tmp_path / "info.csv"


def test_a_table_says_the_part(tmp_path):
    path = _table(tmp_path, "id,midi_filename,split\n1,a/b.mid,test\n2,a/c.mid,train\n3,,\n")
    split = TableSplit(path, tmp_path)
    assert split.parts == ("train", "test")
    assert split.part_of("a/b.mid") == "test"
    assert split.part_of("a/x.mid") is None


def test_a_tables_names_are_relative_to_it_or_to_the_converted_folder(tmp_path):
    path = _table(tmp_path, "filename,split\na/b.mid,test\n")
    assert TableSplit(path, tmp_path / "a").part_of("b.mid") == "test"
    assert TableSplit(path, tmp_path / "elsewhere").part_of("a/b.mid") == "test"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,split\n", "no column midi_filename"),
        ("filename,group\n", "no column split"),
        ("filename,split\n", "has no rows"),
        ("filename,split\na.mid,../x\n", "cannot be part of a file name"),
    ],
)
def test_a_table_that_does_not_serve_is_refused(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        TableSplit(_table(tmp_path, text), tmp_path)


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(InputError, match=r"cannot read --split_csv='.*no\.csv'"):
        TableSplit(tmp_path / "no.csv", tmp_path)


def test_grooves_table_splits_as_its_authors_did(shared):
    folder = shared / "data/midi/groove_v1.0.0_midionly"
    (table,) = folder.rglob("info.csv")
    split = TableSplit(table, folder)
    counts = {part: 0 for part in split.parts}
    for path in folder.rglob("*.mid"):
        counts[split.part_of(path.relative_to(folder).as_posix())] += 1
    assert counts == {"train": 897, "validation": 124, "test": 129}


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="needs /dev/zero")
def test_a_table_without_an_end_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"'/dev/zero' has over .* characters"):
        TableSplit("/dev/zero", tmp_path)
