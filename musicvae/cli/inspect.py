"""says what is in music files, TFRecords, checkpoints and run folders.

    musicvae-inspect song.mid --config=cat-mel_2bar_big
    musicvae-inspect music.tfrecord --config=hierdec-trio_16bar
    musicvae-inspect run/ model.tar

For music and a configuration it answers "why do I get 0 examples?": it lists the tracks with their
programs, notes and bars, the changes of time signature and tempo, how many examples come out of
each track, and what stood in the way of more. For a checkpoint it shows the step, the variables,
and which configurations it fits.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from typing import TYPE_CHECKING

from absl import flags

from musicvae.cli.document import append, is_wanted
from musicvae.cli.flags import command_flags, define_drum_channel, define_pitch_map, run_command
from musicvae.errors import InputError

if TYPE_CHECKING:
    from musicvae.converters import Converter, PitchMap

FLAGS = command_flags()
flags.DEFINE_string("config", None, "Configuration to look for examples of.", flag_values=FLAGS)
define_pitch_map(FLAGS)
define_drum_channel(FLAGS)
flags.DEFINE_boolean("all", False, "Write out every reason and every piece.", flag_values=FLAGS)
flags.DEFINE_integer(
    "max_pieces", 20, "Pieces of a TFRecord to list one by one.", 0, flag_values=FLAGS
)

_NAME = "musicvae-inspect"


def main(paths: list[str]) -> int:
    """Inspects each path by what it is."""
    if not paths:
        raise InputError("give files to inspect, such as song.mid or model.tar")
    converter = _converter()
    for index, path in enumerate(map(os.path.expanduser, paths)):
        if index:
            print()
        _inspect(path, converter)
    return 0


def _converter() -> Converter | None:
    name = FLAGS["config"].value
    if not name:
        return None
    from musicvae.config import load_config
    from musicvae.converters import build_converter

    return build_converter(load_config(name).converter)


def _inspect(path: str, converter: Converter | None) -> None:
    from musicvae.data.music_files import file_kind
    from musicvae.formats.tar import is_archive
    from musicvae.formats.tfrecord import is_tfrecord

    if os.path.isfile(path) and file_kind(path):
        _inspect_music(path, converter)
    elif os.path.isfile(path) and not is_archive(path) and is_tfrecord(path):
        _inspect_records(path, converter)
    elif os.path.exists(path) or os.path.exists(f"{path}.index"):
        _inspect_checkpoint(path)
    else:
        for shard in _shards(path):
            _inspect_records(shard, converter)


def _shards(path: str) -> list[str]:
    from musicvae.formats.shards import find_files

    return [os.fspath(file) for file in find_files(path)]


def _pitch_map(default: PitchMap) -> PitchMap:
    return FLAGS["pitch_map"].value or default


def _inspect_music(path: str, converter: Converter | None) -> None:
    from musicvae.data.bounded_reading import read_bounded_file
    from musicvae.data.inspection import inspect_sequence
    from musicvae.data.inspection_report import describe
    from musicvae.formats.bounds import MusicFileError

    try:
        found = read_bounded_file(path, drum_channels=FLAGS["drum_channel"].value or ())
    except MusicFileError as error:
        raise InputError(f"'{path}' cannot be used: {error.detail} ({error.reason})") from error
    pieces = []
    for sequence in found.sequences:
        inspection = inspect_sequence(sequence, converter, pitch_map=_pitch_map("inference"))
        print("\n".join(describe(inspection, max_rejections=None if FLAGS["all"].value else 3)))
        pieces.append(inspection)
    append(
        "inspected",
        {
            "path": path,
            "kind": "music",
            "pieces": pieces,
            "corrections": [detail for _, detail in found.corrections],
            "unreadable_tunes": [
                {"number": number, "reason": fault.detail} for number, fault in found.tune_errors
            ],
        },
    )
    if found.corrections:
        print("  corrected while reading:")
        for _, detail in found.corrections:
            print(f"    {detail}")
    for number, fault in found.tune_errors:
        print(f"{os.path.basename(path)}, tune {number}: cannot be read: {fault.detail}")


def _inspect_records(path: str, converter: Converter | None) -> None:
    from musicvae.data.inspection import inspect_sequence
    from musicvae.data.inspection_report import count_reasons, describe, summary_line
    from musicvae.formats.tfrecord import read_note_sequences

    max_pieces = int(FLAGS["max_pieces"].value or 0)
    num_pieces = num_examples = num_with_examples = num_notes = 0
    seconds = 0.0
    reasons: Counter[str] = Counter()
    shown = []
    for sequence in read_note_sequences([path]):
        inspection = inspect_sequence(sequence, converter, pitch_map=_pitch_map("training"))
        if FLAGS["all"].value:
            print("\n".join(describe(inspection, max_rejections=None)))
        elif num_pieces < max_pieces:
            print(summary_line(inspection))
        if FLAGS["all"].value or num_pieces < max_pieces:
            shown.append(inspection)
        num_pieces += 1
        num_notes += inspection.num_notes
        seconds += inspection.seconds
        num_examples += inspection.num_examples or 0
        num_with_examples += bool(inspection.num_examples)
        reasons.update(rejection.reason for rejection in inspection.rejections)
    print(f"{path}: {num_pieces:,} pieces, {num_notes:,} notes, {seconds / 3600:.2f} hours")
    if converter is not None:
        print(f"  examples: {num_examples:,} from {num_with_examples:,} of the pieces")
        if reasons:
            print("  left out:")
            print("\n".join(count_reasons(reasons)))
    append(
        "inspected",
        {
            "path": path,
            "kind": "examples",
            "num_pieces": num_pieces,
            "num_notes": num_notes,
            "hours": seconds / 3600,
            "num_examples": None if converter is None else num_examples,
            "rejections": reasons,
            "pieces": shown,
        },
    )


def _inspect_checkpoint(path: str) -> None:
    from musicvae.checkpoints import RunFolder, open_checkpoint
    from musicvae.checkpoints.compatibility import fitting_configs
    from musicvae.checkpoints.overview import (
        describe_checkpoint,
        describe_run_folder,
        print_variables,
    )
    from musicvae.tensorflow_start import start_tensorflow

    if os.path.isdir(os.path.join(path, "train")):
        folder = RunFolder(path)
        print("\n".join(describe_run_folder(folder)))
        append(
            "inspected",
            {
                "path": path,
                "kind": "run folder",
                "config": None if folder.config is None else folder.config.name,
            },
        )
    with open_checkpoint(path) as checkpoint:
        start_tensorflow()
        for line in describe_checkpoint(checkpoint):
            print(line)
        sys.stdout.flush()
        print_variables(checkpoint.weights)
        append(
            "inspected",
            {
                "path": path,
                "kind": "checkpoint",
                "step": checkpoint.step,
                "notes": checkpoint.notes,
                "variables": checkpoint.weights,
                "fits": [config.name for config in fitting_configs(checkpoint)]
                if is_wanted()
                else [],
            },
        )


def run() -> None:
    """Runs the command."""
    run_command(_NAME, __doc__, FLAGS, main, takes_arguments=True, prints_result=True)


if __name__ == "__main__":
    run()
