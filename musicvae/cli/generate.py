"""makes music with a trained model: new pieces, or what becomes of your own.

    musicvae-generate --config=cat-drums_2bar_small --output_dir=out --html
    musicvae-generate --config=cat-drums_2bar_small --mode=interpolate
        --input_midi_1=a.mid --input_midi_2=b.mid --num_outputs=9 --output_dir=out --plot
    musicvae-generate --mode=humanize --input_midi_1=beat.mid --num_outputs=1 --wav
    musicvae-generate --run_dir=run --mode=reconstruct --input_dir=songs --output_dir=out

Modes (--mode):
  sample       write new pieces
  interpolate  lead from --input_midi_1 to --input_midi_2
  grid         fill a square between four inputs, --num_outputs along a side
  reconstruct  play an input as the model remembers it, with --whole all of it
  similar      vary an input, by --closeness
  morph        join --num_outputs steps on a path through two inputs or more into one piece
  continue     let an input go on for --bars
  infill       write what of an input is not in --keep, or not in --keep_parts of a trio
  compose      write a long piece of --bars in the sections of --form
  attribute    add --amount of the vector of an --attribute (see musicvae-attributes)
  humanize     play drums with feeling
  tap2drum     make drums of a tapped rhythm
  add_hihat    add closed hi-hats to drums
  follow_hits  play given hits in a new manner, or that of a second input

Inputs may be MIDI, MusicXML or ABC. One that is longer than the model's window gives its most
musical window, a shorter one is padded with silence, and the command says what it did. With
--strict it must fit as it is, as in Magenta. Without --run_dir and --checkpoint_file the model of
--config that ships is used.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from musicvae.cli.document import append, record
from musicvae.cli.flag_scopes import check_flags, check_model_flags, flags_given
from musicvae.cli.flags import run_command
from musicvae.cli.generate_flags import FLAGS
from musicvae.cli.generate_modes import MODES, Mode
from musicvae.cli.model_loading import load_chosen_model, load_other_lengths
from musicvae.cli.progress import is_quiet
from musicvae.errors import InputError, MultipleExamplesError

if TYPE_CHECKING:
    from musicvae.cli.outputs import OutputFolder
    from musicvae.converters import Converter
    from musicvae.generate import TrainedModel
    from musicvae.generate.presentation import Presentation
    from musicvae.generate.results import Piece, SamplingOptions
    from musicvae.model_choice import ModelChoice

_NAME = "musicvae-generate"

CANDIDATES_TOGETHER = 64


def main(_: list[str]) -> int:
    """Finds the model and the inputs, then generates and writes."""
    values = FLAGS.flag_values_dict()
    if values["list_configs"]:
        from musicvae.cli.config_list import print_configs

        print_configs()
        return 0
    from musicvae.cli.generate_inputs import (
        check_mode,
        read_inputs,
        read_presentation,
        read_sampling_options,
    )
    from musicvae.cli.outputs import OutputFolder
    from musicvae.converters import build_converter
    from musicvae.model_choice import choose_model

    mode, given = MODES[values["mode"]], flags_given(FLAGS)
    check_flags(values["mode"], given)
    if values["mode"] == "reconstruct" and values["models"] and not values["whole"]:
        raise InputError("--models has no effect without --whole, which plays all of an input")
    config = values["config"] or (None if values["run_dir"] else mode.config)
    presentation = read_presentation(values)
    choice = choose_model(config, values["run_dir"], values["checkpoint_file"], values["hparams"])
    converter = build_converter(choice.config.converter)
    check_mode(values["mode"], converter, choice.config.name)
    check_model_flags(converter, choice.config.name, given)
    folder = OutputFolder(values["output_dir"])
    if values["input_dir"]:
        return _go_through_folder(choice, mode, presentation, folder, values)
    inputs = read_inputs(values["mode"], mode, values)
    options = read_sampling_options(mode, values)
    if mode.by_rows and "max_batch_size" not in given:
        values["max_batch_size"] = CANDIDATES_TOGETHER
    _check(inputs, options, converter, choice, folder, values)
    model = load_chosen_model(choice, values, decoder_only=not inputs and not mode.by_rows)
    values["models"] = load_other_lengths(model, values)
    _generate(model, mode, inputs, options, presentation, folder, values)
    return 0


def _check(
    inputs: Sequence[Piece],
    options: SamplingOptions,
    converter: Converter,
    choice: ModelChoice,
    folder: OutputFolder,
    values: dict[str, Any],
) -> None:
    """Checks what can be checked before the model is loaded; of several windows, writes them."""
    from musicvae.cli.generate_inputs import check_inputs
    from musicvae.cli.generate_results import span
    from musicvae.generate.controls import check_controls
    from musicvae.generate.input_windows import SeveralWindowsError, window_notes

    kind = choice.config.name
    check_controls(converter, kind, options, has_input=bool(inputs))
    try:
        name, whole = values["mode"], values["whole"]
        if not values["keep_parts"]:
            whole = whole or MODES[name].by_rows
            check_inputs(inputs, converter, options, mode=name, whole=whole)
        if options.control is not None and converter.spec.control_depth:
            check_inputs([options.control], converter, options, mode="")
    except SeveralWindowsError as error:
        notes = [window_notes(window, converter) for window in error.windows]
        written = list(folder.write(folder.names(kind, "candidate", len(notes)), notes))
        record(candidates=written)
        raise MultipleExamplesError(
            f"'{error.name}' holds {len(notes)} examples of config '{kind}'; choose one of "
            f"{span(written)}, or leave --strict out to have one chosen for you"
        ) from error


def _generate(
    model: TrainedModel,
    mode: Mode,
    inputs: Sequence[Piece],
    options: SamplingOptions,
    presentation: Presentation,
    folder: OutputFolder,
    values: dict[str, Any],
) -> None:
    """Does the job, writes its results and sums up."""
    from musicvae.cli.generate_results import described, summary, write_results
    from musicvae.generate.presentation import present

    if values["temperature"] is None and not mode.max_inputs:
        options = dataclasses.replace(options, temperatures=(model.default_temperature,))
    total = mode.count(values, len(inputs)) * len(options.temperatures)
    paths = folder.names(model.config.name, values["mode"], total)
    results = mode.run(model, inputs, options, values)
    result = write_results(results, folder, paths, quiet=is_quiet(values["log"]))
    print(summary(result, paths))
    record(mode=values["mode"], temperatures=options.temperatures)
    record(samples=described(result, paths), files=[])
    title = f"{model.config.name}: {values['mode']}"
    subtitle = _subtitle(inputs, options)
    for path in present(result, paths, presentation, title=title, subtitle=subtitle):
        print(path)
        append("files", path)


def _subtitle(inputs: Sequence[Piece], options: SamplingOptions) -> str:
    parts = [piece.name for piece in inputs]
    parts += [f"temperature {', '.join(f'{t:g}' for t in options.temperatures)}"]
    parts += [f"seed {options.seed}"] if options.seed is not None else []
    return " · ".join(parts)


def _go_through_folder(
    choice: ModelChoice,
    mode: Mode,
    presentation: Presentation,
    folder: OutputFolder,
    values: dict[str, Any],
) -> int:
    """Does the job for each file of a folder; 1 where none could be done."""
    from musicvae.cli.generate_folder import SKIPPED, check_folder_mode, tasks_of, work_through
    from musicvae.cli.generate_inputs import read_sampling_options
    from musicvae.data.music_files import find_music_files

    if any(values[flag] for flag in ("input_midi_1", "input_midi_2", "input")):
        raise InputError("--input_dir takes the place of single inputs; leave those out")
    check_folder_mode(values["mode"], mode)
    found = find_music_files(values["input_dir"], recursive=values["recursive"])
    tasks = tasks_of([file.name for file in found], values["mode"], mode)
    options = read_sampling_options(mode, values)
    model = load_chosen_model(choice, values)
    values["models"] = load_other_lengths(model, values)
    record(mode=values["mode"], temperatures=options.temperatures)
    result = work_through(model, folder, tasks, mode, options, presentation, values)
    parts = [f"{result.done} done"]
    parts += [f"{result.before} done before"] if result.before else []
    if result.skipped:
        parts.append(f"{len(result.skipped)} skipped, with the reasons in {SKIPPED}")
    print(f"{len(tasks)} inputs: {', '.join(parts)}; results in {values['output_dir']}")
    return 0 if result.done or result.before else 1


def run() -> None:
    """Runs the command; without any flag it shows what can be done."""
    if len(sys.argv) == 1:
        from musicvae.cli.umbrella import OVERVIEW

        print(OVERVIEW)
        raise SystemExit(0)
    run_command(_NAME, __doc__, FLAGS, main)


if __name__ == "__main__":
    run()
