"""Music in a notebook's cell: rolls and players, in a frame of their own.

The frame holds the page that `musicvae-generate --html` writes; it needs no network.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from musicvae.plot.page import PlayerPiece, page_html

if TYPE_CHECKING:
    from musicvae.generate.music import Music

_PIECE_HEIGHT, _MARGIN_HEIGHT, _MAX_HEIGHT = 300, 90, 900


def view(pieces: Sequence[Music], title: str) -> str:
    """Returns a frame with a roll and a player for each piece, as HTML.

    Args:
      pieces: what to show; beyond the page's limit the first ones.
      title: what stands above them.
    """
    players = [
        PlayerPiece(
            piece.sequence,
            piece.title,
            midi=piece.to_midi(),
            file_name=_file_name(piece.title),
        )
        for piece in pieces
    ]
    page = html.escape(page_html(players, title=title), quote=True)
    height = min(_MARGIN_HEIGHT + _PIECE_HEIGHT * len(pieces), _MAX_HEIGHT)
    return (
        f'<iframe srcdoc="{page}" title="{html.escape(title, quote=True)}" '
        f'style="width: 100%; height: {height}px; border: 0"></iframe>'
    )


def _file_name(title: str) -> str:
    return f"{re.sub(r'[^A-Za-z0-9.-]+', '-', title).strip('-.') or 'music'}.mid"
