"""Trains one model with this project and with Magenta, from the same weights on the same batches.

    python scripts/compare_training.py --peer=PYTHON --config=cat-drums_2bar_small --num_steps=400
        --train=train.tfrecord --eval=held_out.tfrecord --output=comparison
        --hparams=batch_size=64,enc_rnn_size=[64],dec_rnn_size=[64,64],z_size=32

Ours makes the first weights and all batches; both start there, see the same examples in the same
order and are evaluated, teacher-forced, on the same held-out examples by the same code. Noise (of
the posterior, dropout, samples) is each run's own: --repeats runs of each show how much it does.
The curves are printed, and kept in OUTPUT/curves.json and, where matplotlib is installed,
curves.png.

The peer trains in its own process (peer_train.py) and leaves checkpoints, which this project
evaluates.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import subprocess
import sys

import numpy as np

from musicvae.checkpoints import open_checkpoint, restore, save_checkpoint
from musicvae.config import Config, load_config
from musicvae.converters import Converter, build_converter
from musicvae.data.batches import EvaluationBatches, TrainingBatches
from musicvae.data.examples import load_examples
from musicvae.data.records import TFRecordSource

_PEER = pathlib.Path(__file__).with_name("peer_train.py")


def main() -> None:
    """Trains both and shows both curves."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", required=True, help="Python of the environment with Magenta")
    parser.add_argument("--config", default="cat-drums_2bar_small")
    parser.add_argument("--hparams", default="")
    parser.add_argument("--train", required=True, help="TFRecords to train on")
    parser.add_argument("--eval", required=True, help="TFRecords to evaluate on")
    parser.add_argument("--output", required=True, help="a folder for the results")
    parser.add_argument("--num_steps", type=int, default=400)
    parser.add_argument("--eval_every", type=int, default=50)
    parser.add_argument("--eval_batches", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0, help="of first weights and batches")
    parser.add_argument("--repeats", type=int, default=2, help="runs of each, with other noise")
    arguments = parser.parse_args()
    folder = pathlib.Path(arguments.output)
    folder.mkdir(parents=True, exist_ok=True)
    config = load_config(arguments.config).override(arguments.hparams)
    converter = build_converter(config.converter)
    examples = load_examples(config.converter, TFRecordSource((arguments.train,)))
    batches = TrainingBatches(
        examples,
        converter,
        config.hparams.batch_size,
        seed=arguments.seed,
        augmentation=config.augmentation,
        max_per_source=converter.max_per_piece,
    )
    held_out = load_examples(config.converter, TFRecordSource((arguments.eval,)))
    evaluation = EvaluationBatches(
        held_out, converter, config.hparams.batch_size, max_batches=arguments.eval_batches
    )
    _write_first_weights(folder, config, converter, arguments.seed)
    _write_batches(folder, config, batches, arguments.num_steps)
    steps = list(range(arguments.eval_every, arguments.num_steps + 1, arguments.eval_every))
    numbers = [str(arguments.num_steps), str(arguments.eval_every)]
    curves = {}
    for repeat in range(arguments.repeats):
        peers = folder / f"peer-{repeat}"
        command = [arguments.peer, str(_PEER), str(folder), config.name, *numbers, str(peers)]
        subprocess.run(command, check=True)
        mine = folder / f"ours-{repeat}"
        _train_ours(mine, config, converter, batches, arguments, repeat)
        for run in (mine, peers):
            curves[run.name] = _curve(run, steps, config, converter, evaluation)
    (folder / "curves.json").write_text(json.dumps(curves, indent=1))
    print(f"evaluation loss of {config.name} on {evaluation.num_examples} held-out examples")
    print(f"{'step':>8}", *(f"{name:>10}" for name in curves))
    for step in steps:
        print(f"{step:8}", *(f"{curve[str(step)]:10.3f}" for curve in curves.values()))
    _draw(folder, config, curves)


def _write_first_weights(
    folder: pathlib.Path, config: Config, converter: Converter, seed: int
) -> None:
    from musicvae.models import MusicVAE

    model = MusicVAE(config, converter.spec, seed=seed)
    save_checkpoint(folder / "first", 0, model.named_variables)


def _write_batches(
    folder: pathlib.Path, config: Config, batches: TrainingBatches, num_steps: int
) -> None:
    """Writes the batches for the peer, and its hyperparameters."""
    made = [batches.batch(step) for step in range(num_steps)]
    arrays = {
        name: np.stack([getattr(batch, name) for batch in made])
        for name in ("inputs", "outputs", "lengths", "controls")
    }
    if not arrays["controls"].shape[-1]:
        del arrays["controls"]
    np.savez(folder / "batches.npz", **arrays)
    hparams = {name: getattr(config.hparams, name) for name in config.hparams.__dataclass_fields__}
    (folder / "hparams.json").write_text(json.dumps(hparams))


def _train_ours(
    folder: pathlib.Path,
    config: Config,
    converter: Converter,
    batches: TrainingBatches,
    arguments: argparse.Namespace,
    repeat: int,
) -> None:
    """Trains from the first weights, with noise of its own, and saves now and then."""
    import tensorflow as tf

    from musicvae.data.pipeline import training_dataset
    from musicvae.models import MusicVAE
    from musicvae.training.devices import choose_training_devices
    from musicvae.training.step import TrainStep

    devices = choose_training_devices(None)
    with devices.strategy.scope():
        model = MusicVAE(config, converter.spec, seed=arguments.seed)
    step = TrainStep(model, batches.batch_size, devices)
    for number, batch in enumerate(training_dataset(batches, 0, arguments.num_steps)):
        step(batch, tf.constant([repeat, number], tf.int32))
        if (number + 1) % arguments.eval_every == 0:
            save_checkpoint(folder, number + 1, model.named_variables)


def _curve(
    folder: pathlib.Path,
    steps: list[int],
    config: Config,
    converter: Converter,
    evaluation: EvaluationBatches,
) -> dict[str, float]:
    """Returns the teacher-forced evaluation loss of each checkpoint of a folder."""
    from musicvae.evaluation.evaluator import TEACHER_FORCED, Evaluator
    from musicvae.models import MusicVAE

    model = MusicVAE(config, converter.spec, seed=0)
    evaluator = Evaluator(model, evaluation)
    losses = {}
    for step in steps:
        with open_checkpoint(folder / f"model.ckpt-{step}") as checkpoint:
            restore(model.named_variables, checkpoint)
        losses[str(step)] = evaluator.evaluate(step).scalars[f"{TEACHER_FORCED}/loss"]
    return losses


def _draw(folder: pathlib.Path, config: Config, curves: dict[str, dict[str, float]]) -> None:
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        print("matplotlib is not installed: no picture", file=sys.stderr)
        return
    figure, axes = plt.subplots(figsize=(7, 4))
    for name, curve in curves.items():
        label, color = ("musicvae", "C0") if "ours" in name else ("Magenta 2.1.4", "C1")
        steps = [int(step) for step in curve]
        axes.plot(steps, list(curve.values()), color=color, marker="o", label=label)
    axes.set(xlabel="step", ylabel="evaluation loss (nats)", title=config.name)
    axes.legend()
    figure.savefig(folder / "curves.png", dpi=120, bbox_inches="tight")


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
