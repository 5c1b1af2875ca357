"""Which chords a piece of music suggests: the most likely path through keys and chords.

The piece is cut into frames of one chord each. What is heard in a frame is a unit vector over pitch
classes, each weighted by how long it sounds. A hidden state is a key (12) with a chord (no chord,
or 12 roots of 8 kinds: 97), and a chord is the likelier the nearer its own unit vector is to what
is heard. Chords prefer the pitches of their key, keys rarely change, and chords change every second
frame.

The path is found by the Viterbi algorithm, with the structure of the transitions made use of: from
one key to another the probability depends on where the path goes alone, so that only the best ways
out of each key are looked at; within a key there are 97 x 97. Sums are made in the same order as in
`note_seq`'s `infer_chords_for_sequence`, so that ties fall alike and the chords are the same.

Axes: F frame, K key, C chord.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from musicvae.converters.examples import Array
from musicvae.converters.notes import Notes, TimeSignature

NO_CHORD = "N.C."
ROOTS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
KINDS: Mapping[str, tuple[int, ...]] = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "+": (0, 4, 8),
    "dim": (0, 3, 6),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "m7": (0, 3, 7, 10),
    "m7b5": (0, 3, 6, 10),
}
FIGURES = (NO_CHORD, *(root + kind for root in ROOTS for kind in KINDS))
MAJOR_SCALE = (0, 2, 4, 5, 7, 9, 11)
NUM_KEYS = 12
NUM_CHORDS = len(FIGURES)

# Programs whose notes have no clear pitch: effects, percussion, sounds.
UNPITCHED_PROGRAMS = (*range(96, 104), *range(112, 128))
CHORDS_PER_BAR: Mapping[tuple[int, int], int] = {
    (2, 2): 1,
    (2, 4): 1,
    (3, 4): 1,
    (4, 4): 2,
    (6, 8): 2,
}
MAX_FRAMES = 1000

OUT_OF_KEY_PROBABILITY = 0.01
KEY_CHANGE_PROBABILITY = 0.001
CHORD_CHANGE_PROBABILITY = 0.5
CONCENTRATION = 100.0

# Scores grow to 1e5, and rounding moves them by less than this.
TIE = 1e-6


class Inference(NamedTuple):
    """Chords and keys of a piece, one of each a frame.

    Attributes:
      chords: int64 `[F]`, positions in FIGURES.
      keys: int64 `[F]`, pitch classes of the tonic.
      steps_per_frame: how long a frame lasts.
      seconds_per_frame: the same, in seconds.
    """

    chords: Array
    keys: Array
    steps_per_frame: int
    seconds_per_frame: float


def infer_chords(
    notes: Notes,
    total_seconds: float,
    time_signature: TimeSignature,
    qpm: float,
    steps_per_quarter: int,
) -> Inference | str:
    """Infers the chords of a piece of one tempo and time signature.

    Args:
      notes: in seconds.
      total_seconds: length of the piece.
      time_signature: time signature.
      qpm: tempo in quarter notes a minute.
      steps_per_quarter: resolution of the grid.

    Returns:
      the chords, or why there are none.
    """
    chords_per_bar = CHORDS_PER_BAR.get((time_signature.numerator, time_signature.denominator))
    if chords_per_bar is None:
        return f"no chords are inferred in {time_signature.name}"
    steps_per_frame = steps_per_quarter * time_signature.quarters / chords_per_bar
    if steps_per_frame % 1:
        return f"a chord in {time_signature.name} would last {steps_per_frame} steps"
    seconds_per_frame = int(steps_per_frame) / (steps_per_quarter * qpm / 60.0)
    num_frames = math.ceil(total_seconds / seconds_per_frame)
    if not num_frames:
        return "there is nothing to infer chords from"
    if num_frames > MAX_FRAMES:
        return f"{num_frames} chords are too many to infer; {MAX_FRAMES} are allowed"
    heard = pitch_vectors(notes, seconds_per_frame * np.arange(1, num_frames))
    loglik = CONCENTRATION * np.dot(heard, _chord_vectors().T)
    keys, chords = np.divmod(_best_path(loglik), NUM_CHORDS)
    return Inference(chords, keys, int(steps_per_frame), seconds_per_frame)


def pitch_vectors(notes: Notes, boundaries: Array) -> Array:
    """Measures what is heard in each frame.

    Args:
      notes: in seconds.
      boundaries: float64 `[F - 1]`, seconds at which a frame ends and the next begins.

    Returns:
      float64 `[F, 12]`, unit vectors over pitch classes, or zeros where nothing is heard.
    """
    vectors = np.zeros((len(boundaries) + 1, 12))
    notes = notes.select(~notes.is_drum & ~np.isin(notes.program, UNPITCHED_PROGRAMS))
    if len(notes):
        first = np.searchsorted(boundaries, notes.start, side="right")
        last = np.maximum(np.searchsorted(boundaries, notes.end, side="left"), first)
        count = last - first + 1
        # One entry for each frame that a note sounds in, note by note.
        note = np.repeat(np.arange(len(notes)), count)
        frame = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + first[note]
        edges = np.concatenate([[-np.inf], boundaries, [np.inf]])
        starts = np.where(frame == first[note], notes.start[note], edges[frame])
        ends = np.where(frame == last[note], notes.end[note], edges[frame + 1])
        np.add.at(vectors, (frame, notes.pitch[note] % 12), ends - starts)
    norm = np.linalg.norm(vectors, axis=1)
    vectors[norm > 0] /= norm[norm > 0, np.newaxis]
    return vectors


@functools.cache
def _chord_vectors() -> Array:
    """Unit vectors of the chords, float64 `[C, 12]`."""
    vectors = np.zeros((NUM_CHORDS, 12))
    for chord, (root, kind) in enumerate(_roots_and_kinds(), start=1):
        for interval in KINDS[kind]:
            vectors[chord, (root + interval) % 12] = 1
    vectors[1:] /= np.linalg.norm(vectors[1:], axis=1)[:, np.newaxis]
    return vectors


@functools.cache
def _chord_probabilities() -> Array:
    """Probability of each chord in each key, float64 `[K, C]`."""
    inside = np.zeros((NUM_KEYS, NUM_CHORDS), np.int32)
    outside = np.zeros((NUM_KEYS, NUM_CHORDS), np.int32)
    for key in range(NUM_KEYS):
        scale = {(key + interval) % 12 for interval in MAJOR_SCALE}
        for chord, (root, kind) in enumerate(_roots_and_kinds(), start=1):
            pitches = {(root + interval) % 12 for interval in KINDS[kind]}
            inside[key, chord] = len(pitches & scale)
            outside[key, chord] = len(pitches - scale)
    probabilities = (1 - OUT_OF_KEY_PROBABILITY) ** inside * OUT_OF_KEY_PROBABILITY**outside
    probabilities /= probabilities.sum(axis=1)[:, np.newaxis]
    return probabilities


@functools.cache
def _transitions() -> tuple[Array, Array]:
    """Logarithms of transition probabilities.

    Returns:
      into a chord of another key, float64 `[K, C]`, and between chords of one key, `[K, C to, C
      from]`.
    """
    chords = _chord_probabilities()
    between = (KEY_CHANGE_PROBABILITY / 11) * chords
    within = chords[:, :, np.newaxis] + chords[:, np.newaxis, :] / (NUM_CHORDS - 1)
    within = (1 - KEY_CHANGE_PROBABILITY) * (CHORD_CHANGE_PROBABILITY * within)
    same = np.arange(NUM_CHORDS)
    within[:, same, same] = (1 - KEY_CHANGE_PROBABILITY) * (1 - CHORD_CHANGE_PROBABILITY)
    return np.log(between), np.log(within)


def _roots_and_kinds() -> list[tuple[int, str]]:
    """The chords but for no chord, in the order of FIGURES."""
    return [(root, kind) for root in range(12) for kind in KINDS]


def _best_path(loglik: Array) -> Array:
    """Finds the most likely keys and chords.

    Args:
      loglik: float64 `[F, C]`, log-likelihood of what is heard under each chord.

    Returns:
      int64 `[F]`, states: key * C + chord.
    """
    num_frames = len(loglik)
    into_key, within_key = _transitions()
    parents = np.zeros((num_frames, NUM_KEYS, NUM_CHORDS), np.int64)
    score = -np.log(12) + np.log(_chord_probabilities()) + loglik[0]
    key_offset = NUM_CHORDS * np.arange(NUM_KEYS)[:, np.newaxis]
    for frame in range(1, num_frames):
        stay = score[:, np.newaxis, :] + within_key
        stay_parent = stay.argmax(axis=2)
        stay_score = np.take_along_axis(stay, stay_parent[..., np.newaxis], 2)[..., 0]
        move_score, move_parent = _best_moves(score, into_key)
        stay_parent = stay_parent + key_offset
        moves = (move_score > stay_score) | (
            (move_score == stay_score) & (move_parent < stay_parent)
        )
        parents[frame] = np.where(moves, move_parent, stay_parent)
        score = np.where(moves, move_score, stay_score) + loglik[frame]
    state = int(score.argmax())
    path = [state]
    for parent in parents.reshape(num_frames, -1)[:0:-1]:
        state = int(parent[state])
        path.append(state)
    return np.array(path[::-1], np.int64)


def _best_moves(score: Array, into_key: Array) -> tuple[Array, Array]:
    """Finds the best way into each state from another key.

    Adding the same number to scores that nearly tie may make them equal, and then the first of them
    counts: all that are near the best are tried.

    Args:
      score: float64 `[K, C]`.
      into_key: float64 `[K, C]`.

    Returns:
      best score and its state, `[K, C]` each.
    """
    flat = score.ravel()
    second_best_key = np.partition(score.max(axis=1), -2)[-2]
    near = np.flatnonzero(flat >= second_best_key - TIE)
    near_key = near // NUM_CHORDS
    totals = flat[near] + into_key[..., np.newaxis]
    totals = np.where(near_key != np.arange(NUM_KEYS)[:, np.newaxis, np.newaxis], totals, -np.inf)
    choice = totals.argmax(axis=2)
    return np.take_along_axis(totals, choice[..., np.newaxis], 2)[..., 0], near[choice]
