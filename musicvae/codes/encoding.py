"""A collection of music to a table of codes.

Axes: N windows, Z columns of z.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from musicvae.codes.table import CodeTable
from musicvae.converters import PitchMap
from musicvae.data.example_set import Findings
from musicvae.data.examples import extracted_parts, why_nothing
from musicvae.data.records import RecordSource
from musicvae.errors import InputError, NoExamplesError

if TYPE_CHECKING:
    from musicvae.generate import TrainedModel

_TOGETHER = 256

Progress = Callable[[int, int], None]


def encode_music(
    model: TrainedModel,
    source: RecordSource,
    *,
    pitch_map: PitchMap = "inference",
    hop_bars: int = 1,
    num_workers: int | None = None,
    progress: Progress | None = None,
) -> CodeTable:
    """Encodes every window of a collection.

    Args:
      model: a trained model with its encoder.
      source: where the music is.
      pitch_map: which drum pitches belong to which class; see Converter.
      hop_bars: bars from one window of a file to the next, at least 1. A melody's or drum pattern's
        equal windows count once.
      num_workers: processes that find the windows; None for one a core.
      progress: called with how many pieces are read and windows encoded.

    Returns:
      The codes, in the order of the files and bars.

    Raises:
      NoExamplesError: there is nothing to encode.
      InputError: hop_bars is out of range, or a file is missing.
    """
    if hop_bars < 1:
        raise InputError(f"hop={hop_bars} must be at least 1 bar")
    files, bars = list[str](), list[int]()
    mu, sigma = [], []
    findings = Findings()
    first: dict[str, int] = {}
    for part in extracted_parts(model.config.converter, source, pitch_map, num_workers):
        findings += part.findings
        kept = [
            k
            for k, (name, bar) in enumerate(part.places)
            if (bar - first.setdefault(name, bar)) % hop_bars == 0
        ]
        for start in range(0, len(kept), _TOGETHER):
            rows = np.array(kept[start : start + _TOGETHER])
            batch = {name: array[rows] for name, array in part.arrays.items()}
            encoded = model.encode_examples(model.converter.examples(batch), seed=0)
            mu.append(encoded.mu)
            sigma.append(encoded.sigma)
            files += [part.places[row][0] for row in rows]
            bars += [part.places[row][1] for row in rows]
        if progress is not None:
            progress(findings.sequences, len(files))
    if not files:
        raise NoExamplesError(why_nothing(source, findings))
    return CodeTable(
        tuple(files),
        np.array(bars, np.int64),
        np.concatenate(mu),
        np.concatenate(sigma),
        model.config.name,
        model.step,
    )
