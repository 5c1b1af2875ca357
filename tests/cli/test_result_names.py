"""Names of results: no two alike, none outside their folder, none trusted that is not whole."""

from __future__ import annotations

import concurrent.futures
import os
import subprocess
import sys

import midi_files as files
import pytest

from musicvae.cli.generate_folder import tasks_of
from musicvae.cli.generate_modes import MODES
from musicvae.cli.outputs import OutputFolder, is_finished


def test_two_runs_of_the_same_second_get_names_of_their_own(tmp_path):
    def names(count: int) -> list[str]:
        return OutputFolder(str(tmp_path)).names("config", "sample", count)

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        found = list(pool.map(names, [4, 4, 3, 4]))
    stems = {names[0].rsplit("-000-of-", 1)[0] for names in found}
    assert len(stems) == len(found)


def test_what_is_not_written_is_not_left_behind(tmp_path):
    folder = OutputFolder(str(tmp_path))

    def fails():
        raise KeyboardInterrupt
        yield

    with pytest.raises(KeyboardInterrupt):
        list(folder.write(folder.names("config", "sample", 2), fails()))
    assert list(tmp_path.iterdir()) == []


def test_a_strangers_configuration_does_not_lead_out_of_the_folder(tmp_path):
    folder = tmp_path / "out"
    for name in OutputFolder(str(folder)).names("../escaped/evil", "sample", 2):
        assert os.path.dirname(os.path.realpath(name)) == os.path.realpath(folder)


def test_results_of_a_folder_have_names_of_their_own():
    names = ["a.mid", "a.mid.mid", "a.xml", "b.mid"]
    for mode in ("reconstruct", "interpolate"):
        tasks = tasks_of(names, mode, MODES[mode])
        assert len({task.stem for task in tasks}) == len(tasks)


def test_a_result_that_is_not_whole_does_not_count_as_done(tmp_path):
    whole = {"a.mid": files.scale(), "a.svg": b"<svg></svg>\n", "a.html": b"<html></html>\n"}
    for name, content in whole.items():
        path = tmp_path / name
        assert not is_finished(str(path))
        for cut in range(0, len(content) - 1, 5):
            path.write_bytes(content[:cut])
            assert not is_finished(str(path))
        path.write_bytes(content)
        assert is_finished(str(path))


def test_two_processes_of_the_same_second_get_names_of_their_own(tmp_path):
    program = (
        "import sys; from musicvae.cli.outputs import OutputFolder; sys.stdin.readline(); "
        "folder = OutputFolder(sys.argv[1]); "
        "print(*(folder.names('config', 'sample', 3)[0] for _ in range(20)), sep='\\n')"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(command, **pipes) for _ in range(2)]
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    found = [process.communicate()[0].split() for process in processes]
    stems = [name.rsplit("-000-of-", 1)[0] for names in found for name in names]
    assert len(stems) == len(set(stems)) == 40


def test_no_half_written_file_is_left_on_a_full_disk(tmp_path) -> None:
    # A limit on the size of a file stands for a full disk.
    script = f"""
import resource
from musicvae.cli import outputs
from musicvae.errors import InputError
outputs.note_sequence_to_midi = lambda sequence: bytes(100_000)
folder = outputs.OutputFolder({str(tmp_path / "out")!r})
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    list(folder.write(folder.names("a", "sample", 1), [None]))
except InputError as error:
    print(error)
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert result.stdout.startswith("cannot write"), result.stderr
    assert os.listdir(tmp_path / "out") == []
