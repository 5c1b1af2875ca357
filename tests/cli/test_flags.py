"""Tests of what all commands share."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from absl import flags

from musicvae.cli.flags import (
    command_flags,
    define_path,
    mend_arguments,
    require_flags,
    run_command,
)
from musicvae.errors import InputError


@pytest.fixture
def values() -> flags.FlagValues:
    values = command_flags()
    flags.DEFINE_string("mode", "sample", "What to do.", flag_values=values)
    flags.DEFINE_integer("num_outputs", 5, "How many.", flag_values=values)
    define_path("output_dir", None, "Where to.", values)
    return values


def run(values, arguments, main=lambda rest: None, **options) -> int:
    with pytest.raises(SystemExit) as stop:
        run_command("musicvae-x", "Does x.", values, main, arguments=arguments, **options)
    return stop.value.code


@pytest.mark.parametrize(
    "pasted",
    [
        ["\\", "--mode=interpolate"],
        [" --mode=interpolate"],
        ["\n--mode=interpolate"],
        ["\N{EM DASH}mode=interpolate"],
        ["\N{EN DASH}\N{EN DASH}mode=interpolate", " "],
    ],
)
def test_a_pasted_line_means_what_it_says(values, pasted) -> None:
    assert run(values, pasted) == 0
    assert values.mode == "interpolate"


def test_values_are_left_as_they_are() -> None:
    given = ["--output_dir=C:/music/my songs/한국 노래 ", "--mode", "a b"]
    assert mend_arguments(given) == ["--output_dir=C:/music/my songs/한국 노래", "--mode", "a b"]


@pytest.mark.parametrize("written", ["--noloud", "--no-loud", "--loud=false"])
def test_a_switch_is_turned_off_either_way(values, written) -> None:
    flags.DEFINE_boolean("loud", True, "Whether.", flag_values=values)
    assert run(values, [written]) == 0
    assert values.loud is False


def test_a_tilde_is_the_home_folder(values, monkeypatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    assert run(values, ["--output_dir=~/music"]) == 0
    assert values.output_dir == "/home/somebody/music"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--num_output=3"], "unknown flag --num_output; did you mean --num_outputs?"),
        (["--num_outputs=many"], "--num_outputs"),
        (["song.mid"], "unexpected argument 'song.mid'"),
        (["--output_dir"], "Missing value for flag --output_dir"),
    ],
)
def test_a_wrong_command_line_ends_in_one_line(values, arguments, expected, capsys) -> None:
    assert run(values, arguments) == 2
    message = capsys.readouterr().err
    assert message.startswith("musicvae-x: error: ")
    assert expected in message
    assert message.count("\n") == 1


def test_an_error_of_ours_ends_in_one_line_and_status_1(values, capsys) -> None:
    def main(rest):
        raise InputError("song.mid: not a\nMIDI file")

    assert run(values, [], main) == 1
    assert capsys.readouterr().err == "musicvae-x: error: song.mid: not a MIDI file\n"


def test_a_file_that_cannot_be_opened_is_named(values, capsys, tmp_path) -> None:
    assert run(values, [], lambda rest: (tmp_path / "none").read_text()) == 1
    assert capsys.readouterr().err.endswith("none: No such file or directory\n")


def test_fault_02_failures_do_not_exit_0(values) -> None:
    assert run(values, [], lambda rest: 1) == 1


def test_ctrl_c_ends_with_status_130(values) -> None:
    def main(rest):
        raise KeyboardInterrupt

    assert run(values, [], main) == 130


def test_missing_flags_are_all_named(values) -> None:
    run(values, [])
    with pytest.raises(InputError, match="missing --output_dir"):
        require_flags(values, "mode", "output_dir")


def test_help_lists_every_flag_with_its_default(values, capsys) -> None:
    assert run(values, ["--help"]) == 0
    text = capsys.readouterr().out
    assert "musicvae-x: Does x." in text
    assert "--num_outputs=INT" in text
    assert "How many. (5)" in text


def test_commands_with_the_same_flag_can_be_imported_together() -> None:
    for _ in range(2):
        flags.DEFINE_string("config", None, "A name.", flag_values=command_flags())


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = (
        "import sys, musicvae, musicvae.cli.flags, musicvae.config\n"
        "musicvae.config.list_configs()\n"
        "print(sys.modules.keys() & {'tensorflow', 'note_seq', 'pandas', 'keras'})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_sigterm_clears_up_and_exits_with_143(values) -> None:
    ended = []
    before = signal.getsignal(signal.SIGTERM)

    def main(rest: list[str]) -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(10.0)
        finally:
            ended.append(True)

    assert run(values, [], main) == 143
    assert ended == [True]
    assert signal.getsignal(signal.SIGTERM) is before
