"""takes the unique examples of a configuration out of NoteSequences, on Apache Beam.

    musicvae-preprocess --input_tfrecord=music.tfrecord --config=cat-mel_2bar_big \
      --output_tfrecord=melodies.tfrecord --output_shards=32

The output is a TFRecord of NoteSequences to train on, one for each different example. It runs on
this machine with several workers, or on Spark, Flink or Dataflow through --pipeline_options.
--input_dir reads a folder of music files in place of --input_tfrecord; without --config it writes
their NoteSequences whole. Needs the extra `beam`: pip install 'musicvae[beam]'.
"""

from __future__ import annotations

import logging

from absl import flags

from musicvae.cli.document import record
from musicvae.cli.flags import command_flags, define_path, require_flags, run_command
from musicvae.errors import NoExamplesError

FLAGS = command_flags()
define_path(
    "input_tfrecord", "", "TFRecords of NoteSequences: files, globs, music@8.tfrecord.", FLAGS
)
define_path("input_dir", "", "Folder of music files, in place of --input_tfrecord.", FLAGS)
flags.DEFINE_boolean("recursive", False, "Search its subfolders, too.", flag_values=FLAGS)
define_path("output_tfrecord", None, "TFRecord file to write; shards follow its name.", FLAGS)
flags.DEFINE_integer("output_shards", 32, "Number of output files.", flag_values=FLAGS)
flags.DEFINE_string("config", "", "Configuration to extract examples of.", flag_values=FLAGS)
flags.DEFINE_boolean("enable_filtering", True, "Apply the filters below.", flag_values=FLAGS)
flags.DEFINE_float("max_total_time", 1800, "Longest piece, in seconds.", flag_values=FLAGS)
flags.DEFINE_integer("max_num_notes", 10_000, "Most notes in a piece.", flag_values=FLAGS)
flags.DEFINE_integer("min_velocities", 1, "Fewest distinct velocities.", flag_values=FLAGS)
flags.DEFINE_integer(
    "min_metric_positions", 1, "Fewest distinct positions within a quarter note.", flag_values=FLAGS
)
flags.DEFINE_boolean(
    "is_drum",
    None,
    "Count velocities and positions of drums only; --nois_drum counts all but drums.",
    flag_values=FLAGS,
)
flags.DEFINE_boolean("drums_only", False, "Keep only music that is all drums.", flag_values=FLAGS)
flags.DEFINE_integer(
    "num_workers",
    0,
    "Number of processes on this machine; 0 for one per core.",
    0,
    flag_values=FLAGS,
)
flags.DEFINE_list(
    "pipeline_options",
    [],
    "Options of Apache Beam, with commas: --runner=DataflowRunner,--project=NAME.",
    flag_values=FLAGS,
)

_NAME = "musicvae-preprocess"
_FILTERS = (
    *("max_total_time", "max_num_notes", "min_velocities", "min_metric_positions"),
    *("is_drum", "drums_only"),
)


def main(_: list[str]) -> int:
    """Runs the pipeline and prints what it counted."""
    require_flags(FLAGS, "output_tfrecord")
    from musicvae.data.filters import Filters
    from musicvae.data.preprocess import PreprocessOptions, preprocess
    from musicvae.formats.shards import shard_paths

    values = FLAGS.flag_values_dict()
    if values["log"] != "DEBUG":
        logging.getLogger("apache_beam").setLevel(logging.ERROR)
    filters = Filters(**{name: values[name] for name in _FILTERS})
    counts = preprocess(
        PreprocessOptions(
            output_tfrecord=values["output_tfrecord"],
            input_tfrecord=values["input_tfrecord"],
            input_dir=values["input_dir"],
            recursive=values["recursive"],
            config=values["config"],
            output_shards=values["output_shards"],
            filters=filters if values["enable_filtering"] else None,
            pipeline_options=_options(values["pipeline_options"], values["num_workers"]),
        )
    )
    record(counts=counts)
    width = max(map(len, counts), default=0)
    for name in sorted(counts):
        print(f"{name:<{width}}  {counts[name]:>12,}")
    if not counts.get("unique examples" if values["config"] else "sequences"):
        raise NoExamplesError("nothing was found to write; `musicvae-inspect` says why")
    # Beam puts the shard behind the whole name; what is not on this machine is no path.
    output = str(values["output_tfrecord"])
    if "://" not in output:
        record(files=shard_paths(f"{output}@{values['output_shards']}"))
    return 0


def _options(given: list[str], num_workers: int) -> tuple[str, ...]:
    """Returns Beam's options; without a runner among them, this machine's cores."""
    if any(option.startswith("--runner") for option in given):
        return tuple(given)
    return (
        *given,
        "--runner=FnApiRunner",
        f"--direct_num_workers={num_workers}",
        "--default_sdk_harness_log_level=ERROR",
        "--direct_running_mode=multi_processing",
    )


def run() -> None:
    """Runs the command."""
    run_command(_NAME, __doc__, FLAGS, main)


if __name__ == "__main__":
    run()
