"""Standard MIDI Files: bytes to notes, controls and bends in ticks.

A file is a header (format, number of tracks, ticks per quarter) and chunks, of which "MTrk" are
tracks (smf_track.py) and all others are skipped. Such a file may lie in a RIFF container (.rmi).

- An instrument is a channel of a track, in order of first ends of notes; its program may change.
- Tempo, time signature and key are read from all tracks. Of changes on one tick, that of the
  earliest track counts; one in a later track that changes nothing is dropped.
- A change less than a 128th note after the start counts from the start.

What is not as the specification asks is read as far as it can be and said (corrections.py): a
header that counts its tracks wrong, a track that is cut off, bytes between chunks, values that make
no sense. Time and memory are linear in the bytes given, whatever lengths they announce.

Source: the MIDI 1.0 specification, Standard MIDI Files 1.0 and RP-029 (RIFF).
"""

from __future__ import annotations

import dataclasses
import struct

from musicvae.formats.bounds import MusicFileError
from musicvae.formats.corrections import Corrections
from musicvae.formats.smf_track import Change, Instrument, Track, parse_track

_HEADER = struct.Struct(">4sL")
_RIFF_HEADER = struct.Struct("<4sL")
_FORMAT = struct.Struct(">HHh")
_TRACK = b"MTrk"
_START_PARTS = 32  # a change within this part of a quarter counts from the start


@dataclasses.dataclass
class MIDIFile:
    """A parsed file. Times are ticks.

    Attributes:
      ticks_per_quarter: as the header has it; negative for SMPTE time code.
      tempos: (time, microseconds a quarter).
      time_signatures: (time, numerator, exponent of the denominator).
      key_signatures: (time, sharps or minus flats, 1 for minor).
      instruments: in order of tracks, and in a track of their first finished note.
      banks: (time, channel, bank) of every bank select.
      drum_parts: channels that a GS or XG message makes a drum part.
      is_gs: whether it resets a GS synthesizer, whose banks 126 and 127 are no drums.
      end: where its longest track ends.
      corrections: what was not as it should be.
    """

    ticks_per_quarter: int
    tempos: list[Change] = dataclasses.field(default_factory=list)
    time_signatures: list[Change] = dataclasses.field(default_factory=list)
    key_signatures: list[Change] = dataclasses.field(default_factory=list)
    instruments: list[Instrument] = dataclasses.field(default_factory=list)
    banks: list[tuple[int, int, int]] = dataclasses.field(default_factory=list)
    drum_parts: set[int] = dataclasses.field(default_factory=set)
    is_gs: bool = False
    end: int = 0
    corrections: Corrections = dataclasses.field(default_factory=Corrections)


def parse_midi(data: bytes) -> MIDIFile:
    """Parses a Standard MIDI File, also one inside RIFF.

    Args:
      data: the file's bytes.

    Raises:
      MusicFileError: it is none, or its notes cannot be told.
    """
    if data.startswith(b"RIFF"):
        data = _midi_in_riff(data)
    if not data.startswith(b"MThd"):
        raise MusicFileError("not_midi", "it does not begin with a MIDI header")
    if len(data) < _HEADER.size + _FORMAT.size:
        raise MusicFileError("truncated", "it ends inside its header")
    _, size = _HEADER.unpack_from(data)
    if size < _FORMAT.size or _HEADER.size + size > len(data):
        raise MusicFileError("truncated", "it ends inside its header")
    _, announced, ticks_per_quarter = _FORMAT.unpack_from(data, _HEADER.size)
    midi = MIDIFile(ticks_per_quarter)
    tracks = _read_tracks(data, _HEADER.size + size, announced, midi.corrections)
    if not tracks:
        raise MusicFileError("no_tracks", "there is no track in it")
    if len(tracks) != announced:
        is_are = "is one" if len(tracks) == 1 else f"are {len(tracks)}"
        midi.corrections.add(
            "track_count", f"its header announces {announced} tracks, and there {is_are}"
        )
    start = max(abs(ticks_per_quarter) // _START_PARTS, 1) if ticks_per_quarter > 0 else 1
    for track in tracks:
        midi.instruments += track.instruments
        midi.banks += track.banks
        midi.drum_parts |= track.drum_parts
        midi.is_gs |= track.is_gs
        midi.end = max(midi.end, track.end)
    midi.tempos = _from_start(_merged([track.tempos for track in tracks]), start, "a tempo", midi)
    midi.time_signatures = _from_start(
        _merged([track.time_signatures for track in tracks]), start, "a time signature", midi
    )
    midi.key_signatures = _from_start(
        _merged([track.key_signatures for track in tracks]), start, "a key signature", midi
    )
    return midi


def _midi_in_riff(data: bytes) -> bytes:
    """Returns the MIDI file in a RIFF container of kind RMID."""
    if data[8:12] != b"RMID":
        raise MusicFileError("not_midi", "it is a RIFF file of another kind than RMID")
    position = 12
    while position + _RIFF_HEADER.size <= len(data):
        name, size = _RIFF_HEADER.unpack_from(data, position)
        position += _RIFF_HEADER.size
        if name == b"data":
            return data[position : position + size]
        position += size + size % 2
    raise MusicFileError("not_midi", "there is no MIDI data in its RIFF container")


def _read_tracks(
    data: bytes, position: int, announced: int, corrections: Corrections
) -> list[Track]:
    """Reads the chunks after the header; beyond the announced tracks only what is a track too."""
    tracks: list[Track] = []
    while position < len(data):
        if len(tracks) >= announced and not data.startswith(_TRACK, position):
            break
        name = data[position : position + 4]
        size = int.from_bytes(data[position + 4 : position + 8], "big")
        start = position + _HEADER.size
        if name == _TRACK and start <= len(data):
            number = len(tracks)
            is_cut = start + size > len(data)
            track = parse_track(
                data[start : start + size], number, corrections, stops_at_end=is_cut
            )
            tracks.append(track)
            position = start + (track.num_bytes if is_cut else size)
            if is_cut and not track.is_ended:
                corrections.add("cut_track", f"the file ends inside track {number}")
                break
        elif name.isascii() and name.decode("ascii").isprintable() and start + size <= len(data):
            corrections.add("foreign_chunk", f"'{name.decode('ascii')}' of {size:,} bytes")
            position = start + size
        else:
            following = data.find(_TRACK, position + 1)
            skipped = (following if following >= 0 else len(data)) - position
            corrections.add("no_chunk", f"{skipped:,} bytes")
            position += skipped
    return tracks


def _merged(changes_of_tracks: list[list[Change]]) -> list[Change]:
    """Puts the changes of all tracks in order of time.

    All those of the first track stay, also where they change nothing.
    """
    if not any(changes_of_tracks[1:]):
        return changes_of_tracks[0]
    ranked = [
        (change, number) for number, changes in enumerate(changes_of_tracks) for change in changes
    ]
    ranked.sort(key=lambda item: (item[0][0], item[1]))
    merged: list[Change] = []
    before = -1
    for change, number in ranked:
        is_new = not merged or merged[-1][1:] != change[1:]
        is_taken = bool(merged) and merged[-1][0] == change[0] and before != number
        if number == 0 or (is_new and not is_taken):
            merged.append(change)
            before = number
    return merged


def _from_start(changes: list[Change], start: int, what: str, midi: MIDIFile) -> list[Change]:
    """Lets the last of the changes up to tick `start` hold from tick 0 on."""
    early = [change for change in changes if 0 < change[0] <= start]
    if not early:
        return changes
    first = (0, *early[-1][1:])
    midi.corrections.add("early_change", what)
    return [first, *(change for change in changes if change[0] > start)]
