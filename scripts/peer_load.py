"""Loads checkpoints with Magenta's TrainedModel and records what it computes with them.

Runs in an environment with Magenta 2.1.4, not in this project's: `check_exchange.py` starts it.

    python peer_load.py JOBS.json

Each job names a configuration, its hyperparameters, a checkpoint, an .npz with `inputs`, `lengths`,
`controls` and `z`, and where to write `mu`, `sigma` and `decoded`.
"""

import json
import os
import sys
import warnings

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
warnings.filterwarnings("ignore")

import numpy as np  # noqa: E402
import tensorflow.compat.v1 as tf  # noqa: E402
from magenta.models.music_vae import TrainedModel, configs  # noqa: E402

COLD = 1e-6


def run(spec):
    """Computes one job's results and writes them."""
    config = configs.CONFIG_MAP[spec["config"]]
    for name, value in spec["hparams"].items():
        setattr(config.hparams, name, value)
    data = np.load(spec["data"])
    model = TrainedModel(config, len(data["z"]), spec["checkpoint"])
    controls = data.get("controls")
    _, mu, sigma = model.encode_tensors(
        list(data["inputs"]),
        list(data["lengths"]),
        None if controls is None else list(controls),
    )
    decoded = model.decode_to_tensors(
        data["z"],
        data["inputs"].shape[1],
        COLD,
        None if controls is None else controls[0],
    )
    np.savez(spec["result"], mu=mu, sigma=sigma, decoded=np.stack(decoded))


if __name__ == "__main__":
    tf.disable_v2_behavior()
    tf.logging.set_verbosity("ERROR")
    with open(sys.argv[1]) as file:
        for each in json.load(file):
            tf.reset_default_graph()
            run(each)
