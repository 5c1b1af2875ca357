"""writes new music with a trained model.

    musicvae-generate --config=cat-drums_2bar_small --output_dir=out
    musicvae-generate --run_dir=run --num_outputs=20 --temperature=0.8 --output_dir=out
    musicvae-generate --config=groovae_4bar --checkpoint_file=model.tar --mode=interpolate
        --input_midi_1=a.mid --input_midi_2=b.mid --num_outputs=9 --output_dir=out

`sample` draws pieces from the prior; `interpolate` leads from one input to another. An input must
hold exactly one example of the configuration; where it holds several, they are written out to
choose from. Without --run_dir and --checkpoint_file the model of --config that ships is used.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from absl import flags, logging

from musicvae.cli.flags import command_flags, define_path, require_flags, run_command
from musicvae.errors import InputError, MultipleExamplesError, NoExamplesError

if TYPE_CHECKING:
    from musicvae.cli.outputs import OutputFolder
    from musicvae.converters import Converter, Example
    from musicvae.inference import TrainedModel
    from musicvae.model_choice import ModelChoice

FLAGS = command_flags()
flags.DEFINE_string(
    "config",
    None,
    "The configuration: a name, or a TOML file of your own. Not needed where run_dir has one.",
    flag_values=FLAGS,
)
define_path("run_dir", None, "The folder of a training, whose latest checkpoint is used.", FLAGS)
define_path(
    "checkpoint_file",
    None,
    "A checkpoint: its prefix, one of its files, a .tar or .tar.gz, the name or URL of a published "
    "one.",
    FLAGS,
)
flags.DEFINE_string(
    "hparams",
    "",
    "Hyperparameters to change, as in z_size=256; sizes come from the checkpoint by themselves.",
    flag_values=FLAGS,
)
flags.DEFINE_enum("mode", "sample", ["sample", "interpolate"], "What to do.", flag_values=FLAGS)
define_path("input_midi_1", None, "Where an interpolation starts: MIDI, MusicXML or ABC.", FLAGS)
define_path("input_midi_2", None, "Where an interpolation ends.", FLAGS)
define_path(
    "control_midi",
    None,
    "Where a conditional model takes its controls from: the chords, or the hits, of this file. "
    "An interpolation takes those of --input_midi_1 unless told otherwise.",
    FLAGS,
)
flags.DEFINE_integer("num_outputs", 5, "How many files to write.", 1, flag_values=FLAGS)
flags.DEFINE_integer(
    "max_batch_size", 8, "How many pieces are worked on together.", 1, flag_values=FLAGS
)
flags.DEFINE_float(
    "temperature",
    0.5,
    "How adventurous the choice at each step is; 0 takes the most likely.",
    0.0,
    flag_values=FLAGS,
)
flags.DEFINE_integer(
    "length",
    None,
    "The most steps (sixteenth notes in most configurations); the configuration's where not given.",
    1,
    flag_values=FLAGS,
)
flags.DEFINE_integer(
    "seed", None, "Makes a run repeatable, bit for bit on one machine.", 0, flag_values=FLAGS
)
define_path("output_dir", "generated", "Where to write; made where it is missing.", FLAGS)
flags.DEFINE_string(
    "device", None, "CPU, GPU or GPU:1; a GPU if there is one, where not given.", flag_values=FLAGS
)
flags.DEFINE_boolean("list_configs", False, "Show all configurations.", flag_values=FLAGS)

_NAME = "musicvae-generate"
_DEFAULT_QPM = 120.0


class _Input(NamedTuple):
    """The only example in a file, and the tempo that it is played at."""

    example: Example
    qpm: float


def main(_: list[str]) -> int:
    """Finds the model and the inputs, then generates and writes."""
    if FLAGS["list_configs"].value:
        from musicvae.cli.config_list import print_configs

        print_configs()
        return 0
    from musicvae.cli.outputs import OutputFolder
    from musicvae.converters import build_converter
    from musicvae.model_choice import choose_model

    values = FLAGS.flag_values_dict()
    names = ["input_midi_1", "input_midi_2"] if values["mode"] == "interpolate" else []
    require_flags(FLAGS, *names)
    choice = choose_model(
        values["config"], values["run_dir"], values["checkpoint_file"], values["hparams"]
    )
    folder = OutputFolder(values["output_dir"])
    converter = build_converter(choice.config.converter)
    inputs = [_read(name, choice, converter, folder) for name in names]
    controlling = _controlling(inputs, choice, converter, folder)
    model = _load(choice, decoder_only=not inputs)
    controls = controlling.example.controls if controlling else None
    z, tempos = _positions(model, inputs, controlling)
    paths = folder.names(model.config.name, values["mode"], len(z))
    _write(folder, paths, _pieces(model, z, tempos, controls))
    return 0


def _read(flag: str, choice: ModelChoice, converter: Converter, folder: OutputFolder) -> _Input:
    """Reads a file that holds exactly one example; writes the examples out where there are more."""
    from musicvae.data.bounds import MusicFileError
    from musicvae.data.music_files import read_music_file
    from musicvae.sequences import describe_rejections, tempo_at

    path = _value(flag)
    try:
        sequences = read_music_file(path).sequences
    except MusicFileError as error:
        raise InputError(f"--{flag}={path}: {error.detail}") from error
    if len(sequences) > 1:
        raise InputError(f"--{flag}={path}: it has {len(sequences)} tunes; give a file with one")
    (sequence,) = sequences
    found = converter.extract(sequence, pitch_map="inference")
    if not found.examples:
        raise NoExamplesError(
            f"--{flag}={path}: nothing in it that config '{choice.config.name}' can read: "
            f"{describe_rejections(found.rejections)}"
        )
    tempos = [tempo_at(sequence, origin.seconds) for origin in found.origins]
    if len(found.examples) > 1:
        candidates = [_Input(*pair) for pair in zip(found.examples, tempos, strict=True)]
        written = _write_candidates(flag, candidates, choice, converter, folder)
        raise MultipleExamplesError(
            f"--{flag}={path}: it has {len(candidates)} examples of config "
            f"'{choice.config.name}', and one is needed; choose one of {written}"
        )
    return _Input(found.examples[0], tempos[0])


def _write_candidates(
    flag: str,
    candidates: list[_Input],
    choice: ModelChoice,
    converter: Converter,
    folder: OutputFolder,
) -> str:
    """Writes a file for each example of an input; returns their names."""
    paths = folder.names(choice.config.name, flag.replace("_midi", ""), len(candidates))
    sequences = (
        converter.to_notes(example.outputs, example.controls, qpm=qpm)
        for example, qpm in candidates
    )
    return _span(list(folder.write(paths, sequences)))


def _controlling(
    inputs: list[_Input], choice: ModelChoice, converter: Converter, folder: OutputFolder
) -> _Input | None:
    """Returns the example whose controls drive a conditional model; None for other models."""
    given = _value("control_midi")
    if not converter.spec.control_depth:
        if given:
            raise InputError(
                f"--control_midi={given}: config '{choice.config.name}' takes no controls"
            )
        return None
    if given:
        return _read("control_midi", choice, converter, folder)
    if not inputs:
        raise InputError(
            f"config '{choice.config.name}' is a conditional model; give --control_midi, a file "
            "whose chords or hits it is to follow"
        )
    return inputs[0]


def _load(choice: ModelChoice, *, decoder_only: bool) -> TrainedModel:
    """Loads the model and says which."""
    from musicvae.cli.tensorflow_start import quiet_start

    logging.info("loading %s from %s", choice.config.name, choice.checkpoint)
    with quiet_start():
        from musicvae.inference import TrainedModel

        model = TrainedModel(
            choice.config,
            _value("max_batch_size"),
            choice.checkpoint,
            seed=_value("seed"),
            device=_value("device"),
            decoder_only=decoder_only,
            keep_hparams=choice.keep_hparams,
        )
    for note in model.notes:
        logging.info("%s", note)
    return model


def _positions(
    model: TrainedModel, inputs: list[_Input], controlling: _Input | None
) -> tuple[Any, list[float]]:
    """Returns the latent vectors of all pieces, float32 `[N, Z]`, and their tempos."""
    import numpy as np

    from musicvae.latent import slerp

    count = _value("num_outputs")
    if not inputs:
        qpm = controlling.qpm if controlling else _DEFAULT_QPM
        return model.sample_z(count), [qpm] * count
    start, end = model.encode_examples([given.example for given in inputs]).mu
    share = np.linspace(0.0, 1.0, count)
    tempos = np.interp(share, [0.0, 1.0], [given.qpm for given in inputs])
    return slerp(start, end, share), tempos.tolist()


def _pieces(model: TrainedModel, z: Any, tempos: list[float], controls: Any) -> Iterator[Any]:
    """Yields the music of latent vectors, a batch at a time."""
    size = _value("max_batch_size")
    for k in range(0, len(z), size):
        yield from model.decode(
            z[k : k + size],
            _value("length"),
            _value("temperature"),
            controls,
            qpm=tempos[k : k + size],
        )


def _write(folder: OutputFolder, paths: list[str], pieces: Iterator[Any]) -> None:
    """Writes the pieces, shows how far it is, and sums up."""
    from musicvae.cli.progress import ProgressLine

    silent = 0

    def counted() -> Iterator[Any]:
        nonlocal silent
        for piece in pieces:
            silent += not piece.notes
            yield piece

    line = ProgressLine(quiet=_value("log") not in ("DEBUG", "INFO"))
    try:
        for done, _ in enumerate(folder.write(paths, counted()), 1):
            line.show_count(done, len(paths), "pieces")
    except KeyboardInterrupt:
        print("The files that are finished are kept.", file=sys.stderr)
        raise
    finally:
        line.close()
    empty = f"; {silent} of them without a note" if silent else ""
    files = "file" if len(paths) == 1 else "files"
    print(f"{len(paths)} {files} written: {_span(paths)}{empty}")


def _value(flag: str) -> Any:
    return FLAGS[flag].value


def _span(paths: list[str]) -> str:
    """Names the first and the last of some files."""
    return paths[0] if len(paths) == 1 else f"{paths[0]} to {os.path.basename(paths[-1])}"


def run() -> None:
    """Runs the command."""
    run_command(_NAME, __doc__, FLAGS, main)


if __name__ == "__main__":
    run()
