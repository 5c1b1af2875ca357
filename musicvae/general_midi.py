"""General MIDI's names: 128 programs (instruments) and the percussion keys.

Programs are counted from 0, as in a MIDI file and in a NoteSequence; a synthesizer's panel counts
from 1. Percussion keys are pitches on the drum channel; those below 35 and above 81 are Roland's.

Source: General MIDI System Level 1, sound set and percussion map.
"""

from __future__ import annotations

from musicvae.errors import InputError
from musicvae.registry import did_you_mean

PROGRAM_NAMES: tuple[str, ...] = (
    *("Acoustic grand piano", "Bright acoustic piano", "Electric grand piano", "Honky-tonk piano"),
    *("Electric piano 1", "Electric piano 2", "Harpsichord", "Clavinet"),
    *("Celesta", "Glockenspiel", "Music box", "Vibraphone"),
    *("Marimba", "Xylophone", "Tubular bells", "Dulcimer"),
    *("Drawbar organ", "Percussive organ", "Rock organ", "Church organ"),
    *("Reed organ", "Accordion", "Harmonica", "Tango accordion"),
    *("Nylon guitar", "Steel guitar", "Jazz guitar", "Clean guitar"),
    *("Muted guitar", "Overdriven guitar", "Distortion guitar", "Guitar harmonics"),
    *("Acoustic bass", "Fingered bass", "Picked bass", "Fretless bass"),
    *("Slap bass 1", "Slap bass 2", "Synth bass 1", "Synth bass 2"),
    *("Violin", "Viola", "Cello", "Contrabass"),
    *("Tremolo strings", "Pizzicato strings", "Harp", "Timpani"),
    *("String ensemble 1", "String ensemble 2", "Synth strings 1", "Synth strings 2"),
    *("Choir aahs", "Voice oohs", "Synth voice", "Orchestra hit"),
    *("Trumpet", "Trombone", "Tuba", "Muted trumpet"),
    *("French horn", "Brass section", "Synth brass 1", "Synth brass 2"),
    *("Soprano sax", "Alto sax", "Tenor sax", "Baritone sax"),
    *("Oboe", "English horn", "Bassoon", "Clarinet"),
    *("Piccolo", "Flute", "Recorder", "Pan flute"),
    *("Blown bottle", "Shakuhachi", "Whistle", "Ocarina"),
    *("Square lead", "Sawtooth lead", "Calliope lead", "Chiff lead"),
    *("Charang lead", "Voice lead", "Fifths lead", "Bass and lead"),
    *("New age pad", "Warm pad", "Polysynth pad", "Choir pad"),
    *("Bowed pad", "Metallic pad", "Halo pad", "Sweep pad"),
    *("Rain", "Soundtrack", "Crystal", "Atmosphere"),
    *("Brightness", "Goblins", "Echoes", "Sci-fi"),
    *("Sitar", "Banjo", "Shamisen", "Koto"),
    *("Kalimba", "Bagpipe", "Fiddle", "Shanai"),
    *("Tinkle bell", "Agogo", "Steel drums", "Woodblock"),
    *("Taiko", "Melodic tom", "Synth drum", "Reverse cymbal"),
    *("Guitar fret noise", "Breath noise", "Seashore", "Bird tweet"),
    *("Telephone", "Helicopter", "Applause", "Gunshot"),
)

DRUM_NAMES: dict[int, str] = {
    **{22: "Hi-hat edge", 26: "Hi-hat edge, open", 27: "High Q", 28: "Slap", 29: "Scratch push"},
    **{30: "Scratch pull", 31: "Sticks", 32: "Square click", 33: "Metronome click"},
    **{34: "Metronome bell", 35: "Kick 2", 36: "Kick", 37: "Side stick", 38: "Snare"},
    **{39: "Clap", 40: "Snare, electric", 41: "Floor tom, low", 42: "Hi-hat, closed"},
    **{43: "Floor tom, high", 44: "Hi-hat, pedal", 45: "Low tom", 46: "Hi-hat, open"},
    **{47: "Low-mid tom", 48: "Mid tom", 49: "Crash", 50: "High tom", 51: "Ride"},
    **{52: "China", 53: "Ride bell", 54: "Tambourine", 55: "Splash", 56: "Cowbell"},
    **{57: "Crash 2", 58: "Vibraslap", 59: "Ride 2", 60: "High bongo", 61: "Low bongo"},
    **{62: "Muted conga", 63: "High conga", 64: "Low conga", 65: "High timbale"},
    **{66: "Low timbale", 67: "High agogo", 68: "Low agogo", 69: "Cabasa", 70: "Maracas"},
    **{71: "Short whistle", 72: "Long whistle", 73: "Short guiro", 74: "Long guiro"},
    **{75: "Claves", 76: "High woodblock", 77: "Low woodblock", 78: "Muted cuica"},
    **{79: "Open cuica", 80: "Muted triangle", 81: "Triangle", 82: "Shaker"},
    **{83: "Jingle bell", 84: "Bell tree", 85: "Castanets", 86: "Muted surdo", 87: "Surdo"},
}

# The nine kit pieces that MusicVAE's drum models write, from the bottom of a picture to its top.
DRUM_PITCHES: tuple[int, ...] = (36, 38, 42, 46, 45, 48, 50, 49, 51)

# The order in which other percussion keys stand above each other: like sounds side by side.
_KIT_ORDER: tuple[int, ...] = (
    *(35, 36, 86, 87),
    *(37, 38, 40, 39),
    *(42, 22, 44, 46, 26),
    *(41, 43, 45, 47, 48, 50),
    *(49, 57, 55, 52, 51, 59, 53),
)


def drum_name(pitch: int) -> str:
    """Returns the name of a percussion key, or "Drum 12" for one that has none.

    Args:
      pitch: 0..127.
    """
    return DRUM_NAMES.get(pitch, f"Drum {pitch}")


def drum_rank(pitch: int) -> tuple[int, int]:
    """Returns a sort key that puts kick drums lowest, cymbals higher and the rest above them.

    Args:
      pitch: 0..127.
    """
    if pitch in _KIT_ORDER:
        return 0, _KIT_ORDER.index(pitch)
    return 1, pitch


def program_number(text: str) -> int:
    """Returns the program that a number or a name means.

    Args:
      text: "0" to "127", or a General MIDI name or a part of one, such as "flute".

    Raises:
      InputError: neither; the message suggests the nearest name.
    """
    wanted = text.strip().lower()
    if wanted.lstrip("-").isdigit():
        if 0 <= int(wanted) < len(PROGRAM_NAMES):
            return int(wanted)
        raise InputError(f"program {wanted} is not in 0..127, counted from 0 (piano)")
    lowered = [name.lower() for name in PROGRAM_NAMES]
    if wanted in lowered:
        return lowered.index(wanted)
    within = [number for number, name in enumerate(lowered) if wanted and wanted in name]
    if within:
        return within[0]
    raise InputError(
        f"unknown instrument '{text}'{did_you_mean(wanted, lowered)}; "
        "give a General MIDI name or a number from 0 (piano) to 127"
    )
