"""Codes of music as tables: a row for each window, with the file and the bar that it is of.

    >>> import musicvae as mv
    >>> from musicvae.codes import nearest, save_codes
    >>> model = mv.load("cat-drums_2bar_small")
    >>> for k, sample in enumerate(model.sample(3, seed=1)):
    ...     sample.write(f"songs/{k}.mid")
    >>> table = mv.encode(model, "songs", num_workers=1)
    >>> save_codes("songs.npz", table)
    >>> nearest(table, table.mu[:1], 1)[0].file
    '0.mid'

Axes: N windows, Z columns of z.
"""

from musicvae.codes.frechet import frechet_distance
from musicvae.codes.storage import load_codes, save_codes
from musicvae.codes.table import CodeTable, Neighbour, nearest

__all__ = [
    "CodeTable",
    "Neighbour",
    "frechet_distance",
    "load_codes",
    "nearest",
    "save_codes",
]
