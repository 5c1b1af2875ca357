"""What runs leave behind and later runs trust: results, plans, caches, records of downloads."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import pathlib
import random
import shutil

import numpy as np

from hostile.mutation import spoiled, spoiled_text, text_bytes
from hostile.trial import Arena, Attempt, Fault

_EVALUATIONS = json.dumps(
    [
        {
            "step": step,
            "time": "2026-01-02T03:04:05+0000",
            "data": "music.tfrecord",
            "examples": 12,
            "best": step == 20,
            "scalars": {"loss": 3.0 - step / 20, "loss_at_max_beta": 3.5 - step / 20},
        }
        for step in (10, 20, 20)
    ],
    indent=1,
)
_TRAINING = (
    '{"examples_path": "music.tfrecord", "tfds_name": null, "eval_examples_path": null, "seed": 3}'
)
_TOKENS = ("[]", "{}", "null", "NaN", "Infinity", "[" * 5000, '{"a":' * 3000, '"step"', "1e999")
_NAME = "groovae_4bar"


def make(rng: random.Random, arena: Arena) -> Attempt:
    """Makes a file that a run left and something spoiled; see `runner.Make`."""
    return rng.choice((_evaluations, _training, _partial, _cache, _download))(rng, arena)


def _json(text: str, rng: random.Random) -> bytes:
    if rng.random() < 0.2:
        return spoiled(text.encode(), rng)
    return text_bytes(spoiled_text(text, rng, _TOKENS), rng)


def _evaluations(rng: random.Random, arena: Arena) -> Attempt:
    (arena.output / "eval").mkdir()
    path = arena.output / "eval" / "evaluations.json"
    path.write_bytes(_json(_EVALUATIONS, rng))
    return functools.partial(_use_evaluations, arena.output)


def _use_evaluations(folder: pathlib.Path) -> None:
    from musicvae.checkpoints import RunFolder
    from musicvae.checkpoints.overview import describe_run_folder
    from musicvae.evaluation.log import EvaluationLog
    from musicvae.training.run import Run

    list(describe_run_folder(RunFolder(folder)))
    rows = Run(str(folder), 20).evaluations()
    log = EvaluationLog(folder / "eval", "music.tfrecord")
    if not isinstance(log.best_loss, float) or len(rows) < len(log.losses_until(1e9)):
        raise Fault("the rows are others than they were")


def _training(rng: random.Random, arena: Arena) -> Attempt:
    (arena.inputs / "training.json").write_bytes(_json(_TRAINING, rng))
    return functools.partial(_use_training, arena.inputs)


def _use_training(folder: pathlib.Path) -> None:
    from musicvae.checkpoints import RunFolder
    from musicvae.training.run_state import read_run_state

    state = read_run_state(RunFolder(folder))
    texts = (state.examples_path, state.tfds_name, state.eval_examples_path)
    if not all(text is None or isinstance(text, str) for text in texts):
        raise Fault(f"a path that is no text: {texts}")
    if state.seed is not None and type(state.seed) is not int:
        raise Fault(f"a seed that is no number: {state.seed!r}")


def _partial(rng: random.Random, arena: Arena) -> Attempt:
    from musicvae.data.conversion_report import FileResult
    from musicvae.data.partial import PartialFolder

    output = arena.output / "music.tfrecord"
    with PartialFolder(output, "plan", 3) as partial:
        for chunk in partial.chunks():
            partial.add(chunk, [FileResult(f"{chunk.start}.mid", 1)], [b"record %d" % chunk.start])
    names = sorted(path for path in partial.path.iterdir() if path.name != "lock")
    path = rng.choice(names)
    path.write_bytes(spoiled(path.read_bytes(), rng))
    return functools.partial(_use_partial, output)


def _use_partial(output: pathlib.Path) -> None:
    from musicvae.data.conversion_report import FileResult
    from musicvae.data.partial import PartialFolder

    with PartialFolder(output, "plan", 3) as partial:
        for chunk in partial.chunks():
            if not partial.is_finished(chunk):
                partial.add(
                    chunk, [FileResult(f"{chunk.start}.mid", 1)], [b"record %d" % chunk.start]
                )
        names = [outcome.name for outcome in partial.outcomes()]
        if list(partial.records()) != [b"record %d" % k for k in range(3)] or names != [
            f"{k}.mid" for k in range(3)
        ]:
            raise Fault("a damaged chunk was trusted")


def _cache(rng: random.Random, arena: Arena) -> Attempt:
    folder = arena.output / "examples-x"
    shutil.copytree(_sane_cache(), folder)
    path = rng.choice(sorted(folder.iterdir()))
    before = path.read_bytes()
    path.write_bytes(spoiled(before, rng))
    return functools.partial(_use_cache, folder)


@functools.cache
def _sane_cache() -> str:
    import tempfile

    from musicvae.data.example_set import DiskSink, Findings

    folder = tempfile.mkdtemp(prefix="attack-cache-")
    sink = DiskSink(os.path.join(folder, "examples"))
    sink.append({"labels": np.arange(12, dtype=np.uint8).reshape(6, 2)}, np.arange(6))
    sink.finish(Findings(6, 0, {}))
    return os.path.join(folder, "examples")


def _use_cache(folder: pathlib.Path) -> None:
    from musicvae.data.example_set import open_example_set

    examples = open_example_set(folder)
    labels = examples.arrays["labels"]
    if not np.array_equal(labels, np.arange(12, dtype=np.uint8).reshape(6, 2)) or not (
        np.array_equal(examples.sources, np.arange(6))
    ):
        raise Fault("a damaged cache was trusted")


def _download(rng: random.Random, arena: Arena) -> Attempt:
    cache = arena.output / "cache"
    cache.mkdir()
    path = cache / f"{_NAME}.tar"
    content = bytes(257) + b"ustar" + bytes(762)
    path.write_bytes(content)
    record = {"url": "x", "size": len(content), "modified": path.stat().st_mtime_ns}
    record["sha256"] = hashlib.sha256(content).hexdigest()
    text = json.dumps(record)
    if rng.random() < 0.5:
        path.write_bytes(spoiled(content, rng))
    else:
        text = spoiled_text(text, rng, _TOKENS)
    path.with_name(f"{path.name}.json").write_bytes(text_bytes(text, rng))
    return functools.partial(_use_download, str(cache))


def _use_download(cache: str) -> None:
    from musicvae.download import fetch

    fetch(_NAME, folder=cache)


def start() -> None:
    """Imports the readers."""

    _sane_cache()
