"""The modes of a model that read or write whole pieces step by step, from many candidates."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Unpack

from musicvae.generate.composing import compose
from musicvae.generate.infill import continue_piece, infill
from musicvae.generate.keywords import SamplingKeywords, sampling_options
from musicvae.generate.music import MusicLike, as_piece
from musicvae.generate.results import Result
from musicvae.generate.styles import StyleLike, as_style

if TYPE_CHECKING:
    from musicvae.generate.trained_model import TrainedModel


class RowModes:
    """Continuing, filling and composing; for models of melodies, drum patterns and trios.

    Attributes:
      trained: the model.
    """

    trained: TrainedModel

    def continue_(
        self,
        music: MusicLike,
        bars: int = 8,
        n: int = 1,
        **options: Unpack[SamplingKeywords],
    ) -> Result:
        """Lets a piece go on; needs a model of melodies, drum patterns or trios.

        Args:
          music: the piece, of any length.
          bars: how many bars are added.
          n: how many results.
          **options: see `SamplingKeywords`.

        Returns:
          The whole piece as the model reads it, each time with another end.

        Raises:
          ConfigError: the model is of grooves or of several tracks.
          InputError: the piece does not fit, or a value is out of range.

        Examples:
          >>> import musicvae as mv
          >>> model = mv.load("cat-drums_2bar_small")
          >>> beat = model.sample(1, seed=1)[0]
          >>> longer = model.continue_(beat, bars=1, seed=2)[0]
          >>> longer.sequence.total_time / beat.sequence.total_time
          1.5
        """
        return continue_piece(self.trained, as_piece(music), bars, n, sampling_options(options))

    def infill(
        self,
        music: MusicLike,
        keep: str | None = None,
        n: int = 1,
        *,
        keep_parts: Sequence[str] = (),
        **options: Unpack[SamplingKeywords],
    ) -> Result:
        """Writes what of a piece is not kept; needs a model of melodies, drum patterns or trios.

        Args:
          music: the piece, of any length.
          keep: the bars that are kept, such as "1-4,9-16", from 1.
          n: how many results.
          keep_parts: parts of a trio that are kept in every bar: "melody", "bass", "drums".
          **options: see `SamplingKeywords`.

        Returns:
          The whole piece as the model reads it, each time with something else in the gaps.

        Raises:
          ConfigError: the model is of grooves or of several tracks.
          InputError: the piece does not fit, or there is nothing to keep or to write.

        Examples:
          >>> import musicvae as mv
          >>> model = mv.load("cat-drums_2bar_small")
          >>> beat = model.sample(1, seed=1)[0]
          >>> model.infill(beat, keep="1", seed=2)
          <Result: 1 sample as a list, 1 notes on the inputs>
        """
        return infill(
            self.trained,
            as_piece(music),
            keep,
            n,
            sampling_options(options),
            keep_parts=keep_parts,
        )

    def compose(
        self,
        bars: int = 64,
        form: str = "AABA",
        n: int = 1,
        *,
        style: StyleLike | None = None,
        **options: Unpack[SamplingKeywords],
    ) -> Result:
        """Writes long pieces in sections, whose returns are varied.

        Args:
          bars: of the whole piece, a multiple of the form's sections.
          form: a letter for each section, or names with commas, as in "verse,chorus,verse".
          n: how many pieces.
          style: a style of `mv.style`, or its file, to stay within.
          **options: see `SamplingKeywords`; chords go round over all bars.

        Returns:
          The pieces; the notes say how much each return differs from the first time.

        Raises:
          ConfigError: the model is of grooves or of several tracks.
          InputError: the bars do not divide into the sections, or a value is out of range.

        Examples:
          >>> import musicvae as mv
          >>> mv.load("cat-drums_2bar_small").compose(8, "AABA", seed=1)
          <Result: 1 sample as a list...>
        """
        wanted = sampling_options(options, self.trained.default_temperature)
        if style is not None:
            wanted = dataclasses.replace(wanted, style=as_style(style))
        return compose(self.trained, bars, form, n, wanted)
