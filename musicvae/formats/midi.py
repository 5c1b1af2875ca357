"""MIDI files to NoteSequences: ticks to seconds.

For a file with its tempos on its first track, one program a channel, notes that last and no damage
the result equals that of `note_seq.midi_to_note_sequence`, message for message, but for the
channels; smf.py, smf_track.py and drum_tracks.py say how others are read. Nothing of mido,
pretty_midi or numpy is needed for it.

A tempo of `qpm` makes a tick last `60 / (qpm * ticks_per_quarter)` seconds; between two changes
the time of a tick is that of the change plus that much for each tick since. With SMPTE time code a
tick has a length of its own, whatever the tempo.

Which channel an instrument is on stands in `part_infos`: the part of entry k is the channel, 1 to
16, of instrument k. Where all are on channel 10 there are none.
"""

from __future__ import annotations

import bisect
from collections.abc import Collection

from musicvae.formats.bounds import MAX_EVENTS, MusicFileError, check_length
from musicvae.formats.corrections import Correction
from musicvae.formats.drum_tracks import DRUM_CHANNEL, drum_channel_of
from musicvae.formats.smf import MIDIFile, parse_midi
from musicvae.formats.smf_track import Change, Instrument
from musicvae.lazy_note_seq import NoteSequence
from musicvae.names import printable_line

MAX_SILENCE_SECONDS = 60.0

_DEFAULT_MICROSECONDS = 500_000
_SMPTE_FRAMES = {24: 24.0, 25: 25.0, 29: 30000 / 1001, 30: 30.0}
_SMPTE_TICKS_PER_QUARTER = 480
_FREE_EVENTS, _MAX_EVENTS_PER_BYTE = 500_000, 2


class TickClock:
    """Converts ticks to seconds."""

    def __init__(self, ticks_per_quarter: int, tempos: list[Change]) -> None:
        """Lays out the intervals of one tempo each.

        Args:
          ticks_per_quarter: the resolution.
          tempos: (tick, microseconds a quarter, over 0) in order; at first it is 120 qpm.

        Raises:
          MusicFileError: the resolution is 0.
        """
        if ticks_per_quarter == 0:
            raise MusicFileError("bad_resolution", "its header gives 0 ticks to a quarter")
        self.ticks = [0]
        self._scales = [60.0 / (120.0 * ticks_per_quarter)]
        self._seconds = [0.0]
        self._ticks_per_quarter = ticks_per_quarter
        self._known: dict[int, float] = {}
        for tick, microseconds in tempos:
            scale = 60.0 / ((6e7 / microseconds) * ticks_per_quarter)
            if tick == 0:
                self.ticks, self._scales, self._seconds = [0], [scale], [0.0]
            elif scale != self._scales[-1]:
                elapsed = self._scales[-1] * (tick - self.ticks[-1])
                self._seconds.append(self._seconds[-1] + elapsed)
                self.ticks.append(tick)
                self._scales.append(scale)

    def seconds(self, tick: int) -> float:
        """Returns the time of a tick, in seconds."""
        known = self._known.get(tick)
        if known is None:
            index = bisect.bisect_right(self.ticks, tick) - 1
            known = self._seconds[index] + self._scales[index] * (tick - self.ticks[index])
            self._known[tick] = known
        return known

    def tempos(self) -> list[tuple[float, float]]:
        """Returns (seconds, qpm) of every change, the first at 0."""
        return [
            (seconds, 60.0 / (scale * self._ticks_per_quarter))
            for seconds, scale in zip(self._seconds, self._scales, strict=True)
        ]


class FrameClock:
    """Converts ticks to seconds where SMPTE time code says how long they are."""

    def __init__(self, division: int, tempos: list[Change]) -> None:
        """Says how long a tick is.

        Args:
          division: as the header has it: minus the frames a second, and ticks a frame.
          tempos: (tick, microseconds a quarter, over 0) in order; they say where beats are.

        Raises:
          MusicFileError: the time code is none.
        """
        rate, ticks_per_frame = -(division >> 8), division & 0xFF
        if rate not in _SMPTE_FRAMES or not ticks_per_frame:
            raise MusicFileError(
                "bad_resolution",
                f"its header gives {rate} frames a second of {ticks_per_frame} ticks; SMPTE has "
                "24, 25, 29 or 30 frames",
            )
        self._scale = 1.0 / (_SMPTE_FRAMES[rate] * ticks_per_frame)
        self._tempos = tempos

    def seconds(self, tick: int) -> float:
        """Returns the time of a tick, in seconds."""
        return tick * self._scale

    def tempos(self) -> list[tuple[float, float]]:
        """Returns (seconds, qpm) of every change, the first at 0."""
        changes = [(self.seconds(tick), 6e7 / microseconds) for tick, microseconds in self._tempos]
        return changes if changes and changes[0][0] == 0 else [(0.0, 120.0), *changes]


def midi_to_note_sequence(
    data: bytes, *, with_silence: bool = False, drum_channels: Collection[int] = ()
) -> NoteSequence:
    """Reads a MIDI file; see `read_midi`, which also says what it corrected."""
    return read_midi(data, with_silence=with_silence, drum_channels=drum_channels)[0]


def read_midi(
    data: bytes, *, with_silence: bool = False, drum_channels: Collection[int] = ()
) -> tuple[NoteSequence, tuple[Correction, ...]]:
    """Reads a MIDI file.

    Args:
      data: the file's bytes.
      with_silence: whether the piece lasts until the file ends, and not only until its last note
        does. Silence counts where the file ends on a quarter note, as loops do, and not where it
        ends with the recording, nor over a minute of it.
      drum_channels: channels 1 to 16 that are drums besides channel 10, whatever they look like.

    Returns:
      Its notes, bends and controls by instrument, tempos, time signatures and keys, in seconds; and
      what was corrected.

    Raises:
      MusicFileError: it is broken, or longer than a day.
    """
    midi = parse_midi(data)
    clock: TickClock | FrameClock
    sequence = NoteSequence()
    if midi.ticks_per_quarter < 0:
        clock = FrameClock(midi.ticks_per_quarter, midi.tempos)
        sequence.ticks_per_quarter = _SMPTE_TICKS_PER_QUARTER
    else:
        clock = TickClock(midi.ticks_per_quarter, midi.tempos)
        sequence.ticks_per_quarter = midi.ticks_per_quarter
    sequence.source_info.parser = NoteSequence.SourceInfo.PRETTY_MIDI
    sequence.source_info.encoding_type = NoteSequence.SourceInfo.MIDI
    _add_signatures(sequence, midi, clock)
    for seconds, qpm in clock.tempos():
        sequence.tempos.add(time=seconds, qpm=qpm)
    drums = _drums(midi, [channel - 1 for channel in drum_channels])
    _add_instruments(sequence, midi.instruments, drums, clock, len(data))
    is_on_beat = midi.ticks_per_quarter > 0 and midi.end % midi.ticks_per_quarter == 0
    if with_silence and midi.instruments and is_on_beat:
        end = clock.seconds(midi.end)
        if end <= sequence.total_time + MAX_SILENCE_SECONDS:
            sequence.total_time = max(sequence.total_time, end)
    return sequence, midi.corrections.found()


def _add_signatures(sequence: NoteSequence, midi: MIDIFile, clock: TickClock | FrameClock) -> None:
    for tick, numerator, exponent in midi.time_signatures:
        sequence.time_signatures.add(
            time=clock.seconds(tick), numerator=numerator, denominator=1 << exponent
        )
    for tick, sharps, minor in midi.key_signatures:
        sequence.key_signatures.add(
            time=clock.seconds(tick),
            key=(7 * sharps + 9 * minor) % 12,
            mode=NoteSequence.KeySignature.MINOR if minor else NoteSequence.KeySignature.MAJOR,
        )


def _drums(midi: MIDIFile, forced: Collection[int]) -> list[bool]:
    """Returns which instruments are drums; says which ones were taken for that, and why."""
    drums = []
    for index, instrument in enumerate(midi.instruments):
        why = drum_channel_of(instrument, midi, forced)
        drums.append(why is not None)
        if why:
            name = f" '{printable_line(instrument.name[:40])}'" if instrument.name else ""
            midi.corrections.add(
                "drum_track",
                f"track {index}{name} on channel {instrument.channel + 1} was taken for drums: "
                f"{why}",
            )
    return drums


def _add_instruments(
    sequence: NoteSequence,
    instruments: list[Instrument],
    drums: list[bool],
    clock: TickClock | FrameClock,
    num_bytes: int,
) -> None:
    num_events = sum(
        len(instrument.notes) + len(instrument.controls) + len(instrument.bends)
        for instrument in instruments
    )
    # Memory stays linear in the file's size however notes and controls are shared out.
    limit = min(MAX_EVENTS, _FREE_EVENTS + _MAX_EVENTS_PER_BYTE * num_bytes)
    if num_events > limit:
        raise MusicFileError("too_many_events", f"{num_events} events; the limit is {limit}")
    seconds = clock.seconds
    total_time = 0.0
    add_note = sequence.notes.add
    add_bend = sequence.pitch_bends.add
    add_control = sequence.control_changes.add
    if any(instrument.channel != DRUM_CHANNEL for instrument in instruments):
        for instrument in instruments:
            sequence.part_infos.add(part=instrument.channel + 1)
    for index, (instrument, is_drum) in enumerate(zip(instruments, drums, strict=True)):
        if instrument.name:
            sequence.instrument_infos.add(name=instrument.name, instrument=index)
        for start, end, pitch, velocity, program in instrument.notes:
            end_time = seconds(end)
            total_time = max(total_time, end_time)
            add_note(
                instrument=index,
                program=program,
                start_time=seconds(start),
                end_time=end_time,
                pitch=pitch,
                velocity=velocity,
                is_drum=is_drum,
            )
        program = instrument.notes[0][4]
        for tick, bend in instrument.bends:
            add_bend(
                instrument=index, program=program, time=seconds(tick), bend=bend, is_drum=is_drum
            )
        for tick, number, value in instrument.controls:
            add_control(
                instrument=index,
                program=program,
                time=seconds(tick),
                control_number=number,
                control_value=value,
                is_drum=is_drum,
            )
    check_length(total_time)
    if instruments:
        sequence.total_time = total_time
