"""The flags of `musicvae-generate`."""

from __future__ import annotations

import math

from absl import flags

from musicvae.cli.flag_scopes import MODES_OF_FLAGS, modes_help
from musicvae.cli.flags import command_flags, define_drum_channel, define_path
from musicvae.cli.generate_modes import MODES
from musicvae.cli.model_loading import define_model_flags, define_prior
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
    name: str, default: tuple[float, ...] | None, text: str, lowest: float = -math.inf
) -> None:
    flags.DEFINE(_NumbersParser(lowest), name, default, text, FLAGS, _NumbersSerializer())


# Which model.
define_model_flags(FLAGS, batch_size=8)
flags.DEFINE_enum(
    "precision",
    "float32",
    ["auto", "float32", "bfloat16", "float16"],
    "Precision of weights and products. bfloat16 halves memory and speeds up big models; "
    "float16 is for GPUs; auto takes bfloat16 where the hardware has instructions for it. "
    "Results differ slightly.",
    flag_values=FLAGS,
)
flags.DEFINE_boolean("list_configs", False, "List all configurations.", flag_values=FLAGS)

# What to do, with which inputs.
flags.DEFINE_enum("mode", "sample", list(MODES), "Mode; see above.", flag_values=FLAGS)
define_path("input_midi_1", None, "First input: MIDI, MusicXML or ABC.", FLAGS)
define_path("input_midi_2", None, "Second input.", FLAGS)
flags.DEFINE_multi_string(
    "input", [], "Further input; may be given more than once", flag_values=FLAGS
)
define_path(
    "input_dir",
    None,
    "Folder to take inputs from, in place of single ones: each music file in it.",
    FLAGS,
)
flags.DEFINE_boolean("recursive", False, "Search subfolders, too.", flag_values=FLAGS)
define_path(
    "control_midi",
    None,
    "File that a conditional model follows: its chords, its hits or another control.",
    FLAGS,
)
define_drum_channel(FLAGS)
flags.DEFINE_string(
    "chords",
    None,
    "Chords for a model of chords, one to a bar: 'C Am F G'; with bar lines: 'C Am | F G'.",
    flag_values=FLAGS,
)
flags.DEFINE_string(
    "key",
    None,
    "Key of the chords, such as G or Em; chords may then be numerals: 'I vi IV V'.",
    flag_values=FLAGS,
)
flags.DEFINE_boolean(
    "strict",
    False,
    "Require each input to be exactly one window, as Magenta does; several are written out to"
    " choose from.",
    flag_values=FLAGS,
)
flags.DEFINE_integer(
    "bar",
    None,
    "Bar at which the input's window begins; the most musical one by default.",
    1,
    flag_values=FLAGS,
)
flags.DEFINE_boolean(
    "whole",
    False,
    "Process the whole input, window by window, with all its bars in place.",
    flag_values=FLAGS,
)
flags.DEFINE_list(
    "models",
    [],
    "Models of the same kind and of other lengths, with commas: configurations that ship, run "
    "folders, or 'family' for all lengths that ship. Each stretch of a whole input is played by "
    "the longest that fits.",
    flag_values=FLAGS,
)

flags.DEFINE_integer(
    "bars",
    None,
    "Number of bars to add, 8 by default; with --mode=compose of the whole piece, 64 by default.",
    1,
    flag_values=FLAGS,
)
flags.DEFINE_string(
    "keep", None, "Bars to keep, as in 1-4,9-16; 9- is up to the end.", flag_values=FLAGS
)
flags.DEFINE_string(
    "form",
    "AABA",
    "Sections of a long piece: a letter for each, or names with commas, as in verse,chorus,verse.",
    flag_values=FLAGS,
)
flags.DEFINE_list(
    "keep_parts",
    [],
    "Parts of a trio to keep in every bar: melody, bass, drums.",
    flag_values=FLAGS,
)

# How.
flags.DEFINE_integer("num_outputs", 5, "Number of results.", 1, flag_values=FLAGS)
_define_numbers(
    "temperature",
    None,
    "Temperature of sampling; 0 always takes the most likely notes. Several, as in 0.2,0.8, "
    "give every result at each. By default 0.5, and for new music what the model's learned prior "
    "says.",
    lowest=0.0,
)
flags.DEFINE_integer(
    "length",
    None,
    "Steps at most (sixteenth notes in most configurations); by default the configuration's, "
    "or those of a whole input.",
    1,
    flag_values=FLAGS,
)
flags.DEFINE_integer(
    "seed",
    None,
    "Random seed; the same seed gives the same results, bit for bit on one machine. Made up "
    "and printed if not given.",
    0,
    flag_values=FLAGS,
)
flags.DEFINE_float(
    "qpm",
    None,
    "Tempo in quarter notes per minute; the input's by default, or 120.",
    flag_values=FLAGS,
)
flags.DEFINE_string(
    "program",
    None,
    "Instrument of melodies: a General MIDI name or a number from 0; the input's by default.",
    flag_values=FLAGS,
)
flags.DEFINE_boolean(
    "keep_hits",
    True,
    "Keep exactly the input's hits; --nokeep_hits lets the model choose hits, too.",
    flag_values=FLAGS,
)
flags.DEFINE_float(
    "timing",
    1.0,
    "Share of the model's timing that hits take: 0 leaves them where they are in the input.",
    0.0,
    1.0,
    flag_values=FLAGS,
)
flags.DEFINE_float(
    "velocity",
    1.0,
    "Share of the model's velocities that hits take: 0 leaves them as in the input.",
    0.0,
    1.0,
    flag_values=FLAGS,
)
define_path(
    "drum_map",
    "inference",
    "Meaning of drum pitches in inputs and results: inference (General MIDI), training (the "
    'Roland TD-11 of the Groove dataset), or a TOML file with lines such as 37 = "snare".',
    FLAGS,
)
flags.DEFINE_boolean(
    "linear",
    False,
    "Interpolate along straight lines in latent space instead of arcs.",
    flag_values=FLAGS,
)
flags.DEFINE_float(
    "closeness",
    0.7,
    "Closeness of variations to the input: 0 is any music, 1 the input as reconstructed.",
    0.0,
    1.0,
    flag_values=FLAGS,
)
flags.DEFINE_multi_string(
    "attribute",
    [],
    "Attribute to ask new pieces for, as in note_density=high: low, medium, high or a value; "
    "group=NAME for a group that the prior was fitted with; may be given more than once. "
    "With --mode=attribute, the name of the one to change.",
    flag_values=FLAGS,
)
flags.DEFINE_float(
    "guidance",
    DEFAULT_GUIDANCE,
    "Strength of the attributes asked for: 1 as in the training music, more exaggerates.",
    0.0,
    100.0,
    flag_values=FLAGS,
)
define_prior(FLAGS, "new latent vectors are", "N(0, I) as in Magenta")
define_path("style", None, "Style to move in: a file from musicvae-style.", FLAGS)
_define_numbers(
    "amount",
    (-1.0, 0.0, 1.0),
    "Multiple of the attribute's vector to add; one or more, with commas.",
)
define_path(
    "attributes_file",
    None,
    "File of attribute vectors; those beside the checkpoint by default.",
    FLAGS,
)

# What is written.
define_path("output_dir", "generated", "Folder to write to; created if missing.", FLAGS)
flags.DEFINE_list(
    "format",
    [],
    "Formats to write beside MIDI, with commas: musicxml, abc, csv.",
    flag_values=FLAGS,
)
flags.DEFINE_boolean("csv", False, "Write each result's notes as a CSV file.", flag_values=FLAGS)
flags.DEFINE_boolean(
    "plot", False, "Draw a piano roll of each result, and overviews.", flag_values=FLAGS
)
flags.DEFINE_enum("plot_format", "png", ["png", "svg", "pdf"], "Picture format.", flag_values=FLAGS)
flags.DEFINE_boolean("wav", False, "Write each result as audio.", flag_values=FLAGS)
define_path("soundfont", None, "Soundfont (.sf2) for --wav, played by FluidSynth.", FLAGS)
flags.DEFINE_boolean(
    "html",
    False,
    "Write a web page with piano rolls and players.",
    flag_values=FLAGS,
)
flags.DEFINE_boolean(
    "overwrite", False, "Regenerate existing results, with --input_dir.", flag_values=FLAGS
)

for _name in MODES_OF_FLAGS:
    FLAGS[_name].help = f"{FLAGS[_name].help}{modes_help(_name)}"
