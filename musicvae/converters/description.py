"""How each representation's steps become notes, for programs that read exported models."""

from __future__ import annotations

import functools
from typing import Any

from musicvae.converters.base import Converter
from musicvae.converters.drum_classes import REDUCED, DrumClasses
from musicvae.converters.drums import DrumsConverter
from musicvae.converters.groove import PITCH_MAPS, TAP_COLUMN, GrooveConverter
from musicvae.converters.melody import MelodyConverter
from musicvae.converters.multitrack import MultitrackConverter
from musicvae.converters.performance import NUM_PITCHES, STEPS_PER_BAR, STEPS_PER_QUARTER
from musicvae.converters.trio import MAX_PITCH, MIN_PITCH, TrioConverter
from musicvae.grid import BASS_PROGRAM


@functools.singledispatch
def described(converter: Converter) -> dict[str, Any]:
    """Describes a representation as JSON values; of one from elsewhere, its parts.

    Args:
      converter: the representation's.
    """
    return {"parts": [{"name": part.name, "depth": part.depth} for part in converter.parts]}


def _lists(classes: DrumClasses) -> list[list[int]]:
    return [list(pitches) for pitches in classes]


def _grid(per_quarter: int = 4) -> dict[str, int]:
    return {"steps_per_quarter": per_quarter, "steps_per_bar": 4 * per_quarter}


def _voice(low: int, high: int) -> dict[str, Any]:
    return {
        "min_pitch": low,
        "max_pitch": high,
        "labels": "0 goes on (a note or silence), 1 ends the note, 2 + p starts min_pitch + p",
    }


@described.register
def _melody(converter: MelodyConverter) -> dict[str, Any]:
    options = converter.config
    found = {**_grid(), **_voice(options.min_pitch, options.max_pitch), "velocity": 80}
    found["inputs"] = "one-hot labels"
    return {**found, **_chords(options)}


def _chords(options: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if options.chord_encoding:
        found["chords"] = (
            "controls 0..48, one-hot: 0 no chord, then by root C, C#, .. B: 1 + root major, "
            "13 + root minor, 25 + root augmented, 37 + root diminished"
        )
    if getattr(options, "condition_on_key", False):
        found["keys"] = "controls 49..60, one-hot: the pitch class of the tonic"
    return found


@described.register
def _drums(converter: DrumsConverter) -> dict[str, Any]:
    options = converter.config
    found: dict[str, Any] = {**_grid(), "velocity": 80, "classes": _lists(options.table)}
    found["inputs"] = "a column a class, 1 where it is hit, and one that is 1 where nothing is"
    if options.roll_output:
        found["steps"] = "a column a class, 1 where it is hit"
    else:
        found["labels"] = "bit k (2^k) is set where class k is hit"
    return found


@described.register
def _trio(converter: TrioConverter) -> dict[str, Any]:
    depths = converter.spec.part_depths
    voice = _voice(MIN_PITCH, MAX_PITCH)
    drums = {"classes": _lists(REDUCED), "labels": "bit k (2^k) is set where class k is hit"}
    return {
        **_grid(),
        "velocity": 80,
        "inputs": "the one-hot labels of melody, bass and drums side by side",
        "parts": [
            {"name": "melody", "depth": depths[0], "program": 0, **voice},
            {"name": "bass", "depth": depths[1], "program": BASS_PROGRAM, **voice},
            {"name": "drums", "depth": depths[2], "is_drum": True, **drums},
        ],
    }


@described.register
def _groove(converter: GrooveConverter) -> dict[str, Any]:
    options = converter.config
    classes = _lists(PITCH_MAPS["inference"])
    n = len(classes)
    found: dict[str, Any] = {
        **_grid(),
        "classes": classes,
        "steps": f"columns 0..{n - 1} hits (0 or 1), {n}..{2 * n - 1} velocity / 127, "
        f"{2 * n}..{3 * n - 1} offsets: a note starts at step - offset / 2",
        "inputs": "as steps; offset = 2 * (step - onset in steps), -1..1; 0 where nothing is hit",
        "input_lacks": {
            "velocities": options.humanize or options.fixed_velocities,
            "offsets": options.humanize,
            "classes": list(options.add_instruments or ()),
            "all_but_the_loudest_hit_of_a_step_in_column": TAP_COLUMN if options.tapify else None,
        },
    }
    if options.hits_as_controls:
        found["controls"] = "the hits, a column a class"
    return found


@described.register
def _multitrack(converter: MultitrackConverter) -> dict[str, Any]:
    options = converter.config
    bins, programs = options.num_velocity_bins, 129
    events = 2 * NUM_PITCHES + STEPS_PER_BAR + bins
    return {
        **_grid(STEPS_PER_QUARTER),
        "tracks": options.max_num_instruments,
        "tokens_per_track": options.max_events_per_instrument,
        "inputs": "one-hot tokens, track after track; a track is program, events, end token",
        "labels": {
            "note_on": {"first": 0, "count": NUM_PITCHES, "value": "pitch"},
            "note_off": {"first": NUM_PITCHES, "count": NUM_PITCHES, "value": "pitch"},
            "time_shift": {
                "first": 2 * NUM_PITCHES, "count": STEPS_PER_BAR, "value": "steps - 1"
            },
            "velocity": {
                "first": 2 * NUM_PITCHES + STEPS_PER_BAR,
                "count": bins,
                "value": f"bin; velocity is 1 + bin * {128 // bins}",
            },
            "program": {"first": events, "count": programs, "value": "program; 128 is drums"},
            "end": {"first": events + programs, "count": 1, "value": "end of the track"},
        },
        **_chords(options),
    }  # fmt: skip
