"""A tour of latent space: sample, interpolate, and add an attribute.

    python examples/tour.py --output_dir=tour

It does what the MusicVAE Colab does with the models that ship: drums, melodies and trios, as far as
there are models of them. Open `tour/*.html` in a browser to see and hear the results.
"""

from __future__ import annotations

import argparse
import pathlib

import numpy as np

from musicvae import TrainedModel
from musicvae.errors import NoExamplesError
from musicvae.formats.midi_writing import note_sequence_to_midi
from musicvae.generate.learning_attributes import learn_attributes
from musicvae.generate.modes import interpolate, sample, steer
from musicvae.generate.performing import fit
from musicvae.generate.presentation import Presentation, present
from musicvae.generate.results import Piece, Result, SamplingOptions
from musicvae.model_choice import shipped_models
from musicvae.plot.attribute_chart import attribute_table

TOUR = ("cat-drums_2bar_small", "cat-mel_2bar_small", "hierdec-trio_16bar_small")


def show(result: Result, folder: pathlib.Path, name: str) -> None:
    """Writes MIDI files and a page of players."""
    paths = [
        folder / f"{name}-{k:03d}-of-{len(result.samples):03d}.mid"
        for k in range(len(result.samples))
    ]
    for path, take in zip(paths, result.samples, strict=True):
        path.write_bytes(note_sequence_to_midi(take.sequence))
    for path in present(result, list(map(str, paths)), Presentation(page=True), title=name):
        print(path)


def readable(model: TrainedModel, result: Result, options: SamplingOptions) -> list[Piece]:
    """Returns the pieces that the model can read; a trio in which a part rests long is none."""
    pieces = []
    for take in result.samples:
        piece = Piece(take.sequence, take.caption)
        try:
            fit(model, piece, options)
        except NoExamplesError as error:
            print(error)
        else:
            pieces.append(piece)
    return pieces


def tour(config: str, folder: pathlib.Path, options: SamplingOptions, num_learnt: int) -> None:
    """Samples a model, interpolates between two samples, and steers one by every attribute."""
    model = TrainedModel(config, batch_size=8)
    samples = sample(model, 4, options)
    show(samples, folder, f"{config} samples")

    start, end = readable(model, samples, options)[:2]
    show(interpolate(model, start, end, 7, options), folder, f"{config} from one to another")

    # Any music will do to learn attribute vectors from; here it is the model's own.
    learnt = sample(model, num_learnt, options)
    lesson = learn_attributes(model, (take.sequence for take in learnt.samples), num_tests=32)
    print(attribute_table(lesson.changes))
    amounts = np.linspace(-1.5, 1.5, 7).tolist()
    for attribute in lesson.vectors.names:
        steered = steer(model, start, lesson.vectors, attribute, amounts, options)
        show(steered, folder, f"{config} with {attribute}")


def main() -> None:
    """Takes the tour."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--configs", help="models that ship, with commas between; TOUR by itself")
    parser.add_argument("--output_dir", type=pathlib.Path, default=pathlib.Path("tour"))
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--num_learnt", type=int, default=500, help="pieces to learn from")
    arguments = parser.parse_args()
    arguments.output_dir.mkdir(parents=True, exist_ok=True)
    options = SamplingOptions(temperatures=(0.5,), seed=arguments.seed)
    names = [name for name in TOUR if name in shipped_models()]
    if arguments.configs:
        names = arguments.configs.split(",")
    for name in names:
        tour(name, arguments.output_dir, options, arguments.num_learnt)


if __name__ == "__main__":
    main()
