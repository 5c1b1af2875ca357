"""All windows of a piece that a model sees, each with its place in latent space."""

from __future__ import annotations

import dataclasses

from musicvae.errors import NoExamplesError
from musicvae.generate.decoding import Setting
from musicvae.generate.input_windows import all_windows, window_notes
from musicvae.generate.latent_points import LatentPoint
from musicvae.generate.performing import adaptations_for
from musicvae.studio.clips import clip_of
from musicvae.studio.messages import Clip
from musicvae.studio.playing import Playing
from musicvae.studio.replies import ReadReply
from musicvae.studio.sources import Given

MAX_WINDOWS = 256


@dataclasses.dataclass(frozen=True)
class Windows:
    """The windows of a piece.

    Attributes:
      codes: their codes, N.
      clips: the windows as they stand in the piece, N.
      bars: the bars at which they begin, N; the first of a piece is 1.
      notes: what was adapted or skipped.
    """

    codes: list[LatentPoint]
    clips: list[Clip]
    bars: list[int]
    notes: list[str]


def windows_of(playing: Playing, given: Given) -> Windows:
    """Finds all windows of what a source gives.

    Args:
      playing: the model and options.
      given: the source, read. What has a place in latent space already is one window.

    Raises:
      InputError: the model can read nothing of it.
    """
    if playing.sources.is_placed(playing.model, given):
        (code,), _ = playing.codes([given])
        piece = playing.sources.piece(playing.model, given)
        clip = clip_of(piece.sequence, code.name, model=playing.model.config.name, z=code.z)
        playing.sources.remember(playing.model, code, clip)
        return Windows([code], [clip], [1], [])
    piece = playing.sources.piece(playing.model, given)
    found, notes = all_windows(
        playing.options.drum_map.as_general_midi(piece.sequence),
        playing.model.converter,
        name=piece.name,
        adaptations=adaptations_for(playing.options),
    )
    most = found[:MAX_WINDOWS]
    if len(found) > len(most):
        notes = (*notes, f"of its {len(found)} windows the first {len(most)} are shown")
        found = most
    posterior = playing.model.encode_examples([window.example for window in found], seed=0)
    codes, clips = [], []
    for window, z in zip(found, posterior.mu, strict=True):
        kept = window if playing.model.converter.spec.control_depth else None
        code = LatentPoint(piece.name, z, Setting.of(window), kept)
        name = f"{piece.name}, bar {window.bar}" if len(found) > 1 else piece.name
        excerpt = window_notes(window, playing.model.converter)
        clip = clip_of(excerpt, name, model=playing.model.config.name, z=z)
        playing.sources.remember(playing.model, code, clip)
        codes.append(code)
        clips.append(clip)
    sentences = [f"{piece.name}: {note}" for note in notes]
    return Windows(codes, clips, [window.bar for window in found], sentences)


def read_piece(playing: Playing, given: Given) -> ReadReply:
    """Returns a whole piece, and the windows of it that a model sees; none where it sees none."""
    piece = playing.sources.piece(playing.model, given)
    notes = list(given.notes)
    clips: list[Clip] = []
    try:
        found = windows_of(playing, given)
        clips, notes = found.clips, [*notes, *found.notes]
    except NoExamplesError as error:
        notes.append(str(error))
    return ReadReply(clips=clips, piece=clip_of(piece.sequence, piece.name), notes=notes)
