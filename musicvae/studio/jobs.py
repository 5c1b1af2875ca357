"""The modes of `musicvae-generate` on whole pieces that a user gives."""

from __future__ import annotations

from collections.abc import Sequence

from musicvae.errors import InputError
from musicvae.generate.composing import compose
from musicvae.generate.grooves import GROOVE_MODES, follow_hits, play_groove
from musicvae.generate.infill import continue_piece, infill
from musicvae.generate.modes import grid, interpolate, morph, reconstruct
from musicvae.generate.results import Piece, Result
from musicvae.registry import did_you_mean
from musicvae.studio.clips import clip_of
from musicvae.studio.messages import JobRequest
from musicvae.studio.model_cards import modes_of
from musicvae.studio.models import WarmModels
from musicvae.studio.playing import Playing
from musicvae.studio.replies import JobReply
from musicvae.studio.sources import Given

DEFAULT_ADDED_BARS = 8
DEFAULT_COMPOSED_BARS = 64

# Mode -> how many inputs it takes, at least and at most.
INPUTS = {
    "sample": (0, 0),
    "interpolate": (2, 2),
    # None for a map of a style.
    "grid": (0, 4),
    "reconstruct": (1, 1),
    "similar": (1, 1),
    "morph": (2, 100),
    "attribute": (1, 1),
    "continue": (1, 1),
    "infill": (1, 1),
    "compose": (0, 0),
    "humanize": (1, 1),
    "tap2drum": (1, 1),
    "add_hihat": (1, 1),
    "follow_hits": (1, 2),
}


def model_for(models: WarmModels, request: JobRequest) -> str:
    """Returns the name of the model that does a job: the one asked for, or the mode's usual one.

    Args:
      models: the models.
      request: the job.

    Raises:
      InputError: the mode is unknown, or the model that was asked for cannot do it.
    """
    mode = request.mode
    if mode not in INPUTS:
        raise InputError(
            f"unknown mode '{mode[:80]}'{did_you_mean(mode, INPUTS)} Known: {', '.join(INPUTS)}"
        )
    name = request.model or models.current
    if mode in modes_of(models.config(name)):
        return name
    if mode in GROOVE_MODES and GROOVE_MODES[mode].config in models.names:
        return GROOVE_MODES[mode].config
    raise InputError(f"config '{name}' cannot do {mode}; choose another model")


def check_inputs(request: JobRequest) -> None:
    """Checks how many inputs a job has.

    Raises:
      InputError: too few or too many.
    """
    given = len(request.sources) + (request.source is not None)
    fewest, most = INPUTS[request.mode]
    if not fewest <= given <= most:
        wanted = f"{fewest}" if fewest == most else f"{fewest} to {most}"
        inputs = "input" if wanted == "1" else "inputs"
        raise InputError(f"{request.mode} takes {wanted} {inputs}; given are {given}")


def do_job(playing: Playing, request: JobRequest, given: Sequence[Given]) -> JobReply:
    """Does a job; in the models' thread.

    Args:
      playing: the model and options.
      request: the job.
      given: its inputs, read.

    Raises:
      InputError: an input does not fit, or a value is out of range.
    """
    name = playing.model.config.name
    read = [note for each in given for note in each.notes]
    notes: Sequence[str] = ()
    if request.mode == "sample":
        clips = playing.sample(request.count)
    elif request.mode == "similar":
        # A sample's own place is better than one that its notes are given anew.
        codes, _ = playing.codes(given)
        clips = playing.similar(codes[0], request.count, request.closeness)
        notes = codes[0].window.notes if codes[0].window is not None else ()
    elif request.mode == "attribute":
        codes, _ = playing.codes(given)
        clips = playing.steered(codes[0], request.attribute or "", request.amounts)
        notes = codes[0].window.notes if codes[0].window is not None else ()
    else:
        result = _run(playing, request, playing.pieces(given))
        notes = result.notes
        clips = [
            clip_of(sample.sequence, sample.caption, model=name, z=sample.z, seed=playing.seed)
            for sample in result
        ]
    return JobReply(clip=clips[0], clips=clips, notes=[*read, *notes], model=name)


def _run(playing: Playing, request: JobRequest, pieces: list[Piece]) -> Result:
    model, options, count = playing.model, playing.options, request.count
    if request.mode == "interpolate":
        return interpolate(model, pieces[0], pieces[1], count, options, linear=request.linear)
    if request.mode == "grid":
        return grid(model, pieces, max(count, 2), options, linear=request.linear)
    if request.mode == "morph":
        return morph(model, pieces, max(count, 2), options, linear=request.linear)
    if request.mode == "reconstruct":
        return reconstruct(model, pieces[0], count, options, whole=request.whole)
    if request.mode == "continue":
        bars = request.bars or DEFAULT_ADDED_BARS
        return continue_piece(model, pieces[0], bars, count, options, progress=playing.report)
    if request.mode == "compose":
        bars = request.bars or DEFAULT_COMPOSED_BARS
        return compose(model, bars, request.form, count, options, progress=playing.report)
    if request.mode == "infill":
        return infill(
            model,
            pieces[0],
            request.keep,
            count,
            options,
            keep_parts=request.keep_parts,
            progress=playing.report,
        )
    if request.mode == "follow_hits":
        style = pieces[1] if len(pieces) > 1 else None
        return follow_hits(model, pieces[0], count, options, style=style)
    return play_groove(model, request.mode, pieces[0], count, options)
