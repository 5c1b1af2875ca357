"""A training in a process of its own: `worker.py RUN_DIR EXAMPLES DEVICE NUM_STEPS`.

The model has no dropout and samples nothing, so that only the order of additions depends on how
batches are cut.
"""

from __future__ import annotations

import sys

from absl import logging

from musicvae.training.options import TrainingOptions
from musicvae.training.run_spec import RunSpec, plan_training

HPARAMS = (
    "batch_size=8,z_size=4,enc_rnn_size=[6],dec_rnn_size=[7,5],dropout_keep_prob=1.0,"
    "free_bits=0,learning_rate=0.01"
)


def main(run_dir: str, examples: str, device: str, num_steps: str) -> int:
    """Trains, with a summary of every step."""
    spec = RunSpec(
        run_dir=run_dir,
        config="groovae_2bar_humanize",
        hparams=HPARAMS,
        examples_path=examples,
        num_workers=1,
        options=TrainingOptions(num_steps=int(num_steps), summary_steps=1, precision="float32"),
    )
    plan = plan_training(spec)
    from musicvae.training.devices import choose_training_devices

    devices = choose_training_devices(device or None)
    from musicvae.training.running import train

    return train(plan, devices).exit_status


if __name__ == "__main__":
    logging.use_absl_handler()
    logging.set_verbosity("info")
    sys.exit(main(*sys.argv[1:]))
