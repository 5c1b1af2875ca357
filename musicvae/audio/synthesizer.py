"""A plain synthesizer: notes to sound with numpy alone, for machines without a soundfont.

Axes: N samples, 2 channels (left, right). Time is in seconds, sound in -1..1. Noise has fixed
seeds, so the same notes give the same samples.
"""

from __future__ import annotations

import functools
import math
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from musicvae.audio.sounds import (
    CHOKES,
    CLANG_HZ,
    CLANG_LOW_HZ,
    DRUM_SOUNDS,
    OTHER_DRUM,
    TIMBRES,
    DrumSound,
    Timbre,
)
from musicvae.instruments import PlotVoice, sound_notes, voice_of
from musicvae.lazy_note_seq import NoteSequence

SAMPLE_RATE = 44_100
# Loudness is (velocity / 127) to this power.
SOFT_POWER = 1.3

Sound = npt.NDArray[np.float32]

_TAIL_SECONDS = 1.0
_PEAK = 0.89
_MASTER = 1.15
_FADE_SECONDS = 0.05
_CHOKE_SECONDS = 0.012
_MAX_NOTE_SECONDS = 30.0
_VIBRATO_HZ = 5.2
_VIBRATO_DELAY = 0.25
_ROOM_SECONDS = 1.1
_ROOM_DECAY = 0.22
_ROOM_SHARE = 0.11
_BLOCK = 1 << 17
_SPREAD = 0.28
_A4_PITCH, _A4_HZ = 69, 440.0


def synthesize(
    sequence: NoteSequence, *, sample_rate: int = SAMPLE_RATE, max_seconds: float = 300.0
) -> Sound:
    """Plays a NoteSequence.

    Args:
      sequence: notes in seconds.
      sample_rate: samples a second.
      max_seconds: longer pieces are faded out there.

    Returns:
      float32 `[N, 2]`, -1..1; it ends when the last sound has died away. Dynamics are kept: a soft
      piece is soft, and only what would be too loud is turned down as a whole.
    """
    notes = [note for note in sound_notes(sequence) if note.start_time < max_seconds]
    ends = [max(note.end_time, note.start_time) for note in notes]
    end = max([*ends, min(sequence.total_time, max_seconds), 0.0])
    tail = max([_drum_seconds(note.pitch) for note in notes if note.is_drum] + [_TAIL_SECONDS])
    seconds = min(end + tail, max_seconds)
    mix = np.zeros((max(math.ceil(seconds * sample_rate), 1), 2), np.float32)
    _play_drums([note for note in notes if note.is_drum], mix, sample_rate)
    _play_melodic([note for note in notes if not note.is_drum], mix, sample_rate)
    mix *= np.float32(_MASTER)
    _add_room(mix, sample_rate)
    if end + tail > max_seconds:
        fade = min(round(_FADE_SECONDS * sample_rate), len(mix))
        mix[len(mix) - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)[:, None]
    peak = float(np.abs(mix).max())
    if peak > _PEAK:
        mix *= np.float32(_PEAK / peak)
    return mix


def _play_drums(notes: list[Any], mix: Sound, rate: int) -> None:
    silenced_by: dict[int, list[float]] = {}
    for note in notes:
        for stopped in CHOKES.get(note.pitch, ()):
            silenced_by.setdefault(stopped, []).append(note.start_time)
    for note in notes:
        sound = DRUM_SOUNDS.get(note.pitch, OTHER_DRUM)
        samples = _drum(note.pitch, rate) * np.float32(_loudness(note.velocity))
        for moment in silenced_by.get(note.pitch, ()):
            if moment > note.start_time + 1e-3:
                samples = _cut_short(samples, round((moment - note.start_time) * rate), rate)
                break
        _add(mix, samples, round(note.start_time * rate), sound.pan)


def _play_melodic(notes: list[Any], mix: Sound, rate: int) -> None:
    pans = pans_of(sorted({voice_of(note) for note in notes}))
    for note in notes:
        length = min(max(note.end_time - note.start_time, 0.02), _MAX_NOTE_SECONDS)
        family = min(max(note.program, 0), 127) // 8
        brightness = max(note.velocity, 0) // 16
        samples = _tone(family, note.pitch, round(length, 3), brightness, rate)
        louder = np.float32(_loudness(note.velocity))
        _add(mix, samples * louder, round(note.start_time * rate), pans[voice_of(note)])


def pans_of(voices: Sequence[PlotVoice]) -> dict[PlotVoice, float]:
    """Returns where each melodic voice stands: -1 left, 0 middle (all basses), 1 right."""
    spread = [voice for voice in voices if not voice.is_bass]
    pans = dict.fromkeys(voices, 0.0)
    for k, voice in enumerate(spread):
        if len(spread) > 1:
            pans[voice] = _SPREAD * (2 * k / (len(spread) - 1) - 1)
    return pans


def _loudness(velocity: int) -> float:
    return float((min(max(velocity, 1), 127) / 127) ** SOFT_POWER)


def _add(mix: Sound, samples: Sound, start: int, pan: float) -> None:
    room = len(mix) - start
    if room <= 0:
        return
    samples = samples[:room]
    angle = (pan + 1) * math.pi / 4
    mix[start : start + len(samples), 0] += samples * np.float32(math.cos(angle) * math.sqrt(2))
    mix[start : start + len(samples), 1] += samples * np.float32(math.sin(angle) * math.sqrt(2))


def _cut_short(samples: Sound, length: int, rate: int) -> Sound:
    fade = round(_CHOKE_SECONDS * rate)
    if length + fade >= len(samples):
        return samples
    samples = samples[: length + fade].copy()
    samples[length:] *= np.linspace(1, 0, fade, dtype=np.float32)
    return samples


def _drum_seconds(pitch: int) -> float:
    """Returns how long a percussion key rings."""
    sound = DRUM_SOUNDS.get(pitch, OTHER_DRUM)
    return 6 * max(sound.tone_decay, sound.noise_decay, sound.metal_decay) + 0.02


@functools.lru_cache(maxsize=256)
def _drum(pitch: int, rate: int) -> Sound:
    """Returns the sound of a percussion key at full velocity, float32 `[N]`."""
    sound = DRUM_SOUNDS.get(pitch, OTHER_DRUM)
    t = np.arange(math.ceil(rate * _drum_seconds(pitch))) / rate
    wave = np.zeros(len(t))
    if sound.tone_hz:
        fall = sound.tone_start_hz - sound.tone_hz
        turns = sound.tone_hz * t + fall * sound.tone_sweep * (1 - np.exp(-t / sound.tone_sweep))
        wave += np.sin(2 * np.pi * turns) * np.exp(-t / sound.tone_decay)
    if sound.noise:
        wave += sound.noise * _noise(sound, pitch, len(t), rate) * np.exp(-t / sound.noise_decay)
    if sound.metal:
        wave += sound.metal * _clang(len(t), rate) * np.exp(-t / sound.metal_decay)
    wave *= np.minimum(t / 0.0008, 1.0)
    fade = len(t) // 8
    wave[-fade:] *= np.linspace(1, 0, fade)
    scaled: Sound = (wave * (sound.gain / np.abs(wave).max())).astype(np.float32)
    return scaled


def _noise(sound: DrumSound, seed: int, length: int, rate: int) -> npt.NDArray[np.float64]:
    white = np.random.default_rng(seed).standard_normal(length)
    spectrum = np.fft.rfft(white)
    hz = np.fft.rfftfreq(length, 1 / rate)
    low, high = sound.noise_band_hz
    spectrum *= (hz / low) ** 4 / (1 + (hz / low) ** 4) / (1 + (hz / high) ** 6)
    noise = np.fft.irfft(spectrum, length)
    scaled: npt.NDArray[np.float64] = noise / np.abs(noise).max()
    return scaled


@functools.lru_cache(maxsize=16)
def _clang(length: int, rate: int) -> npt.NDArray[np.float64]:
    t = np.arange(length) / rate
    wave = np.zeros(length)
    for hz in CLANG_HZ:
        for harmonic in range(1, 60, 2):
            if not CLANG_LOW_HZ / 3 < hz * harmonic < rate * 0.42:
                continue
            wave += np.sin(2 * np.pi * hz * harmonic * t + harmonic) / harmonic
    spectrum = np.fft.rfft(wave)
    ratio = (np.fft.rfftfreq(length, 1 / rate) / CLANG_LOW_HZ) ** 4
    clang = np.fft.irfft(spectrum * ratio / (1 + ratio), length)
    scaled: npt.NDArray[np.float64] = clang / np.abs(clang).max()
    return scaled


@functools.lru_cache(maxsize=512)
def _tone(family: int, pitch: int, seconds: float, brightness: int, rate: int) -> Sound:
    """Returns a note at full velocity, float32 `[N]`; harder notes (0..7) have more overtones."""
    timbre = TIMBRES[family]
    t = np.arange(math.ceil(rate * (seconds + timbre.release * 4))) / rate
    hz = _A4_HZ * 2 ** ((pitch - _A4_PITCH) / 12)
    phase = 2 * np.pi * hz * t
    if timbre.vibrato:
        onset = np.clip((t - _VIBRATO_DELAY) * 3, 0, 1)
        swing = np.sin(2 * np.pi * _VIBRATO_HZ * t) * onset
        phase += swing * timbre.vibrato * hz / _VIBRATO_HZ
    wave = _harmonics(timbre, phase, t, hz, brightness, rate)
    envelope = np.minimum(t / timbre.attack, 1.0)
    after = np.maximum(t - max(seconds, timbre.attack), 0)
    envelope *= np.exp(-after / timbre.release)
    envelope[-64:] *= np.linspace(1, 0, 64)
    # Ears hear less of low notes; players of high ones hold back.
    level = timbre.gain * 2 ** (-(pitch - 60) / 48) / sum(timbre.harmonics) ** 0.6
    samples: Sound = (wave * envelope * level).astype(np.float32)
    return samples


def _harmonics(
    timbre: Timbre,
    phase: npt.NDArray[np.float64],
    t: npt.NDArray[np.float64],
    hz: float,
    brightness: int,
    rate: int,
) -> npt.NDArray[np.float64]:
    """Adds up the harmonics: sin(k x) = 2 cos(x) sin((k-1) x) - sin((k-2) x)."""
    before, current = np.zeros(len(t)), np.sin(phase)
    twice_cosine = 2 * np.cos(phase)
    wave = np.zeros(len(t))
    # A string's decay is faster the higher the note; three octaves halve it.
    decay = timbre.decay * 2 ** (-max(math.log2(hz / 261.6), -2) / 3)
    dullness = (7 - brightness) * 0.09
    for k, strength in enumerate(timbre.harmonics, start=1):
        if hz * k > rate * 0.45:
            break
        part = strength * k**-dullness * current
        if timbre.decay:
            rest = timbre.sustain
            part = part * (rest + (1 - rest) * np.exp(-t * (0.6 + 0.4 * k) / decay))
        wave += part
        before, current = current, twice_cosine * current - before
    return wave


def _add_room(mix: Sound, rate: int) -> None:
    """Adds the echo of a small room, in place, block by block."""
    length = round(_ROOM_SECONDS * rate)
    decay = np.exp(-np.arange(length) / (rate * _ROOM_DECAY))
    size = 1 << (_BLOCK + length - 1).bit_length()
    for channel in range(2):
        seed = zlib.crc32(f"room {channel}".encode())
        echo = np.random.default_rng(seed).standard_normal(length) * decay
        echo[: round(0.004 * rate)] = 0
        echo = np.convolve(echo, np.ones(6) / 6, "same")
        echo *= _ROOM_SHARE / np.sqrt((echo**2).sum())
        response = np.fft.rfft(echo, size)
        dry = mix[:, channel].copy()
        for start in range(0, len(dry), _BLOCK):
            block = dry[start : start + _BLOCK]
            wet = np.fft.irfft(np.fft.rfft(block, size) * response, size)
            wet = wet[: min(len(block) + length - 1, len(dry) - start)]
            mix[start : start + len(wet), channel] += wet.astype(np.float32)
