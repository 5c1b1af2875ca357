"""Names that come from outside, shown and made parts of paths."""

from __future__ import annotations

import os

import pytest

from musicvae.names import distinct, path_component, printable


@pytest.mark.parametrize(
    "name",
    ["../escaped/evil", "/etc/passwd", "..", ".", "", "a\0b", "C:\\x", "a" * 999, "\udcff", "CON"],
)
def test_a_component_stays_in_its_folder(tmp_path, name):
    component = path_component(name)
    assert component not in ("", ".", "..")
    path = tmp_path / component
    path.write_bytes(b"")
    assert os.path.realpath(path.parent) == os.path.realpath(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == [component]


def test_an_honest_name_stays_as_it_is():
    for name in ("cat-mel_2bar_big", "groovae_4bar", "my model (2)", "한국"):
        assert path_component(name) == name


def test_what_a_terminal_obeys_is_shown():
    assert printable("a\x1b[2Jb\rc\x9bd\u202ee\udcff") == r"a\x1b[2Jb\rc\x9bd\u202ee\udcff"
    assert printable("plain 한국\ttext\n") == "plain 한국\ttext\n"


@pytest.mark.parametrize(
    ("short", "long"),
    [
        (["a", "a", "a.mid"], ["a.mid", "a.xml", "a.mid.mid"]),
        (["a", "A"], ["a.mid", "A.mid"]),
        (["a_to_b_to_c", "a_to_b_to_c"], ["a.mid_to_b_to_c.mid", "a_to_b.mid_to_c.mid"]),
        (["x", "x", "x"], ["x", "x", "x"]),
    ],
)
def test_no_two_results_have_one_name(short, long):
    names = distinct(short, long)
    assert len({name.casefold() for name in names}) == len(short)
    assert names == distinct(short, long)


def test_a_name_of_its_own_stays_short():
    assert distinct(["a", "b"], ["a.mid", "b.mid"]) == ["a", "b"]
