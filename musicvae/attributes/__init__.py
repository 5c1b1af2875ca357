"""Qualities of music that can be measured, and the directions of latent space that change them.

    values = measure(sequence)                      # five numbers
    vectors = attribute_vectors(z, values_of_all)   # [A, Z]
    z + vectors.vectors[0]                          # more of the first

Axes: N pieces, A attributes, Z latent dimensions. `NaN` stands where an attribute means nothing:
drums have no intervals.

Source: Roberts et al. 2018 (arXiv:1803.05428), section 5.5 and its appendix on attributes.
"""

from musicvae.attributes.changes import AttributeChanges, attribute_changes
from musicvae.attributes.measures import (
    ATTRIBUTES,
    Attribute,
    attribute_named,
    measure,
    measure_all,
)
from musicvae.attributes.storage import attributes_path, load_vectors, save_vectors
from musicvae.attributes.vectors import AttributeVectors, attribute_vectors

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
