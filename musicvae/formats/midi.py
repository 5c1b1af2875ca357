"""MIDI files to NoteSequences: ticks to seconds.

The result equals that of `note_seq.midi_to_note_sequence`, message for message, for every file that
it reads, in a fifth of the time. Nothing of mido, pretty_midi or numpy is needed for it. A time
signature whose denominator a NoteSequence cannot hold is left out, where note_seq would refuse the
file.

A tempo of `qpm` makes a tick last `60 / (qpm * ticks_per_quarter)` seconds; between two changes
the time of a tick is that of the change plus that much for each tick since.
"""

from __future__ import annotations

import bisect

from musicvae.formats.bounds import MAX_EVENTS, MusicFileError, check_length
from musicvae.formats.smf import MIDIFile, parse_midi
from musicvae.lazy_note_seq import NoteSequence

MAX_SILENCE_SECONDS = 60.0

_DEFAULT_MICROSECONDS = 500_000
_MAX_DENOMINATOR_EXPONENT = 30
_DRUM_CHANNEL = 9
_FREE_EVENTS, _MAX_EVENTS_PER_BYTE = 500_000, 2


class TickClock:
    """Converts ticks to seconds."""

    def __init__(self, ticks_per_quarter: int, tempos: list[tuple[int, int]]) -> None:
        """Lays out the intervals of one tempo each.

        Args:
          ticks_per_quarter: the resolution.
          tempos: (tick, microseconds a quarter) in order; at first it is 120 qpm.

        Raises:
          MusicFileError: a tempo or the resolution is 0.
        """
        if ticks_per_quarter == 0:
            raise MusicFileError("bad_resolution", "its header gives 0 ticks to a quarter")
        self.ticks = [0]
        self._scales = [60.0 / (120.0 * ticks_per_quarter)]
        self._seconds = [0.0]
        self._ticks_per_quarter = ticks_per_quarter
        self._known: dict[int, float] = {}
        for tick, microseconds in tempos:
            if microseconds == 0:
                raise MusicFileError("bad_tempo", "a tempo of 0 microseconds a quarter")
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


def midi_to_note_sequence(data: bytes, *, with_silence: bool = False) -> NoteSequence:
    """Reads a MIDI file.

    Args:
      data: the file's bytes.
      with_silence: whether the piece lasts until the file ends, and not only until its last note
        does. Silence counts where the file ends on a quarter note, as loops do, and not where it
        ends with the recording, nor over a minute of it.

    Returns:
      Its notes, bends and controls by instrument, tempos, time signatures and keys, in seconds.

    Raises:
      MusicFileError: it is broken, or longer than a day.
    """
    midi = parse_midi(data)
    clock = TickClock(midi.ticks_per_quarter, midi.tempos)
    sequence = NoteSequence()
    sequence.ticks_per_quarter = midi.ticks_per_quarter
    sequence.source_info.parser = NoteSequence.SourceInfo.PRETTY_MIDI
    sequence.source_info.encoding_type = NoteSequence.SourceInfo.MIDI
    _check_forward(midi)
    _add_signatures(sequence, midi, clock)
    for seconds, qpm in clock.tempos():
        sequence.tempos.add(time=seconds, qpm=qpm)
    _add_instruments(sequence, midi, clock)
    if with_silence and midi.instruments and midi.end % midi.ticks_per_quarter == 0:
        end = clock.seconds(midi.end)
        if end <= sequence.total_time + MAX_SILENCE_SECONDS:
            sequence.total_time = max(sequence.total_time, end)
    return sequence


def _check_forward(midi: MIDIFile) -> None:
    """Refuses music in SMPTE time code, whose negative resolution would run backwards."""
    if midi.ticks_per_quarter > 0:
        return
    signatures = midi.time_signatures + midi.key_signatures
    if midi.instruments or any(tick for tick, *_ in signatures):
        raise MusicFileError("smpte_time", "its times are SMPTE time code, not ticks to a quarter")


def _add_signatures(sequence: NoteSequence, midi: MIDIFile, clock: TickClock) -> None:
    for tick, numerator, exponent in midi.time_signatures:
        if numerator == 0:
            raise MusicFileError("bad_time_signature", f"a time signature of 0/2^{exponent}")
        if exponent > _MAX_DENOMINATOR_EXPONENT:
            continue
        sequence.time_signatures.add(
            time=clock.seconds(tick), numerator=numerator, denominator=1 << exponent
        )
    for tick, sharps, minor in midi.key_signatures:
        sequence.key_signatures.add(
            time=clock.seconds(tick),
            key=(7 * sharps + 9 * minor) % 12,
            mode=NoteSequence.KeySignature.MINOR if minor else NoteSequence.KeySignature.MAJOR,
        )


def _add_instruments(sequence: NoteSequence, midi: MIDIFile, clock: TickClock) -> None:
    num_events = sum(
        len(instrument.notes) + len(instrument.controls) + len(instrument.bends)
        for instrument in midi.instruments
    )
    # Instruments of a channel share its controls: without this, memory would grow as the square of
    # the file's size.
    limit = min(MAX_EVENTS, _FREE_EVENTS + _MAX_EVENTS_PER_BYTE * midi.size)
    if num_events > limit:
        raise MusicFileError("too_many_events", f"{num_events} events; the limit is {limit}")
    seconds = clock.seconds
    total_time = 0.0
    add_note = sequence.notes.add
    add_bend = sequence.pitch_bends.add
    add_control = sequence.control_changes.add
    for index, instrument in enumerate(midi.instruments):
        program, is_drum = instrument.program, instrument.channel == _DRUM_CHANNEL
        if instrument.name:
            sequence.instrument_infos.add(name=instrument.name, instrument=index)
        for start, end, pitch, velocity in instrument.notes:
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
    if midi.instruments:
        sequence.total_time = total_time
