"""Records what Magenta 2.1.4 computes for options that none of its named configurations uses.

Usage, in the peer's environment: python record_options.py OUT_DIR [CASE ...]

Per case it writes OUT_DIR/<case>/ in the form of golden/models: a checkpoint at step 7 with random
weights, golden.npz, and hparams.json, whose `tables` are the case as a configuration of ours.
"""

# The peer runs Python 3.8, whose zip() knows no strict, and its imports follow a silenced start.
# ruff: noqa: B905, E402
import json
import os
import sys
import warnings

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
warnings.filterwarnings("ignore")
import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()
tf.logging.set_verbosity("ERROR")
from magenta.contrib import training as contrib_training
from magenta.models.music_vae import configs, lstm_models
from magenta.models.music_vae.base_model import MusicVAE

BATCH, STEPS, DEPTH = 3, 16, 5
HPARAMS = {
    "batch_size": BATCH,
    "z_size": 3,
    "enc_rnn_size": [4],
    "dec_rnn_size": [5, 6],
    "max_seq_len": STEPS,
    "sampling_schedule": "constant",
    "sampling_rate": 0.0,
    "dropout_keep_prob": 1.0,
    "free_bits": 2.0,
    "max_beta": 0.5,
    "beta_rate": 0.99,
    "learning_rate": 0.01,
}

bidirectional = lstm_models.BidirectionalLstmEncoder
unidirectional = lstm_models.LstmEncoder
categorical = lstm_models.CategoricalLstmDecoder
BIDIRECTIONAL = {"type": "bidirectional_lstm"}
CATEGORICAL = {"type": "categorical"}


def flat(**case):
    return {
        "encoder": BIDIRECTIONAL,
        "decoder": CATEGORICAL,
        "build": lambda: (bidirectional(), categorical()),
        **case,
    }


def hierarchical(levels, disable, core=categorical, core_table=CATEGORICAL, **case):
    decoder = {
        "type": "hierarchical",
        "level_lengths": levels,
        "disable_autoregression": disable,
        "core": core_table,
    }

    def build():
        decoder = lstm_models.HierarchicalLstmDecoder
        made = decoder(core(), level_lengths=levels, disable_autoregression=disable)
        return bidirectional(), made

    return flat(**{"decoder": decoder, "build": build, **case})


def encoded_by_levels(levels, core=bidirectional, core_table=BIDIRECTIONAL, **case):
    return flat(
        encoder={"type": "hierarchical_lstm", "level_lengths": levels, "core": core_table},
        build=lambda: (lstm_models.HierarchicalLstmEncoder(core, levels), categorical()),
        **case,
    )


def both_by_levels(disable, **case):
    decoder = lstm_models.HierarchicalLstmDecoder
    return hierarchical(
        [4, 4],
        disable,
        **{
            "encoder": {
                "type": "hierarchical_lstm",
                "level_lengths": [4, 4],
                "core": BIDIRECTIONAL,
            },
            "build": lambda: (
                lstm_models.HierarchicalLstmEncoder(bidirectional, [4, 4]),
                decoder(categorical(), level_lengths=[4, 4], disable_autoregression=disable),
            ),
            **case,
        },
    )


def reencoding(levels, disable=(), **case):
    def build():
        encoder = lstm_models.HierarchicalLstmEncoder(bidirectional, levels[::-1])
        decoder = lstm_models.HierarchicalLstmDecoder(
            categorical(),
            levels,
            disable_autoregression=list(disable),
            hierarchical_encoder=encoder,
        )
        return encoder, decoder

    return flat(
        encoder={"type": "hierarchical_lstm", "level_lengths": levels[::-1], "core": BIDIRECTIONAL},
        decoder={
            "type": "hierarchical",
            "level_lengths": levels,
            "disable_autoregression": list(disable),
            "reencode": True,
            "core": CATEGORICAL,
        },
        build=build,
        **case,
    )


def split(*cores):
    depths, make, table = zip(*cores)
    return (
        lambda: lstm_models.SplitMultiOutLstmDecoder([m() for m in make], list(depths)),
        {"type": "split", "output_depths": list(depths), "core": table[0]},
    )


def controlled(core, table):
    return (
        lambda: lstm_models.BidirectionalLstmControlPreprocessingDecoder(core()),
        {"type": "control_preprocessing", "core": table},
    )


SPLIT = split((2, categorical, CATEGORICAL), (3, categorical, CATEGORICAL))
CONTROLLED = controlled(categorical, CATEGORICAL)
NADE = (lstm_models.MultiLabelRnnNadeDecoder, {"type": "nade"})
RAGGED = [[4, 1, 2, 3], [1, 1, 1, 1], [2, 4, 4, 1]]
RESIDUAL = {"residual_encoder": True, "residual_decoder": True}

CASES = {
    "lstm_encoder": flat(
        encoder={"type": "lstm"},
        build=lambda: (unidirectional(), categorical()),
        hparams={"enc_rnn_size": [4, 5]},
    ),
    "ragged": flat(hparams={"enc_rnn_size": [4, 5]}, lengths=[16, 3, 9]),
    "residual": flat(
        hparams={"enc_rnn_size": [4, 4], "dec_rnn_size": [5, 5, 6], **RESIDUAL}, lengths=[16, 3, 9]
    ),
    "residual_lstm_encoder": flat(
        encoder={"type": "lstm"},
        build=lambda: (unidirectional(), categorical()),
        hparams={"enc_rnn_size": [4, 4], **RESIDUAL},
    ),
    "dropout_of_everything": flat(
        hparams={"dropout_keep_prob": 1e-9, "enc_rnn_size": [4, 5]}, training=True
    ),
    "dropout_of_everything_residual": flat(
        hparams={
            "dropout_keep_prob": 1e-9,
            "enc_rnn_size": [4, 4],
            "dec_rnn_size": [5, 5, 6],
            **RESIDUAL,
        },
        training=True,
    ),
    "dropout_of_everything_by_levels": hierarchical(
        [4, 4], [0, 1], hparams={"dropout_keep_prob": 1e-9}, training=True
    ),
    "control_preprocessing": flat(
        decoder=CONTROLLED[1],
        build=lambda: (bidirectional(), CONTROLLED[0]()),
        hparams={"control_preprocessing_rnn_size": [3, 4]},
        control_depth=3,
        lengths=[16, 3, 9],
    ),
    "control_preprocessing_by_levels": hierarchical(
        [4, 4],
        [0, 1],
        *CONTROLLED,
        hparams={"control_preprocessing_rnn_size": [3]},
        control_depth=3,
    ),
    "controls_by_levels": hierarchical([4, 4], [0, 1], control_depth=3),
    "autoregressive": hierarchical([4, 4], []),
    "autoregressive_3_levels": hierarchical([2, 2, 4], []),
    "three_levels": hierarchical([2, 2, 4], [0, 1, 2]),
    "levels_residual": hierarchical([4, 4], [0, 1], hparams={"residual_decoder": True}),
    "levels_nade": hierarchical([4, 4], [0, 1], *NADE, hparams={"nade_num_hidden": 3}, roll=True),
    "levels_empty": hierarchical([4, 4], [0, 1], lengths=[16, 0, 16]),
    "split": flat(decoder=SPLIT[1], build=lambda: (bidirectional(), SPLIT[0]())),
    "multi_out": flat(
        decoder={"type": "multi_out_categorical", "output_depths": [2, 3]},
        build=lambda: (bidirectional(), lstm_models.MultiOutCategoricalLstmDecoder([2, 3])),
    ),
    "encoder_levels": encoded_by_levels([4, 4]),
    "encoder_levels_empty": encoded_by_levels([4, 4], lengths=[16, 0, 16]),
    "ragged_by_levels": both_by_levels([0, 1], lengths=RAGGED),
    "reencoding_ragged": reencoding([4, 4], lengths=RAGGED),
    "reencoding_upper_level": reencoding([2, 2, 4], [1]),
    "dropout_of_everything_of_controls": flat(
        decoder=CONTROLLED[1],
        build=lambda: (bidirectional(), CONTROLLED[0]()),
        hparams={"control_preprocessing_rnn_size": [3, 4], "dropout_keep_prob": 1e-9, **RESIDUAL},
        control_depth=3,
        training=True,
    ),
    "encoder_3_levels": encoded_by_levels([4, 2, 2]),
    "encoder_levels_unidirectional": encoded_by_levels([4, 4], unidirectional, {"type": "lstm"}),
    "reencoding": reencoding([4, 4]),
    "reencoding_3_levels": reencoding([2, 2, 4]),
    "unconditional": flat(hparams={"z_size": 0}),
    "not_conditional": flat(hparams={"conditional": False}),
    "clip_by_value": flat(hparams={"clip_mode": "value", "grad_clip": 0.01}),
    "end_token": flat(end_token=2),
}


def batch_for(case, rng):
    """Returns inputs, outputs, controls and lengths."""
    if case.get("roll"):
        outputs = (rng.rand(BATCH, STEPS, DEPTH) < 0.3).astype("f")
    elif "output_depths" in str(case["decoder"]):
        parts = [np.eye(d, dtype="f")[rng.randint(0, d, (BATCH, STEPS))] for d in (2, 3)]
        outputs = np.concatenate(parts, -1)
    else:
        outputs = np.eye(DEPTH, dtype="f")[rng.randint(0, DEPTH, (BATCH, STEPS))]
    controls = None
    if case.get("control_depth"):
        controls = rng.rand(BATCH, STEPS, case["control_depth"]).astype("f")
    lengths = np.array(case.get("lengths", [STEPS] * BATCH), "i")
    segments = lengths if lengths.ndim == 2 else lengths[:, None]
    size = STEPS // segments.shape[1]
    within = np.arange(size)[None, None] < segments[..., None]
    outputs = outputs * within.reshape(BATCH, STEPS, 1)
    return outputs, outputs, controls, lengths


def record(name, out_dir):
    """Writes the folder of one case."""
    case = CASES[name]
    rng = np.random.RandomState(sum(map(ord, name)))
    over = {**HPARAMS, **case.get("hparams", {})}
    values = dict(configs.CONFIG_MAP["cat-mel_2bar_small"].hparams.values())
    hparams = contrib_training.HParams(**{**values, "nade_num_hidden": 3, **over})
    inputs, outputs, controls, lengths = batch_for(case, rng)
    eps = rng.randn(BATCH, hparams.z_size).astype("f")
    sample_z = rng.randn(BATCH, hparams.z_size).astype("f")
    golden = {"inputs": inputs, "outputs": outputs, "lengths": lengths}
    golden.update(eps=eps, sample_z=sample_z)
    if controls is not None:
        golden["controls"] = controls
    with tf.Graph().as_default():
        encoder, decoder = case["build"]()
        model = MusicVAE(encoder, decoder)
        model.build(hparams, DEPTH, is_training=True)
        x, y, length = tf.constant(inputs), tf.constant(outputs), tf.constant(lengths)
        c = None if controls is None else tf.constant(controls)
        step = tf.to_float(model.global_step)
        fetches = {}
        kl_cost = tf.zeros([BATCH])
        z = None
        if hparams.z_size:
            q = model.encode(x, length, c)
            mu, sigma = q.loc, q.scale.diag
            z = mu + sigma * tf.constant(eps)
            kl = 0.5 * tf.reduce_sum(mu**2 + sigma**2 - 1 - 2 * tf.math.log(sigma), 1)
            kl_cost = tf.maximum(kl - hparams.free_bits * tf.math.log(2.0), 0)
            fetches.update(mu=mu, sigma=sigma, z=z, kl=kl)
        previous = tf.pad(y[:, : STEPS - 1], [(0, 0), (1, 0), (0, 0)])
        r_loss, _, decoded = model.decoder.reconstruction_loss(previous, y, length, z, c)
        beta = (1.0 - tf.pow(hparams.beta_rate, step)) * hparams.max_beta
        loss = tf.reduce_mean(r_loss) + beta * tf.reduce_mean(kl_cost)
        floor = hparams.min_learning_rate
        rate = (hparams.learning_rate - floor) * tf.pow(hparams.decay_rate, step) + floor
        optimizer = tf.train.AdamOptimizer(rate)
        gradients, variables = zip(*optimizer.compute_gradients(loss))
        norm = tf.global_norm([g for g in gradients if g is not None])
        if hparams.clip_mode == "value":
            bound = hparams.grad_clip
            clipped = [None if g is None else tf.clip_by_value(g, -bound, bound) for g in gradients]
        else:
            clipped, _ = tf.clip_by_global_norm(gradients, hparams.grad_clip, use_norm=norm)
        train = optimizer.apply_gradients(
            list(zip(clipped, variables)), global_step=model.global_step
        )
        fetches.update(r_loss=r_loss, loss=loss, beta=beta, learning_rate=rate, global_norm=norm)
        with tf.variable_scope(tf.get_variable_scope(), reuse=tf.AUTO_REUSE):
            options = {"end_fn": case["end_token"]} if "end_token" in case else {}
            cold, results = model.decoder.sample(
                BATCH,
                max_length=STEPS,
                z=tf.constant(sample_z) if hparams.z_size else None,
                temperature=tf.constant(1e-6),
                c_input=None if c is None else c[0],
                **options,
            )
        session = tf.Session()
        session.run(tf.global_variables_initializer())
        for variable in tf.trainable_variables():
            shape = variable.shape.as_list()
            scale = 2.0 / np.sqrt(max(1, shape[0])) if len(shape) > 1 else 0.3
            variable.load((rng.randn(*shape) * scale).astype("f"), session)
        session.run(model.global_step.assign(7))
        golden.update(session.run(fetches))
        if decoded is not None and decoded.rnn_output is not None:
            golden["rnn_output"] = session.run(decoded.rnn_output)
        if not case.get("training"):
            golden["cold_sample"] = session.run(cold)
            final = getattr(results, "final_sequence_lengths", None)
            if "end_token" in case and final is not None:
                golden["cold_lengths"] = session.run(final)
        folder = os.path.join(out_dir, name)
        os.makedirs(folder, exist_ok=True)
        saver = tf.train.Saver(tf.trainable_variables())
        path = os.path.join(folder, "model.ckpt")
        saver.save(session, path, global_step=7, write_meta_graph=False, write_state=False)
        losses = [golden["loss"]]
        for _ in range(5):
            session.run(train)
            losses.append(session.run(loss))
        golden["losses_over_5_steps"] = np.array(losses, "f")
        for variable in tf.trainable_variables():
            golden["after/" + variable.op.name] = session.run(variable)
        shapes = {v.op.name: v.shape.as_list() for v in tf.trainable_variables()}
    np.savez_compressed(os.path.join(folder, "golden.npz"), **golden)
    train_keys = [
        "batch_size",
        "free_bits",
        "max_beta",
        "beta_rate",
        "learning_rate",
        "dropout_keep_prob",
        "clip_mode",
        "grad_clip",
    ]
    tables = {
        "model": {k: over[k] for k in ("z_size", "max_seq_len", "conditional") if k in over},
        "converter": {"type": "melody"},
        "encoder": {
            **case["encoder"],
            "rnn_size": over["enc_rnn_size"],
            "residual": over.get("residual_encoder", False),
        },
        "decoder": {
            **case["decoder"],
            "rnn_size": over["dec_rnn_size"],
            "residual": over.get("residual_decoder", False),
            **{
                k: over[k]
                for k in ("nade_num_hidden", "control_preprocessing_rnn_size")
                if k in over
            },
        },
        "train": {k: over[k] for k in train_keys if k in over},
    }
    about = {
        "config": name,
        "tables": tables,
        "hparams": {},
        "max_seq_len": STEPS,
        "variables": shapes,
        "training": case.get("training", False),
        "end_token": case.get("end_token"),
    }
    with open(os.path.join(folder, "hparams.json"), "w") as file:
        json.dump(about, file, indent=1)
    print(name, "loss", golden["loss"], "norm", golden["global_norm"], flush=True)


if __name__ == "__main__":
    for case_name in sys.argv[2:] or CASES:
        try:
            record(case_name, sys.argv[1])
        except Exception as error:
            print(case_name, "cannot be recorded:", str(error)[:700], flush=True)
