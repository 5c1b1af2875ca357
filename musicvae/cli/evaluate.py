"""measures how good a trained model is, on music that it was not trained on.

    musicvae-evaluate --config=cat-drums_2bar_small --input_dir=my_midi --recursive --output_dir=out
    musicvae-evaluate --run_dir=run --examples_path=test.tfrecord --interpolation --output_dir=out

Reconstruction (accuracy, or hits, velocity and timing; loss and KL divergence), teacher-forced and
sampled, compared with baselines; samples, compared with the held-out music; with the training
music, whether the model copies it; with `--interpolation`, how smooth its interpolations are.
Writes evaluation.json, report.html and its pictures as SVG.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from absl import flags, logging

from musicvae.cli.document import record
from musicvae.cli.flags import (
    command_flags,
    define_path,
    require_flags,
    run_command,
)
from musicvae.cli.model_loading import define_model_flags, define_prior, load_chosen_model
from musicvae.cli.music_source import chosen_pitch_map, define_source_flags, music_source
from musicvae.cli.progress import ProgressLine, is_quiet
from musicvae.errors import InputError

if TYPE_CHECKING:
    from musicvae.config import Config
    from musicvae.converters import PitchMap
    from musicvae.data.music_folder import MusicFolder
    from musicvae.data.records import TFRecordSource
    from musicvae.evaluation.model_report import ModelReport, Music

FLAGS = command_flags()
define_model_flags(FLAGS, batch_size=128)
define_source_flags(
    FLAGS,
    examples_help="TFRecords of NoteSequences to measure on; globs, commas. For a run folder, "
    "those that its training evaluated on by default.",
    what="examples",
)
flags.DEFINE_string(
    "train_examples_path",
    None,
    "TFRecords of the training music, for baselines and copies. For a run folder, its own by "
    "default.",
    flag_values=FLAGS,
)
flags.DEFINE_integer(
    "max_examples", None, "Number of examples to measure on, drawn at random; all by default.", 1,
    flag_values=FLAGS,
)  # fmt: skip
flags.DEFINE_integer(
    "num_samples", 256, "Number of samples to draw; 0 for none.", 0, flag_values=FLAGS
)
flags.DEFINE_float(
    "temperature",
    None,
    "Temperature of samples and interpolations; by default 0.5, and for samples what the learned "
    "prior says.",
    0.0,
    flag_values=FLAGS,
)
define_prior(FLAGS, "samples are")
flags.DEFINE_boolean(
    "interpolation",
    False,
    "Compare interpolations with mixtures (the paper's figure 3).",
    flag_values=FLAGS,
)
flags.DEFINE_integer("num_pairs", 128, "Number of pairs to interpolate.", 1, flag_values=FLAGS)
flags.DEFINE_integer("seed", 0, "Random seed.", 0, flag_values=FLAGS)
define_path("output_dir", None, "Folder to write to.", FLAGS)

_NAME = "musicvae-evaluate"


def main(_: list[str]) -> int:
    """Measures, prints the tables and writes the report."""
    require_flags(FLAGS, "output_dir")
    from musicvae.evaluation.report import report_json, report_tables
    from musicvae.evaluation.report_files import FIGURES_FILE, PAGE_FILE, write_report
    from musicvae.files import check_writable
    from musicvae.model_choice import choose_model

    values = FLAGS.flag_values_dict()
    choice = choose_model(
        values["config"], values["run_dir"], values["checkpoint_file"], values["hparams"]
    )
    held_out, training = _sources(values)
    folder = Path(values["output_dir"])
    for name in (FIGURES_FILE, PAGE_FILE):
        check_writable(folder / name)
    line = ProgressLine(quiet=is_quiet(values["log"]))
    try:
        music = _music(
            choice.config,
            held_out,
            values,
            line,
            chosen_pitch_map(values),
            most=values["max_examples"],
        )
        known = None
        if training is not None:
            known = _music(choice.config, training, values, line, "training")
        model = load_chosen_model(choice, values)
        report = _measure(model, music, known, values, line)
    finally:
        line.close()
    for table in report_tables(report):
        print(f"{table.title}\n\n{table.markdown()}\n")
    files = write_report(report, folder)
    record(figures=report_json(report), files=files)
    print(f"Report: {folder / PAGE_FILE}\nFigures: {folder / FIGURES_FILE}")
    return 0


def _sources(
    values: dict[str, Any],
) -> tuple[TFRecordSource | MusicFolder, TFRecordSource | None]:
    """Returns where held-out and training music are: as given, else as the run folder remembers.

    Raises:
      InputError: no held-out music is given, or files are missing.
      CheckpointError: the run folder is damaged.
    """
    from musicvae.checkpoints import RunFolder
    from musicvae.data.records import TFRecordSource
    from musicvae.training.run_state import RunState, read_run_state

    run_state = read_run_state(RunFolder(values["run_dir"])) if values["run_dir"] else RunState()
    held_out = music_source(
        values, run_state.eval_examples_path, "music that the model was not trained on"
    )
    training = None
    if values["train_examples_path"]:
        training = TFRecordSource((values["train_examples_path"],))
        training.check()
    elif run_state.examples_path:
        training = TFRecordSource((run_state.examples_path,))
        try:
            training.check()
        except InputError as error:
            logging.info("measuring without the training music: %s", error)
            training = None
    return held_out, training


def _music(
    config: Config,
    source: TFRecordSource | MusicFolder,
    values: dict[str, Any],
    line: ProgressLine,
    pitch_map: PitchMap,
    *,
    most: int | None = None,
) -> Music:
    """Finds a source's examples; of more than `most` as many are drawn.

    Raises:
      NoExamplesError: there are none.
    """
    from musicvae.data.examples import load_examples
    from musicvae.evaluation.model_report import Music
    from musicvae.evaluation.step_labels import drawn_set

    name = os.path.basename(os.path.normpath(source.name))
    examples = load_examples(
        config.converter,
        source,
        pitch_map=pitch_map,
        num_workers=values["num_workers"] or None,
        progress=lambda pieces, found: line.show_count(
            pieces, None, f"pieces of {name} read, {found:,} examples"
        ),
    )
    return Music(name, drawn_set(examples, most, values["seed"]))


def _measure(
    model: Any, music: Music, known: Music | None, values: dict[str, Any], line: ProgressLine
) -> ModelReport:
    from musicvae.evaluation.model_report import EvalConfig, measure_model

    eval_config = EvalConfig(
        samples=values["num_samples"],
        temperature=values["temperature"],
        interpolation_pairs=values["num_pairs"] if values["interpolation"] else 0,
        seed=values["seed"],
    )
    return measure_model(
        model,
        music,
        known,
        eval_config,
        progress=lambda what, done, total: line.show_count(done, total, what),
    )


def run() -> None:
    """Runs the command."""
    run_command(_NAME, __doc__, FLAGS, main)


if __name__ == "__main__":
    run()
