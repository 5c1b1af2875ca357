"""Metric performances as tokens, held against note_seq."""

from __future__ import annotations

import random

import numpy as np
import pytest

from musicvae.converters.performance import (
    STEPS_PER_BAR,
    Vocabulary,
    decode_performance,
    encode_performances,
)
from musicvae.lazy_note_seq import NoteSequence, note_seq

VOCABULARY = Vocabulary(8)


def _random_bar(seed):
    choice = random.Random(seed)
    sequence = NoteSequence()
    sequence.tempos.add(qpm=120)
    for _ in range(choice.randrange(1, 14)):
        start = choice.randrange(97)
        sequence.notes.add(
            pitch=choice.choice([60, 60, 62, 64, choice.randrange(128)]),
            velocity=choice.choice([1, 16, 17, 80, 127]),
            start_time=start / 48,
            end_time=min(start + choice.choice([1, 12, 48, 96]), choice.choice([96, 97])) / 48,
        )
    sequence.notes.sort(key=lambda note: note.start_time)
    for each in sequence.notes:
        each.end_time = max(each.end_time, each.start_time)
    return sequence


def _performance(sequence):
    """A bar through note_seq: performance of 96 steps, notes and back, 96 steps again."""
    library, sequences = note_seq.performance_lib, note_seq.sequences_lib

    def perform(notes):
        quantized = sequences.quantize_note_sequence(notes, 24)
        performance = library.MetricPerformance(quantized, num_velocity_bins=8)
        performance.set_length(STEPS_PER_BAR)
        return performance

    return perform(perform(sequence).to_sequence())


def _encoded(sequence):
    order = sorted(sequence.notes, key=lambda note: (note.start_time, note.pitch))
    quantized = note_seq.sequences_lib.quantize_note_sequence(sequence, 24)
    steps = {id(a): b for a, b in zip(sequence.notes, quantized.notes, strict=True)}
    columns = [
        (steps[id(n)].quantized_start_step, steps[id(n)].quantized_end_step, n.pitch, n.velocity)
        for n in order
    ]
    start, end, pitch, velocity = np.array(columns, np.int64).T
    group = np.zeros(len(start), np.int64)
    return encode_performances(
        group, start, end, pitch, velocity, num_groups=1, vocabulary=VOCABULARY
    )


@pytest.mark.parametrize("seed", range(60))
def test_events_and_their_steps_are_those_of_note_seq(seed):
    sequence = _random_bar(seed)
    encoding = note_seq.performance_encoder_decoder.PerformanceOneHotEncoding(
        num_velocity_bins=8, max_shift_steps=STEPS_PER_BAR
    )
    performance = _performance(sequence)
    events = _encoded(sequence)
    assert events.tokens.tolist() == [encoding.encode_event(event) for event in performance]
    assert events.steps.tolist() == performance.steps


@pytest.mark.parametrize("seed", range(60))
def test_tokens_are_read_as_note_seq_reads_them(seed):
    choice = random.Random(seed)
    tokens = [
        choice.choice([60, 60, 188, 188, 61, 189, 255 + choice.randrange(1, 40), 355, 359])
        for _ in range(20)
    ]
    encoding = note_seq.performance_encoder_decoder.PerformanceOneHotEncoding(
        num_velocity_bins=8, max_shift_steps=STEPS_PER_BAR
    )
    performance = note_seq.performance_lib.MetricPerformance(
        steps_per_quarter=24, num_velocity_bins=8
    )
    for token in tokens:
        performance.append(encoding.decode_event(token))
    performance.set_length(STEPS_PER_BAR)
    expected = sorted(
        (round(n.start_time * 48), round(n.end_time * 48), n.pitch, n.velocity)
        for n in performance.to_sequence(velocity=100).notes
    )
    assert sorted(decode_performance(np.array(tokens), VOCABULARY, 100)) == expected


def test_performances_are_encoded_side_by_side():
    group = np.array([0, 2, 2])
    start, end = np.array([0, 0, 48]), np.array([96, 48, 96])
    pitch, velocity = np.array([60, 61, 62]), np.array([80, 80, 80])
    events = encode_performances(
        group, start, end, pitch, velocity, num_groups=4, vocabulary=VOCABULARY
    )
    parts = [
        events.tokens[a:b].tolist() for a, b in zip(events.bounds, events.bounds[1:], strict=False)
    ]
    assert parts == [
        [356, 60, 351, 188],
        [351],
        [356, 61, 303, 189, 62, 303, 190],
        [351],
    ]


def test_the_vocabulary_has_490_tokens():
    assert VOCABULARY.size == 490
    assert (VOCABULARY.shift, VOCABULARY.velocity, VOCABULARY.program) == (256, 352, 360)
    assert VOCABULARY.end == 489
    assert Vocabulary(0).size == 482
