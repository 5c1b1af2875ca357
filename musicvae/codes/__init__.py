"""Codes of music as tables: a row for each window, with the file and the bar that it is of.

    table = encode_music(model, MusicFolder("songs"))     (musicvae.codes.encoding)
    save_codes("songs.npz", table)
    for near in nearest(table, mu, 10): ...

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
