"""`scripts/attack.py`: hostile inputs of every kind are answered, and a fault is noticed."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import textwrap

import pytest
from hostile.kinds import KINDS
from hostile.mutation import spoiled, spoiled_text
from hostile.runner import shared_out

SCRIPT = pathlib.Path(__file__).resolve().parents[1] / "scripts" / "attack.py"
_EACH = 300

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's limits and /proc")


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, errors="replace")


@pytest.fixture(scope="module")
def attacked(tmp_path_factory) -> subprocess.CompletedProcess[str]:
    folder = tmp_path_factory.mktemp("faults")
    return run(f"--each={_EACH}", "--seed=18", f"--faults={folder}")


@pytest.mark.parametrize("name", KINDS)
def test_every_input_is_accepted_or_refused_in_one_line(attacked, name) -> None:
    (row,) = [line for line in attacked.stdout.splitlines() if line.startswith(f"| {name} |")]
    total, refused, accepted, faults = (int(cell.replace(",", "")) for cell in row.split("|")[2:6])
    assert total == _EACH
    assert faults == 0, attacked.stderr
    assert refused + accepted == total
    assert accepted, "all are refused: the inputs are too broken to go far"
    if name != "kills":
        assert refused, "none is refused: the inputs are not hostile"


# What a kind may do wrong, and what the harness says of it.
_WRONGS = {
    "raise ValueError('x')": "ValueError",
    "raise MusicVAEError('x' * 100) from None": "refused",
    "print('a note', file=sys.stderr)": "writes to standard error",
    "open(arena.output / 'a', 'w').close()": "accepted",
    "open(arena.inputs / 'a', 'w').close()": "outside the output folder",
    "(arena.output / 'a').symlink_to(arena.inputs / 'b'); open(arena.output / 'a', 'w')": "outside",
    "os.mkdir(arena.inputs / 'a')": "outside the output folder",
    "os.remove(arena.inputs / 'there')": "outside the output folder",
    "os.system('true')": "os.system",
    "subprocess.run(['true'])": "subprocess.Popen",
    "socket.create_connection(('127.0.0.1', 9))": "connects to",
    "pickle.loads(pickle.dumps(collections.OrderedDict()))": "pickle.find_class",
    "bytearray(1 << 30)": "MB of memory",
    "sum(iter(int, 1))": "no answer",
    "[0 for _ in iter(int, 1)]": "it takes over",
    "os.kill(os.getpid(), 9)": "the process died, with signal 9",
    "os._exit(3)": "the process died, with status 3",
}


def test_each_wrong_answer_is_noticed_and_kept_and_the_attack_goes_on(tmp_path) -> None:
    program = f"""
        import collections, json, os, pathlib, pickle, socket, subprocess, sys
        from hostile.runner import Kind, attack
        from hostile.trial import Bounds
        from musicvae.errors import MusicVAEError
        WRONGS = {list(_WRONGS)!r}
        def make(rng, arena):
            (arena.inputs / "there").touch()
            k = int((folder / "next").read_text())
            (folder / "next").write_text(str(k + 1))
            return lambda: exec(WRONGS[k], globals() | {{"arena": arena}})
        folder = pathlib.Path(sys.argv[1])
        (folder / "next").write_text("0")
        kind = Kind("wrong", "", make, 1, bounds=Bounds(seconds=0.3, megabytes=256))
        numbers, kept = range(len(WRONGS)), folder / "kept"
        answers = attack([(kind, numbers)], seed=1, folder=folder / "a", kept=kept)
        print(json.dumps([[a.outcome.what, a.outcome.detail] for _, a in answers]))
    """
    environment = {**os.environ, "PYTHONPATH": os.path.dirname(__file__)}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), str(tmp_path)],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    import json

    answers = dict(zip(_WRONGS, json.loads(done.stdout), strict=True))
    for wrong, (what, detail) in answers.items():
        said = _WRONGS[wrong]
        assert (what == said) if said in ("refused", "accepted") else (what == "fault"), wrong
        assert said in f"{what} {detail}", wrong
    kept = {path.name for path in (tmp_path / "kept").iterdir()}
    faults = [k for k, said in enumerate(_WRONGS.values()) if said not in ("refused", "accepted")]
    assert kept == {f"wrong-{k}" for k in faults}
    text = (tmp_path / "kept" / "wrong-0" / "fault.txt").read_text()
    assert "--seed=1 --only=wrong:0" in text
    assert "ValueError" in text


def test_one_input_can_be_tried_again(tmp_path) -> None:
    done = run("--seed=3", "--only=toml:5", f"--faults={tmp_path}")
    assert done.returncode == 0, done.stderr
    again = run("--seed=3", "--only=toml:5", f"--faults={tmp_path}")
    assert done.stdout == again.stdout
    assert "| toml | 1 |" in done.stdout


def test_several_processes_try_the_same_inputs_as_one(tmp_path) -> None:
    given = ("--seed=3", "--each=40", "--kinds=toml,states,tfrecords", f"--faults={tmp_path}")
    one, three = run(*given), run(*given, "--jobs=3")
    assert one.returncode == three.returncode == 0, one.stderr + three.stderr
    assert one.stdout == three.stdout
    assert one.stdout.count("| 40 |") == 3


def test_an_unknown_kind_is_named() -> None:
    done = run("--kinds=musik")
    assert done.returncode == 1
    assert "unknown kind 'musik'; those are music, " in done.stderr


def test_inputs_are_shared_out_and_each_kind_gets_some() -> None:
    for total in (100, 100_000):
        counts = shared_out(list(KINDS.values()), total)
        assert sum(counts.values()) == total
        assert min(counts.values()) >= 1


def test_spoiling_depends_on_the_seed_alone_and_changes_something() -> None:
    import random

    data, text = bytes(range(200)), "a = 1\nb = [2, 3]\n" * 5
    broken = [spoiled(data, random.Random(k)) for k in range(50)]
    assert broken == [spoiled(data, random.Random(k)) for k in range(50)]
    assert len(set(broken)) > 45
    assert sum(one != data for one in broken) > 45
    texts = [spoiled_text(text, random.Random(k)) for k in range(50)]
    assert texts == [spoiled_text(text, random.Random(k)) for k in range(50)]
    assert sum(one != text for one in texts) > 40
