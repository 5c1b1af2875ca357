"""Cutting a piece where its tempo or time signature changes, held against note_seq."""

from __future__ import annotations

import random

import numpy as np
import pytest
from handmade_music import add_chords, piece, scale

from musicvae.converters.notes import TimeSignature, read_score
from musicvae.converters.sections import quantize, quantize_notes, split_sections
from musicvae.lazy_note_seq import NoteSequence, note_seq


def _random_piece(seed):
    choice = random.Random(seed)
    sequence = NoteSequence()
    for _ in range(choice.randrange(1, 60)):
        start = choice.choice([choice.uniform(0, 20), choice.randrange(80) / 4])
        length = choice.choice([0.0, 0.25, choice.uniform(0, 5)])
        sequence.notes.add(
            pitch=choice.randrange(128),
            velocity=choice.randrange(1, 128),
            start_time=start,
            end_time=start + length,
            instrument=choice.randrange(4),
        )
    for _ in range(choice.randrange(6)):
        sequence.tempos.add(time=choice.randrange(20), qpm=choice.choice([90, 120, 121.5]))
    for _ in range(choice.randrange(4)):
        numerator = choice.choice([3, 4])
        sequence.time_signatures.add(
            time=choice.choice([0, choice.uniform(0, 20)]), numerator=numerator, denominator=4
        )
    for _ in range(choice.randrange(6)):
        add_chords(sequence, [(choice.randrange(20), choice.choice("CDE"))])
    for _ in range(choice.randrange(3)):
        sequence.key_signatures.add(time=choice.uniform(0, 20), key=choice.randrange(12))
    sequence.total_time = max(note.end_time for note in sequence.notes)
    return sequence


@pytest.mark.parametrize("seed", range(40))
def test_sections_are_those_of_note_seq(seed):
    sequence = _random_piece(seed)
    sections, rejections = split_sections(read_score(sequence)[0])
    expected = note_seq.sequences_lib.split_note_sequence_on_time_changes(sequence)
    assert rejections == []
    assert len(sections) == len(expected)
    for section, other in zip(sections, expected, strict=True):
        notes = section.notes
        found = list(zip(notes.pitch, notes.start, notes.end, notes.instrument, strict=True))
        assert found == [(n.pitch, n.start_time, n.end_time, n.instrument) for n in other.notes]
        quantized = note_seq.sequences_lib.quantize_note_sequence(other, 4)
        assert section.qpm == quantized.tempos[0].qpm
        assert section.time_signature.numerator == quantized.time_signatures[0].numerator
        start, end = quantize_notes(notes, 4, section.qpm)
        assert start.tolist() == [n.quantized_start_step for n in quantized.notes]
        assert end.tolist() == [n.quantized_end_step for n in quantized.notes]
        assert [tuple(chord) for chord in section.chords] == [
            (annotation.time, annotation.text) for annotation in other.text_annotations
        ]
        assert [tuple(key) for key in section.keys] == [
            (signature.time, signature.key) for signature in other.key_signatures
        ]
        assert section.notes_end == other.total_time


def test_bars_are_counted_through_the_piece():
    sequence = piece(*scale(8))
    sequence.tempos.add(time=4.0, qpm=60.0)
    sequence.time_signatures.add(time=12.0, numerator=3, denominator=4)
    sections, _ = split_sections(read_score(sequence)[0])
    assert [section.first_bar for section in sections] == [1, 3, 5]
    assert [section.start_seconds for section in sections] == [0.0, 4.0, 12.0]


def test_times_round_to_the_nearest_step_halves_up():
    assert quantize(np.array([0.0, 0.0624, 0.0625, 0.1874, 0.1875]), 4, 120.0).tolist() == [
        0,
        0,
        1,
        1,
        2,
    ]


def test_huge_times_stay_integers():
    steps = quantize(np.array([1e9, 1e300]), 24, 1e6)
    assert steps.dtype == np.int64
    assert steps.max() == 2**31 - 1


@pytest.mark.parametrize(
    ("numerator", "denominator", "quarters"),
    [(4, 4, 4), (2, 2, 4), (3, 4, 3), (6, 8, 3), (7, 16, 1.75), (4, 0, 0), (4, 3, 0), (4, -4, 0)],
)
def test_a_metre_knows_its_length(numerator, denominator, quarters):
    assert TimeSignature(0.0, numerator, denominator).quarters == quarters


def test_a_total_time_that_is_too_short_cuts_nothing_off():
    sequence = piece(*scale(2), total_time=0.0)
    (section,), _ = split_sections(read_score(sequence)[0])
    assert len(section.notes) == 8
