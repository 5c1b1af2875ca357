"""What the built-in synthesizer's instruments and drums are made of: tables, no code.

A drum is a tone that falls in pitch, filtered noise and the clang of a cymbal, each with a decay of
its own. An instrument is a row of harmonics. Frequencies are in Hz, times in seconds; a decay is
the time in which a sound falls to a third (1/e).
"""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class DrumSound:
    """One percussion sound.

    Attributes:
      gain: peak of the whole at full velocity, about.
      pan: -1 (left) to 1 (right).
      tone_hz: where the tone ends up; 0 for none.
      tone_start_hz: where it starts.
      tone_sweep: seconds in which it falls most of the way.
      tone_decay: seconds.
      noise: the noise's share beside the tone's 1.
      noise_band_hz: the lowest and highest frequencies of the noise that pass.
      noise_decay: seconds.
      metal: share of the cymbal clang.
      metal_decay: seconds.
    """

    gain: float
    pan: float = 0.0
    tone_hz: float = 0.0
    tone_start_hz: float = 0.0
    tone_sweep: float = 0.03
    tone_decay: float = 0.1
    noise: float = 0.0
    noise_band_hz: tuple[float, float] = (500.0, 9000.0)
    noise_decay: float = 0.05
    metal: float = 0.0
    metal_decay: float = 0.05


def _tom(hz: float, pan: float) -> DrumSound:
    return DrumSound(
        *(0.75, pan, hz, hz * 1.9, 0.035, 0.22),
        noise=0.10,
        noise_band_hz=(300.0, 4000.0),
        noise_decay=0.03,
    )


def _hat(decay: float, gain: float = 0.34) -> DrumSound:
    return DrumSound(
        gain, 0.25, noise=0.7, noise_band_hz=(7000.0, 15000.0), noise_decay=decay, metal=0.6,
        metal_decay=decay * 0.8,
    )  # fmt: skip


def _cymbal(decay: float, metal: float, gain: float, pan: float) -> DrumSound:
    return DrumSound(
        gain, pan, noise=1.0, noise_band_hz=(3500.0, 15000.0), noise_decay=decay, metal=metal,
        metal_decay=decay * 0.7,
    )  # fmt: skip


def _wood(hz: float, pan: float) -> DrumSound:
    return DrumSound(0.45, pan, hz, hz * 1.1, 0.005, 0.035, noise=0.05, noise_decay=0.01)


def _conga(hz: float, pan: float, decay: float = 0.12) -> DrumSound:
    return DrumSound(0.55, pan, hz, hz * 1.35, 0.015, decay, noise=0.06, noise_decay=0.015)


def _shaken(low_hz: float, decay: float, pan: float) -> DrumSound:
    return DrumSound(
        0.28, pan, noise=1.0, noise_band_hz=(low_hz, 13000.0), noise_decay=decay
    )  # fmt: skip


def _bell(hz: float, decay: float, pan: float) -> DrumSound:
    return DrumSound(0.28, pan, hz, hz, 0.01, decay, metal=0.25, metal_decay=decay * 0.7)


_KICK = DrumSound(
    0.95, 0.0, 48.0, 190.0, 0.022, 0.19, noise=0.06, noise_band_hz=(1500.0, 6000.0),
    noise_decay=0.006,
)  # fmt: skip
_SNARE = DrumSound(
    0.72, -0.05, 185.0, 310.0, 0.018, 0.085, noise=0.85, noise_band_hz=(900.0, 11000.0),
    noise_decay=0.105,
)  # fmt: skip
_CLAP = DrumSound(0.55, 0.1, noise=1.0, noise_band_hz=(900.0, 5000.0), noise_decay=0.09)

DRUM_SOUNDS: dict[int, DrumSound] = {
    **{35: dataclasses.replace(_KICK, tone_hz=43.0), 36: _KICK},
    **{37: _wood(1700.0, -0.1), 38: _SNARE, 39: _CLAP},
    40: dataclasses.replace(_SNARE, tone_hz=210.0, noise_decay=0.13),
    **{41: _tom(75.0, 0.45), 43: _tom(88.0, 0.35), 45: _tom(105.0, 0.25), 47: _tom(125.0, 0.1)},
    **{48: _tom(150.0, -0.1), 50: _tom(185.0, -0.3)},
    **{42: _hat(0.035), 22: _hat(0.05), 44: _hat(0.028, 0.22), 46: _hat(0.24), 26: _hat(0.3)},
    **{49: _cymbal(0.75, 0.25, 0.48, -0.4), 57: _cymbal(0.9, 0.25, 0.48, 0.4)},
    **{52: _cymbal(0.6, 0.5, 0.45, 0.5), 55: _cymbal(0.3, 0.2, 0.42, -0.2)},
    **{51: _cymbal(0.42, 1.1, 0.30, 0.4), 59: _cymbal(0.5, 1.1, 0.30, 0.3)},
    53: _bell(2800.0, 0.35, 0.4),
    **{
        54: _shaken(6000.0, 0.06, 0.2),
        69: _shaken(5000.0, 0.03, 0.3),
        70: _shaken(6500.0, 0.02, -0.3),
    },
    **{
        82: _shaken(5500.0, 0.04, -0.2),
        83: _shaken(7000.0, 0.2, 0.1),
        58: _shaken(2500.0, 0.25, 0.2),
    },
    **{73: _shaken(3000.0, 0.05, 0.3), 74: _shaken(3000.0, 0.15, 0.3)},
    **{56: _bell(560.0, 0.07, 0.1), 67: _bell(920.0, 0.1, 0.3), 68: _bell(690.0, 0.1, 0.3)},
    **{80: _bell(3600.0, 0.05, 0.2), 81: _bell(3600.0, 0.5, 0.2), 84: _bell(4200.0, 0.6, 0.0)},
    **{60: _conga(420.0, -0.3, 0.07), 61: _conga(300.0, -0.3, 0.09), 62: _conga(290.0, 0.3, 0.04)},
    **{
        63: _conga(250.0, 0.3),
        64: _conga(185.0, 0.3),
        65: _conga(400.0, -0.2),
        66: _conga(290.0, -0.2),
    },
    **{
        75: _wood(2500.0, 0.1),
        76: _wood(1050.0, 0.2),
        77: _wood(780.0, 0.2),
        85: _wood(1900.0, -0.1),
    },
    **{31: _wood(1900.0, 0.0), 33: _wood(1500.0, 0.0), 34: _bell(1800.0, 0.08, 0.0)},
    **{86: _conga(95.0, 0.0, 0.08), 87: _conga(80.0, 0.0, 0.3)},
}
OTHER_DRUM = _wood(1300.0, 0.0)

# A key of these stops the sound of the others: a hi-hat that closes.
CHOKES: dict[int, frozenset[int]] = {key: frozenset((26, 46)) for key in (22, 26, 42, 44, 46)}

# Frequencies whose square waves make the clang, as in the drum machines of the eighties.
CLANG_HZ = (205.3, 304.4, 369.6, 522.7, 540.0, 800.0)
CLANG_LOW_HZ = 5200.0


@dataclasses.dataclass(frozen=True)
class Timbre:
    """One instrument's tone.

    Attributes:
      gain: peak at full velocity, about.
      harmonics: relative strength of each harmonic.
      attack: seconds to full strength.
      decay: seconds in which the first harmonic falls; higher ones are faster. 0: it does not.
      sustain: strength that a held note falls to, 0..1.
      release: seconds in which it fades after the note's end.
      vibrato: depth as a share of the frequency.
    """

    gain: float
    harmonics: tuple[float, ...]
    attack: float = 0.004
    decay: float = 0.0
    sustain: float = 1.0
    release: float = 0.05
    vibrato: float = 0.0


_ODD = (1.0, 0.05, 0.55, 0.05, 0.3, 0.03, 0.15, 0.02, 0.08)
_SAW = (1.0, 0.55, 0.36, 0.25, 0.18, 0.13, 0.10, 0.07, 0.05, 0.04)

# One for every eight programs of General MIDI: pianos, bells, organs, guitars, basses, ...
TIMBRES: tuple[Timbre, ...] = (
    Timbre(0.42, (1.0, 0.5, 0.28, 0.16, 0.1, 0.06, 0.04, 0.02), 0.003, 0.9, 0.0, 0.12),
    Timbre(0.36, (1.0, 0.06, 0.02, 0.38, 0.02, 0.02, 0.02, 0.12), 0.002, 0.55, 0.0, 0.35),
    Timbre(0.26, (1.0, 0.7, 0.35, 0.4, 0.05, 0.2, 0.02, 0.2), 0.008, 0.0, 1.0, 0.05),
    Timbre(0.40, (1.0, 0.62, 0.42, 0.22, 0.16, 0.1, 0.06, 0.05), 0.003, 0.6, 0.0, 0.08),
    Timbre(0.58, (1.0, 0.62, 0.34, 0.2, 0.12, 0.07, 0.04), 0.005, 0.75, 0.12, 0.06),
    Timbre(0.27, _SAW, 0.06, 0.0, 1.0, 0.12, 0.003),
    Timbre(0.25, _SAW, 0.10, 0.0, 1.0, 0.25, 0.002),
    Timbre(0.28, _SAW, 0.03, 0.25, 0.75, 0.08, 0.002),
    Timbre(0.30, _ODD, 0.03, 0.3, 0.8, 0.08, 0.003),
    Timbre(0.34, (1.0, 0.28, 0.12, 0.05), 0.04, 0.3, 0.85, 0.09, 0.004),
    Timbre(0.22, _SAW, 0.006, 0.2, 0.8, 0.06),
    Timbre(0.22, (1.0, 0.4, 0.3, 0.12, 0.1), 0.18, 0.0, 1.0, 0.4, 0.002),
    Timbre(0.26, (1.0, 0.2, 0.4, 0.1, 0.2), 0.05, 1.2, 0.3, 0.3),
    Timbre(0.38, (1.0, 0.7, 0.5, 0.3, 0.2, 0.14, 0.1, 0.08), 0.002, 0.4, 0.0, 0.08),
    Timbre(0.40, (1.0, 0.15, 0.3, 0.05, 0.12), 0.002, 0.22, 0.0, 0.1),
    Timbre(0.26, (1.0, 0.3, 0.2, 0.1), 0.02, 0.3, 0.5, 0.1),
)
