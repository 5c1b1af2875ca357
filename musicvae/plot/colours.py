"""The colours of who plays."""

from __future__ import annotations

from collections.abc import Sequence

from musicvae.instruments import PlotVoice
from musicvae.plot.drawing import PAPER, mixed

_DRUM_COLOUR = "#e2553d"
_BASS_COLOUR = "#0c9488"
# For other instruments in order of appearance; each differs from its neighbours in lightness too,
# so that they are told apart without colour vision.
_COLOURS = ("#4a5bdc", "#b4509e", "#d08a12", "#5c9436", "#2f86c9", "#8a6a4c", "#8d5ae0", "#64748b")
_LOUD = 112


def colours_of(voices: Sequence[PlotVoice]) -> dict[PlotVoice, str]:
    """Returns a colour for each voice.

    Drums and the first bass always have the same ones, so that pictures compare.
    """
    colours: dict[PlotVoice, str] = {}
    others = 0
    for voice in voices:
        if voice.is_drum:
            colours[voice] = _DRUM_COLOUR
        elif voice.is_bass and _BASS_COLOUR not in colours.values():
            colours[voice] = _BASS_COLOUR
        else:
            colours[voice] = _COLOURS[others % len(_COLOURS)]
            others += 1
    return colours


def shade(colour: str, velocity: int) -> str:
    """Returns a voice's colour for a note: the softer, the paler.

    Args:
      colour: "#rrggbb".
      velocity: 1..127.
    """
    return mixed(colour, PAPER, 0.22 + 0.78 * min(max(velocity, 0) / _LOUD, 1.0) ** 1.3)
