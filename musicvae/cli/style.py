"""learns a small latent space from a few files: a style of your own.

    musicvae-style --config=cat-mel_2bar_small --input_dir=my_songs --output=mine.style.npz
    musicvae-generate --config=cat-mel_2bar_small --style=mine.style.npz --output_dir=out
    musicvae-generate --config=cat-mel_2bar_small --style=mine.style.npz --mode=grid --html

The files' windows are encoded, and the few axes found along which they differ most; the first two
are a map. With --style, sample, similar, grid and morph move along them. It takes seconds. A single
song will do, and the command says how little that is and how near samples come to its windows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from absl import flags

from musicvae.cli.document import record
from musicvae.cli.flags import command_flags, define_path, require_flags, run_command
from musicvae.cli.model_loading import define_model_flags, load_chosen_model
from musicvae.cli.music_source import chosen_pitch_map, define_source_flags, music_source
from musicvae.cli.progress import ProgressLine, is_quiet

if TYPE_CHECKING:
    from musicvae.codes import CodeTable
    from musicvae.generate import TrainedModel
    from musicvae.styles import Style

FLAGS = command_flags()
define_model_flags(FLAGS, batch_size=64)
define_source_flags(FLAGS)
flags.DEFINE_integer("axes", 6, "Number of axes.", 2, 8, flag_values=FLAGS)
define_path("output", None, "Style to write, such as mine.style.npz.", FLAGS)
flags.DEFINE_integer("seed", 0, "Random seed.", 0, flag_values=FLAGS)

_NAME = "musicvae-style"
_FEW_FILES = 5


def main(_: list[str]) -> int:
    """Learns the style, writes it, and says what its axes do and how near samples come."""
    require_flags(FLAGS, "output")
    from musicvae.files import check_writable
    from musicvae.model_choice import choose_model
    from musicvae.styles.storage import check_style_path, save_style

    values = FLAGS.flag_values_dict()
    check_style_path(values["output"])
    check_writable(values["output"])
    choice = choose_model(
        values["config"], values["run_dir"], values["checkpoint_file"], values["hparams"]
    )
    music_source(values)
    model = load_chosen_model(choice, values)
    line = ProgressLine(quiet=is_quiet(values["log"]))
    try:
        table, style = _learn(model, values, line)
        novelty = _novelty(model, style, table, values["seed"])
    finally:
        line.close()
    save_style(values["output"], style)
    record(files=[values["output"]])
    _say(table, style, novelty, values["output"])
    return 0


def _learn(
    model: TrainedModel, values: dict[str, Any], line: ProgressLine
) -> tuple[CodeTable, Style]:
    from musicvae.codes.encoding import encode_music
    from musicvae.generate.styles import with_meanings
    from musicvae.styles import fit_style

    table = encode_music(
        model,
        music_source(values),
        pitch_map=chosen_pitch_map(values),
        num_workers=values["num_workers"] or None,
        progress=lambda pieces, windows: line.show_count(
            pieces, None, f"pieces read, {windows:,} windows encoded"
        ),
    )
    style = fit_style(table, values["axes"])
    if model.converter.spec.control_depth == 0:
        style = with_meanings(model, style, seed=values["seed"])
    return table, style


def _novelty(
    model: TrainedModel, style: Style, table: CodeTable, seed: int
) -> tuple[float, float] | None:
    """Returns the median and the least distance of samples from the files' windows as decoded."""
    if model.converter.spec.control_depth:
        return None
    from musicvae.evaluation.style_study import distances_to_windows

    found = distances_to_windows(model, style, table, seed=seed)
    return float(found.median), float(found.least)


def _say(table: CodeTable, style: Style, novelty: tuple[float, float] | None, path: str) -> None:
    files = len(set(table.files))
    axes = [
        {"share": float(share), "meaning": meaning}
        for share, meaning in zip(
            style.shares, style.meanings or [""] * len(style.axes), strict=True
        )
    ]
    record(num_windows=len(table), num_files=files, axes=axes)
    print(f"Style of {len(table):,} windows of {files} file{'' if files == 1 else 's'}: {path}")
    for k, axis in enumerate(axes, 1):
        what = axis["meaning"] or "no attribute that is measured"
        print(f"  axis {k}: {axis['share']:.0%} of what differs; {what}")
    left = 1.0 - float(style.shares.sum())
    print(f"  left over: {left:.0%}, which samples of the style vary by as well")
    if novelty is not None:
        record(nearest={"median": novelty[0], "least": novelty[1]})
        print(
            f"Samples differ from the nearest of these windows in {novelty[0]:.0%} of the steps "
            f"(median), in {novelty[1]:.0%} at least"
        )
    if files < _FEW_FILES:
        print(
            f"That is little music: what {'one file has' if files == 1 else 'these files have'} in "
            "common is all that the style knows. More files make it wider."
        )


def run() -> None:
    """Runs the command."""
    run_command(_NAME, __doc__, FLAGS, main)


if __name__ == "__main__":
    run()
