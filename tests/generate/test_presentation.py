from __future__ import annotations

import numpy as np
import pytest
from pieces import drum_beat, melody

from musicvae.errors import InputError
from musicvae.generate.presentation import Presentation, present, shown_by
from musicvae.generate.results import Result, Sample

EVERYTHING = Presentation(pictures=True, picture_format="svg", audio=True, page=True)


def result(count: int = 3, order: str = "path") -> Result:
    z = np.random.default_rng(1).normal(size=(count, 4)).astype(np.float32)
    samples = tuple(Sample(melody(), f"take {k}", z[k]) for k in range(count))
    return Result(samples, order=order)


def paths(folder, count: int = 3) -> list[str]:
    return [str(folder / f"x_sample_2026-01-01-{k:03d}-of-{count:03d}.mid") for k in range(count)]


def test_everything_stands_beside_the_midi_files_under_their_names(tmp_path):
    written = list(present(result(), paths(tmp_path), EVERYTHING, title="T"))
    stem = "x_sample_2026-01-01"
    expected = {f"{stem}-{k:03d}-of-003.{kind}" for k in range(3) for kind in ("svg", "wav")}
    expected |= {f"{stem}-contact.svg", f"{stem}-map.svg", f"{stem}.html"}
    assert {path.name for path in tmp_path.iterdir()} == expected
    assert {path.rsplit("/", 1)[1] for path in written} == expected


def test_nothing_is_written_that_is_not_wanted(tmp_path):
    assert list(present(result(), paths(tmp_path), Presentation(), title="T")) == []


def test_one_result_needs_no_sheet_and_two_no_map(tmp_path):
    pictures = Presentation(pictures=True, picture_format="svg")
    assert len(list(present(result(1), paths(tmp_path, 1), pictures, title="T"))) == 1
    names = list(present(result(2), paths(tmp_path, 2), pictures, title="T"))
    assert sum("contact" in name for name in names) == 1
    assert not any("map" in name for name in names)


def test_joined_pieces_have_no_place_on_a_map(tmp_path):
    joined = Result(tuple(Sample(drum_beat(), f"{k}") for k in range(4)))
    pictures = Presentation(pictures=True, picture_format="svg")
    names = list(present(joined, paths(tmp_path, 4), pictures, title="T"))
    assert not any("map" in name for name in names)


def test_the_page_has_every_take_its_midi_and_the_overview(tmp_path):
    (page,) = present(result(), paths(tmp_path), Presentation(page=True), title="T & U")
    text = (tmp_path / page).read_text("utf-8")
    assert text.count("<article") == 3
    assert text.count('download="x_sample_2026-01-01-00') == 3
    assert text.count('<figure class="picture">') == 2
    assert "T &amp; U" in text


def test_a_wrong_format_or_soundfont_is_refused_before_any_work(tmp_path):
    with pytest.raises(InputError, match="png, svg, pdf"):
        Presentation(pictures=True, picture_format="gif").check()
    with pytest.raises(InputError, match="no soundfont"):
        Presentation(audio=True, soundfont=str(tmp_path / "x.sf2")).check()


def test_notes_stand_beside_the_midi_files_in_the_formats_that_are_wanted(tmp_path):
    pytest.importorskip("music21")
    pytest.importorskip("symusic")
    wanted = Presentation(formats=("musicxml", "abc", "csv"))
    wanted.check()
    written = list(present(result(2), paths(tmp_path, 2), wanted, title="T"))
    stem = "x_sample_2026-01-01"
    expected = [f"{stem}-{k:03d}-of-002.{kind}" for kind in wanted.formats for k in range(2)]
    assert [path.rsplit("/", 1)[1] for path in written] == expected
    assert written == shown_by(paths(tmp_path, 2), wanted)
    assert all((tmp_path / name).stat().st_size > 100 for name in expected)


def test_an_unknown_format_of_notes_is_refused():
    with pytest.raises(InputError, match="unknown format 'musicxm'; did you mean 'musicxml'"):
        Presentation(formats=("musicxm",)).check()
