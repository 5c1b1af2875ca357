"""`scripts/sweep_inputs.py`: every file gives music or a reason, whatever it is."""

from __future__ import annotations

import pathlib
import random
import runpy

import midi_files
import pytest
from pieces import drum_beat, melody, trio

from musicvae.formats.midi_writing import note_sequence_to_midi

SCRIPT = pathlib.Path(__file__).resolve().parents[1] / "scripts" / "sweep_inputs.py"


@pytest.fixture(scope="module")
def script() -> dict[str, object]:
    return runpy.run_path(str(SCRIPT))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> pathlib.Path:
    """Sane, odd and broken files, each kind several times."""
    folder = tmp_path_factory.mktemp("inputs")
    pieces = {"beat": drum_beat(5), "bar": drum_beat(1), "tune": melody(), "trio": trio()}
    for name, piece in pieces.items():
        (folder / f"{name}.mid").write_bytes(note_sequence_to_midi(piece))
    rng = random.Random(7)
    for k in range(12):
        odd = midi_files.random_midi(rng)
        (folder / f"odd{k}.mid").write_bytes(odd)
        (folder / f"broken{k}.mid").write_bytes(midi_files.mutate(odd, rng))
        beat = note_sequence_to_midi(drum_beat(3))
        (folder / f"broken beat{k}.mid").write_bytes(midi_files.mutate(beat, rng))
    (folder / "empty.mid").write_bytes(b"")
    return folder


def run(script, monkeypatch, *arguments: object) -> int:
    monkeypatch.setattr("sys.argv", ["sweep_inputs.py", *map(str, arguments)])
    return script["main"]()


def test_odd_and_broken_files_give_music_or_a_reason(script, folder, monkeypatch, tmp_path, capfd):
    report = tmp_path / "report.md"
    configs = "cat-drums_2bar_small,groovae_2bar_humanize,cat-mel_2bar_med_chords"
    assert run(script, monkeypatch, folder, f"--configs={configs}", f"--output={report}") == 0
    rows = [line.split("|")[1:-1] for line in capfd.readouterr().out.splitlines()[2:]]
    jobs = [job.strip() for _, job, *_ in rows]
    one = ["reconstruct", "reconstruct --whole", "interpolate"]
    assert jobs == [*one, *one, "humanize", *one]
    for _, _, files, music, reasons, faults in rows:
        assert int(files) == 41 == int(music) + int(reasons)
        assert int(music) >= 2
        assert int(faults) == 0
    assert ": it does not begin with a MIDI header\n" in report.read_text()


def test_anything_but_music_or_a_reason_is_a_fault(script, folder, monkeypatch, capfd):
    def broken(*_: object) -> None:
        raise KeyError("oh")

    monkeypatch.setitem(script["MODES"], "reconstruct", broken)
    assert run(script, monkeypatch, folder, "--configs=cat-drums_2bar_small", "--every=20") == 1
    assert "KeyError: 'oh'" in capfd.readouterr().err


@pytest.mark.slow
def test_all_real_music_and_all_bad_files_give_music_or_a_reason(script, shared, monkeypatch):
    folders = shared / "data" / "midi", shared / "data" / "badmidi"
    configs = "cat-drums_2bar_small,groovae_2bar_humanize"
    assert run(script, monkeypatch, *folders, f"--configs={configs}") == 0
