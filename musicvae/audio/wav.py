"""NoteSequences as WAV files: through FluidSynth and a soundfont, or the built-in synthesizer."""

from __future__ import annotations

import dataclasses
import io
import os
import shutil
import subprocess
import tempfile
import wave
from pathlib import Path
from typing import Literal

import numpy as np

from musicvae.audio.synthesizer import SAMPLE_RATE, Sound, synthesize
from musicvae.errors import InputError
from musicvae.files import atomic_file
from musicvae.formats.midi_writing import note_sequence_to_midi
from musicvae.lazy_note_seq import NoteSequence

MAX_SECONDS = 300.0
SOUNDFONT_VARIABLE = "MUSICVAE_SOUNDFONT"

_FLUIDSYNTH = "fluidsynth"
_FLUIDSYNTH_GAIN = "0.7"
_TIMEOUT_SECONDS = 120
_TAIL_SECONDS, _FADE_SECONDS = 2.0, 0.5
_PEAK, _MAX_GAIN = 0.89, 8.0
_SOUNDFONT_FOLDERS = (
    "/usr/share/sounds/sf2",
    "/usr/share/soundfonts",
    "/usr/local/share/soundfonts",
    "/opt/homebrew/share/soundfonts",
    "~/.local/share/soundfonts",
    "~/Library/Audio/Sounds/Banks",
)
_SOUNDFONT_SUFFIXES = (".sf2", ".sf3")
_PREFERRED = ("FluidR3_GM", "default", "default-GM", "GeneralUser")


@dataclasses.dataclass(frozen=True)
class Audio:
    """What was written.

    Attributes:
      seconds: how long it is.
      engine: what played.
      is_cut: whether the piece went on.
    """

    seconds: float
    engine: Literal["fluidsynth", "built-in"]
    is_cut: bool


def write_wav(
    sequence: NoteSequence,
    path: str | os.PathLike[str],
    *,
    soundfont: str | os.PathLike[str] | None = None,
    engine: Literal["auto", "fluidsynth", "built-in"] = "auto",
    max_seconds: float = MAX_SECONDS,
) -> Audio:
    """Plays a piece into a WAV file: 16 bits, stereo, 44,100 samples a second.

    Args:
      sequence: notes in seconds.
      path: the file; an old one is replaced.
      soundfont: a .sf2 or .sf3 file for FluidSynth; found by `find_soundfont` by default.
      engine: "auto" takes FluidSynth where it and a soundfont are installed.
      max_seconds: longer pieces are cut.

    Returns:
      What was written.

    Raises:
      InputError: FluidSynth was asked for and is not there or fails, the soundfont does not exist,
        or the file cannot be written.
    """
    is_cut = sequence.total_time > max_seconds
    asked_for = engine == "fluidsynth" or soundfont is not None
    font = find_soundfont(soundfont)
    if engine != "built-in" and font is not None and shutil.which(_FLUIDSYNTH):
        try:
            data, seconds = _play_with_fluidsynth(sequence, font, max_seconds)
            _write(path, data)
            return Audio(seconds, "fluidsynth", is_cut)
        except InputError:
            if asked_for:
                raise
    elif asked_for and engine != "built-in":
        missing = "a soundfont" if font is None else f"the program {_FLUIDSYNTH}"
        raise InputError(
            f"playing with FluidSynth needs {missing}, which was not found; install it "
            "(Debian: apt-get install fluidsynth fluid-soundfont-gm) or use the built-in sound"
        )
    sound = synthesize(sequence, max_seconds=max_seconds)
    _write(path, wav_bytes(sound))
    return Audio(len(sound) / SAMPLE_RATE, "built-in", is_cut)


def wav_of(sequence: NoteSequence) -> bytes:
    """Plays a piece into the bytes of a WAV file; see `write_wav`.

    Args:
      sequence: notes in seconds; what is past MAX_SECONDS is cut.
    """
    with tempfile.TemporaryDirectory(prefix="musicvae-") as folder:
        path = Path(folder, "piece.wav")
        write_wav(sequence, path)
        return path.read_bytes()


def find_soundfont(given: str | os.PathLike[str] | None = None) -> Path | None:
    """Returns the soundfont to play with.

    Args:
      given: the user's choice.

    Returns:
      That one, or what the environment variable MUSICVAE_SOUNDFONT names, or one from the usual
      folders, or None.

    Raises:
      InputError: the one that was asked for does not exist or is none.
    """
    chosen = given or os.environ.get(SOUNDFONT_VARIABLE)
    if chosen:
        path = Path(chosen).expanduser()
        if not path.is_file():
            source = "--soundfont" if given else SOUNDFONT_VARIABLE
            raise InputError(f"no soundfont at '{path}' ({source}); give a .sf2 or .sf3 file")
        if not _is_soundfont(path):
            raise InputError(f"'{path}' is no soundfont; give a .sf2 or .sf3 file")
        return path
    for folder in _SOUNDFONT_FOLDERS:
        fonts = [
            font
            for font in sorted(Path(folder).expanduser().glob("*"))
            if font.suffix.lower() in _SOUNDFONT_SUFFIXES and _is_soundfont(font)
        ]
        if fonts:
            return min(fonts, key=_preference)
    return None


def _is_soundfont(path: Path) -> bool:
    """Returns whether a file is one: FluidSynth itself would quietly play with another."""
    try:
        with path.open("rb") as file:
            head = file.read(12)
    except OSError:
        return False
    return head[:4] == b"RIFF" and head[8:] == b"sfbk"


def _preference(font: Path) -> int:
    return _PREFERRED.index(font.stem) if font.stem in _PREFERRED else len(_PREFERRED)


def wav_bytes(sound: Sound, sample_rate: int = SAMPLE_RATE) -> bytes:
    """Returns a WAV file of 16 bits.

    Args:
      sound: float32 `[N, channels]`, -1..1; what is outside is clipped.
      sample_rate: samples a second.
    """
    samples = np.round(np.clip(sound, -1, 1) * 32767).astype("<i2")
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(sound.shape[1])
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes(samples.tobytes())
    return buffer.getvalue()


def _write(path: str | os.PathLike[str], data: bytes) -> None:
    with atomic_file(path) as file:
        file.write(data)


def _finished(sound: Sound, end_seconds: float) -> Sound:
    """Cuts what FluidSynth adds after a piece, with a fade, and brings it to a usual loudness."""
    length = min(len(sound), round((end_seconds + _TAIL_SECONDS) * SAMPLE_RATE))
    fade = min(length, round(_FADE_SECONDS * SAMPLE_RATE))
    sound = sound[:length].copy()
    sound[length - fade :] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)[:, np.newaxis]
    loudest = float(np.abs(sound).max(initial=0.0))
    return sound * min(_PEAK / max(loudest, 1e-9), _MAX_GAIN)


def _play_with_fluidsynth(
    sequence: NoteSequence, font: Path, max_seconds: float
) -> tuple[bytes, float]:
    shown = NoteSequence()
    shown.CopyFrom(sequence)
    del shown.notes[:]
    for note in sequence.notes:
        if note.start_time < max_seconds:
            shown.notes.add().CopyFrom(note)
            shown.notes[-1].end_time = min(note.end_time, max_seconds)
    with tempfile.TemporaryDirectory(prefix="musicvae-") as folder:
        midi, wav = Path(folder, "piece.mid"), Path(folder, "piece.wav")
        midi.write_bytes(note_sequence_to_midi(shown))
        command = [
            *(_FLUIDSYNTH, "-n", "-i", "-q", "-g", _FLUIDSYNTH_GAIN, "-r", str(SAMPLE_RATE)),
            *("-F", str(wav), str(font), str(midi)),
        ]
        try:
            subprocess.run(
                command,
                check=True,
                timeout=_TIMEOUT_SECONDS,
                stdin=subprocess.DEVNULL,
                capture_output=True,
            )
            with wave.open(str(wav), "rb") as file:
                samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
            end = min(max(shown.total_time, *(n.end_time for n in shown.notes), 0.0), max_seconds)
            sound = _finished(np.asarray(samples.reshape(-1, 2) / 32768, np.float32), end)
            return wav_bytes(sound), len(sound) / SAMPLE_RATE
        except (OSError, subprocess.SubprocessError, wave.Error, EOFError) as error:
            reason = type(error).__name__
            raise InputError(
                f"FluidSynth could not play with the soundfont '{font}' ({reason}); "
                "try another one or the built-in sound"
            ) from error
