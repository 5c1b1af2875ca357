"""What requests do in latent space: samples, squares, paths, variations.

Everything here runs in the models' thread.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import secrets
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from musicvae.errors import InputError
from musicvae.generate.controls import control_window
from musicvae.generate.decoding import Setting
from musicvae.generate.input_windows import Window, window_notes
from musicvae.generate.joining import cut_at, join
from musicvae.generate.latent_points import (
    LatentPoint,
    decode_points,
    in_square,
    on_path,
    variations,
    within_style,
)
from musicvae.generate.results import Piece, SamplingOptions, Vector
from musicvae.generate.styles import new_vectors
from musicvae.studio.clips import clip_of
from musicvae.studio.knobs import Knobs
from musicvae.studio.messages import Clip, Options
from musicvae.studio.models import WarmModel
from musicvae.studio.sources import Given, Sources, sampling_options
from musicvae.styles.space import MAP_REACH

if TYPE_CHECKING:
    from musicvae.generate import TrainedModel

SEEDS = 2**31

Report = Callable[[int, int], None]


def _say_nothing(done: int, total: int) -> None:
    del done, total


@dataclasses.dataclass(frozen=True)
class Playing:
    """A request's model and options, ready to make music.

    Attributes:
      warm: the model.
      sources: what can be named by an id.
      request: what is asked for.
      options: the same, as the modes take it.
      seed: random seed: the request's, or one that was drawn.
      report: says how many parts of the work are done, and of how many.
    """

    warm: WarmModel
    sources: Sources
    request: Options
    options: SamplingOptions
    seed: int
    report: Report = _say_nothing

    @classmethod
    def of(
        cls,
        warm: WarmModel,
        sources: Sources,
        request: Options,
        control: Given | None = None,
        report: Report = _say_nothing,
    ) -> Playing:
        """Reads a request.

        Args:
          warm: the model.
          sources: what can be named by an id.
          request: the request.
          control: its control, read.
          report: says how many parts of the work are done, and of how many.

        Raises:
          InputError: a value is out of range.
        """
        seed = secrets.randbelow(SEEDS) if request.seed is None else request.seed
        piece = None if control is None else sources.piece(warm.trained, control)
        options = sampling_options(request, seed, piece, warm.style)
        return cls(warm, sources, request, options, seed, report)

    @property
    def model(self) -> TrainedModel:
        """The trained model."""
        return self.warm.trained

    def sample(self, count: int) -> list[Clip]:
        """Writes new music."""
        if self.options.style is not None:
            z = new_vectors(self.model, count, self.options)
        else:
            z = self.model.sample_z(
                count,
                self.seed,
                prior=self.request.prior,
                targets=self.options.targets,
                guidance=self.options.guidance,
            )
        setting = Setting()
        if self.options.control is not None:
            setting = Setting(qpm=control_window(self.model.converter, self.options.control).qpm)
        return self.decode(
            [LatentPoint(f"sample {k + 1}", row, setting) for k, row in enumerate(z)]
        )

    def codes(self, given: Sequence[Given]) -> tuple[list[LatentPoint], list[str]]:
        """Returns where sources lie, and an id for each."""
        return self.sources.codes(self.model, given, self.options)

    def stations(self, given: Sequence[Given]) -> tuple[list[LatentPoint], list[str]]:
        """Returns codes to move between, and an id for each.

        With a style they lie in it: its own draws as they are, others as it knows them.
        """
        codes, ids = self.codes(given)
        style = self.options.style
        if style is None:
            return codes, ids
        placed = within_style(self.model, codes, self.options)
        inside = style.holds(np.array([code.z for code in codes]))
        pairs = zip(codes, placed, inside, strict=True)
        return [code if is_inside else other for code, other, is_inside in pairs], ids

    def style_point(self, position: Sequence[float]) -> Clip:
        """Writes the music at a place in the style.

        Args:
          position: along its axes, in standard deviations; 0 along those left out.

        Raises:
          InputError: it has fewer axes.
        """
        return self._of_style(self._in_style(position, 1))[0]

    def style_map(self, position: Sequence[float], size: int) -> list[Clip]:
        """Fills a square of the style, row by row: its first axis across, its second one down.

        Args:
          position: along its axes, of which the first two are left out.
          size: clips along a side.

        Raises:
          InputError: it has fewer axes.
        """
        a = self._in_style(position, size * size)
        places = np.linspace(-MAP_REACH, MAP_REACH, size)
        a[:, 0], a[:, 1] = np.tile(places, size), np.repeat(places, size)
        return self._of_style(a)

    def _in_style(self, position: Sequence[float], count: int) -> Vector:
        """Returns a place in the style so many times, float32 `[count, A]`."""
        style = self.options.style
        assert style is not None, "a request for a place in a style says so"
        axes = len(style.axes)
        if len(position) > axes:
            raise InputError(f"the position has {len(position)} numbers; the style has {axes} axes")
        a = np.zeros((count, axes), np.float32)
        a[:, : len(position)] = position
        return a

    def _of_style(self, a: Vector) -> list[Clip]:
        assert self.options.style is not None, "a request for a place in a style says so"
        names = [", ".join(f"{value:+.2g}" for value in row) for row in a]
        pairs = zip(names, self.options.style.decode(a), strict=True)
        return self.decode([LatentPoint(name, z, Setting()) for name, z in pairs])

    def decode(self, codes: Sequence[LatentPoint], window: Window | None = None) -> list[Clip]:
        """Writes the music of codes, moved along the attributes that are asked for."""
        codes = [self._moved(code) for code in codes]
        samples = decode_points(self.model, codes, self.options, window)
        return self.sources.clips(self.model, samples, codes, self.seed)

    def point(self, corners: Sequence[LatentPoint], x: float, y: float) -> Clip:
        """Writes the music at a place in a square."""
        code = in_square(corners, x, y, linear=self.request.linear)
        return self.decode([code], corners[0].window)[0]

    def square(self, corners: Sequence[LatentPoint], size: int) -> list[Clip]:
        """Fills a square, row by row."""
        shares = [k / (size - 1) for k in range(size)]
        linear = self.request.linear
        cells = [in_square(corners, x, y, linear=linear) for y in shares for x in shares]
        return self.decode(cells, corners[0].window)

    def path(
        self, corners: Sequence[LatentPoint], points: Sequence[tuple[float, float]], bars: int
    ) -> Clip:
        """Writes one piece along a path in a square."""
        per_window = self.model.converter.bars
        places = along(points, math.ceil(bars / per_window))
        linear = self.request.linear
        codes = [self._moved(in_square(corners, x, y, linear=linear)) for x, y in places]
        samples = decode_points(self.model, codes, self.options, corners[0].window)
        whole = join([sample.sequence for sample in samples])
        signature = codes[0].setting.time_signature
        clip = clip_of(whole, "path", seed=self.seed)
        if bars % per_window:
            end = bars * 4.0 * signature[0] / signature[1]
            whole = cut_at(whole, whole.total_time * end / clip.length)
            clip = clip_of(whole, "path", seed=self.seed)
        return clip

    def morph(self, ends: Sequence[LatentPoint], count: int) -> list[Clip]:
        """Leads from one code to another."""
        places = [k / (count - 1) for k in range(count)] if count > 1 else [0.0]
        path = [on_path(ends, place, linear=self.request.linear) for place in places]
        return self.decode(path, ends[0].window)

    def similar(self, code: LatentPoint, count: int, closeness: float) -> list[Clip]:
        """Writes variations."""
        near = variations(
            self.model, code, count, closeness, self.options, prior=self.request.prior
        )
        return self.decode(near, code.window)

    def steered(self, code: LatentPoint, attribute: str, amounts: Sequence[float]) -> list[Clip]:
        """Writes a code's music with less and more of an attribute, in standard deviations."""
        codes = [
            dataclasses.replace(
                code,
                name=f"{attribute} {amount:+g}",
                z=self._knobs().moved(code.z, {attribute: amount}),
            )
            for amount in amounts
        ]
        return self.decode(codes, code.window)

    def encoded(self, given: Given, code: LatentPoint) -> tuple[Clip, list[str]]:
        """Returns a source as it stands with its place, and what was done to it."""
        name = self.model.config.name
        if code.window is not None and not self.sources.is_placed(self.model, given):
            notes = window_notes(code.window, self.model.converter)
        else:
            notes = self.sources.piece(self.model, given).sequence
        clip = clip_of(notes, code.name, model=name, z=code.z)
        self.sources.remember(self.model, code, clip)
        fitted = code.window.notes if code.window is not None else ()
        return clip, [*given.notes, *fitted]

    def pieces(self, given: Sequence[Given]) -> list[Piece]:
        """Returns what sources give as pieces."""
        return [self.sources.piece(self.model, each) for each in given]

    def _moved(self, code: LatentPoint) -> LatentPoint:
        wanted = {name: amount for name, amount in self.request.attributes.items() if amount}
        if not wanted:
            return code
        return dataclasses.replace(code, z=self._knobs().moved(code.z, wanted))

    def _knobs(self) -> Knobs:
        assert self.warm.knobs is not None, "knobs are computed before they are turned"
        return self.warm.knobs


def along(points: Sequence[tuple[float, float]], count: int) -> list[tuple[float, float]]:
    """Returns places that are equally far from each other along a path, both ends included.

    Args:
      points: the path's corners, one or more.
      count: how many places.
    """
    lengths = [math.dist(a, b) for a, b in itertools.pairwise(points)]
    total = sum(lengths)
    if count == 1 or total == 0.0:
        return [points[0]] * count
    places = []
    leg, passed = 0, 0.0
    for k in range(count):
        wanted = total * k / (count - 1)
        while leg < len(lengths) - 1 and passed + lengths[leg] < wanted:
            passed += lengths[leg]
            leg += 1
        share = min((wanted - passed) / lengths[leg], 1.0) if lengths[leg] else 0.0
        (x0, y0), (x1, y1) = points[leg], points[leg + 1]
        places.append((x0 + (x1 - x0) * share, y0 + (y1 - y0) * share))
    return places
