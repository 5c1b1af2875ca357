"""`musicvae-generate` writes what was asked for, or one line and a status that is not 0."""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys
import tarfile

import numpy as np
import pytest
import small_music
import tiny_models

from musicvae.cli import generate
from musicvae.cli.flags import run_command
from musicvae.formats.midi import midi_to_note_sequence
from musicvae.formats.midi_writing import note_sequence_to_midi

GROOVE = "groovae_2bar_humanize"
CONTROL = "groovae_2bar_hits_control_tfds"
MELODY = "cat-mel_2bar_small"


class _Result:
    """What a command printed and its status."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err

    @property
    def error(self) -> str:
        """The only line of an error."""
        assert self.status != 0, self.out
        lines = [line for line in self.err.splitlines() if "error:" in line]
        assert len(lines) == 1, self.err
        assert "Traceback" not in self.err
        return lines[0]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], tmp_path: pathlib.Path):
    """Runs the command in this process, with its output in tmp_path/out."""

    def run(*arguments: object, output_dir: object = tmp_path / "out") -> _Result:
        for name in generate.FLAGS:
            generate.FLAGS[name].unparse()
        given = [*map(str, arguments), f"--output_dir={output_dir}"]
        with pytest.raises(SystemExit) as exit_info:
            run_command(
                "musicvae-generate",
                generate.__doc__,
                generate.FLAGS,
                generate.main,
                arguments=given,
            )
        status = exit_info.value.code
        assert isinstance(status, int)
        return _Result(status, *capfd.readouterr())

    return run


@pytest.fixture(scope="session")
def groove_run(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("groove")
    tiny_models.write_run(folder, GROOVE)
    return folder


@pytest.fixture
def inputs(tmp_path: pathlib.Path) -> list[str]:
    """Two drum patterns of two bars, at 90 and 130 qpm."""
    paths = []
    for seed, qpm in ((1, 90.0), (2, 130.0)):
        piece = small_music.drum_piece(seed, bars=2)
        for note in piece.notes:
            note.start_time *= 120 / qpm
            note.end_time *= 120 / qpm
        piece.total_time *= 120 / qpm
        piece.tempos[0].qpm = qpm
        path = tmp_path / f"input {seed} 북.mid"
        path.write_bytes(note_sequence_to_midi(piece))
        paths.append(str(path))
    return paths


def _files(tmp_path: pathlib.Path) -> list[str]:
    return sorted(os.listdir(tmp_path / "out"))


def _read(tmp_path: pathlib.Path) -> list[object]:
    return [midi_to_note_sequence((tmp_path / "out" / f).read_bytes()) for f in _files(tmp_path)]


def test_samples_are_written_under_magentas_names(run, groove_run, tmp_path) -> None:
    result = run(f"--run_dir={groove_run}")
    assert result.status == 0, result.err
    pattern = rf"{GROOVE}_sample_\d{{4}}-\d\d-\d\d_\d{{6}}-00[0-4]-of-005\.mid"
    assert len(_files(tmp_path)) == 5
    assert all(re.fullmatch(pattern, name) for name in _files(tmp_path))
    assert result.out.startswith(f"5 files written: {tmp_path / 'out'}")
    assert any(piece.notes for piece in _read(tmp_path))


def test_fault_01_a_run_folder_remembers_its_config_and_sizes(run, groove_run, tmp_path) -> None:
    """Neither --config nor --hparams is needed, though the model is of another size."""
    assert run(f"--run_dir={groove_run}", "--num_outputs=1").status == 0
    assert _files(tmp_path)[0].startswith(GROOVE)


def test_fault_01_both_run_dir_and_checkpoint_file_is_an_error(run, groove_run) -> None:
    checkpoint = groove_run / "train" / "model.ckpt-5"
    result = run(f"--config={GROOVE}", f"--run_dir={groove_run}", f"--checkpoint_file={checkpoint}")
    assert "both --run_dir=" in result.error
    assert "--checkpoint_file=" in result.error


def test_fault_01_hparams_can_be_given_and_count(run, groove_run, tmp_path) -> None:
    checkpoint = f"--checkpoint_file={groove_run / 'train' / 'model.ckpt-5'}"
    sizes = "--hparams=z_size=8,enc_rnn_size=[12],dec_rnn_size=[10,12]"
    assert run(f"--config={GROOVE}", checkpoint, sizes, "--num_outputs=1").status == 0
    result = run(f"--config={GROOVE}", checkpoint, "--hparams=z_size=16")
    assert f"it fits --config={GROOVE} --hparams=z_size=8" in result.error


@pytest.mark.parametrize("name", ["flat.tar", "folder.tgz"])
def test_a_tar_is_a_checkpoint_file(run, groove_run, tmp_path, name: str) -> None:
    with tarfile.open(tmp_path / name, "w:gz" if name.endswith("gz") else "w") as tar:
        for file in (groove_run / "train").glob("model.ckpt-5.*"):
            tar.add(file, file.name if name == "flat.tar" else f"model/{file.name}")
    result = run(f"--config={GROOVE}", f"--checkpoint_file={tmp_path / name}", "--num_outputs=1")
    assert result.status == 0, result.err


def test_a_tutorials_line_works_as_people_paste_it(run, groove_run, tmp_path) -> None:
    result = run(
        f"--config={GROOVE}",
        f"--checkpoint_file={groove_run / 'train' / 'model.ckpt-5'}",
        "\\",
        " --mode=sample",
        "\\",
        " --num_outputs=2",
        "\\",
    )
    assert result.status == 0, result.err
    assert len(_files(tmp_path)) == 2


def test_fault_05_more_outputs_than_the_batch_are_written(run, groove_run, tmp_path) -> None:
    result = run(f"--run_dir={groove_run}", "--num_outputs=11", "--max_batch_size=4")
    assert result.status == 0
    assert len(_files(tmp_path)) == 11


def test_a_seed_repeats_a_run_bit_for_bit(run, groove_run, tmp_path) -> None:
    outputs = []
    for seed in (3, 3, 4):
        arguments = ("--num_outputs=6", "--max_batch_size=4", "--temperature=1.5")
        folder = tmp_path / f"out{len(outputs)}"
        assert (
            run(f"--run_dir={groove_run}", f"--seed={seed}", *arguments, output_dir=folder).status
            == 0
        )
        outputs.append([file.read_bytes() for file in sorted(folder.iterdir())])
    assert outputs[0] == outputs[1]
    assert outputs[0] != outputs[2]


def test_fault_04_temperature_0_works(run, groove_run, tmp_path) -> None:
    assert run(f"--run_dir={groove_run}", "--temperature=0", "--num_outputs=1").status == 0


def test_runs_in_one_second_do_not_overwrite_each_other(run, groove_run, tmp_path) -> None:
    for _ in range(2):
        assert run(f"--run_dir={groove_run}", "--num_outputs=2").status == 0
    assert len(_files(tmp_path)) == 4


def test_fault_07_an_interpolation_keeps_the_tempo_of_its_inputs(
    run, groove_run, tmp_path, inputs
) -> None:
    result = run(
        f"--run_dir={groove_run}",
        "--mode=interpolate",
        f"--input_midi_1={inputs[0]}",
        f"--input_midi_2={inputs[1]}",
        "--num_outputs=3",
        "--temperature=0",
    )
    assert result.status == 0, result.err
    assert all("_interpolate_" in name for name in _files(tmp_path))
    pieces = _read(tmp_path)
    assert [piece.tempos[0].qpm for piece in pieces] == pytest.approx([90, 110, 130], rel=1e-4)
    assert pieces[0].notes != pieces[2].notes


def test_fault_04_an_input_interpolates_with_itself(run, groove_run, tmp_path, inputs) -> None:
    both = [f"--input_midi_{k}={inputs[0]}" for k in (1, 2)]
    assert run(f"--run_dir={groove_run}", "--mode=interpolate", *both).status == 0
    assert len(_files(tmp_path)) == 5


def test_one_of_several_examples_is_to_be_chosen(run, groove_run, tmp_path, inputs) -> None:
    (tmp_path / "long.mid").write_bytes(note_sequence_to_midi(small_music.drum_piece(3, bars=6)))
    long = f"--input_midi_1={tmp_path / 'long.mid'}"
    end = f"--input_midi_2={inputs[1]}"
    result = run(f"--run_dir={groove_run}", "--mode=interpolate", "--strict", long, end)
    assert result.status == 1
    assert "error: 'long.mid' holds 3 examples of config" in result.error
    assert "choose one of" in result.error
    candidates = _files(tmp_path)
    assert len(candidates) == 3
    assert all(f"{GROOVE}_candidate_" in name for name in candidates)
    for name in candidates:
        chosen = f"--input_midi_1={tmp_path / 'out' / name}"
        assert (
            run(f"--run_dir={groove_run}", "--mode=interpolate", "--strict", chosen, end).status
            == 0
        )


def test_an_interpolation_takes_the_most_musical_window_and_says_so(
    run, groove_run, tmp_path, inputs
) -> None:
    (tmp_path / "long.mid").write_bytes(note_sequence_to_midi(small_music.drum_piece(3, bars=6)))
    long = f"--input_midi_1={tmp_path / 'long.mid'}"
    end = f"--input_midi_2={inputs[1]}"
    result = run(f"--run_dir={groove_run}", "--mode=interpolate", long, end)
    assert result.status == 0, result.err
    assert "long.mid: of its 3 windows the one at bar" in result.err
    assert len(_files(tmp_path)) == 5


def test_fault_13_the_cap_on_windows_does_not_apply_to_inputs(
    run, groove_run, tmp_path, inputs
) -> None:
    (tmp_path / "long.mid").write_bytes(note_sequence_to_midi(small_music.drum_piece(3, bars=60)))
    result = run(
        f"--run_dir={groove_run}",
        "--mode=interpolate",
        "--strict",
        f"--input_midi_1={tmp_path / 'long.mid'}",
        f"--input_midi_2={inputs[1]}",
    )
    assert "holds 30 examples" in result.error
    assert len(_files(tmp_path)) == 30


def test_fault_05_a_conditional_model_follows_control_midi(run, tmp_path, inputs) -> None:
    tiny_models.write_run(tmp_path / "control", CONTROL)
    model = f"--run_dir={tmp_path / 'control'}"
    assert "give --control_midi" in run(model).error
    result = run(model, f"--control_midi={inputs[0]}", "--num_outputs=2")
    assert result.status == 0, result.err
    assert [piece.tempos[0].qpm for piece in _read(tmp_path)] == pytest.approx([90, 90], rel=1e-4)


def test_fault_05_an_interpolation_takes_its_controls_from_the_start(run, tmp_path, inputs) -> None:
    tiny_models.write_run(tmp_path / "control", CONTROL)
    ends = [f"--input_midi_{k + 1}={path}" for k, path in enumerate(inputs)]
    result = run(f"--run_dir={tmp_path / 'control'}", "--mode=interpolate", *ends)
    assert result.status == 0, result.err


def test_sampling_needs_no_encoder(run, tmp_path) -> None:
    config = tiny_models.write_run(tmp_path / "run", MELODY)
    from musicvae.checkpoints import open_checkpoint, save_checkpoint

    with open_checkpoint(tmp_path / "run") as checkpoint:
        decoder = {
            n: np.array(checkpoint.read(n)) for n in checkpoint.weights if "encoder/" not in n
        }
        prefix = save_checkpoint(tmp_path / "decoder", 5, decoder)
    result = run(f"--config={config.name}", f"--checkpoint_file={prefix}", "--num_outputs=1")
    assert result.status == 0, result.err


def test_several_checkpoints_in_an_archive_are_said(run, tmp_path) -> None:
    from musicvae.checkpoints import open_checkpoint, save_checkpoint

    tiny_models.write_run(tmp_path / "run", GROOVE)
    with open_checkpoint(tmp_path / "run") as checkpoint:
        weights = {name: np.array(checkpoint.read(name)) for name in checkpoint.weights}
    save_checkpoint(tmp_path / "run" / "train", 6, weights)
    with tarfile.open(tmp_path / "two.tar", "w") as tar:
        tar.add(tmp_path / "run" / "train", "train")
    result = run(
        f"--config={GROOVE}", f"--checkpoint_file={tmp_path / 'two.tar'}", "--num_outputs=1"
    )
    assert result.status == 0
    assert "holds 2 checkpoints" in result.err
    assert "using train/model.ckpt-6" in result.err


def test_fault_02_every_mistake_is_one_line_and_no_zero(run, groove_run, tmp_path, inputs) -> None:
    (tmp_path / "empty.mid").write_bytes(b"")
    (tmp_path / "melody.mid").write_bytes(
        note_sequence_to_midi(small_music.melody_piece(1, bars=2))
    )
    (tmp_path / "file").touch()
    interpolate = (f"--run_dir={groove_run}", "--mode=interpolate", f"--input_midi_1={inputs[0]}")
    for arguments, message in (
        ((), "missing --config"),
        (("--config=groovae_5bar",), "did you mean 'groovae_4bar'"),
        (("--config=hier-mel_16bar",), "no trained model of config 'hier-mel_16bar' comes with"),
        ((f"--run_dir={tmp_path / 'nothing'}",), "no such folder"),
        ((f"--config={GROOVE}", f"--run_dir={tmp_path}"), "no checkpoint here"),
        ((f"--config={GROOVE}", "--checkpoint_file=nothing.tar"), "no such checkpoint or file"),
        ((f"--config={MELODY}", f"--run_dir={groove_run}"), "not what"),
        ((f"--run_dir={groove_run}", "--hparams=z_sise=8"), "z_sise"),
        ((f"--run_dir={groove_run}", f"--control_midi={inputs[0]}"), "takes no controls"),
        (interpolate, "missing --input_midi_2"),
        ((*interpolate, f"--input_midi_2={tmp_path / 'no.mid'}"), "no.mid: No such file"),
        ((*interpolate, f"--input_midi_2={tmp_path / 'empty.mid'}"), "empty.mid"),
        ((*interpolate, f"--input_midi_2={tmp_path / 'file'}"), "none of .mid"),
        ((*interpolate, f"--input_midi_2={tmp_path / 'melody.mid'}"), "drum"),
        ((f"--run_dir={groove_run}", "--device=GPU:99"), "not in this machine"),
    ):
        result = run(*arguments)
        assert result.status == 1
        assert message in result.error
    result = run(f"--run_dir={groove_run}", output_dir=tmp_path / "file" / "out")
    assert "cannot write" in result.error


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--num_outputs=0", "num_outputs"),
        ("--temperature=-1", "temperature"),
        ("--max_batch_size=0", "max_batch_size"),
        ("--mode=humanise", "mode"),
        ("--seed=-1", "seed"),
        ("--tempreature=1", "did you mean --temperature"),
    ],
)
def test_a_wrong_flag_is_a_usage_error(run, flag: str, message: str) -> None:
    result = run(flag)
    assert result.status == 2
    assert message in result.error


def test_help_and_the_list_of_configurations_need_no_tensorflow() -> None:
    script = """
import sys
from musicvae.cli import generate
sys.argv = ["x", sys.argv[1]]
try:
    generate.run()
except SystemExit as status:
    assert status.code == 0
assert not {"tensorflow", "note_seq", "pooch"} & set(sys.modules)
"""
    for flag, shown in (("--help", "interpolate"), ("--list_configs", "groovae_4bar")):
        result = subprocess.run(
            [sys.executable, "-c", script, flag], capture_output=True, text=True
        )
        assert result.returncode == 0, result.stderr
        assert shown in result.stdout


def test_notes_are_written_beside_midi_in_the_formats_that_are_asked_for(run, tmp_path):
    pytest.importorskip("music21")
    pytest.importorskip("symusic")
    config = "--config=cat-drums_2bar_small"
    result = run(config, "--num_outputs=2", "--seed=1", "--format=musicxml,abc", "--csv")
    assert result.status == 0, result.err
    kinds = sorted(path.suffix for path in (tmp_path / "out").iterdir())
    assert kinds == [".abc"] * 2 + [".csv"] * 2 + [".mid"] * 2 + [".musicxml"] * 2


def test_an_unknown_format_of_notes_is_one_line(run):
    error = run("--config=cat-drums_2bar_small", "--format=musicxm").error
    assert "unknown format 'musicxm'; did you mean 'musicxml'?" in error


@pytest.mark.skipif(os.name != "posix", reason="names are bytes on POSIX systems only")
def test_names_that_are_no_utf_8_are_shown_in_the_page_and_on_the_terminal(
    run, groove_run, inputs, tmp_path
) -> None:
    (tmp_path / "in").mkdir()
    path = os.path.join(os.fsencode(tmp_path / "in"), b"caf\xe9 \x1b[2J.mid")
    with open(inputs[0], "rb") as source, open(path, "wb") as copy:
        copy.write(source.read())
    common = f"--run_dir={groove_run}", "--mode=humanize", "--num_outputs=1", "--html"
    for given in (f"--input={os.fsdecode(path)}", f"--input_dir={tmp_path / 'in'}"):
        folder = tmp_path / f"out{len(given)}"
        result = run(*common, given, output_dir=folder)
        assert result.status == 0, result.err
        assert "\x1b" not in result.out + result.err
        assert [path.suffix for path in folder.iterdir() if path.suffix == ".mid"]
        for page in folder.glob("*.html"):
            assert page.read_bytes().decode("utf-8").rstrip().endswith("</html>")
