from __future__ import annotations

import os
import subprocess

import pytest

from musicvae.errors import DataError, InputError
from musicvae.formats.shards import find_files, shard_paths, suffixed, with_shards


def _names(paths) -> list[str]:
    return [path.name for path in paths]


def test_the_number_of_shards_stands_before_or_behind_the_extension():
    assert _names(shard_paths("d/x@2.tfrecord")) == [
        "x-00000-of-00002.tfrecord",
        "x-00001-of-00002.tfrecord",
    ]
    assert _names(shard_paths("x.tfrecord@2"))[1] == "x.tfrecord-00001-of-00002"
    assert _names(shard_paths("x.tfrecord")) == ["x.tfrecord"]


def test_shards_and_parts_are_put_into_names():
    assert with_shards("d/x.tfrecord", 8).name == "x@8.tfrecord"
    assert with_shards("x.tfrecord", 0).name == "x.tfrecord"
    assert suffixed("d/x.tfrecord", "train").name == "x-train.tfrecord"
    assert suffixed("x@8.tfrecord", "train").name == "x-train@8.tfrecord"
    assert suffixed("x.tfrecord@8", "train").name == "x-train.tfrecord@8"


@pytest.mark.parametrize("name", ["x@0.tfrecord", "x@999999.tfrecord"])
def test_an_impossible_number_of_shards_is_refused(name):
    with pytest.raises(InputError, match="shards"):
        shard_paths(name)


def test_shards_named_twice_are_refused():
    with pytest.raises(InputError, match="names its shards already"):
        with_shards("x@8.tfrecord", 4)


def test_files_are_found_by_name_glob_list_and_shards(tmp_path):
    for name in ("b.tfrecord", "a.tfrecord", "s-00000-of-00002.x", "s-00001-of-00002.x"):
        (tmp_path / name).touch()
    assert _names(find_files(tmp_path / "a.tfrecord")) == ["a.tfrecord"]
    assert _names(find_files(f"{tmp_path}/*.tfrecord")) == ["a.tfrecord", "b.tfrecord"]
    both = f"{tmp_path}/b.tfrecord, {tmp_path}/a.tfrecord"
    assert _names(find_files(both)) == ["b.tfrecord", "a.tfrecord"]
    assert _names(find_files([both, tmp_path / "a.tfrecord"])) == ["b.tfrecord", "a.tfrecord"]
    for name in ("s@2.x", "s@*.x", "s-*"):
        assert _names(find_files(f"{tmp_path}/{name}")) == [
            "s-00000-of-00002.x",
            "s-00001-of-00002.x",
        ]


@pytest.mark.parametrize("name", ["s@3.x", "s@*.x", "s-*"])
def test_a_set_that_lacks_a_shard_is_refused(tmp_path, name):
    for index in (0, 2):
        (tmp_path / f"s-0000{index}-of-00003.x").touch()
    with pytest.raises(DataError, match=r"shard 1 of 3 of 's\.x' is not there"):
        find_files(str(tmp_path / name))


def test_one_shard_can_be_read_by_its_own_name(tmp_path):
    (tmp_path / "s-00000-of-00003.x").touch()
    assert len(find_files(tmp_path / "s-00000-of-00003.x")) == 1


def test_what_matches_nothing_is_an_error_with_the_nearest_name(tmp_path):
    (tmp_path / "groove.tfrecord").touch()
    with pytest.raises(InputError, match=r"did you mean 'groove\.tfrecord'"):
        find_files(tmp_path / "grove.tfrecord")
    with pytest.raises(InputError, match="is a folder"):
        find_files(tmp_path)
    with pytest.raises(InputError, match="there is no folder"):
        find_files(tmp_path / "nowhere" / "x.tfrecord")
    with pytest.raises(InputError, match="no input file"):
        find_files("")


def test_a_glob_of_all_folders_finds_what_lies_in_any_of_them(tmp_path):
    for name in ("a.tfrecord", "b/a.tfrecord", "b/c/d.tfrecord", ".hidden/e.tfrecord", "b/x.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = find_files(f"{tmp_path}/**/*.tfrecord")
    names = [str(path.relative_to(tmp_path)) for path in found]
    assert names == ["a.tfrecord", "b/a.tfrecord", "b/c/d.tfrecord"]
    assert find_files(f"{tmp_path}/**/c/*.tfrecord") == [tmp_path / "b" / "c" / "d.tfrecord"]
    assert len(find_files(f"{tmp_path}/**")) == 4


@pytest.mark.skipif(os.name != "posix", reason="needs links")
def test_a_glob_of_all_folders_looks_into_each_real_folder_once(tmp_path):
    folder = tmp_path
    for depth in range(40):  # 2^39 paths lead to the last one
        (folder / "next").mkdir()
        if depth < 39:
            (folder / "again").symlink_to("next")
        folder = folder / "next"
    (folder / "song.tfrecord").touch()
    (folder / "round").symlink_to(tmp_path)
    assert find_files(f"{tmp_path}/**/*.tfrecord") == [folder / "song.tfrecord"]


@pytest.mark.skipif(os.name != "posix", reason="needs folders opened by number")
def test_a_glob_of_all_folders_goes_as_deep_as_names_reach(tmp_path):
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(os.open("a.tfrecord", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)
    try:
        (found,) = find_files(f"{tmp_path}/**/*.tfrecord")
        assert os.path.relpath(found, tmp_path) == "d/" * 1500 + "a.tfrecord"
    finally:
        subprocess.run(["rm", "-rf", str(tmp_path / "d")], check=True)
