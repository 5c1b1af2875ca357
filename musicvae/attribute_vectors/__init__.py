"""Qualities of music that can be measured, and the directions of latent space that change them.

    >>> from musicvae.attribute_vectors import ATTRIBUTES, measure
    >>> from musicvae.lazy_note_seq import NoteSequence
    >>> song = NoteSequence(total_time=2.0)
    >>> for beat, pitch in enumerate((60, 62, 64, 66)):
    ...     note = song.notes.add(pitch=pitch, velocity=80)
    ...     note.start_time, note.end_time = beat / 2, beat / 2 + 0.5
    >>> len(measure(song)) == len(ATTRIBUTES)
    True

Axes: N pieces, A attributes, Z latent dimensions. `NaN` stands where an attribute means nothing:
drums have no intervals.

Source: Roberts et al. 2018 (arXiv:1803.05428), section 5.5 and its appendix on attributes.
"""

from musicvae.attribute_vectors.changes import AttributeChanges, attribute_changes
from musicvae.attribute_vectors.measures import (
    ATTRIBUTES,
    Attribute,
    attribute_named,
    measure,
    measure_all,
)
from musicvae.attribute_vectors.storage import attributes_path, load_vectors, save_vectors
from musicvae.attribute_vectors.vectors import AttributeVectors, attribute_vectors

__all__ = [
    "ATTRIBUTES",
    "Attribute",
    "AttributeChanges",
    "AttributeVectors",
    "attribute_changes",
    "attribute_named",
    "attribute_vectors",
    "attributes_path",
    "load_vectors",
    "measure",
    "measure_all",
    "save_vectors",
]
