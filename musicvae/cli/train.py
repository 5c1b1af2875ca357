"""trains a model on a TFRecord of NoteSequences, or evaluates one.

    musicvae-train --config=cat-drums_2bar_small --run_dir=run --examples_path=music.tfrecord
    musicvae-train --run_dir=run --mode=eval --examples_path=other.tfrecord

The run folder gets checkpoints and TensorBoard summaries, and remembers the configuration and its
hyperparameters: the same command goes on where a training stopped, and --run_dir alone is enough
for that. Ctrl-C saves before it ends. Several machines train together through the environment
variable TF_CONFIG.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from absl import flags, logging

from musicvae.cli.config_list import print_configs
from musicvae.cli.document import is_wanted, record
from musicvae.cli.flags import command_flags, define_path, require_flags, run_command
from musicvae.errors import InputError

if TYPE_CHECKING:
    from musicvae.data.records import RecordSource
    from musicvae.training.devices import TrainingDevices
    from musicvae.training.run_spec import Plan, RunSpec

FLAGS = command_flags()
flags.DEFINE_string(
    "config",
    None,
    "Configuration: a name, or a TOML file of your own. Not needed if run_dir has one.",
    flag_values=FLAGS,
)
define_path("run_dir", None, "Run folder; created if missing.", FLAGS)
flags.DEFINE_enum("mode", "train", ["train", "eval"], "Train, or evaluate.", flag_values=FLAGS)
define_path(
    "examples_path",
    None,
    "TFRecords of NoteSequences, from musicvae-convert: files, globs, music@8.tfrecord, "
    "several with commas; a.tfrecord:2 is sampled twice as often, a.tfrecord:0.5 half as "
    "often.",
    FLAGS,
)
flags.DEFINE_string(
    "tfds_name",
    None,
    "TensorFlow Datasets name to train on in place of --examples_path: groove/2bar-midionly.",
    flag_values=FLAGS,
)
flags.DEFINE_string(
    "hparams",
    "",
    "Hyperparameters to override, as in batch_size=32,learning_rate=0.0005,enc_rnn_size=[256].",
    flag_values=FLAGS,
)
flags.DEFINE_string(
    "augment",
    "",
    "Augmentation, as in drop_voice_probability=0.3,rotate_probability=0.2.",
    flag_values=FLAGS,
)
flags.DEFINE_integer("num_steps", 200_000, "Step to train to.", flag_values=FLAGS)
flags.DEFINE_integer(
    "seed",
    None,
    "Random seed (0).",
    0,
    flag_values=FLAGS,
)
define_path(
    "warm_start",
    None,
    "Checkpoint, run folder or name of a bundled model to take initial weights from.",
    FLAGS,
)
define_path(
    "teacher",
    None,
    "Checkpoint of the same representation to distil from: its decoder generates examples.",
    FLAGS,
)
flags.DEFINE_float(
    "teacher_ratio",
    1.0,
    "Generated examples per example of music.",
    flag_values=FLAGS,
)
flags.DEFINE_float(
    "teacher_min_temperature",
    1.0,
    "Lowest temperature of the teacher; the highest is 1.",
    flag_values=FLAGS,
)
flags.DEFINE_float(
    "checkpoint_minutes", 10.0, "Minutes between checkpoints.", 0.0, flag_values=FLAGS
)
flags.DEFINE_integer(
    "checkpoints_to_keep",
    5,
    "Number of recent checkpoints to keep; 0 keeps all.",
    0,
    flag_values=FLAGS,
)
flags.DEFINE_float(
    "keep_checkpoint_every_n_hours",
    None,
    "Also keep one checkpoint permanently every N hours; none by default.",
    flag_values=FLAGS,
)
flags.DEFINE_string(
    "device",
    None,
    "Device: CPU, GPU, GPU:1, or several with commas; all GPUs by default, or the CPU.",
    flag_values=FLAGS,
)
flags.DEFINE_enum(
    "precision",
    "auto",
    ["auto", "float32", "bfloat16"],
    "Precision of products: auto takes bfloat16 where the hardware has instructions for it, "
    "else float32. Weights stay float32.",
    flag_values=FLAGS,
)
flags.DEFINE_enum(
    "compile",
    "auto",
    ["auto", "on", "off"],
    "Compilation of training steps by XLA: auto takes what is faster on a GPU, and none elsewhere.",
    flag_values=FLAGS,
)
flags.DEFINE_integer(
    "accumulate_steps",
    1,
    "Accumulate gradients over N micro-batches to save memory.",
    1,
    flag_values=FLAGS,
)
flags.DEFINE_integer(
    "checkpoint_segments",
    0,
    "Gradient checkpointing for hierarchical decoders: recompute N segments at a time to save"
    " memory; 0 for none.",
    0,
    flag_values=FLAGS,
)
flags.DEFINE_boolean(
    "cache_dataset",
    True,
    "Keep the examples in memory; else in temporary files.",
    flag_values=FLAGS,
)
define_path(
    "cache_dir",
    None,
    "Folder to cache examples in, for data larger than memory and for later runs.",
    FLAGS,
)
flags.DEFINE_integer(
    "num_workers",
    0,
    "Number of processes that extract examples; 0 for one per core.",
    0,
    flag_values=FLAGS,
)
flags.DEFINE_integer(
    "eval_num_batches",
    None,
    "Number of batches to evaluate on, drawn from the whole set; all by default.",
    1,
    flag_values=FLAGS,
)
flags.DEFINE_string(
    "eval_dir_suffix",
    "",
    "Suffix of the evaluation's folder, run_dir/eval<suffix>.",
    flag_values=FLAGS,
)
flags.DEFINE_boolean(
    "watch",
    False,
    "Evaluate every new checkpoint, with --mode=eval, until that of --num_steps.",
    flag_values=FLAGS,
)
define_path("eval_examples_path", None, "TFRecords to evaluate on while training.", FLAGS)
flags.DEFINE_integer(
    "eval_every_steps", 1000, "Steps between evaluations while training.", 1, flag_values=FLAGS
)
flags.DEFINE_integer(
    "early_stopping",
    0,
    "Number of evaluations without a lower loss after which training ends; 0 for never.",
    0,
    flag_values=FLAGS,
)
flags.DEFINE_boolean("list_configs", False, "List all configurations.", flag_values=FLAGS)
_MAGENTAS = ("master", "task", "num_ps_tasks", "num_sync_workers")
flags.DEFINE_string("master", "", "Flag of Magenta's; set TF_CONFIG instead.", flag_values=FLAGS)
flags.DEFINE_integer("task", 0, "Flag of Magenta's; set TF_CONFIG instead.", flag_values=FLAGS)
flags.DEFINE_integer(
    "num_ps_tasks", 0, "Flag of Magenta's; set TF_CONFIG instead.", flag_values=FLAGS
)
flags.DEFINE_integer(
    "num_sync_workers", 0, "Flag of Magenta's; set TF_CONFIG instead.", flag_values=FLAGS
)

_NAME = "musicvae-train"
_JOB = (
    "run_dir",
    "config",
    "hparams",
    "augment",
    "examples_path",
    "tfds_name",
    "seed",
    "eval_examples_path",
    "eval_num_batches",
    "eval_dir_suffix",
    "cache_dataset",
    "cache_dir",
)
_OPTIONS = (
    "num_steps",
    "precision",
    "compile",
    "accumulate_steps",
    "checkpoint_segments",
    "warm_start",
    "teacher",
    "teacher_ratio",
    "teacher_min_temperature",
    "checkpoint_minutes",
    "checkpoints_to_keep",
    "eval_every_steps",
    "early_stopping",
)
_CLUSTER = (
    'machines train together when each one\'s environment has TF_CONFIG=\'{"cluster": {"worker": '
    '["host0:2222", "host1:2222"]}, "task": {"type": "worker", "index": 0}}\', with its own index; '
    "there are no parameter servers"
)


def main(_: list[str]) -> int:
    """Trains or evaluates."""
    if FLAGS["list_configs"].value:
        print_configs()
        return 0
    require_flags(FLAGS, "run_dir")
    _answer_magentas_cluster_flags()
    from musicvae.training.run_spec import plan_evaluation, plan_training

    watch = bool(FLAGS["watch"].value)
    if FLAGS["mode"].value == "eval":
        plan = plan_evaluation(_run_spec())
        devices = _devices(alone=True)
        from musicvae.training.running import evaluate

        _record_plan(plan)
        status = evaluate(plan, devices, watch=watch)
        evaluations = _evaluations(plan, plan.source)
        record(evaluations=evaluations, step=evaluations[-1]["step"] if evaluations else None)
        return status
    if watch:
        raise InputError("--watch goes with --mode=eval")
    plan = plan_training(_run_spec())
    devices = _devices()
    from musicvae.training.running import train

    _record_plan(plan)
    result = train(plan, devices)
    record(
        step=result.step,
        num_steps=plan.options.num_steps,
        checkpoint=result.prefix,
        evaluations=_evaluations(plan, plan.held_out),
    )
    return result.exit_status


def _record_plan(plan: Plan) -> None:
    record(
        run_dir=plan.folder.path,
        config=plan.config.name,
        hparams=plan.config.hparams,
        seed=plan.run_state.seed,
        examples=plan.source.name,
    )


def _evaluations(plan: Plan, source: RecordSource | None) -> list[dict[str, Any]]:
    """Returns what the run folder's evaluations on some music found, oldest first."""
    if source is None or not is_wanted():
        return []
    from musicvae.evaluation.log import read_results

    entries = read_results(plan.folder.evaluation(plan.spec.eval_dir_suffix))
    return [entry for entry in entries if entry.get("data") == source.name]


def _run_spec() -> RunSpec:
    from musicvae.training.options import TrainingOptions
    from musicvae.training.run_spec import RunSpec

    values = FLAGS.flag_values_dict()
    hours = values["keep_checkpoint_every_n_hours"]
    options = TrainingOptions(
        **{name: values[name] for name in _OPTIONS},
        keep_checkpoint_every_n_hours=math.inf if hours is None else hours,
    )
    workers = values["num_workers"] or None
    return RunSpec(**{name: values[name] for name in _JOB}, num_workers=workers, options=options)


def _devices(*, alone: bool = False) -> TrainingDevices:
    from musicvae.tensorflow_start import quiet_start

    with quiet_start():
        from musicvae.training.devices import choose_one_device, choose_training_devices

        return (choose_one_device if alone else choose_training_devices)(FLAGS["device"].value)


def _answer_magentas_cluster_flags() -> None:
    """Says what to use in place of Magenta's flags for several machines."""
    given = [f"--{name}" for name in _MAGENTAS if FLAGS[name].value not in ("", 0)]
    if FLAGS["task"].value:
        # Going on would start a second, separate training in the same folder.
        raise InputError(f"--task={FLAGS['task'].value} is of Magenta's trainer; {_CLUSTER}")
    if given:
        logging.warning(
            "%s are of Magenta's trainer and change nothing; %s", " ".join(given), _CLUSTER
        )


def run() -> None:
    """Runs the command."""
    run_command(_NAME, __doc__, FLAGS, main)


if __name__ == "__main__":
    run()
