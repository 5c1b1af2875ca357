"""A control of a user's own, as docs/extending.md shows it: how dense each bar of a rhythm is."""

from __future__ import annotations

import numpy as np
from my_pkg.rhythm import STEPS_PER_BAR, RhythmConverter

from musicvae.config import ExampleSpec
from musicvae.converters import Batch, Compact


class DensityConverter(RhythmConverter):
    """Rhythms with a control of one column: the share of the bar's steps on which a note begins."""

    @property
    def spec(self) -> ExampleSpec:
        return ExampleSpec(input_depth=2, output_depth=2, control_depth=1)

    def expand(self, batch: Compact) -> Batch:
        begins = batch["begins"]
        bars = begins.reshape(len(begins), -1, STEPS_PER_BAR)
        density = np.repeat(bars.mean(axis=-1), STEPS_PER_BAR, axis=1)
        return super().expand(batch)._replace(controls=density[..., None].astype(np.float32))
