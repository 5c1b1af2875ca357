"""Each mode of `musicvae-generate`, with its inputs, its mistakes and its pictures."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest
from command_line import models_loaded_once
from pieces import drum_beat, melody
from tiny_models import write_run

from musicvae.attribute_vectors import attribute_vectors, attributes_path, save_vectors
from musicvae.cli import generate
from musicvae.cli.flags import run_command
from musicvae.formats.midi import midi_to_note_sequence
from musicvae.formats.midi_writing import note_sequence_to_midi
from musicvae.generate.grooves import GROOVE_MODES
from musicvae.lazy_note_seq import NoteSequence

MELODY, CHORDS = "cat-mel_2bar_small", "cat-mel_2bar_med_chords"


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> dict[str, pathlib.Path]:
    names = [MELODY, CHORDS, *(job.config for job in GROOVE_MODES.values())]
    folders = {name: tmp_path_factory.mktemp("run") / name for name in names}
    for name, folder in folders.items():
        write_run(folder, name)
    return folders


@pytest.fixture(scope="module")
def music(tmp_path_factory) -> dict[str, pathlib.Path]:
    folder = tmp_path_factory.mktemp("music")
    pieces = {"tune": melody(), "low": melody(lowest=43, program=73), "beat": drum_beat(5)}
    paths = {name: folder / f"{name}.mid" for name in pieces}
    for name, piece in pieces.items():
        paths[name].write_bytes(note_sequence_to_midi(piece))
    return paths


@pytest.fixture(scope="module", autouse=True)
def _models_loaded_once():
    with models_loaded_once():
        yield


@pytest.fixture
def run(capfd, caplog, tmp_path):
    """Runs the command in this process; returns status, what it said, and the files' names."""

    def run(
        *arguments: object, folder: pathlib.Path = tmp_path / "out"
    ) -> tuple[int, str, list[str]]:
        for name in generate.FLAGS:
            generate.FLAGS[name].unparse()
        caplog.clear()
        with pytest.raises(SystemExit) as exit_info:
            run_command(
                "musicvae-generate",
                generate.__doc__,
                generate.FLAGS,
                generate.main,
                arguments=[*map(str, arguments), f"--output_dir={folder}"],
            )
        out, err = capfd.readouterr()
        names = (
            sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
            if folder.exists()
            else []
        )
        assert "Traceback" not in err
        return int(exit_info.value.code or 0), out + err + caplog.text, names

    return run


def read(path: pathlib.Path) -> NoteSequence:
    return midi_to_note_sequence(path.read_bytes(), with_silence=True)


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        (["--mode=interpolate", "--input_midi_1={tune}", "--input_midi_2={low}"], 3),
        (["--mode=interpolate", "--linear", "--input={tune}", "--input={low}"], 3),
        (["--mode=grid", *["--input={tune}", "--input={low}"] * 2, "--num_outputs=2"], 4),
        (["--mode=reconstruct", "--input_midi_1={tune}", "--whole"], 3),
        (["--mode=similar", "--input_midi_1={tune}", "--closeness=0.3"], 3),
        (["--mode=morph", "--input={tune}", "--input={low}", "--input={tune}"], 1),
        (["--mode=sample", "--temperature=0,0.5,1.5"], 9),
    ],
)
def test_a_mode_writes_its_results(run, runs, music, arguments, count):
    given = [argument.format(**music) for argument in arguments]
    given = ["--num_outputs=3", "--seed=1", *given]
    status, text, names = run(f"--run_dir={runs[MELODY]}", *given)
    assert status == 0, text
    mode = next(a for a in arguments if a.startswith("--mode")).removeprefix("--mode=")
    assert len(names) == count
    assert all(name.startswith(f"{MELODY}_{mode}_") for name in names)
    assert f"-of-{count:03d}.mid" in names[0]


def test_models_of_other_lengths_play_what_they_fit(run, runs, music, tmp_path):
    write_run(tmp_path / "four", "cat-mel_4bar_small")
    arguments = ("--mode=reconstruct", f"--input_midi_1={music['tune']}", "--whole", "--seed=1")
    status, text, names = run(
        f"--run_dir={runs[MELODY]}", *arguments, f"--models={tmp_path / 'four'}", "--num_outputs=1"
    )
    assert status == 0, text
    assert len(names) == 1
    assert f"by {MELODY}" in text
    assert "it was played in windows as long as fit" in text


@pytest.mark.parametrize("mode", list(GROOVE_MODES))
def test_a_groove_job_keeps_the_length_of_its_input(run, runs, music, tmp_path, mode):
    given = (
        f"--run_dir={runs[GROOVE_MODES[mode].config]}",
        f"--mode={mode}",
        "--num_outputs=1",
        "--seed=1",
    )
    status, text, names = run(*given, f"--input_midi_1={music['beat']}")
    assert status == 0, text
    assert read(tmp_path / "out" / names[0]).total_time == pytest.approx(10.0, abs=0.01)


def test_the_hits_to_follow_may_be_the_control(run, runs, music):
    model = f"--run_dir={runs[GROOVE_MODES['follow_hits'].config]}"
    status, text, names = run(model, "--mode=follow_hits", f"--control_midi={music['beat']}")
    assert status == 0, text
    assert len(names) == 5


def test_a_kit_may_be_given_as_a_file_and_a_manner_in_part(run, runs, music, tmp_path):
    kit = tmp_path / "kit.toml"
    kit.write_text('36 = "snare"\n38 = "kick"\n')
    model = f"--run_dir={runs[GROOVE_MODES['humanize'].config]}"
    given = model, "--mode=humanize", "--num_outputs=1"
    beat = f"--input_midi_1={music['beat']}"
    status, text, names = run(*given, beat, f"--drum_map={kit}", "--timing=0", "--velocity=0")
    assert status == 0, text
    found, expected = (
        sorted((round(note.start_time, 3), note.pitch, note.velocity) for note in piece.notes)
        for piece in (read(tmp_path / "out" / names[0]), read(music["beat"]))
    )
    assert found == expected
    status, text, _ = run(*given, beat, "--drum_map=nowhere.toml")
    assert status == 1
    assert "drum map 'nowhere.toml': No such file or directory" in text
    status, text, _ = run(model, "--program=flute")
    assert status == 1
    assert "which plays drums" in text


def test_a_groove_job_names_the_model_that_it_needs(run):
    status, text, _ = run("--mode=humanize", "--input_midi_1=nowhere.mid")
    assert status == 1
    assert "groovae_2bar_humanize" in text or "nowhere.mid" in text


def test_attributes_are_changed_by_the_vectors_beside_the_checkpoint(run, runs, music, tmp_path):
    rng = np.random.default_rng(0)
    vectors = attribute_vectors(rng.normal(size=(20, 8)), rng.random((20, 5)))
    path = attributes_path(tmp_path / "vectors")
    save_vectors(path, vectors, config=MELODY, step=5)
    given = f"--run_dir={runs[MELODY]}", "--mode=attribute", f"--input_midi_1={music['tune']}"
    beside = attributes_path(runs[MELODY] / "train" / "model.ckpt-5")
    for file in (f"--attributes_file={path}", None):
        if file is None:
            save_vectors(beside, vectors, config=MELODY, step=5)
        arguments = [*given, "--attribute=note density", "--amount=-2,2", *([file] if file else [])]
        status, text, names = run(*arguments, folder=tmp_path / f"out{file is None}")
        assert status == 0, text
        assert len(names) == 2
    beside.unlink()
    status, text, _ = run(*given, "--attribute=note_density")
    assert status == 1
    assert "`musicvae-attributes` computes them" in text


def test_what_was_done_to_an_input_is_said(run, runs, music, tmp_path):
    (tmp_path / "short.mid").write_bytes(note_sequence_to_midi(drum_beat(1)))
    model = f"--run_dir={runs[GROOVE_MODES['humanize'].config]}"
    given = f"--input_midi_1={tmp_path / 'short.mid'}", "--num_outputs=1"
    status, text, _ = run(model, "--mode=reconstruct", *given)
    assert status == 0
    assert "short.mid: its 1 bar was filled up with silence to 2" in text
    status, text, _ = run(model, "--mode=reconstruct", "--strict", *given)
    assert status == 1
    assert "a window needs 2" in text


def test_tempo_and_instrument_are_the_inputs_or_the_users(run, runs, music, tmp_path):
    given = f"--run_dir={runs[MELODY]}", "--mode=reconstruct", f"--input_midi_1={music['low']}"
    _, _, names = run(*given, "--num_outputs=1", folder=tmp_path / "a")
    assert {note.program for note in read(tmp_path / "a" / names[0]).notes} == {73}
    _, _, names = run(
        *given, "--num_outputs=1", "--qpm=77", "--program=cello", folder=tmp_path / "b"
    )
    piece = read(tmp_path / "b" / names[0])
    assert {note.program for note in piece.notes} == {42}
    assert piece.tempos[0].qpm == pytest.approx(77, rel=1e-4)


def test_a_seed_that_was_made_up_is_said_and_repeats_the_run(run, runs, tmp_path):
    _, text, first = run(f"--run_dir={runs[MELODY]}", "--num_outputs=2", folder=tmp_path / "a")
    seed = text.split("--seed=")[1].split(" ")[0]
    _, _, second = run(
        f"--run_dir={runs[MELODY]}", "--num_outputs=2", f"--seed={seed}", folder=tmp_path / "b"
    )
    for one, other in zip(first, second, strict=True):
        assert (tmp_path / "a" / one).read_bytes() == (tmp_path / "b" / other).read_bytes()


def test_chords_drive_a_model_of_chords_and_longer_rows_take_several_windows(run, runs, tmp_path):
    model = f"--run_dir={runs[CHORDS]}", "--num_outputs=1"
    for chords, seconds in (("C", 4.0), ("C Am F G", 8.0), ("C Am | F G", 4.0)):
        folder = tmp_path / f"{len(chords)}"
        status, text, names = run(*model, f"--chords={chords}", folder=folder)
        assert status == 0, text
        assert read(folder / names[0]).total_time == pytest.approx(seconds, abs=0.01)
    status, text, _ = run(*model, "--chords=I vi", "--key=G")
    assert status == 0, text


def test_everything_to_look_at_and_to_hear_is_written(run, runs, music, tmp_path):
    given = (
        "--mode=interpolate",
        f"--input_midi_1={music['tune']}",
        f"--input_midi_2={music['low']}",
    )
    shown = "--plot", "--plot_format=svg", "--wav", "--html", "--num_outputs=3"
    status, text, names = run(f"--run_dir={runs[MELODY]}", *given, *shown)
    assert status == 0, text
    endings = sorted(name.rsplit(".", 1)[1] for name in names)
    assert endings == ["html"] + ["mid"] * 3 + ["svg"] * 5 + ["wav"] * 3
    page = next((tmp_path / "out").glob("*.html")).read_text("utf-8")
    assert f"{MELODY}: interpolate" in page
    assert "tune.mid" in page


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--mode=reconstruct"], "missing --input_midi_1; --mode=reconstruct is to play"),
        (["--mode=grid", "--input={tune}"], "missing --input_midi_2 and --input and another"),
        (["--input_midi_1={tune}"], "1 input is given, and --mode=sample takes none"),
        (["--mode=similar", "--input_midi_1=no.mid"], "--input_midi_1=no.mid: No such file"),
        (["--mode=similar", "--input_midi_1={beat}"], "beat.mid' has nothing that this model"),
        (["--mode=humanize", "--input_midi_1={beat}"], "is not made for humanize"),
        (["--mode=attribute", "--input_midi_1={tune}"], "missing --attribute"),
        (["--mode=attribute", "--input_midi_1={tune}", "--attribute=joy"], "no attribute vectors"),
        (["--chords=C"], "plays over no chords"),
        (["--control_midi={beat}"], "takes no controls"),
        (["--program=kazoo"], "unknown instrument 'kazoo'"),
        (["--qpm=0"], "is no tempo"),
        (["--length=100000000"], "length 100000000 is not in 1.."),
        (["--mode=similar", "--input_midi_1={tune}", "--bar=7"], "no window of 'tune.mid' begins"),
        (["--mode=similar", "--input_midi_1={tune}", "--whole"], "it belongs to reconstruct"),
        (["--closeness=0.5"], "--closeness has no effect with --mode=sample"),
        (["--mode=reconstruct", "--input_midi_1={tune}", "--models=family"], "without --whole"),
        (
            ["--mode=reconstruct", "--input_midi_1={tune}", "--whole", "--models=nowhere"],
            "no model 'nowhere'",
        ),
        (["--drum_map=no.toml"], "--drum_map has no effect with config"),
        (["--wav", "--soundfont=no.sf2"], "no soundfont at 'no.sf2'"),
        (["--mode=similar", "--input_dir={tune}"], "is a file, not a folder"),
        (["--mode=grid", "--input_dir=."], "--mode=grid does not go with --input_dir"),
        (["--input_dir=.", "--input={tune}"], "takes the place of single inputs"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line(run, runs, music, arguments, message):
    given = [argument.format(**music) for argument in arguments]
    status, text, names = run(f"--run_dir={runs[MELODY]}", *given)
    assert status == 1, text
    errors = [line for line in text.splitlines() if line.startswith("musicvae-generate: error:")]
    assert len(errors) == 1
    assert message in errors[0]
    assert not names


def test_chords_that_are_missing_or_wrong_are_said(run, runs, music):
    model = f"--run_dir={runs[CHORDS]}"
    for arguments, message in (
        ([], "give --chords, as in --chords='C Am F G'"),
        (["--chords=C Xy"], "unknown chord 'Xy'"),
        (["--chords=I"], "--key=G"),
        (["--chords=C", "--key=H"], "is no key"),
    ):
        status, text, _ = run(model, *arguments)
        assert status == 1
        assert message in text


@pytest.fixture
def songs(tmp_path) -> pathlib.Path:
    folder = tmp_path / "songs"
    (folder / "more").mkdir(parents=True)
    for name, piece in (("a", melody()), ("more/b", melody(lowest=48)), ("more/c", drum_beat())):
        (folder / f"{name}.mid").write_bytes(note_sequence_to_midi(piece))
    (folder / "broken.mid").write_bytes(b"junk")
    return folder


def test_a_folder_is_worked_through_and_what_fails_has_its_reason(run, runs, songs, tmp_path):
    given = f"--run_dir={runs[MELODY]}", "--mode=reconstruct", f"--input_dir={songs}", "--recursive"
    status, text, names = run(*given, "--num_outputs=2", "--seed=1")
    assert status == 0, text
    assert names == [
        "a_reconstruct-000-of-002.mid",
        "a_reconstruct-001-of-002.mid",
        "more/b_reconstruct-000-of-002.mid",
        "more/b_reconstruct-001-of-002.mid",
        "skipped.tsv",
    ]
    assert "4 inputs: 2 done, 2 skipped" in text
    skipped = (tmp_path / "out" / "skipped.tsv").read_text().splitlines()
    assert skipped[0] == "input\treason"
    assert skipped[1].startswith("broken.mid\t")
    assert "'c.mid' has nothing that this model can read" in skipped[2]


def test_a_folder_that_was_interrupted_goes_on(run, runs, songs, tmp_path):
    given = f"--run_dir={runs[MELODY]}", "--mode=reconstruct", f"--input_dir={songs}", "--recursive"
    run(*given, "--num_outputs=2", "--seed=1")
    first = tmp_path / "out" / "a_reconstruct-000-of-002.mid"
    other = tmp_path / "out" / "more" / "b_reconstruct-001-of-002.mid"
    before, other_before = first.stat().st_mtime_ns, other.read_bytes()
    other.unlink()
    status, text, _ = run(*given, "--num_outputs=2", "--seed=1")
    assert status == 0
    assert "1 done, 1 done before, 2 skipped" in text
    assert first.stat().st_mtime_ns == before
    assert other.read_bytes() == other_before
    run(*given, "--num_outputs=2", "--overwrite")
    assert first.stat().st_mtime_ns != before


def test_a_folder_that_was_interrupted_between_music_and_pictures_goes_on(
    run, runs, songs, tmp_path
):
    given = f"--run_dir={runs[MELODY]}", "--mode=reconstruct", f"--input_dir={songs}", "--wav"
    given = (*given, "--num_outputs=2", "--seed=1", "--plot", "--plot_format=svg", "--html")
    _, _, names = run(*given)
    assert "1 done before" in run(*given)[1]
    for name in names:
        if name.startswith("a_") and not name.endswith("contact.svg"):
            (tmp_path / "out" / name).unlink()
            _, text, after = run(*given)
            assert "1 done," in text
            assert after == names


def test_a_folder_interpolates_between_neighbours(run, runs, songs):
    given = f"--run_dir={runs[MELODY]}", "--mode=interpolate", f"--input_dir={songs}", "--recursive"
    (songs / "broken.mid").unlink()
    (songs / "more" / "c.mid").unlink()
    status, text, names = run(*given, "--num_outputs=2")
    assert status == 0, text
    assert names == ["a_to_b_interpolate-000-of-002.mid", "a_to_b_interpolate-001-of-002.mid"]


def test_a_folder_in_which_nothing_can_be_done_is_a_failure(run, runs, songs):
    (songs / "a.mid").unlink()
    given = f"--run_dir={runs[MELODY]}", "--mode=reconstruct", f"--input_dir={songs}"
    status, _, names = run(*given)
    assert status == 1
    assert names == ["skipped.tsv"]
