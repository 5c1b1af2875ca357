"""Counts over real music: hits in and out of the groove jobs, bars in and out of --whole.

Files and results are read by mido, apart from the package's own reader. Each test prints what it
counted; `pytest -m slow -s tests/generate/test_nothing_goes_missing.py` shows it.
"""

from __future__ import annotations

import bisect
import collections
import csv
import io
import pathlib

import mido
import numpy as np
import pytest

from musicvae.formats.midi import midi_to_note_sequence
from musicvae.formats.midi_writing import note_sequence_to_midi
from musicvae.generate import load_model
from musicvae.generate.grooves import GROOVE_MODES, play_groove
from musicvae.generate.modes import reconstruct
from musicvae.generate.results import Piece, SamplingOptions

pytestmark = pytest.mark.slow

GROOVE = pathlib.Path("data/midi/groove_v1.0.0_midionly")
MELODIES = (
    "pop909_aligned",
    "openewld_melody_midi",
    "nottingham",
    "rs200_melodies",
    "hymns_openhymnal",
)
MELODIES_OF_EACH = 40
ADDED = 42


def messages(data: bytes) -> tuple[list[tuple[float, mido.Message]], float]:
    """Returns (beat, message) of a file, by time, and the beat at which it ends."""
    file = mido.MidiFile(file=io.BytesIO(data), clip=True)
    found, end = [], 0
    for track in file.tracks:
        tick = 0
        for message in track:
            tick += message.time
            found.append((tick / file.ticks_per_beat, message))
        end = max(end, tick)
    found.sort(key=lambda pair: pair[0])
    return found, end / file.ticks_per_beat


def drum_hits(data: bytes) -> list[tuple[float, int, int]]:
    """Returns (beat, pitch, velocity) of each hit on the drum channel."""
    return [
        (beat, message.note, message.velocity)
        for beat, message in messages(data)[0]
        if message.type == "note_on" and message.velocity and message.channel == 9
    ]


def beats_by_pitch(hits: list[tuple[float, int, int]]) -> dict[int, list[float]]:
    found = collections.defaultdict(list)
    for beat, pitch, _ in hits:
        found[pitch].append(beat)
    return found


def overtaken(before: dict[int, list[float]], after: dict[int, list[float]]) -> int:
    """Counts hits that overtake one a sixteenth or more before; the k-th of a pitch stays that."""
    pairs = sorted(
        pair for pitch in before for pair in zip(before[pitch], after[pitch], strict=True)
    )
    first = [beat for beat, _ in pairs]
    furthest = np.maximum.accumulate([beat for _, beat in pairs])
    count = 0
    for beat, now in pairs:
        k = bisect.bisect_right(first, beat - 0.25) - 1
        count += k >= 0 and now < furthest[k] - 0.005
    return count


@pytest.mark.parametrize("mode", ["humanize", "follow_hits", "add_hihat"])
def test_hits_in_are_hits_out_over_grooves_test_part(shared, mode):
    [info] = (shared / GROOVE).rglob("info.csv")
    with open(info, encoding="utf-8") as file:
        names = [row["midi_filename"] for row in csv.DictReader(file) if row["split"] == "test"]
    assert len(names) > 100
    model = load_model(GROOVE_MODES[mode].config, batch_size=64)
    hits_in = hits_out = added = out_of_order = changed = 0
    for name in names:
        data = (info.parent / name).read_bytes()
        piece = Piece(midi_to_note_sequence(data, with_silence=True), name)
        [sample] = play_groove(model, mode, piece, 1, SamplingOptions(seed=1)).samples
        before = drum_hits(data)
        after = drum_hits(note_sequence_to_midi(sample.sequence))
        if mode == "add_hihat":
            known = collections.Counter((round(beat * 96), *rest) for beat, *rest in before)
            found = collections.Counter((round(beat * 96), *rest) for beat, *rest in after)
            assert not known - found, name
            extra = found - known
            assert {pitch for _, pitch, _ in extra} <= {ADDED}, name
            added += extra.total()
        else:
            one, other = beats_by_pitch(before), beats_by_pitch(after)
            assert {p: len(b) for p, b in one.items()} == {p: len(b) for p, b in other.items()}
            out_of_order += overtaken(one, other)
            changed += before != after
        hits_in += len(before)
        hits_out += len(after)
    print(
        f"\n{mode}: {len(names)} performances, {hits_in} hits in, {hits_out - added} of them out, "
        f"{added} added, {out_of_order} out of order"
    )
    assert hits_in == hits_out - added
    assert out_of_order == 0
    assert added > 1000 if mode == "add_hihat" else changed == len(names)


def bar_starts(found: list[tuple[float, mido.Message]], end: float) -> list[float]:
    """Returns the beats of all bar lines before `end`."""
    changes = [
        (beat, 4.0 * message.numerator / message.denominator)
        for beat, message in found
        if message.type == "time_signature"
    ]
    starts, length, beat = [], 4.0, 0.0
    while beat < end - 1e-3:
        while changes and changes[0][0] <= beat + 0.1:
            length = changes.pop(0)[1]
        starts.append(beat)
        beat += length
        if changes and changes[0][0] < beat - 0.1:
            beat = changes[0][0]
    return starts


def bars_of_input(data: bytes) -> int:
    """Returns the bars that notes reach, or that the file's end does where it is on a quarter."""
    found, end = messages(data)
    reached = 0.0
    for beat, message in found:
        if message.type == "note_on" and message.velocity:
            reached = max(reached, beat + 0.12)
        elif message.type in ("note_on", "note_off"):
            reached = max(reached, beat - 0.125)
    bars = len(bar_starts(found, reached))
    if abs(end - round(end)) < 1e-9:
        bars = max(bars, len([start for start in bar_starts(found, end + 1e-2) if start > 0]))
    return bars


def bars_of_result(data: bytes) -> int:
    found, end = messages(data)
    return len(bar_starts(found, end - 0.01))


def test_bars_in_are_bars_out_over_real_melodies(shared):
    model = load_model("cat-mel_2bar_small", batch_size=64)
    pieces = bars = rests = 0
    signatures: collections.Counter[str] = collections.Counter()
    for folder in MELODIES:
        paths = sorted((shared / "data" / "midi" / folder).rglob("*.mid"))
        for path in paths[:: len(paths) // MELODIES_OF_EACH][:MELODIES_OF_EACH]:
            data = path.read_bytes()
            piece = Piece(midi_to_note_sequence(data, with_silence=True), path.name)
            result = reconstruct(model, piece, 1, SamplingOptions(seed=1), whole=True)
            written = note_sequence_to_midi(result.samples[0].sequence)
            assert bars_of_result(written) == bars_of_input(data), path
            first = piece.sequence.time_signatures[:1]
            signatures.update(f"{each.numerator}/{each.denominator}" for each in first)
            pieces += 1
            bars += bars_of_input(data)
            onsets = sorted(note.start_time for note in result.samples[0].sequence.notes)
            rests += int((np.diff(onsets, prepend=0.0) > 8.0).sum())
    print(f"\n--whole: {pieces} melodies, {bars} bars in and out, {rests} rests over 8 seconds")
    print("   time signatures: " + ", ".join(f"{k} {v}" for k, v in signatures.most_common()))
    assert pieces == MELODIES_OF_EACH * len(MELODIES)
