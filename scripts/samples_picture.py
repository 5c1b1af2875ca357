"""Draws samples of shipped models, one piano roll for each: the picture in the README.

    python scripts/samples_picture.py --configs=cat-drums_2bar_small --output=samples.png

The samples are the first that the models give with this seed: none is picked by hand.
"""

from __future__ import annotations

import argparse

from musicvae import TrainedModel
from musicvae.generate.modes import sample
from musicvae.generate.results import SamplingOptions
from musicvae.plot.drawing import Drawing, framed, stacked
from musicvae.plot.piano_roll import piano_roll
from musicvae.plot.picture import save_picture
from musicvae.plot.rows import RollStyle

# As wide as the longest name of a drum, so that all rolls begin at one place.
_STYLE = RollStyle(margin=100.0)


def rolls_of(config: str, count: int, options: SamplingOptions) -> list[Drawing]:
    """Samples a model and draws what it gives."""
    model = TrainedModel(config, batch_size=count)
    samples = sample(model, count, options).samples
    return [piano_roll(take.sequence, title=config, style=_STYLE).drawing for take in samples]


def main() -> None:
    """Samples each model and writes the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--configs", default="cat-drums_2bar_small", help="with commas between")
    parser.add_argument("--output", default="samples.png", help="a .png, .svg or .pdf file")
    parser.add_argument("--count", type=int, default=1, help="samples of each model")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--temperature", type=float, default=0.5)
    arguments = parser.parse_args()
    options = SamplingOptions(temperatures=(arguments.temperature,), seed=arguments.seed)
    drawings = [
        roll
        for config in arguments.configs.split(",")
        for roll in rolls_of(config, arguments.count, options)
    ]
    save_picture(framed(stacked(drawings, title="Samples")), arguments.output)


if __name__ == "__main__":
    main()
