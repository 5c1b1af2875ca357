from __future__ import annotations

from pieces import drum_beat, melody

from musicvae.generate.joining import cut_at, join
from musicvae.lazy_note_seq import NoteSequence


def test_pieces_follow_each_other():
    joined = join([melody(), drum_beat()])
    assert joined.total_time == 8.0
    assert len(joined.notes) == len(melody().notes) + len(drum_beat().notes)
    assert min(note.start_time for note in joined.notes if note.is_drum) == 4.0
    assert [chord.time for chord in joined.text_annotations] == [0.0, 2.0]
    assert len(joined.tempos) == 1


def test_pieces_may_leave_gaps():
    joined = join([drum_beat(1), drum_beat(1)], [0.0, 10.0])
    assert joined.total_time == 12.0


def test_a_change_of_tempo_is_written_where_it_happens():
    slow = melody()
    slow.tempos[0].qpm = 60
    assert [(t.time, t.qpm) for t in join([melody(), slow, slow]).tempos] == [(0.0, 120), (4.0, 60)]


def test_nothing_joined_is_nothing():
    assert join([]) == NoteSequence()


def test_what_begins_after_the_end_is_cut():
    piece = cut_at(drum_beat(2), 2.0)
    assert piece.total_time == 2.0
    assert max(note.end_time for note in piece.notes) <= 2.0
    assert cut_at(drum_beat(2), 9.0).total_time == 4.0


def test_what_sounds_over_the_end_stops_there():
    piece = drum_beat(2)
    piece.notes.add(pitch=49, velocity=90, start_time=1.9, end_time=3.0, is_drum=True)
    assert max(note.end_time for note in cut_at(piece, 2.0).notes) == 2.0
