"""Measures what infilling writes: whether the kept steps stay, and what its seams cost.

    python scripts/measure_infilling.py --config=cat-mel_2bar_small --gap=1/2 --gap=4/16 \
        --examples_path=pop909-test.tfrecord,openewld-test.tfrecord \
        --train_examples_path=pop909-train.tfrecord,openewld-train.tfrecord

From excerpts of held-out melodies some bars are taken and written anew: 4/16 is four of sixteen, in
the middle; of 1/2 by turns the first and the second. A 5-gram model of the training music prices
the 5-grams that span a seam: the four steps after each. Beside what was written stand the true
music, and bars of the training music with notes in them, put in at random.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
from collections.abc import Iterator

import numpy as np

from musicvae.config import load_config
from musicvae.converters import build_converter
from musicvae.data.examples import TFRecordSource, load_examples
from musicvae.evaluation.language_model import NGramModel
from musicvae.evaluation.step_labels import labels_of_set
from musicvae.generate import TrainedModel
from musicvae.generate.filling import fill
from musicvae.generate.loading import load_model
from musicvae.generate.window_filling import FillOptions

ORDER = 5
MAX_LEARNT = 4000
STEPS = 16
RESAMPLED = 2000
TRUE, WRITTEN, RANDOM = "true", "written", "random training bars"


def labels_of_records(config_name: str, path: str, bars: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the labels of all windows of so many bars, int64 `[N, T]`, and each one's piece."""
    component = load_config(config_name).converter
    options = {**component.options, "slice_bars": bars}
    component = type(component)(component.type, options)
    examples = load_examples(component, TFRecordSource((path,)), num_workers=1)
    labels = labels_of_set(build_converter(component), examples)
    return labels.reshape(labels.shape[:2]), examples.sources


def with_notes(labels: np.ndarray) -> np.ndarray:
    """Returns which windows, `[N, T]`, have a note in every bar, bool `[N]`."""
    return (labels.reshape(len(labels), -1, STEPS) >= 2).any(axis=2).all(axis=1)


def drawn(labels: np.ndarray, sources: np.ndarray, count: int, seed: int) -> tuple[np.ndarray, int]:
    """Draws windows whose every bar has a note, of as many pieces as there are, and counts those.

    The pieces take turns, so that as few windows as can be are of the same one.
    """
    order = np.random.default_rng(seed).permutation(np.flatnonzero(with_notes(labels)))
    seen: dict[int, int] = {}
    ranks = []
    for row in order:
        ranks.append(seen.setdefault(int(sources[row]), 0))
        seen[int(sources[row])] += 1
    chosen = order[np.argsort(ranks, kind="stable")][:count]
    return labels[chosen], len(set(sources[chosen].tolist()))


def gap_of(bars: int, gap: int, number: int) -> tuple[int, int]:
    """Returns where a piece's gap begins and ends, in steps."""
    first = (bars - gap + 1) // 2 if bars - gap > 1 else (bars - gap) * (number % 2)
    return first * STEPS, (first + gap) * STEPS


def seam_cost(model: NGramModel, row: np.ndarray, start: int, end: int) -> float:
    """Returns the mean cost, in nats a step, of the 5-grams of a row that span a seam."""
    costs = []
    for seam in (start, end):
        for t in range(seam, seam + ORDER - 1) if 0 < seam < len(row) else ():
            history = tuple(int(label) for label in row[t - ORDER + 1 : t])
            costs.append(-math.log(model.probability(int(row[t]), history)))
    return float(np.mean(costs))


def kept_exactly(labels: np.ndarray, written: np.ndarray, start: int, end: int) -> bool:
    """Returns whether all that is kept is as it was.

    A written note that would ring into kept silence ends at the bar line: one step after the gap
    that was nothing may be a note-off.
    """
    changed = np.flatnonzero(written != labels)
    outside = changed[(changed < start) | (changed >= end)]
    return all(t == end and written[t] == 1 and labels[t] == 0 for t in outside)


def over_true(costs: dict[str, list[float]], name: str, seed: int) -> dict[str, object]:
    """Returns the ratio of mean costs, with its 95 % interval over resampled pieces."""
    ours, true = np.array(costs[name]), np.array(costs[TRUE])
    rows = np.random.default_rng(seed).integers(len(true), size=(RESAMPLED, len(true)))
    ratios = ours[rows].mean(axis=1) / true[rows].mean(axis=1)
    low, high = np.quantile(ratios, (0.025, 0.975))
    ratio = float(ours.mean() / true.mean())
    return {"ratio": round(ratio, 3), "95 %": [round(float(low), 3), round(float(high), 3)]}


def gap_named(text: str) -> tuple[int, int]:
    """Reads a gap, such as 4/16: how many bars, of how many."""
    gap, bars = map(int, text.split("/"))
    assert 0 < gap < bars
    return gap, bars


def main() -> None:
    """Fills the gaps and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", required=True)
    parser.add_argument("--checkpoint_file")
    parser.add_argument("--examples_path", required=True)
    parser.add_argument("--train_examples_path", required=True)
    parser.add_argument("--gap", action="append", required=True, type=gap_named)
    parser.add_argument("--num_pieces", type=int, default=200)
    parser.add_argument("--temperature", type=float, default=0.5)
    parser.add_argument("--candidates", type=int, default=FillOptions.candidates)
    parser.add_argument("--rounds", type=int, default=FillOptions.rounds)
    parser.add_argument("--ascent", type=int, default=FillOptions.ascent)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output")
    values = parser.parse_args()
    longest = max(bars for _, bars in values.gap)
    train, _ = labels_of_records(values.config, values.train_examples_path, longest)
    held_out, sources = labels_of_records(values.config, values.examples_path, longest)
    learnt = np.random.default_rng(values.seed).permutation(len(train))[:MAX_LEARNT]
    model = load_model(values.config, checkpoint_file=values.checkpoint_file, batch_size=64)
    grams = NGramModel(train[learnt], model.converter.spec.output_depth, order=ORDER)
    pieces, different = drawn(held_out, sources, values.num_pieces, values.seed)
    played = train[with_notes(train)]
    results = {}
    for gap, bars in values.gap:
        about = {
            "config": values.config,
            "step": model.step,
            "seed": values.seed,
            "gap": f"{gap} of {bars} bars",
            "of pieces": different,
        }
        options = FillOptions(
            values.temperature, values.seed, values.candidates, values.rounds, values.ascent
        )
        cut = bars * STEPS
        for result in measured(model, grams, pieces[:, :cut], played[:, :cut], gap, options):
            results[gap, bars] = about | result
            print(json.dumps(results[gap, bars]), flush=True)
            if values.output:
                with open(values.output, "w", encoding="utf-8") as file:
                    json.dump(list(results.values()), file, indent=2)


def measured(
    model: TrainedModel,
    grams: NGramModel,
    pieces: np.ndarray,
    others: np.ndarray,
    gap: int,
    options: FillOptions,
) -> Iterator[dict[str, object]]:
    """Fills a gap in pieces, `[N, T]`, or puts in bars of others, and yields the figures so far."""
    bars = pieces.shape[1] // STEPS
    generator = np.random.default_rng(options.seed)
    costs: dict[str, list[float]] = {TRUE: [], WRITTEN: [], RANDOM: []}
    kept = equal = 0
    for number, labels in enumerate(pieces):
        start, end = gap_of(bars, gap, number)
        known = np.ones((bars * STEPS, 1), bool)
        known[start:end] = False
        rows = np.eye(model.converter.spec.output_depth, dtype=np.float32)[labels]
        own = dataclasses.replace(options, seed=1000 * options.seed + number)
        written = fill(model, rows, known, 1, own)[0].argmax(axis=1)
        other = labels.copy()
        other[start:end] = others[generator.integers(len(others))][start:end]
        kept += kept_exactly(labels, written, start, end)
        equal += bool((written == labels).all())
        for name, row in ((TRUE, labels), (WRITTEN, written), (RANDOM, other)):
            costs[name].append(seam_cost(grams, row, start, end))
        if (number + 1) % 20 == 0 or number + 1 == len(pieces):
            yield {
                "excerpts": number + 1,
                "kept exactly": kept,
                "equal to the true music": equal,
                "cost": {name: round(float(np.mean(all_)), 4) for name, all_ in costs.items()},
                "over the true music": {
                    name: over_true(costs, name, options.seed) for name in (WRITTEN, RANDOM)
                },
            }


if __name__ == "__main__":
    main()
