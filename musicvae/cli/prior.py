"""fits a prior to a trained model, so that it samples where music lies in latent space.

    musicvae-prior --run_dir=run
    musicvae-prior --config=cat-mel_2bar_small --input_dir=my_midi --recursive
    musicvae-prior --config=groovae_4bar --checkpoint_file=groove.tar --examples_path=music.tfrecord
    musicvae-prior --config=cat-drums_2bar_small --groups=jazz/ rock/ --output_file=mine.npz

The training music is encoded, and a small network learns the distribution of its codes. The prior
is written beside the checkpoint; from then on `musicvae-generate` draws from it, and takes
`--attribute=note_density=high`; with --groups, folders of one kind of music each,
`--attribute=group=jazz` too. `--prior=standard` there is N(0, I), as in Magenta. It takes a few
minutes on two cores; an old prior stays until the new one is complete.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from absl import flags

from musicvae.cli.document import record
from musicvae.cli.flags import (
    command_flags,
    define_path,
    run_command,
)
from musicvae.cli.model_loading import define_model_flags, load_chosen_model
from musicvae.cli.music_source import (
    add_folders,
    chosen_pitch_map,
    define_groups,
    define_source_flags,
    group_sources,
    music_source,
)
from musicvae.cli.progress import ProgressLine, is_quiet
from musicvae.prior import DEFAULT_TEMPERATURE

if TYPE_CHECKING:
    from musicvae.data.example_set import ExampleSet
    from musicvae.data.records import RecordSource

FLAGS = command_flags()
define_model_flags(FLAGS, batch_size=128)
define_source_flags(
    FLAGS,
    examples_help="TFRecords of NoteSequences to fit to, such as the training data; globs, commas. "
    "A run folder remembers its own.",
    what="examples",
)
define_groups(
    FLAGS,
    "Folders, two or more with commas, each of one kind of music, which new pieces can then be "
    "asked for by its name; in place of the other sources.",
)
flags.DEFINE_integer(
    "max_examples",
    20_000,
    "Number of examples to use, drawn at random from more.",
    32,
    flag_values=FLAGS,
)
flags.DEFINE_integer("num_steps", 4000, "Training steps.", 1, flag_values=FLAGS)
flags.DEFINE_integer("batch_size", 256, "Examples per training step.", 1, flag_values=FLAGS)
flags.DEFINE_float("learning_rate", 0.002, "Highest learning rate.", 0.0, flag_values=FLAGS)
flags.DEFINE_integer("units", 256, "Units per layer of the network.", 1, flag_values=FLAGS)
flags.DEFINE_integer("blocks", 4, "Residual blocks of the network.", 1, flag_values=FLAGS)
flags.DEFINE_float(
    "sharpness",
    2.0,
    "Sharpness of draws: over 1 they are more like the music fitted to, and less of a Gaussian.",
    0.0,
    flag_values=FLAGS,
)
flags.DEFINE_float(
    "spread",
    1.0,
    "Spread of draws: under 1 they keep to what is usual in the music fitted to.",
    0.0,
    flag_values=FLAGS,
)
flags.DEFINE_float(
    "temperature",
    DEFAULT_TEMPERATURE,
    "Temperature at which new music is decoded where none is asked for.",
    0.0,
    flag_values=FLAGS,
)
flags.DEFINE_integer("seed", 0, "Random seed.", 0, flag_values=FLAGS)
define_path("output_file", None, "File to write; beside the checkpoint by default.", FLAGS)

_NAME = "musicvae-prior"


def main(folders: list[str]) -> int:
    """Encodes the music, fits the prior, writes it and says how well it fits."""
    from musicvae.files import check_writable
    from musicvae.model_choice import choose_model

    values = FLAGS.flag_values_dict()
    add_folders(values, folders)
    choice = choose_model(
        values["config"], values["run_dir"], values["checkpoint_file"], values["hparams"]
    )
    if values["output_file"]:
        check_writable(values["output_file"])
    sources = group_sources(values) or [("", _source(values))]
    line = ProgressLine(quiet=is_quiet(values["log"]))
    try:
        _fit(choice, sources, values, line)
    finally:
        line.close()
    return 0


def _source(values: dict[str, Any]) -> RecordSource:
    """Returns where the music is: as given, else what the run folder was trained on."""
    from musicvae.checkpoints import RunFolder
    from musicvae.training.run_state import read_run_state

    remembered = None
    if values["run_dir"]:
        remembered = read_run_state(RunFolder(values["run_dir"])).examples_path
    return music_source(values, remembered, "the music to fit to, such as the training data")


def _read(
    choice: Any, source: RecordSource, values: dict[str, Any], line: ProgressLine
) -> ExampleSet:
    from musicvae.data.examples import load_examples

    return load_examples(
        choice.config.converter,
        source,
        pitch_map=chosen_pitch_map(values),
        num_workers=values["num_workers"] or None,
        progress=lambda pieces, found: line.show_count(
            pieces, pieces, f"pieces read, {found:,} examples"
        ),
    )


def _fit(
    choice: Any,
    sources: list[tuple[str, RecordSource]],
    values: dict[str, Any],
    line: ProgressLine,
) -> None:
    import numpy as np

    from musicvae.data.example_set import join_sets
    from musicvae.files import check_writable
    from musicvae.prior import prior_path, save_prior

    sets = [_read(choice, source, values, line) for _, source in sources]
    groups = [label for label, _ in sources if label]
    examples = join_sets(sets)
    model = load_chosen_model(choice, values)
    path = Path(values["output_file"] or prior_path(model.checkpoint))
    check_writable(path)
    from musicvae.prior.fitting import FitOptions, fit_prior
    from musicvae.prior.posteriors import posteriors_of

    posteriors = posteriors_of(
        model,
        examples,
        groups=np.repeat(np.arange(len(sets)), list(map(len, sets))) if groups else None,
        most=values["max_examples"],
        seed=values["seed"],
        progress=lambda done, total: line.show_count(done, total, "examples encoded"),
    )
    options = FitOptions(
        num_steps=values["num_steps"],
        batch_size=values["batch_size"],
        learning_rate=values["learning_rate"],
        units=values["units"],
        blocks=values["blocks"],
        sharpness=values["sharpness"],
        spread=values["spread"],
        temperature=values["temperature"],
        seed=values["seed"],
    )
    fit = fit_prior(
        posteriors,
        model.config.name,
        model.step,
        options,
        groups=groups,
        progress=lambda done, total: line.show_count(done, total, "training steps"),
    )
    save_prior(path, fit.prior)
    size = fit.prior.network.size
    record(
        files=[path],
        num_examples=fit.prior.examples,
        directions=size.directions,
        loss=fit.loss,
        gaussian_loss=fit.gaussian_loss,
        attributes=fit.prior.scale.names,
        groups=fit.prior.scale.groups,
    )
    attributes = ", ".join(fit.prior.scale.names) or "none"
    known = f"\nGroups for --attribute=group=NAME: {', '.join(groups)}" if groups else ""
    print(
        f"Prior of {model.config.name}, step {model.step:,}: {path} "
        f"({path.stat().st_size / 1e6:.2f} MB)\n"
        f"Fitted to {fit.prior.examples:,} examples along {size.directions} of {fit.prior.z_size} "
        f"directions of latent space\n"
        f"Error on held-out pieces {fit.loss:.4f}, that of a Gaussian {fit.gaussian_loss:.4f}\n"
        f"Attributes for `musicvae-generate --attribute`: {attributes}{known}"
    )


def run() -> None:
    """Runs the command."""
    run_command(_NAME, __doc__, FLAGS, main, takes_arguments=True)


if __name__ == "__main__":
    run()
