"""Measures whether the windows of long pieces can be told by their borders, and what returns share.

    python scripts/measure_composing.py --config=cat-mel_2bar_small --bars=32 --form=AB
    python scripts/measure_composing.py --config=cat-mel_2bar_small --num_pieces=8

Borders between windows are compared with the other bar lines, those inside windows, of the same
sections: the first time of each, as returns are made of it. Where a section begins the music is
meant to be new; those bar lines are counted apart and compared with nothing. At a bar line three
things are looked at:

- interval: semitones from the last note before to the first one after, of each pitched part; one of
  over two octaves counts as two octaves
- onsets: how many steps of the half bar before and of the half bar after have one
- change of density: onsets of the half bar after less those of the half bar before

Of intervals and changes the mean is that of their sizes. The difference of the means, border less
inside, has the 95 % interval of 2,000 resamplings of sections. KS is the greatest distance of the
cumulative distributions (Kolmogorov and Smirnov), signs counting. By chance it would be that of
borders which, by lot for each section, lie as many bars later as one likes: of 1,999 such lots, p
is the share that come as far, and one in 20 comes as far as "KS by chance".

No stitch can be heard if no p is under 0.05 but for one in twenty, and the 95 % intervals lie
within one and a half semitones, half an onset, and half an onset.

Then for every section in how many steps it differs from the first one of its name, or, where it is
new, from the first.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from musicvae.converters import Converter
from musicvae.generate.composing import Composition
from musicvae.generate.crossings import crossings
from musicvae.generate.forms import parse_form
from musicvae.generate.loading import load_model
from musicvae.generate.piece_rows import Rows, steps_per_bar
from musicvae.generate.results import SamplingOptions

LOTS = 1999
RESAMPLED = 2000


class Found(NamedTuple):
    """What was found at a bar line.

    Attributes:
      section: the number of its section, over all pieces.
      phase: bars since a window began; 0 at a border.
      value: what is compared, a whole number.
    """

    section: int
    phase: int
    value: int


def compared(found: Sequence[Found], phases: int, seed: int) -> dict[str, object]:
    """Compares values at borders with those inside windows.

    Args:
      found: the values.
      phases: bars of a window.
      seed: random seed of the lots and of the resamplings.
    """
    columns = np.array(found).T
    sections, phase_of, values = np.unique(columns[0], return_inverse=True)[1], *columns[1:]
    numbers, number_of = np.unique(values, return_inverse=True)
    counts = np.zeros((sections.max() + 1, phases, len(numbers)))
    np.add.at(counts, (sections, phase_of, number_of), 1)
    everything = counts.sum(axis=(0, 1))

    def distance(border: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        sides = [np.cumsum(part, axis=-1) for part in (border, everything - border)]
        one, other = (side / side[..., -1:] for side in sides)
        return np.asarray(np.abs(one - other).max(axis=-1))

    generator = np.random.default_rng(seed)
    here = float(distance(counts[:, 0].sum(axis=0)))
    lots = generator.integers(phases, size=(LOTS, len(counts)))
    chance = distance(counts[np.arange(len(counts)), lots].sum(axis=1))
    border, inside = counts[:, 0], counts[:, 1:].sum(axis=1)
    drawn = generator.integers(len(counts), size=(RESAMPLED, len(counts)))
    sizes = np.abs(numbers)

    def mean(part: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.asarray((part * sizes).sum(axis=-1) / part.sum(axis=-1))

    differences = mean(border[drawn].sum(axis=1)) - mean(inside[drawn].sum(axis=1))
    means = [float(mean(part.sum(axis=0))) for part in (border, inside)]
    return {
        "n": [int(part.sum()) for part in (border, inside)],
        "mean": [round(value, 2) for value in means],
        "difference": round(means[0] - means[1], 2),
        "95 %": [round(float(end), 2) for end in np.quantile(differences, (0.025, 0.975))],
        "KS": round(here, 3),
        "KS by chance": round(float(np.quantile(chance, 0.95)), 3),
        "p": round(float(1 + (chance >= here - 1e-12).sum()) / (1 + LOTS), 3),
    }


def values_of(converter: Converter, rows: Rows) -> dict[str, npt.NDArray[np.float64]]:
    """Returns what is compared at the bar lines of a piece, each `[L]`; NaN where there is none."""
    bars = len(rows) // steps_per_bar(converter)
    at = crossings(converter, rows[np.newaxis], np.arange(1, bars))
    names = [converter.parts[part].name for part in converter.pitched_parts]
    leaps = {f"interval, {name}": at.leaps[0, :, k] for k, name in enumerate(names)}
    before, after = at.before[0], at.after[0]
    return leaps | {"onsets": before + after, "change of density": after - before}


def differing(rows: Rows, sections: Sequence[str]) -> dict[str, float]:
    """Returns the share of steps in which each section differs from the first one of its name."""
    first: dict[str, Rows] = {}
    found = {}
    for number, (name, own) in enumerate(zip(sections, np.split(rows, len(sections)), strict=True)):
        other = first.get(name, next(iter(first.values()), None))
        if other is not None:
            kind = "again" if name in first else "new"
            share = float((own != other).any(axis=1).mean())
            found[f"{name}, section {number + 1}, {kind}"] = round(share, 3)
        first.setdefault(name, own)
    return found


def main() -> None:
    """Composes and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", required=True)
    parser.add_argument("--bars", type=int, default=64)
    parser.add_argument("--form", default="AABA")
    parser.add_argument("--num_pieces", type=int, default=40)
    parser.add_argument("--temperature", type=float, default=0.5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output")
    values = parser.parse_args()
    model = load_model(values.config, batch_size=64)
    converter, sections = model.converter, parse_form(values.form)
    section_bars = values.bars // len(sections)
    # Bars from which a section that is new goes on, and those at which any section begins.
    going_on = [
        number * section_bars + bar
        for number, name in enumerate(sections)
        for bar in range(1, section_bars)
        if name not in sections[:number]
    ]
    beginning = range(section_bars, values.bars, section_bars)
    found: dict[str, list[Found]] = {}
    begun: dict[str, list[float]] = {}
    returns: dict[str, list[float]] = {}
    for seed in range(values.seed, values.seed + values.num_pieces):
        piece = Composition(
            model, section_bars, SamplingOptions(seed=seed), values.temperature, None
        )
        rows = piece.decode(sections, lambda: None)
        for name, here in values_of(converter, rows).items():
            for bar in going_on:
                if not np.isnan(here[bar - 1]):
                    block = (seed - values.seed) * len(sections) + bar // section_bars
                    phase = bar % section_bars % converter.bars
                    found.setdefault(name, []).append(Found(block, phase, int(here[bar - 1])))
            begun.setdefault(name, []).extend(abs(here[bar - 1]) for bar in beginning)
        for name, share in differing(rows, sections).items():
            returns.setdefault(name, []).append(share)
        result = {
            "config": values.config,
            "step": model.step,
            "form": f"{values.form}, {values.bars} bars",
            "seeds": [values.seed, seed],
            "borders, inside windows": {
                name: compared(own, converter.bars, values.seed) for name, own in found.items()
            },
            "mean where sections begin": {
                name: round(float(np.nanmean(own)), 2) for name, own in begun.items() if own
            },
            "differing steps": returns,
        }
        print(json.dumps(result), flush=True)
        if values.output:
            with open(values.output, "w", encoding="utf-8") as file:
                json.dump(result, file, indent=2)


if __name__ == "__main__":
    main()
