"""Measures whether samples of a style are like the songs that it was learnt from, and no copies.

    python scripts/measure_style.py --config=cat-mel_2bar_small --examples_path=pop909-test.tfrecord

Of held-out songs the 20 with the most notes a step and the 20 with the fewest are two kinds. A
style is learnt from each, and from single songs. For each kind: how far the note density of samples
is from its mean, as a share of the way to the other kind's; for single songs: in how many of the
steps samples differ from the nearest window of the song, beside the windows of the other songs.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

import numpy as np

from musicvae.attribute_vectors.measures import note_density, step_notes
from musicvae.codes.table import CodeTable
from musicvae.converters import Converter, Example
from musicvae.evaluation.similarity import nearest_distances
from musicvae.formats.tfrecord import read_note_sequences
from musicvae.generate.loading import load_model
from musicvae.generate.results import SamplingOptions
from musicvae.generate.styles import new_vectors
from musicvae.styles import fit_style

NEAR = 0.1


def labels_of(converter: Converter, examples: Sequence[Example]) -> np.ndarray:
    """Returns the labels of melodies, `[N, T]`."""
    return np.array([converter.step_labels(example.outputs)[:, 0] for example in examples])


def summed(distances: list[float]) -> dict[str, float]:
    """Sums distances up: how many, median, least, and the shares of near and exact copies."""
    found = np.array(distances)
    return {
        "n": len(found),
        "median": round(float(np.median(found)), 3),
        "least": round(float(found.min()), 3),
        f"share within {NEAR}": round(float((found <= NEAR).mean()), 4),
        "share equal": round(float((found == 0).mean()), 4),
    }


def main() -> None:
    """Learns the styles and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", required=True)
    parser.add_argument("--examples_path", required=True)
    parser.add_argument("--num_songs", type=int, default=20)
    parser.add_argument("--num_samples", type=int, default=128)
    parser.add_argument("--num_single", type=int, default=10)
    parser.add_argument("--num_single_samples", type=int, default=48)
    parser.add_argument("--num_seeds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    values = parser.parse_args()
    model = load_model(values.config, batch_size=64)
    converter, steps = model.converter, model.converter.num_steps
    songs = []
    for sequence in read_note_sequences(values.examples_path):
        examples = converter.extract(sequence).examples
        if len(examples) >= 8:
            notes = [converter.to_notes(example.outputs) for example in examples]
            density = [note_density(step_notes(piece, steps)) for piece in notes]
            songs.append((float(np.mean(density)), examples))
    songs.sort(key=lambda song: song[0])
    kinds = {"sparse": songs[: values.num_songs], "dense": songs[-values.num_songs :]}
    means = {name: float(np.mean([d for d, _ in kind])) for name, kind in kinds.items()}

    def table_of(kind: list) -> CodeTable:
        mu = [model.encode_examples(examples, seed=0).mu for _, examples in kind]
        files = tuple(str(k) for k, codes in enumerate(mu) for _ in codes)
        bars = np.ones(len(files), np.int64)
        codes = np.concatenate(mu)
        return CodeTable(files, bars, codes, None, model.config.name, model.step)

    tables = {name: table_of(kind) for name, kind in kinds.items()}
    report = {"config": values.config, "songs": len(songs), "mean density": means}
    for name, other in (("sparse", "dense"), ("dense", "sparse")):
        style = fit_style(tables[name])
        z = style.draw(np.random.default_rng(values.seed), values.num_samples)
        pieces = model.decode(z, temperature=0.5, seed=values.seed)
        density = float(np.mean([note_density(step_notes(piece, steps)) for piece in pieces]))
        share = abs(density - means[name]) / abs(means[other] - means[name])
        report[name] = {"density of samples": density, "share of the way to the other": share}
        print(json.dumps({name: report[name]}), flush=True)
    single = songs[:: max(1, len(songs) // values.num_single)][: values.num_single]
    near: dict[str, list[float]] = {"samples": [], "windows of other songs": []}
    each = []
    for number, song in enumerate(single):
        table = table_of([song])
        style, windows = fit_style(table), labels_of(converter, song[1])
        rest = [example for other in songs if other is not song for example in other[1]]
        found: dict[str, list[float]] = {name: [] for name in near}
        for seed in range(values.seed, values.seed + values.num_seeds):
            generator = np.random.default_rng([seed, number])
            options = SamplingOptions(seed=1000 * number + seed, style=style)
            z = new_vectors(model, values.num_single_samples, options)
            rows = model.decode_to_tensors(z, steps, 0.5, seed=seed)
            samples = np.array([converter.step_labels(row)[:, 0] for row in rows])
            chosen = generator.choice(len(rest), values.num_single_samples, replace=False)
            others = labels_of(converter, [rest[k] for k in chosen])
            for name, pieces in zip(found, (samples, others), strict=True):
                found[name] += nearest_distances(pieces, windows).tolist()
        each.append({"windows": len(table)} | {name: summed(all_) for name, all_ in found.items()})
        print(json.dumps(each[-1]), flush=True)
        for name, all_ in found.items():
            near[name] += all_
    report["single songs"] = each
    report["distance to the nearest window of a single song"] = {
        name: summed(all_) for name, all_ in near.items()
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
