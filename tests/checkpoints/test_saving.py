"""Saving is atomic, keeps what the policy says, and survives full disks and kills."""

from __future__ import annotations

import math
import os
import pathlib
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from small_model import WEIGHTS, values

from musicvae.checkpoints import CheckpointKeeper, open_checkpoint, save_checkpoint
from musicvae.checkpoints.locate import read_state
from musicvae.errors import CheckpointError, InputError


class _Clock:
    """Seconds that pass only when told to."""

    def __init__(self) -> None:
        self.seconds = 1_000_000.0

    def __call__(self) -> float:
        return self.seconds


def _steps(folder: pathlib.Path) -> list[int]:
    return sorted(int(file.stem.rsplit("-", 1)[1]) for file in folder.glob("*.index"))


def test_what_is_saved_is_read_back_with_its_step(tmp_path: pathlib.Path) -> None:
    prefix = save_checkpoint(tmp_path / "run" / "train", 7, values(7))
    assert prefix == str(tmp_path / "run" / "train" / "model.ckpt-7")
    with open_checkpoint(prefix) as checkpoint:
        assert checkpoint.step == 7
        assert checkpoint.dtypes["global_step"] == np.int64
        assert checkpoint.weights == WEIGHTS
        for name, array in values(7).items():
            np.testing.assert_array_equal(checkpoint.read(name), array)


def test_tensorflows_own_reader_finds_what_was_saved(tmp_path: pathlib.Path) -> None:
    import tensorflow as tf

    keeper = CheckpointKeeper(tmp_path)
    variable = tf.Variable([1.0, 2.0])
    keeper.save(3, {"a/kernel": variable, "a/kernel/Adam": tf.zeros([2])})
    assert tf.train.latest_checkpoint(str(tmp_path)) == str(tmp_path / "model.ckpt-3")
    reader = tf.train.load_checkpoint(str(tmp_path))
    np.testing.assert_array_equal(reader.get_tensor("a/kernel"), [1.0, 2.0])
    assert reader.get_tensor("global_step") == 3


def test_saving_leaves_only_the_checkpoints_own_files(tmp_path: pathlib.Path) -> None:
    CheckpointKeeper(tmp_path).save(1, values(1))
    assert sorted(os.listdir(tmp_path)) == [
        "checkpoint",
        "model.ckpt-1.data-00000-of-00001",
        "model.ckpt-1.index",
    ]


def test_the_newest_are_kept_and_the_others_removed(tmp_path: pathlib.Path) -> None:
    keeper = CheckpointKeeper(tmp_path, max_to_keep=2)
    for step in (1, 2, 3, 4):
        keeper.save(step, values(step))
    assert _steps(tmp_path) == [3, 4]
    assert keeper.latest == str(tmp_path / "model.ckpt-4")
    assert read_state(str(tmp_path)).names == ("model.ckpt-3", "model.ckpt-4")


def test_zero_to_keep_keeps_all(tmp_path: pathlib.Path) -> None:
    keeper = CheckpointKeeper(tmp_path, max_to_keep=0)
    for step in range(8):
        keeper.save(step, {"a": np.zeros(1, np.float32)})
    assert _steps(tmp_path) == list(range(8))


def test_one_in_every_n_hours_stays_for_ever_also_after_a_restart(tmp_path: pathlib.Path) -> None:
    clock = _Clock()
    for step in range(13):
        # A new keeper each time: a training that is killed and started again after every save.
        keeper = CheckpointKeeper(tmp_path, max_to_keep=2, keep_every_n_hours=1, clock=clock)
        keeper.save(step, {"a": np.zeros(1, np.float32)})
        clock.seconds += 20 * 60
    assert _steps(tmp_path) == [3, 6, 9, 11, 12]


def test_a_folder_of_magentas_trainer_is_taken_over(folder: pathlib.Path) -> None:
    lines = [f'all_model_checkpoint_paths: "/home/user/train/model.ckpt-{n}"' for n in (9, 10)]
    lines.insert(0, 'model_checkpoint_path: "/home/user/train/model.ckpt-10"')
    (folder / "checkpoint").write_text("\n".join(lines))
    keeper = CheckpointKeeper(folder, max_to_keep=2)
    assert keeper.latest == str(folder / "model.ckpt-10")
    keeper.save(20, values(20))
    assert _steps(folder) == [10, 20]


def test_checkpoints_that_nobody_listed_are_never_removed(folder: pathlib.Path) -> None:
    (folder / "checkpoint").unlink(missing_ok=True)
    keeper = CheckpointKeeper(folder, max_to_keep=1)
    keeper.save(11, values(11))
    keeper.save(12, values(12))
    assert _steps(folder) == [9, 10, 12]


def test_what_a_killed_save_left_is_cleared_away(folder: pathlib.Path) -> None:
    (folder / ".unfinished-checkpoint-x").mkdir()
    (folder / ".unfinished-checkpoint-x" / "model.ckpt-11.data-00000-of-00001").touch()
    CheckpointKeeper(folder)
    assert not list(folder.glob(".unfinished*"))


def test_saving_the_latest_step_again_writes_nothing(tmp_path: pathlib.Path) -> None:
    keeper = CheckpointKeeper(tmp_path)
    prefix = keeper.save(5, values(5))
    written = os.stat(f"{prefix}.index").st_mtime_ns
    assert keeper.save(5, values(5)) == prefix
    assert os.stat(f"{prefix}.index").st_mtime_ns == written


@pytest.mark.parametrize("limits", [{"max_to_keep": -1}, {"keep_every_n_hours": 0.0}])
def test_impossible_policies_are_refused(tmp_path: pathlib.Path, limits: dict[str, float]) -> None:
    with pytest.raises(InputError, match="keep"):
        CheckpointKeeper(tmp_path, **limits)
    CheckpointKeeper(tmp_path, keep_every_n_hours=math.inf)


def test_a_full_disk_is_reported_and_leaves_the_older_checkpoint_whole(
    folder: pathlib.Path,
) -> None:
    # A limit on the size of a file stands for a full disk: writing fails in the middle.
    script = f"""
        import resource
        import numpy as np
        from musicvae.checkpoints import CheckpointKeeper
        from musicvae.errors import CheckpointError
        import tensorflow
        keeper = CheckpointKeeper({str(folder)!r}, max_to_keep=1)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
        try:
            keeper.save(11, {{"a": np.zeros(100_000, np.float32)}})
        except CheckpointError as error:
            print(error)
    """
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    assert "model.ckpt-11: cannot write the checkpoint" in result.stdout
    assert "older checkpoints are untouched" in result.stdout
    assert len(result.stdout.splitlines()) == 1
    assert _steps(folder) == [9, 10]
    assert not list(folder.glob(".*"))
    with open_checkpoint(folder) as checkpoint:
        assert checkpoint.step == 10


def test_a_folder_that_cannot_be_made_is_one_error(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CheckpointError, match="cannot write the checkpoint"):
        save_checkpoint(tmp_path / "file" / "train", 1, {"a": np.zeros(1, np.float32)})


@pytest.mark.slow
def test_a_kill_at_any_moment_leaves_whole_checkpoints(tmp_path: pathlib.Path) -> None:
    script = f"""
        import numpy as np
        import tensorflow
        from musicvae.checkpoints import CheckpointKeeper
        keeper = CheckpointKeeper({str(tmp_path)!r}, max_to_keep=2)
        for step in range(1000):
            keeper.save(step, {{"a": np.full(300_000, step, np.float32)}})
            print(step, flush=True)
    """
    for attempt in range(6):
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        process.stdout.readline()
        try:
            process.wait(0.05 + 0.037 * attempt)
        except subprocess.TimeoutExpired:
            process.kill()
        process.wait()
        steps = _steps(tmp_path)
        for step in steps:
            with open_checkpoint(tmp_path / f"model.ckpt-{step}") as checkpoint:
                assert checkpoint.read("a").min() == step
        with open_checkpoint(tmp_path) as checkpoint:
            assert checkpoint.step == checkpoint.read("a").max()
