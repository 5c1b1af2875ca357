"""`musicvae completion`: its scripts at the prompt of the shells that are installed."""

from __future__ import annotations

import os
import pathlib
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from musicvae.cli import completion, umbrella

# The key Ctrl-T shows the line as it is at the prompt, and Ctrl-U empties it.
PROMPTS = {
    "bash": (
        ["bash", "--norc", "--noprofile", "-i"],
        r"""source {script}; bind -x '"\C-t": printf "<%s>" "$READLINE_LINE"';"""
        "bind 'set enable-bracketed-paste off';",
    ),
    "zsh": (
        ["zsh", "-f", "-i"],
        "fpath=({folder} $fpath); autoload -Uz compinit; compinit -D -u;"
        'shown() {{ print -r -- "<$BUFFER>" }}; zle -N shown; bindkey "^T" shown;'
        'bindkey "^U" kill-whole-line;',
    ),
}
SECONDS = 60

Complete = Callable[[str], str]


@pytest.fixture(scope="module")
def scripts() -> dict[str, str]:
    words = completion.words_of_commands()
    return {shell: getattr(completion, shell)(words) for shell in completion.SHELLS}


@pytest.fixture(params=PROMPTS)
def complete(request, scripts, tmp_path, monkeypatch):
    """Types a line and a tabulator at a shell's prompt; returns the line that is there then."""
    # macOS has a bash of 2007, which cannot show the line that is at its prompt.
    if sys.platform != "linux" or shutil.which(request.param) is None:
        pytest.skip(f"{request.param} is not installed, or too old")
    import pty

    (tmp_path / "songs").mkdir()
    (tmp_path / "songs" / "my tune.mid").touch()
    (tmp_path / "lib").mkdir()
    script = tmp_path / "lib" / "_musicvae"
    script.write_text(scripts[request.param])
    monkeypatch.chdir(tmp_path)
    command, setup = PROMPTS[request.param]
    child, terminal = pty.fork()
    if not child:
        os.execvpe(command[0], command, {**os.environ, "TERM": "dumb", "HOME": str(tmp_path)})

    def read(pattern: str) -> str:
        shown, until = "", time.monotonic() + SECONDS
        while not (found := re.search(pattern, shown, re.DOTALL)):
            assert select.select([terminal], [], [], until - time.monotonic())[0], shown
            shown += os.read(terminal, 2**16).decode()
        return found[1]

    def at_prompt(line: str) -> str:
        os.write(terminal, line.encode() + b"\t\x14")
        found = read("<(.*)>")
        os.write(terminal, b"\x15")
        return found

    setup = setup.format(script=script, folder=script.parent)
    os.write(terminal, f"{setup} echo rea''dy\n".encode())
    read("(ready)")
    yield at_prompt
    os.close(terminal)
    os.waitpid(child, 0)


def test_commands_flags_values_and_files_are_completed(complete: Complete) -> None:
    assert complete("musicvae ev") == "musicvae evaluate "
    assert complete("musicvae generate --temp") == "musicvae generate --temperature="
    assert complete("musicvae-generate --mode=inter") == "musicvae-generate --mode=interpolate "
    assert complete("musicvae completion z") == "musicvae completion zsh "
    assert complete("musicvae convert --input_dir=so") == "musicvae convert --input_dir=songs/"
    assert complete("musicvae inspect songs/m") == r"musicvae inspect songs/my\ tune.mid "
    line = "musicvae generate --input_midi_1=songs/m"
    assert complete(line) == rf"{line}y\ tune.mid "


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
def test_fish_completes_commands_flags_values_and_files(scripts, tmp_path: pathlib.Path) -> None:
    script = tmp_path / "musicvae.fish"
    script.write_text(scripts["fish"])
    (tmp_path / "tune.mid").touch()

    def completed(line: str) -> list[str]:
        code = f"source {script}; complete -C '{line}'"
        command = ["fish", "--no-config", "-c", code]
        found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        return [row.partition("\t")[0] for row in found.stdout.splitlines()]

    assert completed("musicvae ev") == ["evaluate"]
    assert completed("musicvae generate --temp") == ["--temperature"]
    assert completed("musicvae-generate --mode=inter") == ["--mode=interpolate"]
    assert completed("musicvae completion z") == ["zsh"]
    assert completed("musicvae inspect tu") == ["tune.mid"]
    assert completed("musicvae generate --input_midi_1=tu") == ["--input_midi_1=tune.mid"]


@pytest.mark.parametrize("shell", completion.SHELLS)
def test_a_script_names_every_command_and_flag(shell: str, scripts: dict[str, str]) -> None:
    assert all(name in scripts[shell] for name in umbrella.COMMANDS)
    assert "num_outputs" in scripts[shell] and "interpolate" in scripts[shell]


def test_a_shell_that_is_not_known_is_one_line() -> None:
    command = [sys.executable, "-m", "musicvae.cli.umbrella", "completion", "tcsh"]
    wrong = subprocess.run(command, capture_output=True, text=True, check=False)
    assert wrong.returncode == 1
    assert (
        wrong.stderr
        == "musicvae completion: error: name a shell: musicvae completion bash, zsh or fish\n"
    )
