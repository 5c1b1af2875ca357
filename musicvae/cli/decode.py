"""turns a table of codes into MIDI files, one for each row.

    musicvae-decode --config=cat-mel_2bar_small --codes=songs.npz --output_dir=music

The table is one of `musicvae-encode`, or your own: .npz or .parquet with a column mu of as many
numbers as the model's z has. Files are named after the row's file and bar.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from absl import flags

from musicvae.cli.document import record
from musicvae.cli.flags import command_flags, define_path, require_flags, run_command
from musicvae.cli.model_loading import define_model_flags, load_chosen_model
from musicvae.cli.progress import ProgressLine, is_quiet
from musicvae.errors import InputError

if TYPE_CHECKING:
    from musicvae.codes import CodeTable
    from musicvae.generate import TrainedModel

FLAGS = command_flags()
define_model_flags(FLAGS, batch_size=64)
define_path("codes", None, "Table of codes: .npz or .parquet.", FLAGS)
define_path("output_dir", None, "Folder to write to.", FLAGS)
flags.DEFINE_integer(
    "max_rows", None, "Number of rows to decode, from the first; all by default.", 1, None, FLAGS
)
flags.DEFINE_float(
    "temperature",
    0.5,
    "Temperature of sampling; 0 always takes the most likely notes.",
    0.0,
    flag_values=FLAGS,
)
flags.DEFINE_float(
    "qpm", 120.0, "Tempo in quarter notes per minute.", 5.0, 1000.0, flag_values=FLAGS
)
flags.DEFINE_string(
    "chords",
    None,
    "Chords for a model of chords, one to a bar: 'C Am F G'.",
    flag_values=FLAGS,
)
flags.DEFINE_string("key", None, "Key of the chords, such as G or Em.", flag_values=FLAGS)
flags.DEFINE_integer("seed", 0, "Random seed.", 0, flag_values=FLAGS)

_NAME = "musicvae-decode"
_TOGETHER = 64


def main(_: list[str]) -> int:
    """Decodes the rows and writes the files."""
    require_flags(FLAGS, "codes", "output_dir")
    from musicvae.codes import load_codes
    from musicvae.files import check_writable
    from musicvae.model_choice import choose_model

    values = FLAGS.flag_values_dict()
    choice = choose_model(
        values["config"], values["run_dir"], values["checkpoint_file"], values["hparams"]
    )
    table = load_codes(values["codes"])
    table.check_model(choice.config.name, table.mu.shape[1], f"'{values['codes']}'")
    check_writable(os.path.join(values["output_dir"], "output.mid"))
    model = load_chosen_model(choice, values, decoder_only=True)
    table.check_model(model.config.name, model.config.hparams.z_size, f"'{values['codes']}'")
    if table.config and table.config != model.config.name:
        raise InputError(
            f"'{values['codes']}' holds codes of config '{table.config}', not of "
            f"'{model.config.name}'; their numbers mean other music there"
        )
    count = min(len(table), values["max_rows"] or len(table))
    paths = [os.path.join(values["output_dir"], f"{name}.mid") for name in row_names(table)[:count]]
    _decode(model, table, paths, values)
    record(files=paths, num_rows=len(table))
    print(f"{count:,} of {len(table):,} rows decoded: {paths[0]}" + (" ..." if count > 1 else ""))
    return 0


def row_names(table: CodeTable) -> list[str]:
    """Returns a name for each row of a table, no two alike: of its file and bar."""
    from musicvae.names import distinct, path_component

    digits = len(str(len(table)))
    rows = [f"row-{k:0{digits}d}" for k in range(len(table))]
    if not table.files:
        return rows
    short = []
    for file, bar in zip(table.files, table.bars.tolist(), strict=True):
        stem = path_component(os.path.splitext(file.replace("/", "_"))[0])
        short.append(f"{stem}_bar-{bar:03d}")
    return distinct(short, [f"{name}_{row}" for name, row in zip(short, rows, strict=True)])


def _decode(
    model: TrainedModel, table: CodeTable, paths: list[str], values: dict[str, Any]
) -> None:
    from musicvae.files import atomic_file
    from musicvae.generate.modes import decode_vectors
    from musicvae.generate.results import SamplingOptions

    line = ProgressLine(quiet=is_quiet(values["log"]))
    options = SamplingOptions(
        temperatures=(values["temperature"],),
        seed=values["seed"],
        qpm=values["qpm"],
        chords=values["chords"],
        key=values["key"],
    )
    try:
        for start in range(0, len(paths), _TOGETHER):
            own = paths[start : start + _TOGETHER]
            result = decode_vectors(model, table.mu[start : start + len(own)], options)
            for path, sample in zip(own, result, strict=True):
                with atomic_file(path, survives_power_loss=False) as file:
                    file.write(sample.to_midi())
            line.show_count(start + len(own), len(paths), "rows decoded")
    finally:
        line.close()


def run() -> None:
    """Runs the command."""
    run_command(_NAME, __doc__, FLAGS, main)


if __name__ == "__main__":
    run()
