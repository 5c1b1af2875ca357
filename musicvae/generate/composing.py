"""Long pieces in sections: windows on a path through latent space, returns with variation.

A section that is new follows a path from a point drawn from the prior. Each window is chosen among
several: its first step is fed the last step of the window before, and how well a window that lies
across the border is explained by its own code is what it is chosen by, with a price on notes
outside the key of the piece so far, on another density or register, and on bars without a note. At
the border it aims at the leap and the onsets of a bar line inside the section's windows so far,
drawn by lot, so that they are spread as they are there (crossings.py). Long windows have few
borders and much else to be chosen by: many of them are begun, and those go on whose border comes
the nearest to what it aims at. A section that is too like an earlier one is written anew.

A section that returns is the first one of its name, step by step, but for a bar in four, the last
one among them, which are written anew (filling.py) between what stands before and after.

Axes: M candidates, T steps of the piece, S steps of a window, D columns of a step, C columns of
control, Z columns of z.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from musicvae.errors import InputError
from musicvae.generate.bar_lines import BarLines
from musicvae.generate.chords import chord_rows
from musicvae.generate.controls import check_controls, chords_of
from musicvae.generate.crossings import Crossings, aimed_at, crossings, differences
from musicvae.generate.filling import Progress, fill
from musicvae.generate.forms import parse_form
from musicvae.generate.performing import check_number
from musicvae.generate.piece_rows import (
    MAX_BARS,
    Known,
    PieceRows,
    Rows,
    check_writes_rows,
    encode_rows,
    has_onset,
    notes_of_rows,
    steps_per_bar,
    with_note_offs,
)
from musicvae.generate.pitch_content import by_class, in_best_key, mean_pitch, pitch_counts
from musicvae.generate.prices import EMPTY_NATS, FOREIGN_NATS, ONSET_NATS, by_note
from musicvae.generate.results import Result, Sample, SamplingOptions, Vector
from musicvae.generate.styles import new_vectors
from musicvae.generate.window_filling import FillOptions, empty_bars
from musicvae.grid import DEFAULT_QPM
from musicvae.latent import slerp

if TYPE_CHECKING:
    from musicvae.generate import TrainedModel

CANDIDATES = 16
BEGUN = 64
_REACH = 0.5
_SPREAD = 0.2
_REWRITTEN = 4
_LEAST_CHANGE = 0.02
_LEAST_NEW = 0.4
_PRICED_BARS = 2
_MANY_LINES = 15
_SEMITONE_NATS = 0.5
_FREE_SEMITONES = 4.0
_TRIES = 3
_NEW_TRIES = 8


def compose(
    model: TrainedModel,
    bars: int = 64,
    form: str = "AABA",
    n: int = 1,
    options: SamplingOptions | None = None,
    *,
    progress: Progress | None = None,
) -> Result:
    """Writes long pieces.

    Args:
      model: a trained model of melodies, drum patterns or trios, with its encoder.
      bars: of the whole piece, a multiple of the form's sections.
      form: the sections in order, such as "AABA" or "verse,verse,chorus,verse".
      n: how many pieces.
      options: what is asked for; chords go round over all bars.
      progress: called with how many sections are done, and of how many.

    Returns:
      The pieces; the notes say how much each return differs from the first time.

    Raises:
      ConfigError: the model is of grooves or of several tracks.
      InputError: the bars do not divide into the sections, or a value is out of range.
    """
    options = options or SamplingOptions()
    check_number(n)
    check_writes_rows(model.converter, model.config.name, "compose")
    check_controls(model.converter, model.config.name, options, has_input=False)
    sections = parse_form(form)
    if not 1 <= bars <= MAX_BARS or bars % len(sections):
        raise InputError(
            f"{bars} bars do not make {len(sections)} sections of equal length; give a multiple of "
            f"{len(sections)}, at most {MAX_BARS}"
        )
    controls = None
    if model.converter.spec.control_depth:
        controls = chord_rows(model.converter, *chords_of(options), bars)
    samples, notes = [], list[str]()
    done, total = itertools.count(1), len(options.temperatures) * n * len(sections)

    def report() -> None:
        if progress is not None:
            progress(next(done), total)

    for temperature in options.temperatures:
        for k in range(n):
            seed = options.seed_for(k)
            if seed is None:
                seed = int(np.random.default_rng().integers(2**31))
            own = dataclasses.replace(options, seed=seed, qpm=options.qpm or DEFAULT_QPM)
            piece = Composition(model, bars // len(sections), own, temperature, controls)
            rows = piece.decode(sections, report)
            caption = form if n == 1 else f"{form}, version {k + 1}"
            if len(options.temperatures) > 1:
                caption = f"{caption}, temperature {temperature:g}"
            placed = PieceRows(rows, controls, BarLines.steady(4, 4), 80, None)
            samples.append(Sample(notes_of_rows(model.converter, rows, placed, own), caption))
            notes.append(f"{caption}: {piece.described(sections, rows)}")
    return Result(tuple(samples), tuple(notes))


class Composition:
    """A piece in the making."""

    def __init__(
        self,
        model: TrainedModel,
        section_bars: int,
        options: SamplingOptions,
        temperature: float,
        controls: Rows | None,
    ) -> None:
        """Starts an empty piece.

        Args:
          model: a trained model.
          section_bars: bars of a section.
          options: what is asked for, with a seed.
          temperature: at which it is decoded.
          controls: float32 `[T, C]` of the whole piece, or None.
        """
        self._model, self._options, self._temperature = model, options, temperature
        self._controls = controls
        self._generator = np.random.default_rng(options.seed)
        self._step = steps_per_bar(model.converter)
        self._size = self._step * model.converter.bars
        self._length = self._step * section_bars
        self._rows = np.zeros((0, model.converter.spec.output_depth), np.float32)

    def decode(self, sections: Sequence[str], report: Callable[[], None]) -> Rows:
        """Decodes the sections, float32 `[T, D]`.

        Args:
          sections: their names, in order.
          report: called when one is done.
        """
        first: dict[str, int] = {}
        borders = list[int]()
        for name in sections:
            start = len(self._rows)
            borders += range(start, start + self._length, self._size)
            if name in first:
                old = self._rows[first[name] : first[name] + self._length]
                self._rows = np.concatenate([self._rows, old])
                continue
            self._write_new_section(tuple(first.values()))
            first[name] = start
            report()
        self._end_ringing(borders)
        for number, name in enumerate(sections):
            start = number * self._length
            if start != first[name]:
                self._vary(first[name], start)
                report()
        return self._rows

    def described(self, sections: Sequence[str], rows: Rows) -> str:
        """Says how much each section differs from the first of its name, or is new."""
        first: dict[str, int] = {}
        texts = []
        for number, name in enumerate(sections):
            start = number * self._length
            if name not in first:
                first[name] = start
                texts.append(f"{name} new")
            else:
                share = self._difference(rows, first[name], start)
                texts.append(f"{name} again, {share:.0%} of its steps changed")
        return "; ".join(texts)

    def _write_new_section(self, others: Sequence[int]) -> None:
        """Writes a section that is unlike others, which begin at these steps, if one of few is."""
        start = len(self._rows)
        written = list[tuple[float, Rows]]()
        for _ in range(_NEW_TRIES):
            self._rows = self._rows[:start]
            self._write_section()
            shares = (self._difference(self._rows, other, start) for other in others)
            written.append((min(shares, default=1.0), self._rows))
            if written[-1][0] >= _LEAST_NEW:
                break
        self._rows = max(written, key=lambda each: each[0])[1]

    def _write_section(self) -> None:
        """Writes a new section, window after window along a path."""
        count = -(-self._length // self._size)
        here = there = None
        written = 0
        for k in range(count):
            number = BEGUN if k and self._model.converter.bars > _PRICED_BARS else CANDIDATES
            drawn = new_vectors(self._model, number, self._seeded())
            if here is None or there is None:
                z = drawn
            else:
                target = slerp(here, there, _REACH * k / max(count - 1, 1))
                shares = np.linspace(0.0, _SPREAD, number)
                pairs = zip(drawn, shares, strict=True)
                z = np.array([slerp(target, other, share) for other, share in pairs])
            best, rows = self._best_window(z.astype(np.float32))
            if here is None:
                here = best
                there = new_vectors(self._model, 1, self._seeded())[0]
            rows = rows[: self._length - written]
            written += len(rows)
            self._rows = np.concatenate([self._rows, rows])

    def _best_window(self, z: Vector) -> tuple[Vector, Rows]:
        """Decodes candidates and returns the best one's latent vector and rows, `[S, D]`."""
        model, before = self._model, len(self._rows)
        aim = fixed = None
        if len(z) > CANDIDATES:
            aim = self._aim()
            z, fixed = self._well_begun(z, aim)
        rows = np.stack(model.decode_to_tensors(z, fixed=fixed, **self._asked(z)))
        if aim is None:
            aim = self._aim()
        nothing = np.zeros((self._size, len(model.converter.parts)), bool)
        scores = -EMPTY_NATS * empty_bars(model, rows, nothing) - self._prices(rows)
        scores -= self._border_prices(rows, aim)
        if before >= self._size // 2:
            scores += self._across(rows)
        best = int(scores.argmax())
        return z[best], rows[best]

    def _asked(self, z: Vector) -> dict[str, Any]:
        """Returns how windows are decoded that go on from the piece so far."""
        before = len(self._rows)
        return {
            "length": self._size,
            "temperature": self._temperature,
            "c_input": self._controls_at(before),
            "seed": int(self._generator.integers(2**31)),
            "first_input": np.repeat(self._rows[-1:], len(z), axis=0) if before else None,
        }

    def _well_begun(self, z: Vector, aim: Crossings | None) -> tuple[Vector, Rows]:
        """Begins windows; returns z of those whose border is the best, and what they begin with."""
        begun = []
        for start in range(0, len(z), self._model.batch_size):
            group = z[start : start + self._model.batch_size]
            begun += next(self._model.stream_tensors(group, **self._asked(group)))
        prices = self._border_prices(np.stack(begun), aim)
        chosen = np.argsort(prices, kind="stable")[:CANDIDATES]
        fixed = np.full((len(chosen), self._size, self._rows.shape[1]), np.nan, np.float32)
        fixed[:, : len(begun[0])] = [begun[k] for k in chosen]
        return z[chosen], fixed

    def _across(self, rows: Rows) -> np.ndarray:
        """Returns how well windows that lie across the border are explained, `[M]`."""
        half = self._size // 2 // self._step * self._step or self._size // 2
        before = np.repeat(self._rows[np.newaxis, len(self._rows) - half :], len(rows), axis=0)
        windows = np.concatenate([before, rows[:, : self._size - half]], axis=1)
        controls = self._controls_at(len(self._rows) - half)
        encoded = encode_rows(self._model, windows, controls)
        losses = self._model.step_losses(encoded.mu, windows, controls)[:, half:].sum(axis=(1, 2))
        onsets = has_onset(self._model.converter, windows[:, half:]).sum(axis=1)
        return -by_note(losses, onsets)

    def _prices(self, rows: Rows) -> np.ndarray:
        """Returns what candidates cost that differ from the piece so far, `[M]`, in nats.

        Notes outside its major key, or for the first window outside the candidate's own best one,
        more or fewer onsets, and a melody far above or below.
        """
        converter, so_far = self._model.converter, self._rows
        onsets = has_onset(converter, rows).sum(axis=1)
        prices = np.zeros(len(rows))
        if len(so_far):
            usual = has_onset(converter, so_far).sum() * self._size / len(so_far)
            prices += ONSET_NATS * np.abs(onsets - usual)
        if not converter.pitched_parts:
            return prices
        counts = pitch_counts(converter, rows)
        classes = by_class(counts)
        earlier = pitch_counts(converter, so_far[np.newaxis])
        basis = by_class(earlier) if len(so_far) else classes
        prices += FOREIGN_NATS * (classes * ~in_best_key(basis)).sum(axis=1)
        if len(so_far):
            away = np.abs(mean_pitch(counts) - mean_pitch(earlier)) - _FREE_SEMITONES
            prices += _SEMITONE_NATS * np.maximum(np.nan_to_num(away), 0.0)
        return prices

    def _aim(self) -> Crossings | None:
        """Draws the bar line that the next border is to be like; None where there is none yet."""
        lines = self._lines_inside()
        if not len(lines):
            return None
        inside = crossings(self._model.converter, self._rows[np.newaxis], lines)
        dense = None
        if len(lines) >= _MANY_LINES:
            dense = float(has_onset(self._model.converter, self._rows[-self._step // 2 :]).sum())
        return aimed_at(inside, self._generator, dense)

    def _border_prices(self, rows: Rows, aim: Crossings | None) -> np.ndarray:
        """Returns what candidates cost, `[M]`, in nats, whose border is not as it is to be.

        What else speaks for a candidate grows with the bars of a window, and so does this.
        """
        if aim is None:
            return np.zeros(len(rows))
        converter = self._model.converter
        last = self._rows[-self._size :]
        before = np.repeat(last[np.newaxis], len(rows), axis=0)
        both = np.concatenate([before, rows], axis=1)
        border = crossings(converter, both, [len(last) // self._step])
        semitones, onsets = differences(border, aim)
        prices: np.ndarray = (_SEMITONE_NATS * semitones + ONSET_NATS * onsets)[:, 0]
        return prices * converter.bars / _PRICED_BARS

    def _lines_inside(self) -> np.ndarray:
        """Returns the bars of the section so far that begin inside windows."""
        bars, own = len(self._rows) // self._step, self._length // self._step
        first = bars // own * own
        here = np.arange(first, bars)
        return here[(here - first) % self._model.converter.bars > 0]

    def _vary(self, first: int, start: int) -> None:
        """Writes some bars of a section that returns anew."""
        bars = self._length // self._step
        count = max(1, round(bars / _REWRITTEN))
        for number in range(_TRIES):
            chosen = self._generator.permutation(bars - 1)[: count - 1]
            missing = np.zeros(len(self._rows), bool)
            for bar in (*chosen.tolist(), bars - 1):
                missing[start + bar * self._step : start + (bar + 1) * self._step] = True
            parts = len(self._model.converter.parts)
            known: Known = np.repeat(~missing[:, np.newaxis], parts, axis=1)
            options = FillOptions(self._temperature, int(self._generator.integers(2**31)))
            rows = fill(self._model, self._rows, known, 1, options, controls=self._controls)[0]
            if self._difference(rows, first, start) >= _LEAST_CHANGE or number == _TRIES - 1:
                self._rows = rows
                return

    def _difference(self, rows: Rows, first: int, start: int) -> float:
        """Returns the share of a section's steps that differ from another's."""
        one, other = rows[first : first + self._length], rows[start : start + self._length]
        return float((one != other).any(axis=1).mean())

    def _end_ringing(self, borders: Sequence[int]) -> None:
        """Ends notes at borders between windows after which nothing begins for a beat."""
        converter = self._model.converter
        if not converter.pitched_parts:
            return
        onsets = has_onset(converter, self._rows)
        ends = np.zeros((len(self._rows), len(converter.parts)), bool)
        for border in borders:
            beat = slice(border, border + self._step // 4)
            ends[border] = border > 0 and not onsets[beat].any()
        self._rows = with_note_offs(converter, self._rows[np.newaxis], ends)[0]

    def _controls_at(self, start: int) -> Rows | None:
        if self._controls is None:
            return None
        steps = np.minimum(start + np.arange(self._size), len(self._controls) - 1)
        return self._controls[steps]

    def _seeded(self) -> SamplingOptions:
        return dataclasses.replace(self._options, seed=int(self._generator.integers(2**31)))
