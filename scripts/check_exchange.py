"""Shows that Magenta 2.1.4 loads the checkpoints that this project writes.

    python scripts/check_exchange.py --peer .peer/bin/python

For each configuration a small model with random weights is saved as training saves it, with Adam's
moments, every second one packed as a tar. Magenta's TrainedModel and ours load it, encode the same
tensors and decode the same latent vectors at temperature 1e-6. Encodings may differ by 1e-4 of
their largest value; decodings must be equal, a groove's velocities and offsets to 1e-4.

Where a step's two likeliest labels are nearly as likely, rounding decides between them, and what
follows is another piece. So where labels differ, our model is led through Magenta's piece: at each
step Magenta's label must be our likeliest or short of it by a logit of at most 0.01.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile
from typing import Any

import numpy as np

from musicvae.checkpoints import CheckpointKeeper
from musicvae.config import Config, ExampleSpec, load_config
from musicvae.converters import build_converter, performance_converter
from musicvae.generate import TrainedModel
from musicvae.models.decoders.base import Target
from musicvae.models.forward import Forward

TOLERANCE = 1e-4
NEAR_TIE = 0.01
EXAMPLES = 5
CONFIGS = (
    "cat-mel_2bar_small",
    "cat-drums_2bar_small",
    "nade-drums_2bar_reduced",
    "groovae_2bar_humanize",
    "groovae_2bar_hits_control_tfds",
    "flat-mel_16bar",
    "hierdec-mel_16bar",
    "hierdec-trio_16bar",
    "hier-multiperf_vel_1bar_med",
    "hier-multiperf_vel_1bar_med_chords",
    "cat-mel_2bar_med_chords",
)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How far Magenta's results are from ours.

    Attributes:
      config: the configuration's name.
      encoding: largest difference of mu and sigma, relative to the largest value.
      labels_differ: decoded steps whose class, hits or notes differ.
      shortfall: the most that a label of Magenta's is short of our likeliest, as a logit; 0 where
        no label differs, infinite where the labels of a step are not of one or more categories.
      values: largest difference of decoded velocities and offsets; 0 for other representations.
    """

    config: str
    encoding: float
    labels_differ: int
    shortfall: float
    values: float

    @property
    def passed(self) -> bool:
        """Whether all is within bounds."""
        equal = self.encoding < TOLERANCE and self.values < TOLERANCE
        return equal and self.shortfall <= NEAR_TIE

    def __str__(self) -> str:
        verdict = "ok" if self.passed else "DIFFERS"
        return (
            f"{self.config:34} mu, sigma {self.encoding:.1e}   steps that differ "
            f"{self.labels_differ}, short by {self.shortfall:.1e}   "
            f"velocities, offsets {self.values:.1e}   {verdict}"
        )


def exchange(peer: str, names: list[str], folder: pathlib.Path) -> list[Outcome]:
    """Saves a model of each configuration, has Magenta load it, and compares.

    Args:
      peer: the interpreter of an environment with Magenta 2.1.4.
      names: configurations.
      folder: where to work.
    """
    jobs = []
    for number, name in enumerate(names):
        config = _small(load_config(name))
        work = folder / name
        prefix = _save(config, work, seed=number)
        data = _examples(config, seed=number)
        np.savez(work / "data.npz", **data)
        jobs.append(
            {
                "config": name,
                "hparams": _changed(config),
                "checkpoint": _packed(prefix) if number % 2 else prefix,
                "data": str(work / "data.npz"),
                "result": str(work / "result.npz"),
            }
        )
    (folder / "jobs.json").write_text(json.dumps(jobs))
    script = pathlib.Path(__file__).with_name("peer_load.py")
    environment = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    result = subprocess.run(
        [peer, str(script), str(folder / "jobs.json")],
        capture_output=True,
        text=True,
        env=environment,
    )
    if result.returncode:
        sys.exit(f"the peer failed:\n{result.stderr[-3000:]}")
    return [_compare(spec) for spec in jobs]


def _small(config: Config) -> Config:
    layers = len(config.hparams.dec_rnn_size)
    sizes: dict[str, Any] = {
        "z_size": 8,
        "enc_rnn_size": (12,) * len(config.hparams.enc_rnn_size),
        "dec_rnn_size": (10, 12, 14)[:layers],
    }
    if config.decoder.type == "nade":
        sizes["nade_num_hidden"] = 6
    return dataclasses.replace(config, hparams=config.hparams.replace(**sizes))


def _changed(config: Config) -> dict[str, Any]:
    hparams, named = config.hparams, load_config(config.name).hparams
    names = ("z_size", "enc_rnn_size", "dec_rnn_size", "nade_num_hidden")
    values = {name: getattr(hparams, name) for name in names}
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
        if value != getattr(named, name)
    }


def _save(config: Config, folder: pathlib.Path, seed: int) -> str:
    """Saves a model as training does; its weights are larger than first values are."""
    from musicvae.models import AdamOptimizer, MusicVAE

    model = MusicVAE(config, build_converter(config.converter).spec, seed=seed)
    for name, variable in model.named_variables.items():
        narrow = name.endswith(("mu/kernel", "sigma/kernel", "initial_state/kernel"))
        variable.assign(variable * (300.0 if narrow else 3.0))
    slots = AdamOptimizer(model.named_variables).named_slots
    return CheckpointKeeper(folder).save(17, {**model.named_variables, **slots})


def _packed(prefix: str) -> str:
    folder, name = os.path.split(prefix)
    path = f"{prefix}.tar"
    with tarfile.open(path, "w") as tar:
        for file in os.listdir(folder):
            if file.startswith(f"{name}.") and file != f"{name}.tar":
                tar.add(os.path.join(folder, file), file)
    return path


def _examples(config: Config, seed: int) -> dict[str, np.ndarray]:
    """Returns random tensors of the right shapes, and latent vectors."""
    generator = np.random.default_rng(seed)
    spec = build_converter(config.converter).spec
    steps = config.hparams.max_seq_len
    shape = (EXAMPLES, steps)
    data = {"z": generator.standard_normal((EXAMPLES, config.hparams.z_size), np.float32)}
    data["inputs"] = _inputs(generator, spec, shape).astype(np.float32)
    lengths = np.full((EXAMPLES,), steps, np.int32)
    if spec.num_segments:
        longest = steps // spec.num_segments
        lengths = generator.integers(1, longest + 1, (EXAMPLES, spec.num_segments), np.int32)
    data["lengths"] = lengths
    if spec.control_depth:
        data["controls"] = (generator.random((*shape, spec.control_depth)) < 0.2).astype(np.float32)
        data["controls"][:] = data["controls"][:1]
    return data


def _inputs(generator: np.random.Generator, spec: ExampleSpec, shape: tuple[int, int]) -> Any:
    if spec.part_depths:
        parts = [np.eye(d)[generator.integers(0, d, shape)] for d in spec.part_depths]
        if sum(spec.part_depths) == spec.input_depth:
            return np.concatenate(parts, axis=-1)
    return generator.random((*shape, spec.input_depth)) < 0.15


def _compare(spec: dict[str, Any]) -> Outcome:
    config = load_config(spec["config"])
    model = TrainedModel(config, EXAMPLES, spec["checkpoint"])
    with np.load(spec["data"]) as data, np.load(spec["result"]) as theirs:
        controls = data.get("controls")
        ours = model.encode_tensors(
            list(data["inputs"]),
            list(data["lengths"]),
            None if controls is None else list(controls),
        )
        decoded = np.stack(
            model.decode_to_tensors(
                data["z"],
                data["inputs"].shape[1],
                1e-6,
                None if controls is None else controls[0],
            )
        )
        encoding = max(_error(ours.mu, theirs["mu"]), _error(ours.sigma, theirs["sigma"]))
        labels, values = theirs["decoded"], np.zeros(1)
        performances = performance_converter(model.converter)
        if performances is not None:
            hits = performances.num_classes
            values = np.abs(decoded[..., hits:] - labels[..., hits:])
            labels, decoded = labels[..., :hits], decoded[..., :hits]
        differ = int(np.any(labels != decoded, axis=-1).sum())
        shortfall = _shortfall(model, data["z"], labels, controls) if differ else 0.0
    return Outcome(config.name, encoding, differ, shortfall, float(values.max()))


def _shortfall(model: TrainedModel, z: np.ndarray, theirs: np.ndarray, controls: Any) -> float:
    """Leads our model through Magenta's pieces; returns `Outcome.shortfall`.

    Args:
      model: ours.
      z: float32 `[N, Z]`.
      theirs: float32 `[N, T, D]`, one-hot in each part; zeros past an end.
      controls: float32 `[N, T, C]`, or None.
    """
    import tensorflow as tf

    spec = model.converter.spec
    pieces, steps, _ = theirs.shape
    segments = (spec.num_segments,) if spec.num_segments else ()
    lengths = np.full((pieces, *segments), steps // max(spec.num_segments, 1), np.int32)
    target = Target(tf.constant(theirs), tf.constant(lengths), controls)
    forward = Forward(tf.zeros([2], tf.int32))
    lead = tf.function(lambda: model.network.decoder.reconstruct(tf.constant(z), target, forward))
    logits = lead().parameters.numpy()
    if logits.shape != theirs.shape:
        return float("inf")
    edges = np.cumsum(spec.part_depths)[:-1]
    parts = zip(np.split(logits, edges, -1), np.split(theirs, edges, -1), strict=True)
    short = [part.max(-1) - (part * label).sum(-1) for part, label in parts]
    written = theirs.any(-1)
    return float(max(part[written].max() for part in short))


def _error(found: np.ndarray, expected: np.ndarray) -> float:
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def main() -> int:
    """Runs the check; the status is 1 where something differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", required=True, help="an interpreter with Magenta 2.1.4")
    parser.add_argument("configs", nargs="*", default=CONFIGS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcomes = exchange(arguments.peer, list(arguments.configs), pathlib.Path(folder))
    for outcome in outcomes:
        print(outcome)
    passed = sum(outcome.passed for outcome in outcomes)
    print(f"{passed} of {len(outcomes)} configurations agree")
    return 0 if passed == len(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
