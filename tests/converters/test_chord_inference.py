"""Chord inference, held against note_seq: the same chords, ties included."""

from __future__ import annotations

import random

import numpy as np
import pytest
from handmade_music import note, piece

from musicvae.converters.chord_inference import FIGURES, infer_chords, pitch_vectors
from musicvae.converters.notes import read_notes, read_score
from musicvae.converters.sections import split_sections
from musicvae.lazy_note_seq import NoteSequence, note_seq

TRIADS = [(0, 4, 7), (0, 3, 7), (0, 4, 8), (0, 3, 6), (0, 4, 7, 10), (0, 1, 2)]


def _random_piece(seed, bars):
    """Chords for half a bar or more, with rests and wrong notes."""
    choice = random.Random(seed)
    sequence = NoteSequence()
    sequence.tempos.add(qpm=120)
    sequence.time_signatures.add(numerator=4, denominator=4)
    for half in range(2 * bars):
        if choice.random() < 0.2:
            continue
        root = choice.choice([0, 0, 5, 7, 9, choice.randrange(12)])
        for interval in choice.choice(TRIADS):
            sequence.notes.add(
                pitch=48 + root + interval,
                velocity=80,
                start_time=half + choice.choice([0, 0, 0.25, -0.1]) * (half > 0),
                end_time=half + choice.choice([0.9, 1.0, 1.5, 2.25]),
                program=choice.choice([0, 0, 0, 100]),
                is_drum=choice.random() < 0.05,
            )
    sequence.notes.add(pitch=60, velocity=80, start_time=2 * bars - 1, end_time=2 * bars)
    sequence.total_time = max(each.end_time for each in sequence.notes)
    return sequence


def _inferred_by_note_seq(sequence):
    """Chord and key of each frame, as the library has them."""
    quantized = note_seq.sequences_lib.quantize_note_sequence(sequence, 4)
    note_seq.chord_inference.infer_chords_for_sequence(quantized, add_key_signatures=True)
    frames = int(np.ceil(sequence.total_time))
    chords, keys = [], []
    for frame in range(frames):
        chords.append([a.text for a in quantized.text_annotations if a.time <= frame][-1])
        keys.append([k.key for k in quantized.key_signatures if k.time <= frame][-1])
    return chords, keys


# One inference of note_seq takes seconds: it fills its tables anew each time.
@pytest.mark.parametrize(
    ("seed", "bars"),
    [(0, 12), (1, 3), *(pytest.param(seed, 30, marks=pytest.mark.slow) for seed in range(2, 12))],
)
def test_chords_and_keys_are_those_of_note_seq(seed, bars):
    sequence = _random_piece(seed, bars)
    (section,), _ = split_sections(read_score(sequence)[0])
    inference = infer_chords(
        section.notes, section.notes_end, section.time_signature, section.qpm, 4
    )
    chords, keys = _inferred_by_note_seq(sequence)
    assert [FIGURES[chord] for chord in inference.chords] == chords
    assert inference.keys.tolist() == keys


@pytest.mark.parametrize("seed", range(10))
def test_what_is_heard_is_what_note_seq_hears(seed):
    sequence = _random_piece(seed, 10)
    frames = int(np.ceil(sequence.total_time))
    expected = note_seq.chord_inference.sequence_note_pitch_vectors(sequence, 1.0)
    found = pitch_vectors(read_notes(sequence), np.arange(1.0, frames))
    assert np.array_equal(found, expected)


def test_a_long_silence_is_bounded_and_has_some_chord():
    sequence = piece(note(60, 0, 8), note(60, 8000 - 8, 8000))
    (section,), _ = split_sections(read_score(sequence)[0])
    inference = infer_chords(
        section.notes, section.notes_end, section.time_signature, section.qpm, 4
    )
    assert len(inference.chords) == 1000


def test_what_cannot_be_inferred_says_why():
    (section,), _ = split_sections(read_score(piece(note(60, 0, 8)))[0])
    args = section.time_signature, section.qpm, 4
    assert "too many" in infer_chords(section.notes, 1e9, *args)
    assert "nothing" in infer_chords(section.notes, 0.0, *args)
    assert "7/8" in infer_chords(
        section.notes, 1.0, section.time_signature._replace(numerator=7, denominator=8), 120.0, 4
    )


def test_only_the_chords_of_a_triad_and_seventh_are_inferred():
    assert len(FIGURES) == 97
    assert FIGURES[:9] == ("N.C.", "C", "Cm", "C+", "Cdim", "C7", "Cmaj7", "Cm7", "Cm7b5")
