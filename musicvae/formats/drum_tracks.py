"""Which instruments of a MIDI file are drums, besides those on channel 10.

A channel plays drums where a GS or XG message makes it a drum part, where its bank is a drum bank
(120 in General MIDI 2, 127 in XG), where its track's name says so, or where it plays kick, snare
and hi-hat or ride as a kit does in a file that has no channel 10. A name counts only together with
the pitches and the program: a track called "Drums" with a tune on it is a tune, and "Percussion" on
a program of its own is one sound at several heights.

Source: General MIDI 2 (bank 120); Yamaha XG (bank 127, part mode); Roland GS (rhythm part).
"""

from __future__ import annotations

import re
from collections.abc import Collection

from musicvae.formats.smf import MIDIFile
from musicvae.formats.smf_track import Instrument

DRUM_CHANNEL = 9

_GM2_BANK, _XG_BANK = 120, 127
_KEYS = range(27, 88)  # all percussion keys of General MIDI 2
_KICKS, _SNARES = frozenset((35, 36)), frozenset((37, 38, 39, 40))
_CYMBALS = frozenset((42, 44, 46, 51, 53, 59))
_KIT = frozenset(range(35, 60))
_NAME = re.compile(
    r"\b(drums?|drum ?(kit|set|machine|track|loop)s?|percussions?|perc|kick|snare|hi-?hats?|toms|"
    r"cymbals?|beat ?box|schlagzeug|batterie|bateria|batteria|tr-?[89]0[89]|808|909)\b",
    re.IGNORECASE,
)
_MELODIC_NAME = re.compile(r"steel|taiko|melodic|synth drum|timpani|tuned|bass", re.IGNORECASE)
_MOST_KEYS = 0.9  # of the notes of a track whose name says drums
_MOST_KIT = 0.95  # of the notes of a track of which nothing but its pitches says so
_MOST_TOGETHER = 0.25  # of its kicks and snares, together with a cymbal


def drum_channel_of(instrument: Instrument, midi: MIDIFile, forced: Collection[int]) -> str | None:
    """Says whether an instrument is drums.

    Args:
      instrument: one of a file's.
      midi: the file.
      forced: channels, from 0, that are drums whatever they look like.

    Returns:
      None where it is none; empty where it is on channel 10 or on a forced one; else what says so,
      for the user.
    """
    channel = instrument.channel
    if channel == DRUM_CHANNEL or channel in forced:
        return ""
    if channel in midi.drum_parts:
        return "a GS or XG message makes it a drum part"
    pitches = [note[2] for note in instrument.notes]
    share = sum(pitch in _KEYS for pitch in pitches) / len(pitches)
    bank = _bank_of(instrument, midi)
    if bank == _GM2_BANK or (bank == _XG_BANK and not midi.is_gs and share >= _MOST_KEYS):
        return f"its bank {bank} holds drum kits"
    name = instrument.name
    has_no_program = {note[4] for note in instrument.notes} == {0}
    is_named = bool(_NAME.search(name)) and not _MELODIC_NAME.search(name)
    if is_named and ((has_no_program and _is_kit(pitches)) or _plays_a_kit(instrument)):
        return "its name and pitches say so"
    if any(other.channel == DRUM_CHANNEL for other in midi.instruments):
        return None
    if has_no_program and _plays_a_kit(instrument):
        return "its pitches are those of kick, snare and cymbals"
    return None


def _bank_of(instrument: Instrument, midi: MIDIFile) -> int:
    """Returns the bank of an instrument's channel when its first note begins."""
    first = min(note[0] for note in instrument.notes)
    banks = [
        (tick, bank)
        for tick, channel, bank in midi.banks
        if channel == instrument.channel and tick <= first
    ]
    return sorted(banks, key=lambda change: change[0])[-1][1] if banks else 0


def _is_kit(pitches: list[int]) -> bool:
    return sum(pitch in _KIT for pitch in pitches) >= _MOST_KEYS * len(pitches)


def _plays_a_kit(instrument: Instrument) -> bool:
    """Says whether kick, snare and cymbals are there, few other keys, and together as on a kit."""
    pitches = [note[2] for note in instrument.notes]
    played = set(pitches)
    if not (played & _KICKS and played & _SNARES and played & _CYMBALS):
        return False
    kit = _KICKS | _SNARES | _CYMBALS | {49, 57, 41, 43, 45, 47, 48, 50}
    if sum(pitch in kit for pitch in pitches) < _MOST_KIT * len(pitches):
        return False
    cymbals = {note[0] for note in instrument.notes if note[2] in _CYMBALS}
    skins = [note[0] for note in instrument.notes if note[2] in _KICKS | _SNARES]
    together = sum(start in cymbals for start in skins)
    return together >= _MOST_TOGETHER * len(skins) and len(skins) + len(cymbals) >= len(pitches) / 2
