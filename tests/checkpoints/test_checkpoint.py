"""Whatever a path means, the right step of the right checkpoint opens, or one line says why not."""

from __future__ import annotations

import pathlib
import shutil

import forged
import numpy as np
import pytest
from small_model import WEIGHTS, values

from musicvae.checkpoints import open_checkpoint, save_checkpoint
from musicvae.errors import CheckpointError


@pytest.mark.parametrize(
    "path",
    [
        "",
        "train",
        "train/model.ckpt-10",
        "train/model.ckpt-10.index",
        "train/model.ckpt-10.data-00000-of-00001",
        "train/model.ckpt-10.meta",
    ],
)
def test_a_folder_a_prefix_and_each_file_mean_the_same_checkpoint(
    folder: pathlib.Path, path: str
) -> None:
    with open_checkpoint(folder.parent / path) as checkpoint:
        assert checkpoint.step == 10
        assert checkpoint.weights == WEIGHTS
        np.testing.assert_array_equal(
            checkpoint.read("encoder/mu/kernel"), values(10)["encoder/mu/kernel"]
        )


def test_a_moved_folder_opens_though_its_checkpoint_file_names_the_old_place(
    folder: pathlib.Path,
) -> None:
    (folder / "checkpoint").write_text(
        'model_checkpoint_path: "/home/somebody/run/train/model.ckpt-9"\n'
        'all_model_checkpoint_paths: "/home/somebody/run/train/model.ckpt-9"\n'
    )
    with open_checkpoint(folder.parent) as checkpoint:
        assert checkpoint.step == 9
        assert checkpoint.notes == ()


def test_a_checkpoint_file_of_windows_or_with_escapes_is_understood(folder: pathlib.Path) -> None:
    (folder / "checkpoint").write_text(
        'model_checkpoint_path: "C:\\\\Users\\\\\\352\\271\\200\\\\train\\\\model.ckpt-9"\n'
    )
    with open_checkpoint(folder) as checkpoint:
        assert checkpoint.step == 9


def test_a_stale_checkpoint_file_gives_the_newest_and_says_so(folder: pathlib.Path) -> None:
    (folder / "checkpoint").write_text('model_checkpoint_path: "model.ckpt-77"\n')
    with open_checkpoint(folder) as checkpoint:
        assert checkpoint.step == 10
        assert "model.ckpt-77" in checkpoint.notes[0]


def test_steps_are_compared_as_numbers(folder: pathlib.Path) -> None:
    (folder / "checkpoint").unlink(missing_ok=True)
    with open_checkpoint(folder) as checkpoint:
        assert checkpoint.step == 10


def test_optimizer_slots_and_opaque_kernels_are_no_weights(tmp_path: pathlib.Path) -> None:
    extra = {
        "decoder/multi_rnn_cell/cell_0/opaque_kernel": np.zeros(7, np.float32),
        "encoder/mu/kernel/Adam_1": np.zeros([24, 8], np.float32),
        "beta2_power": np.float32(0.9),
    }
    with open_checkpoint(save_checkpoint(tmp_path, 3, values(3) | extra)) as checkpoint:
        assert checkpoint.weights == WEIGHTS
        assert set(extra) < set(checkpoint.shapes)


def test_the_step_of_a_checkpoint_without_one_comes_from_its_name(tmp_path: pathlib.Path) -> None:
    import tensorflow as tf

    tf.raw_ops.SaveV2(
        prefix=str(tmp_path / "model.ckpt-2721"),
        tensor_names=["a"],
        shape_and_slices=[""],
        tensors=[tf.zeros([2])],
    )
    with open_checkpoint(tmp_path / "model.ckpt-2721") as checkpoint:
        assert checkpoint.step == 2721


def test_a_step_that_is_no_whole_number_is_not_believed(tmp_path: pathlib.Path) -> None:
    entries = {"global_step": forged.entry([], size=4)}
    prefix = forged.write_checkpoint(tmp_path, entries, np.float32(np.nan).tobytes(), step=44)
    with open_checkpoint(prefix) as checkpoint:
        assert checkpoint.step == 44


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "model.ckpt-10.data-00000-of-00001").unlink(), "copy the .index and .data"),
        (lambda f: (f / "model.ckpt-10.index").unlink(), "no such file"),
        (lambda f: _cut(f / "model.ckpt-10.data-00000-of-00001"), "cut short"),
        (lambda f: _cut(f / "model.ckpt-10.index"), "damaged"),
    ],
)
def test_a_missing_or_cut_file_is_named(folder: pathlib.Path, damage, message: str) -> None:
    damage(folder)
    with pytest.raises(CheckpointError, match=message) as caught:
        open_checkpoint(folder / "model.ckpt-10.index")
    assert "model.ckpt-10" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_no_checkpoint_is_refused_with_what_to_give(tmp_path: pathlib.Path) -> None:
    (tmp_path / "model.tar").write_text("<!DOCTYPE html><html>Not found</html>")
    with pytest.raises(CheckpointError, match="it is a web page: the download failed"):
        open_checkpoint(tmp_path / "model.tar")
    with pytest.raises(CheckpointError, match=r"no checkpoint here .* has training saved one yet"):
        open_checkpoint(tmp_path)
    with pytest.raises(CheckpointError, match="no such checkpoint or file"):
        open_checkpoint(tmp_path / "model.ckpt-5")


def test_a_mistyped_step_shows_those_that_exist(folder: pathlib.Path) -> None:
    with pytest.raises(CheckpointError, match=r"has model.ckpt-9, model.ckpt-10"):
        open_checkpoint(folder / "model.ckpt-1000")


def test_a_folder_of_magentas_trainer_opens(shared: pathlib.Path, tmp_path: pathlib.Path) -> None:
    run = shared / "golden" / "run" / "groovae_2bar_humanize"
    moved = shutil.copytree(run, tmp_path / "moved")
    for path in (run, moved):
        with open_checkpoint(path) as checkpoint:
            assert checkpoint.step == 150
            assert checkpoint.shapes["encoder/mu/kernel"] == (64, 16)
            assert len(checkpoint.weights) == 16


def _cut(path: pathlib.Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])
