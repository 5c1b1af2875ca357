"""finds the directions of a model's latent space that change an attribute of its music.

    musicvae-attributes --config=cat-mel_2bar_small --input_dir=my_midi --recursive
    musicvae-attributes --run_dir=run --examples_path=music.tfrecord
    musicvae-attributes --config=cat-mel_2bar_small --groups=jazz/ rock/ folk/ --output_dir=out

The attributes are C diatonic membership, note density, average interval, and 16th and 8th note
syncopation. Each vector leads from the quarter of the music with the least of its attribute to the
quarter with the most. The vectors are saved beside the checkpoint, for `musicvae-generate
--mode=attribute`, with a picture and a table of what each of them does.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from absl import flags, logging

from musicvae.cli.attribute_groups import learn_from_groups
from musicvae.cli.flags import command_flags, define_drum_channel, define_path, run_command
from musicvae.cli.model_loading import define_model_flags, load_chosen_model
from musicvae.cli.music_source import add_folders, define_groups, group_sources
from musicvae.errors import InputError

FLAGS = command_flags()
define_model_flags(FLAGS, batch_size=64)
flags.DEFINE_string(
    "examples_path",
    None,
    "TFRecords of NoteSequences to learn from, such as the training data; globs, commas.",
    flag_values=FLAGS,
)
define_path("input_dir", None, "Folder of MIDI, MusicXML or ABC in place of TFRecords.", FLAGS)
define_groups(
    FLAGS,
    "Folders, two or more with commas, each of one kind of music of your own, in place of "
    "TFRecords.",
)
flags.DEFINE_boolean("recursive", False, "Search its subfolders, too.", flag_values=FLAGS)
define_drum_channel(FLAGS)
flags.DEFINE_integer(
    "max_examples",
    10_000,
    "Number of examples to use, drawn at random from more.",
    8,
    flag_values=FLAGS,
)
flags.DEFINE_integer(
    "num_tests", 256, "Number of examples to try each vector on.", 1, flag_values=FLAGS
)
flags.DEFINE_float("temperature", 0.5, "Temperature of the trials.", 0.0, flag_values=FLAGS)
flags.DEFINE_integer("seed", 0, "Random seed.", 0, flag_values=FLAGS)
define_path("output_dir", None, "Folder to write to; that of the checkpoint by default.", FLAGS)
flags.DEFINE_enum("plot_format", "png", ["png", "svg", "pdf"], "Picture format.", flag_values=FLAGS)

_NAME = "musicvae-attributes"


def main(folders: list[str]) -> int:
    """Learns the vectors, writes them, and prints what each does."""
    from musicvae.attribute_vectors import attributes_path
    from musicvae.files import check_writable
    from musicvae.model_choice import choose_model
    from musicvae.names import path_component
    from musicvae.plot.picture import check_matplotlib

    values = FLAGS.flag_values_dict()
    add_folders(values, folders)
    if not values["groups"] and bool(values["examples_path"]) == bool(values["input_dir"]):
        raise InputError("give the music to learn from: either --examples_path or --input_dir")
    if values["plot_format"] != "svg":
        check_matplotlib()
    choice = choose_model(
        values["config"], values["run_dir"], values["checkpoint_file"], values["hparams"]
    )
    sources = group_sources(values)
    music = None if sources else _music(values)
    model = load_chosen_model(choice, values)
    path = attributes_path(model.checkpoint)
    if values["output_dir"]:
        path = Path(
            values["output_dir"],
            f"{path_component(model.config.name)}{path.name[path.name.index('.attributes') :]}",
        )
    if sources:
        path = path.with_name(path.name.replace(".attributes", ".groups"))
    check_writable(path)
    if music is None:
        learn_from_groups(model, sources, path, values)
    else:
        _learn(model, music, path, values)
    return 0


def _music(values: dict[str, Any]) -> Iterator[Any]:
    """Yields the NoteSequences to learn from."""
    if values["examples_path"]:
        from musicvae.formats.tfrecord import read_note_sequences

        return read_note_sequences(values["examples_path"])
    from musicvae.data.music_files import find_music_files

    folder = values["input_dir"]
    found = find_music_files(folder, recursive=values["recursive"])
    return _readable(folder, [file.name for file in found], values["drum_channel"])


def _readable(folder: str, names: list[str], drum_channels: list[int]) -> Iterator[Any]:
    from musicvae.data.bounded_reading import read_bounded_files
    from musicvae.formats.bounds import MusicFileError

    for name, found in read_bounded_files(folder, names, drum_channels=drum_channels):
        if isinstance(found, MusicFileError):
            logging.warning("%s: skipped: %s", name, found.detail)
        else:
            yield from found.sequences


def _learn(model: Any, music: Iterator[Any], path: Path, values: dict[str, Any]) -> None:
    from musicvae.cli.learned_vectors import write_vectors
    from musicvae.cli.progress import ProgressLine, is_quiet
    from musicvae.generate.learning_attributes import learn_attributes

    line = ProgressLine(quiet=is_quiet(values["log"]))
    try:
        result = learn_attributes(
            model,
            music,
            max_examples=values["max_examples"],
            num_tests=values["num_tests"],
            temperature=values["temperature"],
            seed=values["seed"],
            progress=lambda count: line.show_count(count, None, "examples"),
        )
    finally:
        line.close()
    source = values["examples_path"] or values["input_dir"]
    for attribute, reason in result.vectors.left_out.items():
        logging.info("no vector for %s: %s", attribute, reason)
    picture = write_vectors(
        path,
        model,
        result.vectors,
        result.changes,
        num_examples=result.examples,
        music=f"{result.examples} examples of {result.pieces} pieces in "
        f"{os.path.basename(os.path.normpath(source))}",
        title="attribute vectors",
        plot_format=values["plot_format"],
    )
    print(f"\n{len(result.vectors.names)} vectors of {result.examples:,} examples: {path}")
    print(f"What they do: {path.with_suffix('.json')} and {picture}")


def run() -> None:
    """Runs the command."""
    run_command(_NAME, __doc__, FLAGS, main, takes_arguments=True)


if __name__ == "__main__":
    run()
