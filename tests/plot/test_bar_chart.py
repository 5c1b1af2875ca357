from __future__ import annotations

import pytest

from musicvae.plot.bar_chart import Bars, bar_chart
from musicvae.plot.curves import COLOURS
from musicvae.plot.drawing import Box, Label

HISTOGRAM = Bars("Drums", ("Kick", "Snare"), {"ours": (0.25, 0.75), "theirs": (0.5, 0.5)})


def bars_of(drawing, colour):
    """Boxes of a colour without the legend's."""
    return [s for s in drawing.shapes if isinstance(s, Box) and s.fill == colour and s.y > 20]


def test_bars_are_as_high_as_their_shares():
    ours = bars_of(bar_chart([HISTOGRAM], title="T"), COLOURS[0])
    theirs = bars_of(bar_chart([HISTOGRAM], title="T"), COLOURS[1])
    assert [b.height / ours[1].height for b in ours] == pytest.approx([1 / 3, 1.0])
    assert [b.height / ours[1].height for b in theirs] == pytest.approx([2 / 3, 2 / 3])
    assert ours[1].height == 112  # of a panel of 120 pixels: the largest share fills it
    assert all(b.x < c.x for b, c in zip(ours, theirs, strict=True))


def test_a_share_of_nothing_has_no_bar_and_its_name_is_there():
    chart = bar_chart([Bars("Drums", ("Kick", "Snare"), {"ours": (0.0, 0.0)})], title="T")
    assert bars_of(chart, COLOURS[0]) == []
    assert {"Kick", "Snare"} <= {s.text for s in chart.shapes if isinstance(s, Label)}


def test_names_that_have_no_room_are_left_out():
    names = tuple(f"a long name {k}" for k in range(100))
    chart = bar_chart([Bars("Many", names, {"ours": [0.01] * 100})], title="T")
    shown = [s for s in chart.shapes if isinstance(s, Label) and s.text in names]
    assert 1 < len(shown) < 20
    assert len(bars_of(chart, COLOURS[0])) == 100


def test_everything_is_inside_and_described():
    chart = bar_chart([HISTOGRAM, HISTOGRAM], title="T")
    for box in (s for s in chart.shapes if isinstance(s, Box)):
        assert box.x >= 0 and box.x + box.width <= chart.width + 1e-6
        assert box.y >= 0 and box.y + box.height <= chart.height
    assert "ours most often Snare (75%), theirs most often Kick (50%)" in chart.description
