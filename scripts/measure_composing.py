"""Measures whether the windows of long pieces can be told by their borders, and what returns share.

    python scripts/measure_composing.py --config=cat-mel_2bar_small --bars=64 --form=AABA

Bar lines at which a window ends are compared with the other bar lines, inside windows: the interval
from the last note before to the first one after, and the onsets within two beats of it. Only the
first time that a section comes counts, and the borders between sections. For both the overlap of
the histograms, the greatest distance of the cumulative distributions (Kolmogorov and Smirnov), and
how often as great a one comes of drawing lots, for each section as a whole since its windows are
alike, which of its bar lines are which. Then for every section in
how many steps it differs from the first one of its name, or, where it is new, from the first.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence

import numpy as np

from musicvae.converters import Converter
from musicvae.converters.voices import FIRST_PITCH
from musicvae.evaluation.similarity import overlap
from musicvae.generate.composing import Piece, parse_form
from musicvae.generate.loading import load_model
from musicvae.generate.piece_rows import has_onset, part_columns, steps_per_bar
from musicvae.generate.results import SamplingOptions

LOTS = 999
REACH = 8
MAX_INTERVAL = 24


def bar_lines(
    sections: Sequence[str], section_bars: int, window_bars: int
) -> Iterator[tuple[int, bool]]:
    """Yields bars and whether a window begins there; returns only where they begin."""
    seen = set[str]()
    for number, name in enumerate(sections):
        first = number * section_bars
        for bar in range(section_bars if name not in seen else 1):
            if first + bar:
                yield first + bar, bar % window_bars == 0
        seen.add(name)


def interval_at(pitches: np.ndarray, step: int) -> int | None:
    """Returns the interval between the notes before and after a step, in semitones; 0 no note."""
    before, after = np.flatnonzero(pitches[:step]), np.flatnonzero(pitches[step:])
    if not len(before) or not len(after):
        return None
    interval = int(pitches[step + after[0]]) - int(pitches[before[-1]])
    return max(-MAX_INTERVAL, min(MAX_INTERVAL, interval))


def pitches_of(converter: Converter, rows: np.ndarray) -> dict[str, np.ndarray]:
    """Returns the label of the note that begins in each step of each pitched part; 0 for none."""
    found = {}
    for part in converter.pitched_parts:
        labels = rows[:, part_columns(converter)[part]].argmax(axis=1)
        found[converter.parts[part].name] = np.where(labels >= FIRST_PITCH, labels, 0)
    return found


def compared(found: list[tuple[int, int, bool]], seed: int) -> dict[str, object]:
    """Compares whole numbers at borders with those inside windows.

    Args:
      found: section, number, and whether it is at a border.
      seed: random seed of the lots.
    """
    blocks, values, borders = (np.array(column) for column in zip(*found, strict=True))
    is_border = borders.astype(bool)
    numbers = np.unique(values)
    at_most = values[:, np.newaxis] <= numbers

    def distance(chosen: np.ndarray) -> float:
        return float(np.abs(at_most[chosen].mean(axis=0) - at_most[~chosen].mean(axis=0)).max())

    generator = np.random.default_rng(seed)
    here = distance(is_border)
    turned = generator.random((LOTS, blocks.max() + 1)) < 0.5
    lots = [distance(is_border ^ turns[blocks]) for turns in turned]
    parts = values[is_border], values[~is_border]
    counts = [[(part == number).sum() for number in numbers] for part in parts]
    return {
        "n": [len(part) for part in parts],
        "mean": [round(float(part.mean()), 2) for part in parts],
        "mean size": [round(float(np.abs(part).mean()), 2) for part in parts],
        "overlap": round(overlap(*counts), 3),
        "KS": round(here, 3),
        "p": round((1 + sum(lot >= here - 1e-12 for lot in lots)) / (1 + LOTS), 3),
    }


def main() -> None:
    """Composes and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", required=True)
    parser.add_argument("--bars", type=int, default=64)
    parser.add_argument("--form", default="AABA")
    parser.add_argument("--num_pieces", type=int, default=10)
    parser.add_argument("--temperature", type=float, default=0.5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output")
    values = parser.parse_args()
    model = load_model(values.config, batch_size=64)
    converter, step = model.converter, steps_per_bar(model.converter)
    sections = parse_form(values.form)
    section_bars = values.bars // len(sections)
    onsets: list[tuple[int, int, bool]] = []
    intervals: dict[str, list[tuple[int, int, bool]]] = {}
    returns: dict[str, list[float]] = {}
    for seed in range(values.seed, values.seed + values.num_pieces):
        piece = Piece(model, section_bars, SamplingOptions(seed=seed), values.temperature, None)
        rows = piece.write(sections, lambda: None)
        starts = has_onset(converter, rows)
        pitches = pitches_of(converter, rows)
        for bar, is_border in bar_lines(sections, section_bars, converter.bars):
            at = bar * step
            block = (seed - values.seed) * len(sections) + bar // section_bars
            onsets.append((block, int(starts[at - REACH : at + REACH].sum()), is_border))
            for part, notes in pitches.items():
                interval = interval_at(notes, at)
                if interval is not None:
                    intervals.setdefault(part, []).append((block, interval, is_border))
        first: dict[str, np.ndarray] = {}
        parts = np.split(rows, len(sections))
        for number, (name, own) in enumerate(zip(sections, parts, strict=True)):
            other = first.get(name, next(iter(first.values()), None))
            kind = "again" if name in first else "new"
            if other is not None:
                difference = round(float((own != other).any(axis=1).mean()), 3)
                returns.setdefault(f"{name}, section {number + 1}, {kind}", []).append(difference)
            first.setdefault(name, own)
        result = {
            "config": values.config,
            "step": model.step,
            "form": f"{values.form}, {values.bars} bars",
            "seeds": [values.seed, seed],
            "at borders, inside windows": {
                "onsets within two beats": compared(onsets, values.seed),
                **{
                    f"intervals of the {part}": compared(found, values.seed)
                    for part, found in intervals.items()
                    if len({is_border for _, _, is_border in found}) == 2
                },
            },
            "differing steps": returns,
        }
        print(json.dumps(result), flush=True)
        if values.output:
            with open(values.output, "w", encoding="utf-8") as file:
                json.dump(result, file, indent=2)


if __name__ == "__main__":
    main()
