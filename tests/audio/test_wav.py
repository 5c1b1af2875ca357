from __future__ import annotations

import io
import pathlib
import wave

import numpy as np
import pytest
from pieces import drum_beat, melody, trio

from musicvae.audio import wav as audio
from musicvae.audio.sounds import DRUM_SOUNDS, TIMBRES
from musicvae.audio.synthesizer import SAMPLE_RATE, synthesize
from musicvae.audio.wav import SOUNDFONT_VARIABLE, find_soundfont, wav_bytes, write_wav
from musicvae.errors import InputError
from musicvae.general_midi import DRUM_NAMES
from musicvae.lazy_note_seq import NoteSequence


def one_note(pitch: int, seconds: float = 1.0, **more) -> NoteSequence:
    piece = NoteSequence(total_time=seconds)
    piece.notes.add(pitch=pitch, velocity=100, start_time=0.0, end_time=seconds, **more)
    return piece


def strongest_hz(sound: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(sound.mean(axis=1) * np.hanning(len(sound))))
    return float(np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE)[spectrum.argmax()])


@pytest.mark.parametrize("program", range(0, 128, 8))
def test_a_sounds_at_440_hz_on_every_instrument(program):
    sound = synthesize(one_note(69, program=program))
    hz = strongest_hz(sound)
    assert min(abs(hz - 440 * k) for k in (1, 2, 3, 4)) < 3
    assert 0.05 < np.abs(sound).max() <= 0.9


def test_a_bass_sounds_an_octave_lower_an_octave_lower():
    low, high = (strongest_hz(synthesize(one_note(p, program=33))) for p in (33, 45))
    assert high / low == pytest.approx(2.0, rel=0.01)


@pytest.mark.parametrize("pitch", sorted(DRUM_SOUNDS))
def test_every_drum_sounds_and_dies_away(pitch):
    sound = synthesize(one_note(pitch, 0.1, is_drum=True))
    assert np.isfinite(sound).all()
    assert np.abs(sound).max() > 0.03
    assert np.abs(sound[-100:]).max() < 0.05 * np.abs(sound).max()


def test_a_kick_is_lower_than_a_snare_and_that_than_a_hat():
    def centre(pitch: int) -> float:
        sound = synthesize(one_note(pitch, 0.1, is_drum=True)).mean(axis=1)
        power = np.abs(np.fft.rfft(sound)) ** 2
        return float((power * np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE)).sum() / power.sum())

    assert centre(36) < 300 < centre(38) < 4000 < centre(42)


def test_a_closing_hi_hat_stops_the_open_one():
    def ring(closed: bool) -> float:
        piece = one_note(46, 0.1, is_drum=True)
        if closed:
            piece.notes.add(pitch=42, velocity=1, start_time=0.1, end_time=0.2, is_drum=True)
        sound = synthesize(piece)
        return float(np.abs(sound[round(0.25 * SAMPLE_RATE) : round(0.4 * SAMPLE_RATE)]).mean())

    assert ring(closed=True) < 0.3 * ring(closed=False)


def test_louder_notes_are_louder():
    soft, loud = one_note(60), one_note(60)
    soft.notes[0].velocity = 40
    assert np.abs(synthesize(soft)).max() < 0.5 * np.abs(synthesize(loud)).max()


def test_many_notes_at_once_do_not_clip():
    piece = trio()
    for pitch in range(40, 90):
        piece.notes.add(pitch=pitch, velocity=127, start_time=0.0, end_time=4.0)
    assert np.abs(synthesize(piece)).max() <= 0.9


def test_the_same_piece_gives_the_same_samples():
    np.testing.assert_array_equal(synthesize(trio()), synthesize(trio()))


def test_a_piece_of_a_year_is_cut_with_a_fade(tmp_path):
    piece = drum_beat()
    piece.notes.add(pitch=60, velocity=80, start_time=0.0, end_time=3e7, program=16)
    piece.total_time = 3e7
    written = write_wav(piece, tmp_path / "a.wav", engine="built-in", max_seconds=3.0)
    assert written.is_cut
    assert written.seconds == pytest.approx(3.0)
    sound = synthesize(piece, max_seconds=3.0)
    assert np.abs(sound[-3:]).max() < 0.01


def test_no_notes_are_silence():
    assert np.abs(synthesize(NoteSequence())).max() == 0.0


def test_a_wav_file_is_16_bits_stereo_and_clipped():
    data = wav_bytes(np.array([[0.0, 2.0], [-2.0, 0.5]], np.float32))
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, 44100)
        samples = np.frombuffer(file.readframes(2), "<i2")
    assert list(samples) == [0, 32767, -32767, 16384]


def test_a_soundfont_that_is_missing_is_named(tmp_path, monkeypatch):
    with pytest.raises(InputError, match=r"nowhere\.sf2.*--soundfont"):
        write_wav(drum_beat(), tmp_path / "a.wav", soundfont=tmp_path / "nowhere.sf2")
    monkeypatch.setenv(SOUNDFONT_VARIABLE, str(tmp_path / "gone.sf2"))
    with pytest.raises(InputError, match=SOUNDFONT_VARIABLE):
        find_soundfont()
    assert not list(tmp_path.iterdir())


def test_without_fluidsynth_the_built_in_sound_is_taken_unless_it_was_asked_for(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(audio.shutil, "which", lambda name: None)
    assert write_wav(melody(), tmp_path / "a.wav").engine == "built-in"
    with pytest.raises(InputError, match="fluidsynth"):
        write_wav(melody(), tmp_path / "b.wav", engine="fluidsynth")


def test_fluidsynth_plays_where_it_is_installed(tmp_path):
    font = find_soundfont()
    if font is None or audio.shutil.which("fluidsynth") is None:
        pytest.skip("no FluidSynth with a soundfont here")
    written = write_wav(melody(), tmp_path / "a.wav")
    assert written.engine == "fluidsynth"
    with wave.open(str(tmp_path / "a.wav")) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    assert np.abs(samples.astype(int)).max() > 500


def test_what_fluidsynth_plays_ends_soon_after_the_piece_and_is_loud_enough(tmp_path, monkeypatch):
    def play(command, **_: object) -> None:
        quiet = np.full((30 * 44_100, 2), 0.2, np.float32)
        pathlib.Path(command[command.index("-F") + 1]).write_bytes(audio.wav_bytes(quiet))

    font = tmp_path / "font.sf2"
    font.write_bytes(b"RIFF\0\0\0\0sfbk")
    monkeypatch.setattr(audio.shutil, "which", lambda _: "fluidsynth")
    monkeypatch.setattr(audio.subprocess, "run", play)
    written = write_wav(melody(), tmp_path / "a.wav", soundfont=font)
    assert written.seconds == pytest.approx(4.0 + 2.0, abs=1e-3)
    with wave.open(str(tmp_path / "a.wav")) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    assert samples[0, 0] == pytest.approx(0.89 * 32767, rel=1e-3)
    assert abs(samples[-1]).max() < 10


def test_a_file_that_is_no_soundfont_is_refused(tmp_path):
    broken = tmp_path / "broken.sf2"
    broken.write_bytes(b"no font")
    with pytest.raises(InputError, match="no soundfont"):
        write_wav(melody(), tmp_path / "b.wav", soundfont=broken)


def test_the_tables_cover_the_drums_that_have_names_and_all_programs():
    assert len(TIMBRES) == 16
    assert set(DRUM_SOUNDS) <= set(DRUM_NAMES)
