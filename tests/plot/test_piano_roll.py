from __future__ import annotations

import builtins
import dataclasses
import xml.etree.ElementTree as ElementTree

import pytest
from pieces import drum_beat, melody, trio

from musicvae.errors import InputError, MissingExtraError
from musicvae.general_midi import DRUM_PITCHES
from musicvae.instruments import voices_of
from musicvae.lazy_note_seq import NoteSequence
from musicvae.plot.colours import colours_of, shade
from musicvae.plot.contact_sheet import MAX_ROLLS, contact_sheet
from musicvae.plot.drawing import Box, Drawing, Label, framed, mixed, stacked, text_width
from musicvae.plot.piano_roll import piano_roll
from musicvae.plot.picture import drawing_to_svg, save_picture
from musicvae.plot.rows import RollStyle, rows_of


def labels(drawing: Drawing) -> list[str]:
    return [shape.text for shape in drawing.shapes if isinstance(shape, Label)]


def note_boxes(drawing: Drawing) -> list[Box]:
    return [shape for shape in drawing.shapes if isinstance(shape, Box) and shape.radius < 3 > 0
            and shape.radius > 0]  # fmt: skip


def test_drum_rows_carry_the_names_of_the_kit():
    texts = labels(piano_roll(drum_beat()).drawing)
    for name in ("Kick", "Snare", "Hi-hat, closed", "Ride", "Low tom"):
        assert name in texts


def test_a_kit_with_other_pieces_shows_those_that_are_played():
    piece = drum_beat()
    piece.notes.add(pitch=56, velocity=90, start_time=1.0, end_time=1.1, is_drum=True)
    assert rows_of([piece]).drums == (36, 38, 42, 56)
    assert "Cowbell" in labels(piano_roll(piece).drawing)


def test_every_hit_is_one_box_that_begins_at_its_onset():
    piece = drum_beat()
    roll = piano_roll(piece)
    boxes = note_boxes(roll.drawing)
    assert len(boxes) == len(piece.notes)
    line = roll.lines[0]
    for box, note in zip(boxes, sorted(piece.notes, key=lambda n: (n.start_time, n.pitch)),
                         strict=True):  # fmt: skip
        part = (box.x - 0.5 - line.left) / (line.right - line.left)
        assert part * 4.0 == pytest.approx(note.start_time, abs=1e-6)


def test_higher_pitches_stand_higher_and_last_as_long_as_they_sound():
    roll = piano_roll(melody())
    low, high = note_boxes(roll.drawing)[0], note_boxes(roll.drawing)[7]
    assert high.y < low.y
    line = roll.lines[0]
    assert low.width == pytest.approx((line.right - line.left) / 16 - 1.0)


def test_colours_say_who_plays_and_velocity_how_strong():
    voices = voices_of([trio()])
    colours = colours_of(voices)
    assert len(set(colours.values())) == 3
    assert [voice.name for voice in voices] == ["Acoustic grand piano", "Fingered bass", "Drums"]
    soft, loud = shade("#000000", 20), shade("#000000", 120)
    assert int(soft[1:3], 16) > int(loud[1:3], 16)


def test_drums_and_bass_keep_their_colour_whoever_plays_beside_them():
    drums = colours_of(voices_of([drum_beat()]))
    together = colours_of(voices_of([trio()]))
    assert set(drums.values()) <= set(together.values())


def test_bars_are_numbered_and_chords_written_above():
    texts = labels(piano_roll(melody()).drawing)
    assert {"1", "2", "C", "G7", "C4"} <= set(texts)


def test_a_long_piece_goes_on_below_and_is_cut_with_a_word():
    roll = piano_roll(drum_beat(70), title="Long")
    assert len(roll.lines) == 4
    assert "the first 64 of 70 bars · 120 qpm" in labels(roll.drawing)
    assert roll.lines[1].start_seconds == roll.lines[0].end_seconds == 32.0


def test_a_note_that_is_held_over_the_end_of_a_line_goes_on_below():
    piece = NoteSequence(total_time=8.0)
    piece.notes.add(pitch=60, velocity=80, start_time=1.0, end_time=7.0)
    assert len(note_boxes(piano_roll(piece, bars_per_line=2).drawing)) == 2


def test_rolls_below_each_other_can_begin_at_one_place():
    style = RollStyle(margin=120.0)
    lines = [piano_roll(piece, style=style).lines[0] for piece in (drum_beat(), melody())]
    assert [line.left for line in lines] == [120.0, 120.0]


def test_an_empty_piece_is_an_empty_roll():
    drawing = piano_roll(NoteSequence(), title="Nothing").drawing
    assert not note_boxes(drawing)
    assert "no notes" in drawing.description


def test_rolls_of_a_sheet_share_rows_and_captions_stand_above():
    sheet = contact_sheet([drum_beat(), drum_beat(), drum_beat()], ["start", "0.5", "end"])
    assert {"start", "0.5", "end"} <= set(labels(sheet))
    assert labels(sheet).count("Kick") == 1


def test_a_caption_that_has_no_room_is_cut_in_its_middle():
    long = "a very long name of a file that nobody would have chosen, take 10.mid"
    drawing = contact_sheet([drum_beat()] * 4, [long, "b", "c", "d"], columns=4)
    texts = [shape.text for shape in drawing.shapes if isinstance(shape, Label)]
    (caption,) = [text for text in texts if text.startswith("a very")]
    assert caption.endswith("10.mid")
    assert "…" in caption
    assert text_width(caption, 11.0) < drawing.width / 4


def test_tempos_that_change_are_shown_as_a_range():
    piece = drum_beat()
    piece.tempos.add(qpm=90, time=2.0)
    texts = [s.text for s in piano_roll(piece, title="x").drawing.shapes if isinstance(s, Label)]
    assert "2 bars · 90 to 120 qpm" in texts


def test_a_sheet_of_too_many_rolls_says_how_many_it_shows():
    count = MAX_ROLLS + 5
    sheet = contact_sheet([drum_beat(1)] * count, [""] * count, title="Many")
    assert f"the first {MAX_ROLLS} of {count}" in labels(sheet)


def test_long_pieces_stand_below_each_other():
    sheet = contact_sheet([drum_beat(16)] * 2, ["a", "b"])
    first, second = (shape for shape in sheet.shapes if isinstance(shape, Label)
                     and shape.text in ("a", "b"))  # fmt: skip
    assert first.x == second.x
    assert second.y > first.y


def test_svg_is_well_formed_and_says_what_it_shows_whatever_the_title():
    drawing = piano_roll(trio(), title='a <b> & \x00 "c"').drawing
    root = ElementTree.fromstring(drawing_to_svg(drawing))
    title, description = root[0], root[1]
    assert title.tag.endswith("title")
    assert "Fingered bass" in (description.text or "")
    assert root.get("role") == "img"


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_the_same_piece_gives_the_same_bytes(tmp_path, suffix):
    drawing = framed(stacked([piano_roll(trio(), title="Trio").drawing] * 2))
    first, second = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    save_picture(drawing, first)
    save_picture(drawing, second)
    assert first.read_bytes() == second.read_bytes()
    assert [path.name for path in sorted(tmp_path.iterdir())] == [first.name, second.name]


def test_a_png_has_two_dots_for_each_pixel_and_the_colour_of_its_voice(tmp_path):
    from matplotlib import image

    drawing = framed(piano_roll(drum_beat()).drawing)
    save_picture(drawing, tmp_path / "a.png")
    pixels = image.imread(tmp_path / "a.png")
    assert pixels.shape[1] == 2 * round(drawing.width)
    box = note_boxes(drawing)[0]
    x, y = round(2 * (box.x + box.width / 2)), round(2 * (box.y + box.height / 2))
    found = "#" + "".join(f"{round(255 * part):02x}" for part in pixels[y, x][:3])
    assert found == box.fill


def test_a_huge_picture_is_bounded(tmp_path):
    from matplotlib import image

    drawing = dataclasses.replace(piano_roll(drum_beat()).drawing, height=40_000.0)
    save_picture(drawing, tmp_path / "a.png")
    assert image.imread(tmp_path / "a.png").shape[0] < 60_000


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"\.png, \.svg, \.pdf"):
        save_picture(piano_roll(drum_beat()).drawing, tmp_path / "a.jpeg")


def test_without_matplotlib_the_extra_is_named(tmp_path, monkeypatch):
    real = builtins.__import__

    def without(name, *arguments, **options):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r"musicvae\[plot\]"):
        save_picture(piano_roll(drum_beat()).drawing, tmp_path / "a.png")
    save_picture(piano_roll(drum_beat()).drawing, tmp_path / "a.svg")


def test_colours_mix():
    assert mixed("#000000", "#ffffff", 0.0) == "#ffffff"
    assert mixed("#102030", "#ffffff", 1.0) == "#102030"


def test_the_nine_kit_pitches_are_those_of_the_drum_models():
    assert sorted(DRUM_PITCHES) == [36, 38, 42, 45, 46, 48, 49, 50, 51]
