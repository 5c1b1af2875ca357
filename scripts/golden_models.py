"""Compares this project's models with recorded ones, a folder in the form of `golden/models/NAME`.

A folder holds a checkpoint, `hparams.json` (the configuration's name, the hyperparameters that
differ from it, the variables' shapes) and `golden.npz`: a batch, the posterior noise `eps`, and
what the recorded model computed from them; `losses_over_5_steps` and `after/<variable>` come from
five training steps on that batch that start Adam afresh, and `cold_sample` is what decoding
`sample_z` at temperature 1e-6 gave.

The error of an array is max|a - b| / max|b|.

Used by scripts/check_golden.py and by the golden tests.
"""

from __future__ import annotations

import dataclasses
import json
import pathlib
from typing import Any

import numpy as np
import tensorflow as tf

from musicvae.config import Config, ExampleSpec, load_config, parse_config
from musicvae.models import Batch, MusicVAE
from musicvae.training.step import TrainStep

FORWARD_BOUND = 1e-4
WEIGHTS_BOUND = 1e-3
COLD_GROOVE_BOUND = 1e-5
TRAINING_STEPS = 5
# Training this configuration is ill-conditioned: rounding decides where five steps lead.
FORWARD_ONLY = ("flat-trio_16bar",)


@dataclasses.dataclass(frozen=True)
class Quantity:
    """How one recorded quantity compares.

    Attributes:
      name: its name in golden.npz; `after/*` is the worst of the weights.
      error: max|a - b| / max|b|.
      bound: the largest error that passes.
    """

    name: str
    error: float
    bound: float

    @property
    def passed(self) -> bool:
        """Whether the error is within its bound."""
        return self.error <= self.bound


@dataclasses.dataclass(frozen=True)
class Comparison:
    """How one recorded model compares.

    Attributes:
      config: name of the folder.
      quantities: one for each recorded quantity.
    """

    config: str
    quantities: tuple[Quantity, ...]

    @property
    def passed(self) -> bool:
        """Whether all quantities are within their bounds."""
        return bool(self.quantities) and all(quantity.passed for quantity in self.quantities)

    def __str__(self) -> str:
        errors = ", ".join(
            f"{q.name} {q.error:.1e}{'' if q.passed else f' OVER {q.bound:.0e}'}"
            for q in self.quantities
        )
        return f"{self.config}: {errors}: {'ok' if self.passed else 'DIFFERS'}"


def folders(root: pathlib.Path) -> list[pathlib.Path]:
    """Returns the recorded models under a folder, sorted by name."""
    return sorted(path.parent for path in root.glob("*/golden.npz"))


def compare_model(folder: pathlib.Path) -> Comparison:
    """Builds the recorded model, loads its checkpoint and compares all that was recorded.

    Args:
      folder: as above.
    """
    recorded = json.loads((folder / "hparams.json").read_text(encoding="utf-8"))
    golden = dict(np.load(folder / "golden.npz"))
    config = recorded_config(recorded)
    model = MusicVAE(config, recorded_spec(golden, recorded), seed=0)
    names = {name: tuple(shape) for name, shape in recorded["variables"].items()}
    ours = {name: tuple(variable.shape) for name, variable in model.named_variables.items()}
    if names != ours:
        differing = sorted(set(names.items()) ^ set(ours.items()))
        raise ValueError(f"{folder}: variables differ: {differing}")
    reader = tf.train.load_checkpoint(str(folder / "model.ckpt-7"))
    for name, variable in model.named_variables.items():
        variable.assign(reader.get_tensor(name))
    quantities = _forward(model, golden, training=recorded.get("training", False))
    if "cold_sample" in golden:
        quantities.append(_cold(model, golden))
    if "losses_over_5_steps" in golden:
        quantities += _training(model, golden, forward_only=config.name in FORWARD_ONLY)
    return Comparison(folder.name, tuple(quantities))


def recorded_config(recorded: dict[str, Any]) -> Config:
    """Returns the configuration of a recorded model.

    Args:
      recorded: hparams.json; `tables` in it is a configuration's TOML as nested tables, for models
        that no named configuration describes.
    """
    if "tables" in recorded:
        config = parse_config(recorded["tables"], recorded["config"], source="hparams.json")
    else:
        config = load_config(recorded["config"])
    values = {"max_seq_len": recorded["max_seq_len"], **recorded["hparams"]}
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
    return dataclasses.replace(config, hparams=config.hparams.replace(**values))


def recorded_spec(golden: dict[str, Any], recorded: dict[str, Any]) -> ExampleSpec:
    """Returns the shape of a recorded model's examples.

    Args:
      golden: golden.npz.
      recorded: hparams.json.
    """
    return ExampleSpec(
        input_depth=golden["inputs"].shape[-1],
        output_depth=golden["outputs"].shape[-1],
        control_depth=golden["controls"].shape[-1] if "controls" in golden else 0,
        end_token=recorded.get("end_token"),
        num_segments=golden["lengths"].shape[1] if golden["lengths"].ndim == 2 else 0,
    )


def recorded_batch(golden: dict[str, Any]) -> Batch:
    """Returns a recorded batch."""
    return Batch(golden["inputs"], golden["outputs"], golden.get("controls"), golden["lengths"])


def relative_error(ours: Any, theirs: Any) -> float:
    """Returns max|a - b| / max|b|; infinity where shapes differ."""
    ours, theirs = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    if ours.shape != theirs.shape:
        return float("inf")
    if not theirs.size:
        return 0.0
    difference, largest = np.max(np.abs(ours - theirs)), np.max(np.abs(theirs))
    return float(difference / largest) if largest else float(difference)


def _forward(model: MusicVAE, golden: dict[str, Any], *, training: bool) -> list[Quantity]:
    @tf.function(autograph=False)
    def run() -> dict[str, Any]:
        losses = model.loss(
            recorded_batch(golden),
            7,
            training=training,
            eps=golden["eps"],
            sampling_probability=0.0,
        )
        found = {
            "z": losses.z,
            "kl": losses.kl,
            "r_loss": losses.r_loss,
            "rnn_output": _within(losses.outputs, golden),
            "loss": losses.loss,
            "beta": losses.beta,
            **{f"metric/{tag}": value for tag, value in losses.metrics.items()},
        }
        if losses.posterior is not None:
            found |= {"mu": losses.posterior.mu, "sigma": losses.posterior.sigma}
        return found

    found = run()
    names = [name for name in golden if name in found]
    return [Quantity(n, relative_error(found[n], golden[n]), FORWARD_BOUND) for n in names]


def _within(outputs: Any, golden: dict[str, Any]) -> Any:
    """Cuts segments to the longest one of the batch.

    Args:
      outputs: `[B, T, P]`.
      golden: golden.npz.
    """
    lengths = golden["lengths"].reshape(len(golden["lengths"]), -1)
    segments = lengths.shape[1]
    steps = golden["outputs"].shape[1] // segments
    outputs = tf.reshape(outputs, [len(lengths), segments, steps, outputs.shape[-1]])
    outputs = tf.split(outputs, segments, 1)
    longest = lengths.max(0)
    return tf.concat([outputs[s][:, 0, : longest[s]] for s in range(segments)], 1)


def _cold(model: MusicVAE, golden: dict[str, Any]) -> Quantity:
    theirs = golden["cold_sample"]
    controls = golden["controls"][0] if "controls" in golden else None
    decoded = model.decode(
        golden["sample_z"],
        theirs.shape[1],
        temperature=0.0,
        controls=controls,
        seed=[0, 0],
        stop_at_end_token=model.spec.end_token is not None,
    )
    ours = decoded.outputs.numpy()
    if model.config.decoder.type != "groove":
        return Quantity("cold_sample", float(np.max(ours != theirs)), 0.0)
    hits = theirs.shape[-1] // 3
    if not np.array_equal(ours[..., :hits], theirs[..., :hits]):
        return Quantity("cold_sample", float("inf"), COLD_GROOVE_BOUND)
    return Quantity("cold_sample", relative_error(ours, theirs), COLD_GROOVE_BOUND)


def _training(model: MusicVAE, golden: dict[str, Any], *, forward_only: bool) -> list[Quantity]:
    train = TrainStep(model, len(golden["inputs"]))
    train.global_step.assign(7)
    batch = Batch(*(None if x is None else tf.constant(x) for x in recorded_batch(golden)))
    seed, eps = tf.zeros([2], tf.int32), tf.constant(golden["eps"])
    scalars = [train(batch, seed, eps=eps)]
    quantities = [
        Quantity(name, relative_error(scalars[0][name], golden[name]), FORWARD_BOUND)
        for name in ("learning_rate", "global_norm")
    ]
    if forward_only:
        return quantities
    scalars += [train(batch, seed, eps=eps) for _ in range(TRAINING_STEPS - 1)]
    after = {name: variable.numpy() for name, variable in model.named_variables.items()}
    weights = max(relative_error(after[name], golden[f"after/{name}"]) for name in after)
    scalars.append(train(batch, seed, eps=eps))
    losses = relative_error([s["loss"] for s in scalars], golden["losses_over_5_steps"])
    return [
        *quantities,
        Quantity("losses_over_5_steps", losses, FORWARD_BOUND),
        Quantity("after/*", weights, WEIGHTS_BOUND),
    ]
