from __future__ import annotations

import subprocess
import sys

import pytest


def _run(code: str) -> str:
    result = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True)
    assert result.returncode == 0, result.stderr.decode()
    return result.stdout.decode().strip()


def test_the_message_and_a_submodule_load_without_the_whole_package():
    loaded = _run(
        "import sys\n"
        "from musicvae.lazy_note_seq import NoteSequence, note_seq\n"
        "NoteSequence(); note_seq.abc_parser, note_seq.constants.STANDARD_PPQ\n"
        "print([name for name in ('pandas', 'bokeh', 'librosa', 'numpy') if name in sys.modules])"
    )
    assert loaded == "[]"


@pytest.mark.parametrize("order", ["lazy first", "whole first"])
def test_the_whole_package_still_works_and_its_classes_are_the_same(order):
    lazy = "from musicvae.lazy_note_seq import NoteSequence\n"
    whole = "import note_seq\nnote_seq.Melody\n"
    first, second = (lazy, whole) if order == "lazy first" else (whole, lazy)
    assert (
        _run(
            first + second + "from note_seq import midi_io\n"
            "assert note_seq.NoteSequence is NoteSequence\n"
            "assert note_seq.midi_io is midi_io\n"
            "assert not hasattr(note_seq, 'no_such_name')\n"
            "print(note_seq.sequences_lib.__name__)"
        )
        == "note_seq.sequences_lib"
    )


@pytest.mark.parametrize("line", ["note_seq.__version__", "from note_seq import *; Melody"])
def test_what_only_the_whole_package_has_loads_it(line):
    line = line.replace("; ", "\n")
    assert _run(f"from musicvae.lazy_note_seq import note_seq\n{line}\nprint('there')") == "there"
