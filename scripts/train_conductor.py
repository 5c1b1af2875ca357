"""Trains encoder and conductor of a hierarchical model to give the codes of shorter ones.

Usage: a stage of the kind "conductor" in recipes.toml; scripts/stages.py makes the command.

The flags are those of musicvae-train, and `--codes`: checkpoints of the shorter models, one for
each part of a step. The first time, the codes of some of the training music are looked at, and
RUN_DIR/first gets the basis of the embeddings and first weights: those of --warm_start, with the
shorter models' decoders for core decoders. See scripts/conductor_codes.py.
"""

from __future__ import annotations

import argparse
import dataclasses
import pathlib
import sys
from typing import Any

from musicvae.tensorflow_start import start_tensorflow
from musicvae.training.options import TrainingOptions
from musicvae.training.run_spec import RunSpec, plan_evaluation, plan_training

EXAMPLES = 2048
BATCH_SIZE = 64
_NUMBERS = ("num_steps", "eval_every_steps")


def main() -> int:
    """Parses the command line, makes first weights where there are none, and trains."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    for flag in ("config", "run_dir", "examples_path", "eval_examples_path", "codes"):
        parser.add_argument(f"--{flag}", required=True)
    for flag in ("hparams", "augment", "warm_start"):
        parser.add_argument(f"--{flag}", default=None if flag == "warm_start" else "")
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--mode", choices=("train", "eval"), default="train")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--num_steps", type=int, default=1000)
    parser.add_argument("--eval_every_steps", type=int, default=1000)
    parser.add_argument("--eval_num_batches", type=int)
    arguments = parser.parse_args()
    start_tensorflow()
    from musicvae.training.devices import choose_training_devices
    from musicvae.training.running import evaluate, train

    options = TrainingOptions(
        num_steps=arguments.num_steps,
        eval_every_steps=arguments.eval_every_steps,
        precision=arguments.precision,
    )
    spec = RunSpec(
        run_dir=arguments.run_dir,
        config=arguments.config,
        hparams=arguments.hparams,
        augment=arguments.augment,
        examples_path=arguments.examples_path,
        seed=arguments.seed,
        eval_examples_path=arguments.eval_examples_path,
        eval_num_batches=arguments.eval_num_batches,
        options=options,
    )
    devices = choose_training_devices("CPU")
    if arguments.mode == "eval":
        return evaluate(plan_evaluation(dataclasses.replace(spec, examples_path=None)), devices)
    plan = plan_training(spec)
    objective = prepare(plan, arguments)
    first = pathlib.Path(arguments.run_dir) / "first"
    options = dataclasses.replace(plan.options, warm_start=str(first))
    return train(dataclasses.replace(plan, options=options), devices, objective).exit_status


def prepare(plan: Any, arguments: argparse.Namespace) -> Any:
    """Returns the objective; the first time, finds the basis and writes first weights.

    Args:
      plan: of the training.
      arguments: the command line.
    """
    import numpy as np
    from conductor_codes import (
        Basis,
        CodeModels,
        ConductorObjective,
        codes_of,
        core_weights,
        find_basis,
    )

    from musicvae.checkpoints import open_checkpoint, restore, save_checkpoint
    from musicvae.data.batches import EvaluationBatches
    from musicvae.data.examples import load_examples
    from musicvae.models import MusicVAE

    archives = [pathlib.Path(path) for path in arguments.codes.split(",")]
    codes = CodeModels([path.name.removesuffix(".tar.gz") for path in archives], archives)
    folder = pathlib.Path(arguments.run_dir) / "first"
    stored = folder / "basis.npz"
    if not stored.exists():
        examples = load_examples(plan.config.converter, plan.source, num_workers=1)
        batches = EvaluationBatches(
            examples, plan.converter, BATCH_SIZE, max_batches=EXAMPLES // BATCH_SIZE
        )
        basis = find_basis(*codes_of(codes, batches), plan.config.hparams.dec_rnn_size[-1])
        model = MusicVAE(plan.config, plan.converter.spec, seed=arguments.seed)
        if arguments.warm_start:
            with open_checkpoint(arguments.warm_start) as checkpoint:
                restore(model.named_variables, checkpoint, ignore_missing=True)
        for name, value in core_weights(codes, basis, model.named_variables).items():
            model.named_variables[name].assign(value)
        folder.mkdir(parents=True, exist_ok=True)
        save_checkpoint(folder, 0, model.named_variables)
        np.savez(stored.with_suffix(".unfinished.npz"), **basis._asdict())
        stored.with_suffix(".unfinished.npz").replace(stored)
    with np.load(stored) as arrays:
        basis = Basis(**{name: arrays[name] for name in Basis._fields})
    return ConductorObjective(codes, basis)


if __name__ == "__main__":
    sys.exit(main())
