"""Clips and NoteSequences, in both directions."""

from __future__ import annotations

import numpy as np
import pytest
from small_music import drum_piece

pytest.importorskip("pydantic", reason="the extra 'studio' is not installed")
from musicvae.lazy_note_seq import NoteSequence
from musicvae.studio.clips import clip_of, floats, sequence_of
from musicvae.studio.playing import along


def accelerating() -> NoteSequence:
    """Two bars at 60 and one at 120, a note on every beat; a chord in the last bar."""
    piece = NoteSequence(total_time=10.0)
    piece.tempos.add(qpm=60.0)
    piece.tempos.add(time=8.0, qpm=120.0)
    piece.time_signatures.add(numerator=4, denominator=4)
    for beat in range(12):
        start = float(beat) if beat < 8 else 8.0 + (beat - 8) / 2
        piece.notes.add(
            pitch=60 + beat, velocity=80, start_time=start, end_time=start + 0.5, program=5
        )
    piece.text_annotations.add(time=9.0, text="Am", annotation_type=1)
    return piece


def test_beats_are_counted_through_a_change_of_tempo() -> None:
    clip = clip_of(accelerating(), "faster")
    assert [note.start for note in clip.notes] == [float(beat) for beat in range(12)]
    assert clip.length == 12.0 and clip.tempo == 60.0
    assert clip.tempos == [(0.0, 60.0), (8.0, 120.0)] and clip.chords == [(10.0, "Am")]


def test_a_clip_becomes_the_same_sequence_again() -> None:
    piece = accelerating()
    again = sequence_of(clip_of(piece, "faster"))
    for own, back in zip(piece.notes, again.notes, strict=True):
        assert (own.pitch, own.velocity, own.program) == (back.pitch, back.velocity, back.program)
        assert own.start_time == pytest.approx(back.start_time)
        assert own.end_time == pytest.approx(back.end_time)
    assert again.total_time == pytest.approx(10.0)
    assert again.text_annotations[0].time == pytest.approx(9.0)


def test_a_clip_is_the_same_through_json() -> None:
    clip = clip_of(accelerating(), "faster", z=np.linspace(-1, 1, 7, dtype=np.float32), seed=3)
    assert type(clip).model_validate_json(clip.model_dump_json()) == clip


def test_time_signatures_are_kept() -> None:
    waltz = drum_piece(1, bars=3)
    waltz.time_signatures[0].numerator = 3
    clip = clip_of(waltz, "waltz")
    assert (clip.beats_per_bar, clip.beat_unit) == (3, 4)
    assert sequence_of(clip).time_signatures[0].numerator == 3


def test_written_floats_are_the_same_float32() -> None:
    z = np.random.default_rng(1).standard_normal(1000).astype(np.float32)
    assert (np.array(floats(z), np.float32) == z).all()


def test_ids_tell_music_and_places_apart() -> None:
    z = np.zeros(4, np.float32)
    piece, other = drum_piece(1), drum_piece(2)
    ids = {
        clip_of(piece, "a", model="x", z=z).id,
        clip_of(other, "a", model="x", z=z).id,
        clip_of(piece, "a", model="y", z=z).id,
        clip_of(piece, "a", model="x", z=z + 1).id,
    }
    assert len(ids) == 4
    assert clip_of(piece, "b", model="x", z=z).id in ids


def test_places_on_a_path_are_equally_far_apart() -> None:
    places = along([(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (1.0, 1.0)], 5)
    assert places == [(0.0, 0.0), (0.5, 0.0), (1.0, 0.0), (1.0, 0.5), (1.0, 1.0)]
    assert along([(0.2, 0.3)], 3) == [(0.2, 0.3)] * 3
