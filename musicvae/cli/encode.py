"""turns a folder of music into a table of codes, and finds the pieces nearest to one.

    musicvae-encode --config=cat-mel_2bar_small --input_dir=songs --output_file=songs.npz
    musicvae-encode --run_dir=run --examples_path=music.tfrecord --output_file=music.parquet
    musicvae-encode --config=cat-mel_2bar_small --input_dir=songs --input_midi_1=tune.mid
    musicvae-encode --config=cat-mel_2bar_small --codes=songs.npz --input_midi_1=tune.mid

A row of the table is a window of a file: file, bar (from 1), and the mean and standard deviation of
its posterior, mu and sigma. The ending of --output_file says the format: .npz for numpy, .parquet
for pandas, polars or R (`pip install 'musicvae[parquet]'`). `musicvae-decode` makes music of such a
table. With --input_midi_1 the --nearest files to a piece are listed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from absl import flags

from musicvae.cli.document import append, record
from musicvae.cli.flags import command_flags, define_path, run_command
from musicvae.cli.model_loading import define_model_flags, load_chosen_model
from musicvae.cli.music_source import chosen_pitch_map, define_source_flags, music_source
from musicvae.cli.progress import ProgressLine, is_quiet
from musicvae.errors import InputError

if TYPE_CHECKING:
    from musicvae.codes import CodeTable
    from musicvae.generate import TrainedModel

FLAGS = command_flags()
define_model_flags(FLAGS, batch_size=128)
define_source_flags(FLAGS)
flags.DEFINE_integer("hop", 1, "Bars between windows of a file.", 1, flag_values=FLAGS)
define_path("output_file", None, "Table to write; it ends in .npz or .parquet.", FLAGS)
define_path("codes", None, "Table to search in place of a folder.", FLAGS)
define_path("input_midi_1", None, "Piece whose nearest neighbours are listed.", FLAGS)
flags.DEFINE_integer("nearest", 10, "Number of neighbours to list.", 1, flag_values=FLAGS)
flags.DEFINE_integer("seed", 0, "Random seed.", 0, flag_values=FLAGS)

_NAME = "musicvae-encode"


def main(_: list[str]) -> int:
    """Encodes the music, writes the table, and shows the neighbours."""
    from musicvae.codes.storage import check_codes_path, load_codes
    from musicvae.files import check_writable
    from musicvae.model_choice import choose_model

    values = FLAGS.flag_values_dict()
    if FLAGS["nearest"].present and not values["input_midi_1"]:
        raise InputError("--nearest has no effect without --input_midi_1, the piece to look for")
    if not values["output_file"] and not values["input_midi_1"]:
        raise InputError("give --output_file for a table, or --input_midi_1 for its neighbours")
    if values["codes"] and (values["input_dir"] or values["examples_path"]):
        raise InputError("--codes takes the place of --input_dir and --examples_path; give one")
    if values["codes"] and values["output_file"]:
        raise InputError("--output_file has no effect with --codes, which is a table already")
    if values["output_file"]:
        check_codes_path(values["output_file"])
        check_writable(values["output_file"])
    choice = choose_model(
        values["config"], values["run_dir"], values["checkpoint_file"], values["hparams"]
    )
    table = None
    if values["codes"]:
        table = load_codes(values["codes"])
    else:
        music_source(values)
    model = load_chosen_model(choice, values)
    if table is None:
        table = _encode(model, values)
    table.check_model(model.config.name, model.config.hparams.z_size, f"'{values['codes']}'")
    if values["input_midi_1"]:
        _show_neighbours(model, table, values)
    return 0


def _encode(model: TrainedModel, values: dict[str, Any]) -> CodeTable:
    from musicvae.codes import save_codes
    from musicvae.codes.encoding import encode_music

    line = ProgressLine(quiet=is_quiet(values["log"]))
    try:
        table = encode_music(
            model,
            music_source(values),
            pitch_map=chosen_pitch_map(values),
            hop_bars=values["hop"],
            num_workers=values["num_workers"] or None,
            progress=lambda pieces, windows: line.show_count(
                pieces, None, f"pieces read, {windows:,} windows encoded"
            ),
        )
    finally:
        line.close()
    record(
        num_windows=len(table), num_files=len(set(table.files)), z_size=table.mu.shape[1], files=[]
    )
    summary = f"{len(table):,} windows of {len(set(table.files)):,} files"
    if values["output_file"]:
        save_codes(values["output_file"], table)
        record(files=[values["output_file"]])
        print(f"{summary}, {table.mu.shape[1]} numbers each: {values['output_file']}")
    else:
        print(summary)
    return table


def _show_neighbours(model: TrainedModel, table: CodeTable, values: dict[str, Any]) -> None:
    from musicvae.cli.generate_inputs import read_input
    from musicvae.codes import nearest
    from musicvae.generate.neighbours import codes_of_piece
    from musicvae.names import printable

    piece = read_input(values["input_midi_1"], "input_midi_1", values["drum_channel"])
    bars, mu = codes_of_piece(model, piece)
    print("distance  bar  to bar  file   (distance 1: as far as any two files of these)")
    for found in nearest(table, mu, values["nearest"]):
        name = printable(found.file)
        append(
            "neighbours",
            {
                "distance": found.distance,
                "bar": found.bar,
                "to_bar": bars[found.to_bar],
                "file": found.file,
            },
        )
        print(f"{found.distance:8.3f}  {found.bar:3d}  {bars[found.to_bar]:6d}  {name}")


def run() -> None:
    """Runs the command."""
    run_command(_NAME, __doc__, FLAGS, main)


if __name__ == "__main__":
    run()
