"""Trains Magenta on given batches from given weights; runs in the peer's environment.

Usage: python peer_train.py FOLDER CONFIG NUM_STEPS SAVE_EVERY OUTPUT

FOLDER holds hparams.json, batches.npz (`[num_steps, B, T, D]`) and first/model.ckpt-0, as
compare_training.py writes them; checkpoints go to OUTPUT.
"""

import json
import os
import sys
import warnings

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
warnings.filterwarnings("ignore")

import numpy as np  # noqa: E402
import tensorflow.compat.v1 as tf  # noqa: E402
from magenta.models.music_vae import configs  # noqa: E402


def main(folder, name, num_steps, save_every, output):
    """Trains and saves."""
    tf.disable_v2_behavior()
    tf.logging.set_verbosity("ERROR")
    config = configs.CONFIG_MAP[name]
    hparams = config.hparams
    with open(os.path.join(folder, "hparams.json")) as file:
        for key, value in json.load(file).items():
            if key in hparams:
                setattr(hparams, key, value)
    data = np.load(os.path.join(folder, "batches.npz"))
    data = {key: data[key] for key in data.files}
    model = config.model
    model.build(hparams, config.data_converter.output_depth, is_training=True)
    places = {
        key: tf.placeholder(tf.int32 if key == "lengths" else tf.float32, array.shape[1:], key)
        for key, array in data.items()
    }
    optimizer = model.train(
        places["inputs"], places["outputs"], places["lengths"], places.get("controls")
    )
    pairs = optimizer.compute_gradients(model.loss)
    gradients = [gradient for gradient, _ in pairs]
    norm = tf.global_norm(gradients)
    clipped, _ = tf.clip_by_global_norm(gradients, hparams.grad_clip, use_norm=norm)
    applied = [(clipped[k], variable) for k, (_, variable) in enumerate(pairs)]
    train = optimizer.apply_gradients(applied, global_step=model.global_step)
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    first = os.path.join(folder, "first", "model.ckpt-0")
    tf.train.Saver(tf.trainable_variables()).restore(session, first)
    saver = tf.train.Saver([*tf.trainable_variables(), model.global_step], max_to_keep=None)
    os.makedirs(output, exist_ok=True)
    target = os.path.join(output, "model.ckpt")
    for step in range(num_steps):
        session.run(train, {places[key]: array[step] for key, array in data.items()})
        if (step + 1) % save_every == 0:
            saver.save(session, target, global_step=step + 1, write_meta_graph=False)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
