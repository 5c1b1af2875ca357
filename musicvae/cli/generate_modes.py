"""The modes of `musicvae-generate`: how many inputs each takes, and the job that it does.

TensorFlow is imported when a job is done, not before.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from musicvae.errors import InputError

if TYPE_CHECKING:
    from musicvae.generate import TrainedModel
    from musicvae.generate.results import Piece, Result, SamplingOptions

SAMPLED_TOGETHER = 64
DEFAULT_ADDED_BARS = 8
DEFAULT_BARS = 64

Values = Mapping[str, Any]
ModeFunction = Callable[
    ["TrainedModel", "Sequence[Piece]", "SamplingOptions", Values], "Iterator[Result]"
]
Count = Callable[[Values, int], int]


@dataclasses.dataclass(frozen=True)
class Mode:
    """A mode.

    Attributes:
      text: what it does, for the help.
      min_inputs: how many inputs it needs.
      max_inputs: how many it takes.
      count: (flags, number of inputs) -> how many results there are at one temperature.
      run: does it, a few results at a time.
      config: the configuration that is taken where the user names none.
      follows: whether its input is what is followed, so that it may be given as --control_midi.
      draws: whether it draws latent vectors, which may be asked for an attribute.
      steers: whether its attribute is a vector that is added.
      by_rows: whether it reads and writes whole pieces step by step, from many candidates.
    """

    text: str
    min_inputs: int
    max_inputs: int
    count: Count
    run: ModeFunction
    config: str | None = None
    follows: bool = False
    draws: bool = False
    steers: bool = False
    by_rows: bool = False


def _outputs(values: Values, _: int) -> int:
    return int(values["num_outputs"])


def _sample(
    model: TrainedModel, _: Sequence[Piece], options: SamplingOptions, values: Values
) -> Iterator[Result]:
    from musicvae.generate.modes import stream
    from musicvae.generate.results import Result

    total = values["num_outputs"]
    for first in range(0, total, SAMPLED_TOGETHER):
        count = min(SAMPLED_TOGETHER, total - first)
        own = dataclasses.replace(options, seed=options.seed_for(first))
        for piece in stream(model, count, own, first=first + 1):
            yield Result((piece,))


def _interpolate(
    model: TrainedModel, inputs: Sequence[Piece], options: SamplingOptions, values: Values
) -> Iterator[Result]:
    from musicvae.generate.modes import interpolate

    count, linear = values["num_outputs"], values["linear"]
    yield interpolate(model, inputs[0], inputs[1], count, options, linear=linear)


def _grid(
    model: TrainedModel, inputs: Sequence[Piece], options: SamplingOptions, values: Values
) -> Iterator[Result]:
    from musicvae.generate.modes import grid

    yield grid(model, inputs, values["num_outputs"], options, linear=values["linear"])


def _morph(
    model: TrainedModel, inputs: Sequence[Piece], options: SamplingOptions, values: Values
) -> Iterator[Result]:
    from musicvae.generate.modes import morph

    yield morph(model, inputs, values["num_outputs"], options, linear=values["linear"])


def _reconstruct(
    model: TrainedModel, inputs: Sequence[Piece], options: SamplingOptions, values: Values
) -> Iterator[Result]:
    from musicvae.generate.modes import reconstruct

    yield reconstruct(
        model,
        inputs[0],
        values["num_outputs"],
        options,
        whole=values["whole"],
        others=values["models"],
    )


def _similar(
    model: TrainedModel, inputs: Sequence[Piece], options: SamplingOptions, values: Values
) -> Iterator[Result]:
    from musicvae.generate.modes import similar

    yield similar(model, inputs[0], values["num_outputs"], values["closeness"], options)


def _steer(
    model: TrainedModel, inputs: Sequence[Piece], options: SamplingOptions, values: Values
) -> Iterator[Result]:
    from musicvae.attribute_vectors import (
        ATTRIBUTES,
        attribute_named,
        attributes_path,
        load_vectors,
    )
    from musicvae.generate.modes import steer

    if not values["attribute"]:
        raise InputError("missing --attribute; give one, such as --attribute=note_density")
    if len(values["attribute"]) > 1:
        raise InputError(
            f"--attribute is given {len(values['attribute'])} times; --mode=attribute changes one"
        )
    path = values["attributes_file"] or attributes_path(model.checkpoint)
    vectors = load_vectors(path, model.config.hparams.z_size)
    name = values["attribute"][0]
    if {*vectors.names} <= {attribute.name for attribute in ATTRIBUTES}:
        name = attribute_named(name).name
    yield steer(model, inputs[0], vectors, name, values["amount"], options)


def _continue(
    model: TrainedModel, inputs: Sequence[Piece], options: SamplingOptions, values: Values
) -> Iterator[Result]:
    from musicvae.generate.infill import continue_piece

    yield continue_piece(
        model, inputs[0], values["bars"] or DEFAULT_ADDED_BARS, values["num_outputs"], options
    )


def _infill(
    model: TrainedModel, inputs: Sequence[Piece], options: SamplingOptions, values: Values
) -> Iterator[Result]:
    from musicvae.generate.infill import infill

    yield infill(
        model,
        inputs[0],
        values["keep"],
        values["num_outputs"],
        options,
        keep_parts=values["keep_parts"],
    )


def _compose(
    model: TrainedModel, _: Sequence[Piece], options: SamplingOptions, values: Values
) -> Iterator[Result]:
    from musicvae.generate.composing import compose

    bars = values["bars"] or DEFAULT_BARS
    for k in range(values["num_outputs"]):
        own = dataclasses.replace(options, seed=options.seed_for(k))
        yield compose(model, bars, values["form"], 1, own)


def _groove(run: str) -> ModeFunction:
    def play(
        model: TrainedModel, inputs: Sequence[Piece], options: SamplingOptions, values: Values
    ) -> Iterator[Result]:
        from musicvae.generate.grooves import play_groove

        yield play_groove(model, run, inputs[0], values["num_outputs"], options, values["models"])

    return play


def _follow_hits(
    model: TrainedModel, inputs: Sequence[Piece], options: SamplingOptions, values: Values
) -> Iterator[Result]:
    from musicvae.generate.grooves import follow_hits

    style = inputs[1] if len(inputs) > 1 else None
    yield follow_hits(model, inputs[0], values["num_outputs"], options, style=style)


MODES: Mapping[str, Mode] = {
    "sample": Mode("write new pieces", 0, 0, _outputs, _sample, draws=True),
    "interpolate": Mode("lead from one input to another", 2, 2, _outputs, _interpolate),
    "grid": Mode(
        "fill a square between four inputs, num_outputs along a side",
        *(4, 4, lambda values, _: values["num_outputs"] ** 2, _grid),
    ),
    "reconstruct": Mode("play an input as the model remembers it", 1, 1, _outputs, _reconstruct),
    "similar": Mode("vary an input, by --closeness", 1, 1, _outputs, _similar, draws=True),
    "morph": Mode(
        "join num_outputs steps on a path through two inputs or more into one piece",
        *(2, 100, lambda *_: 1, _morph),
    ),
    "continue": Mode("let an input go on for --bars", 1, 1, _outputs, _continue, by_rows=True),
    "infill": Mode(
        "write what of an input is not in --keep or --keep_parts",
        *(1, 1, _outputs, _infill),
        by_rows=True,
    ),
    "compose": Mode(
        "write a long piece of --bars in the sections of --form",
        *(0, 0, _outputs, _compose),
        draws=True,
        by_rows=True,
    ),
    "attribute": Mode(
        "add --amount of the vector of an --attribute",
        *(1, 1, lambda values, _: len(values["amount"]), _steer),
        steers=True,
    ),
    "humanize": Mode(
        "play drums with feeling",
        *(1, 1, _outputs, _groove("humanize"), "groovae_2bar_humanize"),
    ),
    "tap2drum": Mode(
        "make drums of a tapped rhythm",
        *(1, 1, _outputs, _groove("tap2drum"), "groovae_2bar_tap_fixed_velocity"),
    ),
    "add_hihat": Mode(
        "add closed hi-hats to drums",
        *(1, 1, _outputs, _groove("add_hihat"), "groovae_2bar_add_closed_hh"),
    ),
    "follow_hits": Mode(
        "play given hits in a new manner, or that of a second input",
        *(1, 2, _outputs, _follow_hits, "groovae_2bar_hits_control_tfds", True),
        draws=True,
    ),
}
