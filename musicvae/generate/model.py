"""A model to make music with: every mode as a method, music of any kind in, samples out.

    model = musicvae.load("cat-mel_2bar_small")
    for k, sample in enumerate(model.interpolate("a.mid", "b.mid", 9, seed=1)):
        sample.write(f"{k}.mid")

Inputs are fitted to the model (see input_windows.py) unless `strict=True`; what was done to them
stands in the result's `notes`. TrainedModel has Magenta's methods, which take and give
NoteSequences.

Axes: N pieces, Z columns of z.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Unpack

import numpy.typing as npt

from musicvae.generate import modes
from musicvae.generate.groove_methods import GrooveMethods
from musicvae.generate.keywords import SamplingKeywords, sampling_options
from musicvae.generate.music import MusicLike, as_piece
from musicvae.generate.performing import fit
from musicvae.generate.results import Result, Sample, SamplingOptions
from musicvae.generate.row_modes import RowModes
from musicvae.generate.styles import StyleLike, as_style
from musicvae.prior import DEFAULT_TEMPERATURE

if TYPE_CHECKING:
    from musicvae.attribute_vectors import AttributeVectors
    from musicvae.config import Config
    from musicvae.generate.arrays import Encoded
    from musicvae.generate.trained_model import TrainedModel


class Model(GrooveMethods, RowModes):
    """A trained model and its modes.

    Attributes:
      trained: the model with Magenta's methods, and with tensors.

    Examples:
      >>> import musicvae as mv
      >>> model = mv.load("cat-drums_2bar_small")
      >>> model
      <Model 'cat-drums_2bar_small': 2 bars of drums, z of 256>
      >>> len(model.sample(2, seed=1))
      2
    """

    def __init__(self, trained: TrainedModel) -> None:
        """Wraps a trained model; `musicvae.load` makes both.

        Args:
          trained: the model.
        """
        self.trained = trained

    @property
    def config(self) -> Config:
        """Its configuration, at the sizes of its weights."""
        return self.trained.config

    @property
    def name(self) -> str:
        """Its configuration's name."""
        return self.trained.config.name

    def __repr__(self) -> str:
        converter = self.trained.converter
        bars = converter.bars
        length = f"{bars} bar{'' if bars == 1 else 's'} of {converter.noun}"
        return f"<Model '{self.name}': {length}, z of {self.config.hparams.z_size}>"

    def sample(
        self, n: int = 1, *, style: StyleLike | None = None, **options: Unpack[SamplingKeywords]
    ) -> Result:
        """Samples new music.

        Args:
          n: how many pieces.
          style: a style of `mv.style`, or its file, to stay within.
          **options: see `SamplingKeywords`.

        Returns:
          `n` samples; at several temperatures, `n` at each from the same z.

        Raises:
          InputError: a value is out of range, or the model needs chords or hits.
          TypeError: a keyword is unknown.

        Examples:
          >>> import musicvae as mv
          >>> model = mv.load("cat-drums_2bar_small")
          >>> model.sample(3, temperature=0.4, qpm=100, seed=7)
          <Result: 3 samples as a list>
        """
        return modes.sample(
            self.trained, n, _within(style, options, self.trained.default_temperature)
        )

    def stream(
        self, n: int = 1, *, style: StyleLike | None = None, **options: Unpack[SamplingKeywords]
    ) -> Iterator[Sample]:
        """Samples new music, and hands out the pieces as they are finished.

        Args:
          n: how many pieces; `batch_size` of them are finished together.
          style: a style of `mv.style`, or its file, to stay within.
          **options: see `SamplingKeywords`.

        Returns:
          What gives the samples, those of `sample` with the same seed.

        Raises:
          InputError: a value is out of range, or the model needs chords or hits.
          TypeError: a keyword is unknown.

        Examples:
          >>> import musicvae as mv
          >>> model = mv.load("cat-drums_2bar_small", batch_size=1)
          >>> for sample in model.stream(2, seed=1):
          ...     print(sample.title)
          sample 1
          sample 2
        """
        return modes.stream(
            self.trained, n, _within(style, options, self.trained.default_temperature)
        )

    def reconstruct(
        self,
        music: MusicLike,
        n: int = 1,
        *,
        whole: bool = False,
        others: Sequence[Model] = (),
        **options: Unpack[SamplingKeywords],
    ) -> Result:
        """Encodes a piece and decodes it again.

        Args:
          music: the piece.
          n: how many results: the first from the posterior's mean, others from samples of it.
          whole: whether to do the whole piece, with all its bars in their places.
          others: models of other lengths; the longest that fits plays each stretch of a whole
            piece.
          **options: see `SamplingKeywords`.

        Raises:
          InputError: the piece does not fit, or a value is out of range.

        Examples:
          >>> import musicvae as mv
          >>> model = mv.load("cat-drums_2bar_small")
          >>> beat = model.sample(1, seed=1)[0]
          >>> model.reconstruct(beat, seed=1)
          <Result: 1 sample as a list>
        """
        return modes.reconstruct(
            self.trained,
            as_piece(music),
            n,
            sampling_options(options),
            whole=whole,
            others=[other.trained for other in others],
        )

    def interpolate(
        self,
        start: MusicLike,
        end: MusicLike,
        n: int = 5,
        *,
        linear: bool = False,
        **options: Unpack[SamplingKeywords],
    ) -> Result:
        """Leads from one piece to another through latent space.

        Args:
          start: where to begin.
          end: where to end.
          n: how many pieces, both ends included.
          linear: whether to go straight and not along an arc.
          **options: see `SamplingKeywords`.

        Raises:
          InputError: a piece does not fit, or a value is out of range.

        Examples:
          >>> import musicvae as mv
          >>> model = mv.load("cat-drums_2bar_small")
          >>> a, b = model.sample(2, seed=1)
          >>> model.interpolate(a, b, 5, seed=1)
          <Result: 5 samples as a path>
        """
        return modes.interpolate(
            self.trained,
            as_piece(start),
            as_piece(end),
            n,
            sampling_options(options),
            linear=linear,
        )

    def morph(
        self,
        pieces: Sequence[MusicLike],
        n: int = 9,
        *,
        linear: bool = False,
        joined: bool = True,
        style: StyleLike | None = None,
        **options: Unpack[SamplingKeywords],
    ) -> Result:
        """Leads along a path through several pieces.

        Args:
          pieces: the stations, two or more.
          n: how many windows from the first station to the last.
          linear: whether to go straight and not along arcs.
          joined: whether to return one long sample and not `n`.
          style: a style of `mv.style`, or its file, to stay within.
          **options: see `SamplingKeywords`.

        Raises:
          InputError: a piece does not fit, there is one only, or a value is out of range.

        Examples:
          >>> import musicvae as mv
          >>> model = mv.load("cat-drums_2bar_small")
          >>> model.morph(model.sample(3, seed=1), 5, seed=1)[0].title
          'morph'
        """
        inputs = [as_piece(piece) for piece in pieces]
        options_ = _within(style, options)
        return modes.morph(self.trained, inputs, n, options_, linear=linear, joined=joined)

    def grid(
        self,
        corners: Sequence[MusicLike],
        n: int = 5,
        *,
        linear: bool = False,
        style: StyleLike | None = None,
        **options: Unpack[SamplingKeywords],
    ) -> Result:
        """Fills a square between four pieces.

        Args:
          corners: upper left, upper right, lower left, lower right; none, with `style`, for a map
            of the style's first two axes.
          n: pieces along a side, at least 2.
          linear: whether to go straight and not along arcs.
          style: a style of `mv.style`, or its file, to stay within.
          **options: see `SamplingKeywords`.

        Returns:
          `n * n` samples, row by row.

        Raises:
          InputError: there are not four pieces, one does not fit, or a value is out of range.

        Examples:
          >>> import musicvae as mv
          >>> model = mv.load("cat-drums_2bar_small")
          >>> model.grid(model.sample(4, seed=1), 3, seed=1).columns
          3
        """
        inputs = [as_piece(corner) for corner in corners]
        return modes.grid(self.trained, inputs, n, _within(style, options), linear=linear)

    def similar(
        self,
        music: MusicLike,
        n: int = 5,
        closeness: float = 0.7,
        *,
        style: StyleLike | None = None,
        **options: Unpack[SamplingKeywords],
    ) -> Result:
        """Writes variations of a piece.

        Args:
          music: the piece.
          n: how many variations.
          closeness: 0 (anything) to 1 (the piece as the model remembers it).
          style: a style of `mv.style`, or its file, to stay within.
          **options: see `SamplingKeywords`.

        Raises:
          InputError: the piece does not fit, or a value is out of range.

        Examples:
          >>> import musicvae as mv
          >>> model = mv.load("cat-drums_2bar_small")
          >>> model.similar(model.sample(1, seed=1)[0], 4, closeness=0.8, seed=2)
          <Result: 4 samples as a list>
        """
        return modes.similar(self.trained, as_piece(music), n, closeness, _within(style, options))

    def steer(
        self,
        music: MusicLike,
        direction: str,
        amounts: Sequence[float] = (-1.0, 0.0, 1.0),
        *,
        vectors: AttributeVectors,
        **options: Unpack[SamplingKeywords],
    ) -> Result:
        """Gives a piece more or less of an attribute.

        Args:
          music: the piece.
          direction: the name of an attribute, such as "note_density".
          amounts: how much of the attribute's vector is added, a sample for each.
          vectors: the model's own, of `mv.attributes` or `musicvae.attribute_vectors.load_vectors`.
          **options: see `SamplingKeywords`.

        Raises:
          InputError: the piece does not fit, or the attribute has no vector.

        Examples:
          >>> import musicvae as mv
          >>> model = mv.load("cat-drums_2bar_small")
          >>> beats = [sample.sequence for sample in model.sample(32, seed=1)]
          >>> vectors = mv.attributes(model, beats, num_tests=1).vectors
          >>> model.steer(beats[0], "note_density", vectors=vectors, seed=1)
          <Result: 3 samples as a ...>
        """
        return modes.steer(
            self.trained, as_piece(music), vectors, direction, amounts, sampling_options(options)
        )

    def encode(self, *music: MusicLike, seed: int | None = None, strict: bool = False) -> Encoded:
        """Finds the latent vectors of pieces, each fitted to one window.

        Args:
          *music: the pieces, N.
          seed: makes z repeatable.
          strict: whether each piece must be one window exactly, as it stands.

        Returns:
          (z, mu, sigma), each float32 `[N, Z]`.

        Raises:
          InputError: a piece does not fit.

        Examples:
          >>> import musicvae as mv
          >>> model = mv.load("cat-drums_2bar_small")
          >>> model.encode(*model.sample(2, seed=1)).mu.shape
          (2, 256)
        """
        options = sampling_options({"strict": strict})
        windows = [fit(self.trained, as_piece(piece), options) for piece in music]
        return self.trained.encode_examples([window.example for window in windows], seed=seed)

    def decode(self, z: npt.ArrayLike, **options: Unpack[SamplingKeywords]) -> Result:
        """Decodes latent vectors.

        Args:
          z: float `[N, Z]`.
          **options: see `SamplingKeywords`.

        Raises:
          InputError: z is of another size, or the model needs chords or hits.

        Examples:
          >>> import musicvae as mv
          >>> model = mv.load("cat-drums_2bar_small")
          >>> model.decode(model.encode(model.sample(1, seed=1)[0]).mu, temperature=0, seed=1)
          <Result: 1 sample as a list>
        """
        return modes.decode_vectors(self.trained, z, sampling_options(options))


def _within(
    style: StyleLike | None, keywords: SamplingKeywords, temperature: float = DEFAULT_TEMPERATURE
) -> SamplingOptions:
    """Returns options that stay within a style, if there is one."""
    options = sampling_options(keywords, temperature)
    return options if style is None else dataclasses.replace(options, style=as_style(style))
