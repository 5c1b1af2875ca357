"""The flags of `musicvae-generate`."""

from __future__ import annotations

import math

from absl import flags

from musicvae.cli.flag_scopes import MODES_OF_FLAGS, modes_help
from musicvae.cli.flags import command_flags, define_drum_channel, define_path
from musicvae.cli.generate_modes import MODES
from musicvae.cli.model_loading import define_model_flags
from musicvae.prior import DEFAULT_GUIDANCE

FLAGS = command_flags()


class _NumbersParser(flags.ArgumentParser[tuple[float, ...]]):
    """One number or more, with commas between them."""

    syntactic_help = "numbers with commas between them"

    def __init__(self, lowest: float) -> None:
        self._lowest = lowest

    def parse(self, argument: str | tuple[float, ...]) -> tuple[float, ...]:
        if not isinstance(argument, str):
            return argument
        numbers = tuple(float(text) for text in argument.split(","))
        if not all(self._lowest <= number < math.inf for number in numbers):
            raise ValueError(f"each must be a number of at least {self._lowest:g}")
        return numbers

    def flag_type(self) -> str:
        return "numbers"


class _NumbersSerializer(flags.ArgumentSerializer[tuple[float, ...]]):
    """Numbers as the user would write them."""

    def serialize(self, value: tuple[float, ...]) -> str:
        return ",".join(f"{number:g}" for number in value)


def _define_numbers(
    name: str, default: tuple[float, ...], text: str, lowest: float = -math.inf
) -> None:
    flags.DEFINE(_NumbersParser(lowest), name, default, text, FLAGS, _NumbersSerializer())


# Which model.
define_model_flags(FLAGS, batch_size=8)
flags.DEFINE_enum(
    "precision",
    "float32",
    ["auto", "float32", "bfloat16", "float16"],
    "Precision of weights and products. bfloat16 takes half the memory and lets big models decode "
    "faster; float16 is for GPUs; auto takes bfloat16 where the processor or GPU has instructions "
    "for it. The music differs a little.",
    flag_values=FLAGS,
)
flags.DEFINE_boolean("list_configs", False, "Show all configurations.", flag_values=FLAGS)

# What to do, with which inputs.
flags.DEFINE_enum("mode", "sample", list(MODES), "What to do; see above.", flag_values=FLAGS)
define_path("input_midi_1", None, "The first input: MIDI, MusicXML or ABC.", FLAGS)
define_path("input_midi_2", None, "The second input.", FLAGS)
flags.DEFINE_multi_string("input", [], "A further input", flag_values=FLAGS)
define_path(
    "input_dir",
    None,
    "In place of inputs: each music file in this folder.",
    FLAGS,
)
flags.DEFINE_boolean("recursive", False, "Look into its subfolders too.", flag_values=FLAGS)
define_path(
    "control_midi",
    None,
    "Where a conditional model takes its controls from: the chords, or the hits, of this file.",
    FLAGS,
)
define_drum_channel(FLAGS)
flags.DEFINE_string(
    "chords",
    None,
    "Chords for a model of chords, one to a bar: 'C Am F G'; with bars drawn: 'C Am | F G'.",
    flag_values=FLAGS,
)
flags.DEFINE_string(
    "key", None, "Their key, such as G or Em; chords may then be 'I vi IV V'.", flag_values=FLAGS
)
flags.DEFINE_boolean(
    "strict",
    False,
    "As Magenta: an input must be one window as it stands; several are written out to choose from.",
    flag_values=FLAGS,
)
flags.DEFINE_integer(
    "bar",
    None,
    "The bar at which an input's window begins; the most musical one where not given.",
    1,
    flag_values=FLAGS,
)
flags.DEFINE_boolean(
    "whole",
    False,
    "Take the whole input, window after window, with all its bars in their places.",
    flag_values=FLAGS,
)

flags.DEFINE_integer("bars", None, "Bars to add; 8 where not given.", 1, flag_values=FLAGS)
flags.DEFINE_string(
    "keep", None, "Bars to keep, as in 1-4,9-16; 9- is up to the end.", flag_values=FLAGS
)
flags.DEFINE_list(
    "keep_parts",
    [],
    "Parts of a trio to keep in every bar: melody, bass, drums.",
    flag_values=FLAGS,
)

# How.
flags.DEFINE_integer("num_outputs", 5, "How many results.", 1, flag_values=FLAGS)
_define_numbers(
    "temperature",
    (0.5,),
    "How adventurous the choice at each step is; 0 takes the most likely. Several, as in 0.2,0.8: "
    "every result at each.",
    lowest=0.0,
)
flags.DEFINE_integer(
    "length",
    None,
    "The most steps (sixteenth notes in most configurations); where not given the configuration's, "
    "or for whole inputs theirs.",
    1,
    flag_values=FLAGS,
)
flags.DEFINE_integer(
    "seed", None, "Makes a run repeatable, bit for bit on one machine.", 0, flag_values=FLAGS
)
flags.DEFINE_float(
    "qpm",
    None,
    "Tempo in quarters a minute; the input's where not given.",
    flag_values=FLAGS,
)
flags.DEFINE_string(
    "program",
    None,
    "Instrument of melodies: a General MIDI name, or a number from 0; the input's where not given.",
    flag_values=FLAGS,
)
flags.DEFINE_boolean(
    "keep_hits",
    True,
    "Play every hit of the input, and no others; --nokeep_hits lets the model choose hits too.",
    flag_values=FLAGS,
)
flags.DEFINE_float(
    "timing",
    1.0,
    "How much of the model's timing the hits take: 0 leaves each where it is in the input.",
    0.0,
    1.0,
    flag_values=FLAGS,
)
flags.DEFINE_float(
    "velocity",
    1.0,
    "How much of the model's velocities they take: 0 leaves each as loud as it is in the input.",
    0.0,
    1.0,
    flag_values=FLAGS,
)
define_path(
    "drum_map",
    "inference",
    "What the drum pitches of inputs and results are: inference (General MIDI), training (the "
    'Roland TD-11 of the Groove dataset), or a TOML file with lines such as 37 = "snare".',
    FLAGS,
)
flags.DEFINE_boolean(
    "linear", False, "Go straight through latent space, and not along arcs.", flag_values=FLAGS
)
flags.DEFINE_float(
    "closeness",
    0.7,
    "How close variations are: 0 is anything, 1 the input as the model remembers it.",
    0.0,
    1.0,
    flag_values=FLAGS,
)
flags.DEFINE_multi_string(
    "attribute",
    [],
    "Attribute that new pieces are to have, as in note_density=high: low, medium, high or a value; "
    "several may be given. With --mode=attribute the name of the one to change.",
    flag_values=FLAGS,
)
flags.DEFINE_float(
    "guidance",
    DEFAULT_GUIDANCE,
    "How strongly: 1 is as the training music has it, more exaggerates.",
    0.0,
    100.0,
    flag_values=FLAGS,
)
flags.DEFINE_string(
    "prior",
    None,
    "Where new latent vectors come from: learned, standard for N(0, I) as in Magenta, or a file of "
    "musicvae-prior; the model's learned prior if it has one.",
    flag_values=FLAGS,
)
define_path("style", None, "Style to move in: a file of musicvae-style.", FLAGS)
_define_numbers("amount", (-1.0, 0.0, 1.0), "How much of its vector is added, one or more.")
define_path(
    "attributes_file",
    None,
    "Attribute vectors, if not those beside the checkpoint.",
    FLAGS,
)

# What is written.
define_path("output_dir", "generated", "Where to write; made where it is missing.", FLAGS)
flags.DEFINE_list(
    "format",
    [],
    "Formats of the notes beside MIDI, with commas between them: musicxml, abc, csv.",
    flag_values=FLAGS,
)
flags.DEFINE_boolean(
    "csv", False, "Write each result's notes as rows of a CSV file, too.", flag_values=FLAGS
)
flags.DEFINE_boolean(
    "plot", False, "Draw a piano roll of each result, and overviews.", flag_values=FLAGS
)
flags.DEFINE_enum(
    "plot_format", "png", ["png", "svg", "pdf"], "Of the pictures.", flag_values=FLAGS
)
flags.DEFINE_boolean("wav", False, "Write each result as audio, too.", flag_values=FLAGS)
define_path("soundfont", None, "A .sf2 file for the audio, played by FluidSynth.", FLAGS)
flags.DEFINE_boolean(
    "html",
    False,
    "Write a web page with rolls and players.",
    flag_values=FLAGS,
)
flags.DEFINE_boolean(
    "overwrite", False, "With --input_dir: do files again that are done.", flag_values=FLAGS
)

for _name in MODES_OF_FLAGS:
    FLAGS[_name].help = f"{FLAGS[_name].help}{modes_help(_name)}"
