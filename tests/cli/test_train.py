"""Tests of musicvae-train as people run it."""

from __future__ import annotations

import importlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import pytest
from small_music import waltz, write_drums, write_melodies

from musicvae.checkpoints import RunFolder, open_checkpoint
from musicvae.formats.tfrecord import write_note_sequences
from musicvae.training.options import TrainingOptions
from musicvae.training.run_spec import RunSpec, plan_training

TINY = "--hparams=batch_size=4,z_size=3,enc_rnn_size=[4],dec_rnn_size=[5,3]"
CONFIG = "--config=groovae_2bar_humanize"


class Command:
    """musicvae-train, run inside this process.

    Attributes:
      status: its exit status.
      out: its standard output.
      err: its standard error.
    """

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capfd = capfd

    def __call__(self, *arguments: str | pathlib.Path) -> int:
        """Runs the command; returns its exit status."""
        from musicvae.cli import flags, train

        # A command's flags keep what was parsed into them.
        train = importlib.reload(train)
        given = [str(argument) for argument in arguments]
        with pytest.raises(SystemExit) as raised:
            flags.run_command(
                "musicvae-train", train.__doc__, train.FLAGS, train.main, arguments=given
            )
        assert isinstance(raised.value.code, int)
        self.status = raised.value.code
        self.out, self.err = self._capfd.readouterr()
        return self.status

    def error(self) -> str:
        """Returns the one line of an error."""
        lines = [line for line in self.err.splitlines() if "error:" in line]
        assert len(lines) == 1, self.err
        assert "Traceback" not in self.err
        return lines[0]


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str]) -> Command:
    """musicvae-train."""
    return Command(capfd)


@pytest.fixture(scope="module")
def drums(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A TFRecord of six beats, eighteen windows."""
    return write_drums(tmp_path_factory.mktemp("music") / "drums.tfrecord", pieces=6, bars=4)


@pytest.fixture(scope="module")
def trained(drums: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A run folder of two steps."""
    run = tmp_path_factory.mktemp("trained") / "run"
    from musicvae.training.devices import choose_training_devices
    from musicvae.training.running import train

    spec = RunSpec(
        run_dir=str(run),
        config="groovae_2bar_humanize",
        hparams=TINY.removeprefix("--hparams="),
        examples_path=str(drums),
        options=TrainingOptions(num_steps=2),
    )
    result = train(plan_training(spec), choose_training_devices("CPU"))
    assert (result.step, result.exit_status) == (2, 0)
    return run


def test_a_new_run_trains_reports_and_remembers(
    command: Command, drums: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    run = tmp_path / "run"
    arguments = (CONFIG, f"--run_dir={run}", f"--examples_path={drums}", TINY)
    assert command(*arguments, "--num_steps=3") == 0, command.err
    for text in (
        "configuration: groovae_2bar_humanize, with z_size=3",
        "device: CPU",
        "encoder/mu/kernel",
        "examples: 12 in 6 of 6 sequences",
        "an epoch: 12 examples, 3.0 batches of 4",
        "memory: about",
        "step 3/3  loss",
        "0 s left",
    ):
        assert text in command.out + command.err, text
    assert (run / "config.toml").exists()
    with open_checkpoint(run) as checkpoint:
        assert checkpoint.step == 3

    assert command(f"--run_dir={run}", "--num_steps=5") == 0, command.err
    assert "step 5/5" in command.err
    with open_checkpoint(run) as checkpoint:
        assert checkpoint.step == 5
        assert checkpoint.shapes["encoder/mu/bias"] == (3,)

    assert command(f"--run_dir={run}", "--num_steps=5") == 0
    assert "at step 5 already" in command.err

    held_out = f"--examples_path={drums}"
    assert command(f"--run_dir={run}", "--mode=eval", held_out) == 0, command.err
    assert "teacher-forced" in command.out and "hits loss" in command.out
    (entry,) = json.loads((run / "eval" / "evaluations.json").read_text())
    assert entry["step"] == 5 and entry["examples"] == 12
    assert list((run / "eval").glob("events.out.tfevents.*"))
    assert (run / "eval" / "best" / "model.ckpt-5.index").exists()


def test_augmentation_from_the_command_line_is_remembered(
    command: Command, drums: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    run = f"--run_dir={tmp_path}/run"
    augment = "--augment=drop_voice_probability=0.3,rotate_probability=0.2"
    assert command(CONFIG, TINY, run, f"--examples_path={drums}", augment, "--num_steps=1") == 0
    said = "30% of examples lose one of their drums, 20% of examples start at another beat"
    assert said in command.err
    assert "drop_voice_probability = 0.3" in (tmp_path / "run" / "config.toml").read_text()
    assert command(run, "--augment=rotate_probability=0", "--num_steps=2") == 0, command.err
    assert "augmentation: 30% of examples lose one of their drums\n" in command.err


def test_training_evaluates_on_what_it_is_given(
    command: Command, drums: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    held_out = write_drums(tmp_path / "held_out.tfrecord", pieces=3)
    run = tmp_path / "run"
    assert (
        command(
            CONFIG,
            TINY,
            f"--run_dir={run}",
            f"--examples_path={drums}",
            f"--eval_examples_path={held_out}",
            "--num_steps=4",
            "--eval_every_steps=2",
        )
        == 0
    ), command.err
    entries = json.loads((run / "eval" / "evaluations.json").read_text())
    assert [(entry["step"], entry["examples"]) for entry in entries] == [(2, 6), (4, 6)]
    # Evaluating without a path is on the same data, for the run folder remembers it.
    assert command(f"--run_dir={run}", "--mode=eval") == 0, command.err
    assert json.loads((run / "eval" / "evaluations.json").read_text())[-1]["examples"] == 6


def test_watching_ends_with_the_last_step(
    command: Command, trained: pathlib.Path, drums: pathlib.Path
) -> None:
    status = command(
        f"--run_dir={trained}",
        "--mode=eval",
        "--watch",
        "--num_steps=2",
        "--eval_dir_suffix=_watched",
        f"--examples_path={drums}",
    )
    assert status == 0, command.err
    assert (trained / "eval_watched" / "evaluations.json").exists()


def test_fault_10_a_set_smaller_than_a_batch_trains_with_a_warning(
    command: Command, drums: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    small = TINY.replace("batch_size=4", "batch_size=20")
    path = f"--examples_path={drums}"
    assert command(CONFIG, f"--run_dir={tmp_path}/run", path, small, "--num_steps=1") == 0
    assert "only 12 examples, fewer than batch_size=20" in command.err
    assert "--hparams=batch_size=12" in command.err


def test_fault_16_no_examples_is_an_error_with_the_reasons(
    command: Command, tmp_path: pathlib.Path
) -> None:
    write_note_sequences(tmp_path / "waltz.tfrecord", [waltz(1), waltz(2)])
    path = f"--examples_path={tmp_path}/waltz.tfrecord"
    assert command(CONFIG, TINY, f"--run_dir={tmp_path}/run", path) == 1
    assert "2 x a bar is not as long as four quarter notes" in command.error()
    assert not (tmp_path / "run" / "config.toml").exists()


def test_a_run_folder_that_magentas_trainer_wrote_goes_on(
    command: Command, shared: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    run = tmp_path / "run"
    shutil.copytree(shared / "golden" / "run" / "groovae_2bar_humanize", run)
    for path in run.rglob("*"):
        path.chmod(0o755)
    run.chmod(0o755)
    examples = f"--examples_path={shared}/golden/run/groove_eval_session.tfrecord"
    with open_checkpoint(run) as before:
        beta1 = float(before.read("beta1_power"))
        shapes = dict(before.shapes)
    arguments = (CONFIG, f"--run_dir={run}", examples, "--hparams=batch_size=16")
    assert command(*arguments, "--num_steps=152") == 0, command.err
    assert "step 152/152" in command.err
    with open_checkpoint(run) as after:
        assert after.step == 152
        assert float(after.read("beta1_power")) == pytest.approx(beta1 * 0.9**2)
        assert {k: v for k, v in shapes.items() if k in after.shapes} == dict(after.shapes)
    loss = float(command.err.split("step 152/152  loss ")[1].split()[0])
    assert loss < 120.0, "an untrained model's is 280"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "missing --run_dir"),
        (["--run_dir=RUN"], "give --config"),
        (["--run_dir=RUN", "--config=groovae_2bar_humanise"], "did you mean"),
        (["--run_dir=RUN", CONFIG, "--examples_path=none.tfrecord"], "none.tfrecord"),
        (["--run_dir=RUN", CONFIG, "--hparams=z_sise=3"], "did you mean 'z_size'"),
        (["--run_dir=RUN", CONFIG, "--hparams=z_size=x"], "z_size='x' is not of type int"),
        (["--run_dir=RUN", "--config=cat-mel_2bar_small"], "missing --examples_path"),
        (["--run_dir=RUN", CONFIG, "--augment=rotate_probability=2"], "must be between 0.0 and 1"),
        (
            [
                "--run_dir=RUN",
                "--config=cat-mel_2bar_small",
                "--augment=rotate_probability=1",
                "--examples_path=none.tfrecord",
            ],
            "are for drum configurations",
        ),
        (
            ["--run_dir=RUN", CONFIG, "--examples_path=x", "--tfds_name=groove/2bar-midionly"],
            "exclude each other",
        ),
        (["--run_dir=RUN", CONFIG, "--early_stopping=2"], "give --eval_examples_path"),
        (["--run_dir=RUN", CONFIG, "--task=1"], "TF_CONFIG"),
        (["--run_dir=RUN", CONFIG, "--watch"], "--watch goes with --mode=eval"),
        (["--run_dir=RUN", CONFIG, "--num_steps=0"], "--num_steps=0 must be at least 1"),
        (["--run_dir=RUN", CONFIG, "--config=none.toml"], "none.toml"),
    ],
)
def test_a_wrong_command_line_is_one_clear_line(
    command: Command, tmp_path: pathlib.Path, arguments: list[str], message: str
) -> None:
    given = [argument.replace("RUN", str(tmp_path / "run")) for argument in arguments]
    assert command(*given) == 1
    assert message in command.error()


def test_a_conflicting_config_is_an_error(command: Command, trained: pathlib.Path) -> None:
    assert command(f"--run_dir={trained}", "--config=groovae_4bar") == 1
    assert "trained with: groovae_2bar_humanize" in command.error()


def test_other_sizes_than_the_run_folder_s_are_an_error(
    command: Command, trained: pathlib.Path
) -> None:
    assert command(f"--run_dir={trained}", "--hparams=z_size=5", "--num_steps=9") == 1
    assert "z_size=3" in command.error()
    assert "z_size = 3" in (trained / "config.toml").read_text()


def test_evaluating_an_empty_run_folder_is_an_error(
    command: Command, drums: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    path = f"--examples_path={drums}"
    assert command(CONFIG, f"--run_dir={tmp_path}/run", "--mode=eval", path) == 1
    assert "no checkpoint" in command.error()


def test_music_of_another_kind_is_an_error(command: Command, tmp_path: pathlib.Path) -> None:
    path = write_melodies(tmp_path / "melodies.tfrecord")
    assert command(CONFIG, TINY, f"--run_dir={tmp_path}/run", f"--examples_path={path}") == 1
    assert "none of the 6 sequences" in command.error()


def test_a_broken_tfrecord_is_an_error(
    command: Command, drums: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    data = drums.read_bytes()
    (tmp_path / "cut.tfrecord").write_bytes(data[: len(data) // 2])
    path = f"--examples_path={tmp_path}/cut.tfrecord"
    assert command(CONFIG, TINY, f"--run_dir={tmp_path}/run", path) == 1
    assert "cut.tfrecord" in command.error()


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_run_folder_that_cannot_be_written_is_an_error(
    command: Command, drums: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    tmp_path.chmod(0o500)
    path = f"--examples_path={drums}"
    assert command(CONFIG, TINY, f"--run_dir={tmp_path}/run", path) == 1
    assert str(tmp_path) in command.error()


def test_a_file_where_the_run_folder_should_be_is_an_error(
    command: Command, drums: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    (tmp_path / "run").write_text("")
    path = f"--examples_path={drums}"
    assert command(CONFIG, TINY, f"--run_dir={tmp_path}/run", path) == 1
    assert str(tmp_path / "run") in command.error()


def test_magentas_flags_for_a_single_machine_are_answered(
    command: Command, drums: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    arguments = ("--num_sync_workers=1", "--checkpoints_to_keep=100", "--cache_dataset")
    hours = "--keep_checkpoint_every_n_hours=1"
    path = f"--examples_path={drums}"
    run = f"--run_dir={tmp_path}/run"
    assert command(CONFIG, TINY, run, path, hours, *arguments, "--num_steps=1") == 0, command.err
    assert "--num_sync_workers" in command.err and "TF_CONFIG" in command.err


def test_a_second_training_ends_with_who_is_there_and_an_evaluation_goes_on(
    command: Command, drums: pathlib.Path, trained: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    pytest.importorskip("fcntl")
    run = tmp_path / "run"
    shutil.copytree(trained, run)
    with RunFolder(run).locked():
        assert command(f"--run_dir={run}", "--num_steps=3") == 1
        assert f"another training works in this folder (process {os.getpid()} " in command.error()
        evaluated = (f"--run_dir={run}", "--mode=eval", f"--examples_path={drums}")
        assert command(*evaluated) == 0, command.err
    assert command(f"--run_dir={run}", "--num_steps=3") == 0, command.err


def test_examples_can_be_kept_on_disk(
    command: Command, drums: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    path = f"--examples_path={drums}"
    cache = f"--cache_dir={tmp_path}/cache"
    arguments = (CONFIG, TINY, path, "--num_steps=1")
    assert command(*arguments, f"--run_dir={tmp_path}/a", cache) == 0, command.err
    assert len(list((tmp_path / "cache").iterdir())) == 1
    assert command(*arguments, f"--run_dir={tmp_path}/b", "--nocache_dataset") == 0, command.err
    assert "examples: 12 in 6 of 6 sequences" in command.err


def test_list_configs_names_all_and_their_aliases(command: Command) -> None:
    assert command("--list_configs") == 0
    lines = command.out.splitlines()
    assert len(lines) >= 23
    assert any("cat-drums_2bar_small.lokl" in line for line in lines)


def test_a_kill_loses_at_most_the_steps_since_the_last_checkpoint(
    command: Command, drums: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    run = tmp_path / "run"
    arguments = [CONFIG, TINY, f"--run_dir={run}", f"--examples_path={drums}"]
    # A checkpoint after every step, so that the kill hits one that is being written.
    process = subprocess.Popen(
        [sys.executable, "-m", "musicvae.cli.train", *arguments, "--checkpoint_minutes=0"],
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 120
        while not list((run / "train").glob("model.ckpt-1?.index")):
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.01)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    with open_checkpoint(run) as checkpoint:
        step = checkpoint.step
        assert step >= 9
        for name in checkpoint.shapes:
            checkpoint.read(name)
    assert command(f"--run_dir={run}", f"--num_steps={step + 2}") == 0, command.err
    assert f"step {step + 2}/{step + 2}" in command.err
