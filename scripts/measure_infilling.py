"""Measures what infilling writes: whether the kept steps stay, and what its seams cost.

    python scripts/measure_infilling.py --config=cat-mel_2bar_small \
        --examples_path=pop909-test.tfrecord --train_examples_path=pop909-train.tfrecord

From the middle of excerpts of held-out melodies a quarter is taken, one bar of four for a model of
two bars and four of sixteen for one of sixteen, and written anew. A 5-gram model of the training
music prices the 5-grams that span a seam: the four steps after each. Beside what was written stand
the true music and bars of the training music put in at random.
"""

from __future__ import annotations

import argparse
import json
import math
import time

import numpy as np

from musicvae.config import load_config
from musicvae.converters import build_converter
from musicvae.data.examples import TFRecordSource, load_examples
from musicvae.evaluation.language_model import NGramModel
from musicvae.evaluation.step_labels import labels_of_set
from musicvae.generate.filling import fill
from musicvae.generate.loading import load_model
from musicvae.generate.window_filling import FillOptions

ORDER = 5
MAX_LEARNT = 8000
STEPS = 16


def labels_of_records(config_name: str, path: str, bars: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the labels of all windows of so many bars, int64 `[N, T]`, and each one's piece."""
    component = load_config(config_name).converter
    options = {**component.options, "slice_bars": bars}
    component = type(component)(component.type, options)
    examples = load_examples(component, TFRecordSource((path,)), num_workers=1)
    labels = labels_of_set(build_converter(component), examples)
    return labels.reshape(labels.shape[:2]), examples.sources


def drawn(labels: np.ndarray, sources: np.ndarray, count: int, bars: int, seed: int) -> np.ndarray:
    """Draws windows whose every bar has a note, of as many pieces as there are."""
    played = (labels.reshape(len(labels), bars, STEPS) >= 2).any(axis=2).all(axis=1)
    order = np.random.default_rng(seed).permutation(np.flatnonzero(played))
    seen: dict[int, int] = {}
    ranks = []
    for row in order:
        ranks.append(seen.setdefault(int(sources[row]), 0))
        seen[int(sources[row])] += 1
    return labels[order[np.argsort(ranks, kind="stable")][:count]]


def seam_cost(model: NGramModel, row: np.ndarray, start: int, end: int) -> float:
    """Returns the mean cost, in nats a step, of the 5-grams of a row that span a seam."""
    costs = []
    for seam in (start, end):
        for t in range(seam, seam + ORDER - 1):
            history = tuple(int(label) for label in row[t - ORDER + 1 : t])
            costs.append(-math.log(model.probability(int(row[t]), history)))
    return float(np.mean(costs))


def main() -> None:
    """Fills the gaps and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", required=True)
    parser.add_argument("--checkpoint_file")
    parser.add_argument("--examples_path", required=True)
    parser.add_argument("--train_examples_path", required=True)
    parser.add_argument("--num_pieces", type=int, default=200)
    parser.add_argument("--temperature", type=float, default=0.5)
    parser.add_argument("--candidates", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output")
    values = parser.parse_args()
    converter = build_converter(load_config(values.config).converter)
    bars = max(4, converter.bars)
    gap = bars // 4
    start = (bars - gap + 1) // 2 * STEPS
    end = start + gap * STEPS
    train, _ = labels_of_records(values.config, values.train_examples_path, bars)
    held_out, sources = labels_of_records(values.config, values.examples_path, bars)
    generator = np.random.default_rng(values.seed)
    learnt = train[generator.permutation(len(train))[:MAX_LEARNT]]
    grams = NGramModel(learnt, converter.spec.output_depth, order=ORDER)
    pieces = drawn(held_out, sources, values.num_pieces, bars, values.seed)
    model = load_model(values.config, checkpoint_file=values.checkpoint_file, batch_size=64)
    known = np.ones((bars * STEPS, 1), bool)
    known[start:end] = False
    costs: dict[str, list[float]] = {"true": [], "written": [], "random training bars": []}
    kept = equal = 0
    began = time.time()
    for number, labels in enumerate(pieces):
        rows = np.eye(converter.spec.output_depth, dtype=np.float32)[labels]
        options = FillOptions(values.temperature, number, values.candidates, values.rounds)
        written = fill(model, rows, known, 1, options)[0].argmax(axis=1)
        other = labels.copy()
        other[start:end] = train[generator.integers(len(train))][start:end]
        changed = np.flatnonzero((written != labels) & known[:, 0])
        # A written note that would ring into kept silence ends at the bar line.
        kept += all(t == end and written[t] == 1 and labels[t] == 0 for t in changed)
        equal += bool((written == labels).all())
        for name, row in (("true", labels), ("written", written), ("random training bars", other)):
            costs[name].append(seam_cost(grams, row, start, end))
        if (number + 1) % 20 == 0 or number + 1 == len(pieces):
            means = {name: round(float(np.mean(all_)), 4) for name, all_ in costs.items()}
            ratios = {
                name: round(mean / means["true"], 3)
                for name, mean in means.items()
                if name != "true"
            }
            result = {
                "config": values.config,
                "pieces": number + 1,
                "gap": f"{gap} of {bars} bars",
                "kept exactly": kept,
                "equal to the true music": equal,
                "cost": means,
                "over the true music": ratios,
                "seconds": round(time.time() - began),
            }
            print(json.dumps(result), flush=True)
            if values.output:
                with open(values.output, "w", encoding="utf-8") as file:
                    json.dump(result, file, indent=2)


if __name__ == "__main__":
    main()
