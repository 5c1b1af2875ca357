"""Directions between folders of music, and what each of them does.

Axes: N windows, A attributes, Z columns of z.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from musicvae.attribute_vectors import AttributeChanges, AttributeVectors, attribute_changes
from musicvae.attribute_vectors.groups import GroupVectors, group_vectors
from musicvae.codes.encoding import encode_music
from musicvae.converters import PitchMap
from musicvae.data.records import RecordSource
from musicvae.errors import InputError
from musicvae.generate.results import Vector
from musicvae.lazy_note_seq import NoteSequence

if TYPE_CHECKING:
    from musicvae.generate import TrainedModel


class GroupResult(NamedTuple):
    """What was learnt.

    Attributes:
      groups: the vectors.
      changes: what each does to the attributes of pieces of the music, added and subtracted.
      windows: how many windows they come from.
    """

    groups: GroupVectors
    changes: AttributeChanges
    windows: int

    @property
    def vectors(self) -> AttributeVectors:
        """The vectors alone, for `Model.steer`."""
        return self.groups.vectors


def learn_groups(
    model: TrainedModel,
    sources: Sequence[tuple[str, RecordSource]],
    *,
    pitch_map: PitchMap = "inference",
    num_tests: int = 256,
    temperature: float = 0.5,
    seed: int = 0,
    num_workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> GroupResult:
    """Computes a vector for each group of music and tries it.

    Args:
      model: a trained model without controls.
      sources: label and music of each group, two or more.
      pitch_map: which drum pitches belong to which class; see Converter.
      num_tests: how many windows the vectors are tried on.
      temperature: at which those are decoded.
      seed: random seed.
      num_workers: processes that look for windows; None for one a core.
      progress: called with the number of windows encoded so far.

    Raises:
      InputError: there is one group, two have a label in common, or the model has controls.
      NoExamplesError: a group has no window of the model's.
    """
    if model.converter.spec.control_depth:
        raise InputError(
            f"config '{model.config.name}' plays under controls, which these vectors do not "
            "cover; take a model without"
        )
    labels, files, codes = list[str](), list[str](), list[Vector]()
    for label, source in sources:
        if label in labels:
            raise InputError(f"two groups are called '{label}'; rename a folder")
        before = len(labels)

        def report(_: int, windows: int, before: int = before) -> None:
            if progress is not None:
                progress(before + windows)

        table = encode_music(
            model, source, pitch_map=pitch_map, num_workers=num_workers, progress=report
        )
        labels += [label] * len(table)
        files += table.files
        codes.append(table.mu)
    z = np.concatenate(codes)
    groups = group_vectors(z, files, labels)
    tested = np.random.default_rng(seed).permutation(len(z))[:num_tests]

    def decode(positions: Vector) -> list[NoteSequence]:
        return model.decode(positions, temperature=temperature, seed=seed)

    length = 16 if model.converter.spec.num_segments else model.converter.num_steps
    changes = attribute_changes(decode, z[np.sort(tested)], groups.vectors, length=length)
    return GroupResult(groups, changes, len(z))


def label_of(folder: str | os.PathLike[str]) -> str:
    """Returns a group's label: its folder's name."""
    return os.path.basename(os.path.normpath(os.fspath(folder)))
