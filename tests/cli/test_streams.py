"""Commands whose standard output or standard error cannot be written."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

linux = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")

COMMAND = """
import pathlib, sys
from musicvae.cli.flags import command_flags, run_command
def main(rest):
    print(r"{shown}")
    print("a note", file=sys.stderr)
    opened = open(sys.argv[1], "w")
    assert opened.fileno() > 2
    print("a note", file=sys.stderr)
    opened.write("done")
    opened.close()
run_command("musicvae-x", "Does x.", command_flags(), main, arguments=[], prints_result={result})
"""


def run(tmp_path, redirection="", *, shown="a", result=False, **environment):
    work = tmp_path / "work"
    program = COMMAND.replace('r"{shown}"', repr(shown)).replace("{result}", str(result))
    done = subprocess.run(
        ["sh", "-c", f'"{sys.executable}" -c "$0" "$1" {redirection}', program, str(work)],
        capture_output=True,
        env={**os.environ, **environment},
    )
    assert work.read_text() == "done"
    return done


@linux
@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/full", "2>&- >&-", ">&-"])
def test_the_work_is_done_whatever_takes_the_messages(tmp_path, redirection):
    done = run(tmp_path, redirection)
    assert done.returncode == 0
    assert done.stderr.count(b"\n") <= 2
    assert b"Traceback" not in done.stderr


@linux
@pytest.mark.parametrize("result", [False, True])
def test_a_full_disk_below_standard_output_is_told_in_one_line(tmp_path, result):
    done = run(tmp_path, ">/dev/full", result=result)
    assert done.returncode == int(result)
    assert done.stderr.decode().splitlines()[2:] == [
        "musicvae-x: error: cannot write to standard output: No space left on device"
    ]


@linux
def test_a_reader_that_leaves_does_not_end_the_work(tmp_path):
    work = tmp_path / "work"
    program = COMMAND.replace("{result}", "False")
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-c", program, str(work)], stdout=writer, stderr=subprocess.PIPE
    )
    os.close(writer)
    assert work.read_text() == "done"
    assert done.returncode == 0
    assert done.stderr == b"a note\na note\n"


@pytest.mark.parametrize("encoding", ["utf-8:strict", "ascii:strict"])
def test_names_of_any_bytes_are_printed(tmp_path, encoding):
    done = run(tmp_path, shown="a\udcff\x1b[2J한", PYTHONIOENCODING=encoding)
    assert done.returncode == 0
    korean = "한".encode() if encoding.startswith("utf") else b"\\ud55c"
    assert done.stdout == rb"a\udcff\x1b[2J" + korean + b"\n"
