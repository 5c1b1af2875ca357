"""turns a folder of music files into a TFRecord of NoteSequences.

    musicvae-convert --input_dir=music/ --output_file=music.tfrecord --recursive

Reads MIDI (.mid .midi .kar .rmi), MusicXML (.xml .musicxml .mxl) and ABC (.abc), in any mix. A file
that cannot be used is skipped with its reason; the table at the end counts those, and the files
that were read with corrections; --report lists every file. A run that is interrupted leaves the old
output or none; the same command goes on where it stopped. The exit status is 1 if there is nothing
to write.
"""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

from absl import flags

from musicvae.cli.document import record
from musicvae.cli.flags import (
    command_flags,
    define_drum_channel,
    define_path,
    require_flags,
    run_command,
)
from musicvae.errors import InputError, NoExamplesError

if TYPE_CHECKING:
    from musicvae.data.splits import Split

FLAGS = command_flags()
define_path("input_dir", None, "Folder of music files.", FLAGS)
define_path(
    "output_file",
    None,
    "TFRecord file to write; music@8.tfrecord writes eight shards.",
    FLAGS,
)
flags.DEFINE_boolean("recursive", False, "Search subfolders, too.", flag_values=FLAGS)
flags.DEFINE_integer(
    "num_workers",
    0,
    "Number of worker processes; 0 for one per core.",
    lower_bound=0,
    flag_values=FLAGS,
)
flags.DEFINE_integer("output_shards", 0, "Number of output files; 0 for one.", 0, flag_values=FLAGS)
flags.DEFINE_list(
    "split",
    None,
    "Fractions of files for training, validation and test, as in 0.8,0.1,0.1; written as "
    "NAME-train.tfrecord and so on. A file stays in its part when others are added.",
    flag_values=FLAGS,
)
define_path(
    "split_csv",
    None,
    "Table that assigns files to parts, such as Groove's info.csv.",
    FLAGS,
)
define_path("report", None, "JSON file to write, with what became of every file.", FLAGS)
flags.DEFINE_integer(
    "max_file_megabytes", 16, "Size in MiB over which files are skipped.", 1, flag_values=FLAGS
)
flags.DEFINE_float(
    "max_file_seconds",
    60,
    "Seconds of reading after which a file is skipped.",
    0.01,
    flag_values=FLAGS,
)
flags.DEFINE_integer(
    "max_file_memory",
    1024,
    "Memory in MiB that reading a file may take before it is skipped.",
    16,
    flag_values=FLAGS,
)
define_drum_channel(FLAGS)

_NAME = "musicvae-convert"


def main(_: list[str]) -> int:
    """Converts, shows progress and prints the table."""
    from musicvae.cli.progress import ProgressLine, is_quiet
    from musicvae.data.conversion import ConversionOptions, convert
    from musicvae.data.conversion_report import table
    from musicvae.formats.bounds import FileBounds
    from musicvae.formats.shards import shard_paths

    require_flags(FLAGS, "input_dir", "output_file")
    values = FLAGS.flag_values_dict()
    options = ConversionOptions(
        values["input_dir"],
        values["output_file"],
        recursive=values["recursive"],
        num_workers=values["num_workers"],
        output_shards=values["output_shards"],
        split=_split(values["split"], values["split_csv"], values["input_dir"]),
        report=values["report"],
        bounds=FileBounds(
            values["max_file_megabytes"] << 20,
            values["max_file_seconds"],
            values["max_file_memory"] << 20,
        ),
        drum_channels=tuple(values["drum_channel"]),
    )
    line = ProgressLine(quiet=is_quiet(values["log"]))
    try:
        totals = convert(options, line.show_files)
    except KeyboardInterrupt:
        line.close()
        print("The files that are finished are kept; the same command goes on.", file=sys.stderr)
        raise
    line.close()
    record(totals=totals.to_json(), report=values["report"])
    print(table(totals, max_width=shutil.get_terminal_size((100, 24)).columns))
    if not totals.num_sequences:
        raise NoExamplesError(
            f"none of the {totals.num_files} files in '{values['input_dir']}' could be converted; "
            f"'{options.output}' was not written"
        )
    parts = options.part_files().values()
    record(files=[path for part in parts for path in shard_paths(part) if path.exists()])
    return 0


def _split(fractions: list[str] | None, table: str | None, input_dir: str) -> Split | None:
    from musicvae.data.splits import HashSplit, TableSplit

    if fractions and table:
        raise InputError("--split and --split_csv exclude each other; give one")
    if table:
        return TableSplit(table, input_dir)
    if not fractions:
        return None
    try:
        return HashSplit([float(fraction) for fraction in fractions])
    except ValueError:
        given = ",".join(fractions)
        raise InputError(f"--split={given}: give fractions, as in 0.8,0.1,0.1") from None


def run() -> None:
    """Runs the command."""
    run_command(_NAME, __doc__, FLAGS, main)


if __name__ == "__main__":
    run()
