"""Takes configurations at full width through all that a model does, with the memory that takes.

    python scripts/check_full_width.py [CONFIG ...] [--batch_size 1] [--folder DIR]

For each configuration, all 23 where none is named, one process builds the model, trains a step and
saves it with Adam's moments; a second one loads it as a user does, encodes and samples. Examples
are random tensors of the right shapes, segments of random lengths where segments have lengths of
their own. A row of a Markdown table a configuration: the size of the model, seconds of each stage
(building the graph included, TensorFlow's import not), and the peak memory of both processes,
TensorFlow included. The exit status is 1 where a stage fails or gives something that is not finite.

Checkpoints are written in DIR, the system's temporary folder where not given, and removed; the
largest found so far took some 3 GB.

A GPU is used where there is one; memory is then the host's.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import pathlib
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from musicvae.checkpoints import save_checkpoint
from musicvae.config import Config, ExampleSpec, list_configs, load_config
from musicvae.converters import build_converter
from musicvae.tensorflow_start import start_tensorflow

T = TypeVar("T")

COLUMNS = (
    "configuration",
    "weights",
    "build",
    "train a step",
    "save",
    "load",
    "encode",
    "sample",
    "peak, training",
    "peak, using",
)
_GIB = 2**30
_STAGES = ("train", "use")


@dataclasses.dataclass
class Timings:
    """What stages of one process took.

    Attributes:
      seconds: by stage.
      weight_bytes: size of the model's variables.
      peak_bytes: largest resident memory of the process so far.
    """

    seconds: dict[str, float] = dataclasses.field(default_factory=dict)
    weight_bytes: int = 0
    peak_bytes: int = 0

    def timed(self, stage: str, run: Callable[[], T]) -> T:
        """Runs a stage, and notes its seconds and the memory that it took."""
        start = time.perf_counter()
        result = run()
        self.seconds[stage] = time.perf_counter() - start
        self.peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        return result


def random_batch(config: Config, size: int, seed: int = 0) -> Any:
    """Returns random examples of a configuration's shapes.

    Segments of lengths of their own have any from 1 to full; other sequences are full.

    Args:
      config: the configuration.
      size: how many examples.
      seed: of what is random.
    """
    from musicvae.models import Batch

    generator = np.random.default_rng(seed)
    spec = build_converter(config.converter).spec
    steps = config.hparams.max_seq_len
    outputs = _rows(generator, spec, spec.output_depth, (size, steps), _kind(config))
    inputs = outputs
    if spec.input_depth != spec.output_depth:
        inputs = _rows(generator, spec, spec.input_depth, (size, steps), "roll")
    controls = None
    if spec.control_depth:
        controls = _rows(generator, spec, spec.control_depth, (size, steps), "roll")
    lengths = np.full([size], steps, np.int32)
    if spec.num_segments:
        longest = steps // spec.num_segments
        lengths = generator.integers(1, longest + 1, (size, spec.num_segments), np.int32)
    return Batch(inputs, outputs, controls, lengths)


def _kind(config: Config) -> str:
    return "roll" if config.decoder.type in ("nade", "groove") else "labels"


def _rows(
    generator: np.random.Generator,
    spec: ExampleSpec,
    depth: int,
    shape: tuple[int, int],
    kind: str,
) -> np.ndarray:
    if kind == "roll":
        return (generator.random((*shape, depth)) < 0.15).astype(np.float32)
    depths = spec.part_depths or (depth,)
    parts = [np.eye(d, dtype=np.float32)[generator.integers(0, d, shape)] for d in depths]
    return np.concatenate(parts, axis=-1)


def train_and_save(config: Config, folder: pathlib.Path, batch_size: int) -> Timings:
    """Builds a model, trains a step and saves it as training does.

    Args:
      config: what to build.
      folder: where the checkpoint goes.
      batch_size: examples in the step.

    Raises:
      ArithmeticError: the loss or the gradient is not finite.
    """
    import tensorflow as tf

    from musicvae.models import Batch, MusicVAE
    from musicvae.training.step import TrainStep

    timings = Timings()
    spec = build_converter(config.converter).spec

    def build() -> TrainStep:
        model = MusicVAE(config, spec, seed=1)
        return TrainStep(model, batch_size)

    step = timings.timed("build", build)
    arrays = random_batch(config, batch_size)
    batch = Batch(*(None if array is None else tf.constant(array) for array in arrays))

    def train() -> dict[str, float]:
        return {k: float(v) for k, v in step(batch, tf.constant([1, 2], tf.int32)).items()}

    scalars = timings.timed("train a step", train)
    if not np.isfinite(list(scalars.values())).all() or int(step.global_step) != 1:
        raise ArithmeticError(f"the step failed: {scalars}")
    variables = step.model.named_variables
    timings.weight_bytes = sum(4 * int(np.prod(v.shape)) for v in variables.values())
    tensors = {**variables, **step.optimizer.named_slots}
    timings.timed("save", lambda: save_checkpoint(folder, 1, tensors))
    return timings


def load_and_use(config: Config, folder: pathlib.Path, batch_size: int) -> Timings:
    """Loads what `train_and_save` saved, encodes examples and samples from the prior.

    Args:
      config: what was saved; sizes come from the checkpoint all the same.
      folder: where the checkpoint is.
      batch_size: how many examples are encoded, and how many are sampled.

    Raises:
      ArithmeticError: an encoding is not finite, or samples are missing.
    """
    from musicvae.generate import TrainedModel

    timings = Timings()
    model = timings.timed("load", lambda: TrainedModel(config.name, batch_size, folder))
    batch = random_batch(config, batch_size)
    controls = None if batch.controls is None else list(batch.controls)
    encoded = timings.timed(
        "encode",
        lambda: model.encode_tensors(list(batch.inputs), list(batch.lengths), controls, seed=1),
    )
    if not all(np.isfinite(part).all() for part in encoded):
        raise ArithmeticError("an encoding is not finite")
    given = None if controls is None else np.stack(controls)
    pieces = timings.timed("sample", lambda: model.sample(batch_size, c_input=given, seed=1))
    if len(pieces) != batch_size or model.step != 1:
        raise ArithmeticError(f"{len(pieces)} samples of a model of step {model.step}")
    return timings


def _row(name: str, train: Timings, use: Timings) -> str:
    seconds = {**train.seconds, **use.seconds}
    cells = [
        f"`{name}`",
        f"{train.weight_bytes / _GIB:.2f} GiB",
        *(f"{seconds[stage]:.1f} s" for stage in COLUMNS[2:8]),
        f"{train.peak_bytes / _GIB:.2f} GiB",
        f"{use.peak_bytes / _GIB:.2f} GiB",
    ]
    return f"| {' | '.join(cells)} |"


def _in_process(stage: str, name: str, folder: str, batch_size: int) -> Timings | str:
    """Runs a stage in a process of its own; returns what it took, or why it failed."""
    command = [sys.executable, __file__, name, f"--stage={stage}", f"--folder={folder}"]
    command.append(f"--batch_size={batch_size}")
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        last = result.stderr.strip().splitlines()[-1:] or [f"status {result.returncode}"]
        return f"{stage}: {last[0]}"
    return Timings(**json.loads(result.stdout.splitlines()[-1]))


def _check(name: str, folder: str | None, batch_size: int) -> bool:
    with tempfile.TemporaryDirectory(dir=folder) as work:
        found = []
        for stage in _STAGES:
            outcome = _in_process(stage, name, work, batch_size)
            if isinstance(outcome, str):
                print(f"| `{name}` | FAILED: {outcome} |", flush=True)
                return False
            found.append(outcome)
    print(_row(name, *found), flush=True)
    return True


def main() -> int:
    """Checks the configurations; the status is 1 where one fails."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("configs", nargs="*", help="names; all where none is given")
    parser.add_argument("--batch_size", type=int, default=1)
    parser.add_argument("--folder", help="where checkpoints are written for a while")
    parser.add_argument("--stage", choices=_STAGES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.stage:
        start_tensorflow()
        run = train_and_save if arguments.stage == "train" else load_and_use
        config = load_config(arguments.configs[0])
        timings = run(config, pathlib.Path(arguments.folder), arguments.batch_size)
        print(json.dumps(dataclasses.asdict(timings)))
        return 0
    names = arguments.configs or [config.name for config in list_configs()]
    print(f"| {' | '.join(COLUMNS)} |")
    print(f"|{'---|' * len(COLUMNS)}")
    passed = [_check(name, arguments.folder, arguments.batch_size) for name in names]
    print(f"{sum(passed)} of {len(passed)} configurations pass at batch {arguments.batch_size}")
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
