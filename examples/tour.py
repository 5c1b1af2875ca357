"""A tour of latent space: sample, interpolate, and add an attribute.

    python examples/tour.py --output_dir=tour

It does for a drum and a melody model what the MusicVAE Colab does, and ends with attribute
arithmetic. Open `tour/*.html` in a browser to see and hear the results.
"""

from __future__ import annotations

import argparse
import pathlib

import numpy as np

from musicvae import TrainedModel
from musicvae.data.midi_writing import note_sequence_to_midi
from musicvae.play.learning_attributes import learn_attributes
from musicvae.play.modes import interpolate, sample, steer
from musicvae.play.outcome import Input, Outcome, Wishes
from musicvae.play.presentation import Presentation, present
from musicvae.render.attribute_chart import attribute_table


def show(outcome: Outcome, folder: pathlib.Path, name: str) -> None:
    """Writes MIDI files and a page of players."""
    paths = [
        folder / f"{name}-{k:03d}-of-{len(outcome.takes):03d}.mid"
        for k in range(len(outcome.takes))
    ]
    for path, take in zip(paths, outcome.takes, strict=True):
        path.write_bytes(note_sequence_to_midi(take.sequence))
    for path in present(outcome, list(map(str, paths)), Presentation(page=True), title=name):
        print(path)


def main() -> None:
    """Takes the tour."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output_dir", type=pathlib.Path, default=pathlib.Path("tour"))
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--num_learnt", type=int, default=500, help="pieces to learn from")
    arguments = parser.parse_args()
    folder, wishes = arguments.output_dir, Wishes(temperatures=(0.5,), seed=arguments.seed)
    folder.mkdir(parents=True, exist_ok=True)

    drums = TrainedModel("cat-drums_2bar_small", batch_size=8)
    samples = sample(drums, 4, wishes)
    show(samples, folder, "drum samples")

    start, end = (Input(take.sequence, take.caption) for take in samples.takes[:2])
    show(interpolate(drums, start, end, 7, wishes), folder, "drums from one to another")

    melodies = TrainedModel("cat-mel_2bar_small", batch_size=8)
    show(sample(melodies, 4, wishes), folder, "melody samples")

    # Any music will do to learn attribute vectors from; here the model's own.
    learnt = sample(melodies, arguments.num_learnt, wishes)
    lesson = learn_attributes(melodies, (take.sequence for take in learnt.takes), num_tests=32)
    print(attribute_table(lesson.changes))
    tune = Input(learnt.takes[0].sequence, "melody")
    amounts = np.linspace(-1.5, 1.5, 7).tolist()
    for attribute in lesson.vectors.names:
        steered = steer(melodies, tune, lesson.vectors, attribute, amounts, wishes)
        show(steered, folder, f"melody with {attribute}")


if __name__ == "__main__":
    main()
