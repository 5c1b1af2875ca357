"""A run folder remembers what it was trained with."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import pytest

from musicvae.checkpoints import RunFolder
from musicvae.config import load_config
from musicvae.errors import CheckpointError, ConfigError, InputError


def test_fault_01_a_run_folder_remembers_its_configuration_and_hyperparameters(
    tmp_path: pathlib.Path,
) -> None:
    config = load_config("groovae_4bar").override("enc_rnn_size=[32],z_size=7,learning_rate=0.5")
    folder = RunFolder(tmp_path / "run")
    folder.remember(config)
    assert folder.config == config
    assert RunFolder(tmp_path / "run").resolve(None) == config


def test_hparams_are_laid_over_what_is_remembered(tmp_path: pathlib.Path) -> None:
    folder = RunFolder(tmp_path)
    folder.remember(load_config("groovae_4bar").override("z_size=7"))
    assert folder.resolve("groovae_4bar", "batch_size=3").hparams.batch_size == 3
    assert folder.resolve("groovae_4bar", "batch_size=3").hparams.z_size == 7


def test_another_configuration_than_the_remembered_one_is_refused(tmp_path: pathlib.Path) -> None:
    folder = RunFolder(tmp_path)
    folder.remember(load_config("groovae_4bar"))
    with pytest.raises(ConfigError, match=r"not what .* was trained with: groovae_4bar"):
        folder.resolve("cat-mel_2bar_small")


def test_an_alias_is_not_another_configuration(tmp_path: pathlib.Path) -> None:
    folder = RunFolder(tmp_path)
    folder.remember(load_config("cat-drums_2bar_small"))
    assert folder.resolve("cat-drums_2bar_small.lokl").name == "cat-drums_2bar_small"


def test_a_folder_without_a_configuration_asks_for_one(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigError, match="give --config"):
        RunFolder(tmp_path).resolve(None)
    assert RunFolder(tmp_path).resolve("groovae_4bar") == load_config("groovae_4bar")


def test_every_shipped_configuration_is_remembered_as_it_is(tmp_path: pathlib.Path) -> None:
    from musicvae.config import list_configs

    configs = list_configs()
    assert len(configs) >= 22
    for config in configs:
        folder = RunFolder(tmp_path / config.name)
        folder.remember(config)
        assert folder.config == config


def test_a_folder_that_cannot_be_written_is_one_error(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CheckpointError, match="cannot remember the configuration"):
        RunFolder(tmp_path / "file" / "run").remember(load_config("groovae_4bar"))


def test_the_latest_checkpoint_is_that_of_the_train_folder(folder: pathlib.Path) -> None:
    run = RunFolder(folder.parent)
    assert run.latest == str(folder / "model.ckpt-10")
    assert run.evaluation("_test") == str(folder.parent / "eval_test")
    assert RunFolder(folder).latest is None


@pytest.mark.skipif(os.name != "posix", reason="nothing is locked on Windows")
def test_a_second_training_in_a_folder_is_told_who_is_there(tmp_path) -> None:
    folder = RunFolder(tmp_path / "a{run}")
    with folder.locked(), pytest.raises(InputError, match=f"another training.*{os.getpid()}"):
        RunFolder(folder.path).locked().__enter__()
    with folder.locked():
        pass


@pytest.mark.skipif(os.name != "posix", reason="nothing is locked on Windows")
def test_of_two_processes_one_trains_until_it_is_killed(tmp_path) -> None:
    program = (
        "import sys, time; from musicvae.checkpoints import RunFolder\n"
        "with RunFolder(sys.argv[1]).locked(): print('held', flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None and other.stdout.readline() == "held\n"
        with pytest.raises(InputError, match=f"process {other.pid} on "):
            RunFolder(tmp_path).locked().__enter__()
        other.kill()
    with RunFolder(tmp_path).locked():
        pass
