from __future__ import annotations

import numpy as np
import pytest

from musicvae.errors import InputError
from musicvae.plot.drawing import Dot, Label, Line
from musicvae.plot.latent_map import latent_map, principal_plane

RNG = np.random.default_rng(5)


def test_the_plane_shows_the_directions_of_most_variance():
    z = RNG.normal(size=(200, 6)) * [0.1, 5.0, 0.1, 2.0, 0.1, 0.1]
    plane = principal_plane(z)
    assert abs(plane.axes[0][1]) == pytest.approx(1.0, abs=0.01)
    assert abs(plane.axes[1][3]) == pytest.approx(1.0, abs=0.01)
    assert plane.shares.sum() > 0.98


def test_it_agrees_with_the_eigenvectors_of_the_covariance():
    z = RNG.normal(size=(50, 4)) @ RNG.normal(size=(4, 4))
    plane = principal_plane(z)
    values = np.linalg.eigvalsh(np.cov(z.T))[::-1]
    np.testing.assert_allclose(plane.apply(z).var(axis=0, ddof=1), values[:2])


def test_the_sign_of_an_axis_does_not_depend_on_the_order_of_the_points():
    z = RNG.normal(size=(20, 5))
    np.testing.assert_allclose(principal_plane(z).axes, principal_plane(z[::-1]).axes)


@pytest.mark.parametrize("z", [np.ones((1, 4)), np.ones((3, 4)), np.arange(3.0)[:, None]])
def test_points_that_fill_no_plane_can_be_drawn(z):
    drawing = latent_map(z, [""] * len(z))
    dots = [shape for shape in drawing.shapes if isinstance(shape, Dot)]
    assert len(dots) == 2 * len(z)
    assert all(0 <= dot.x <= drawing.width and 0 <= dot.y <= drawing.height for dot in dots)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_path_is_joined_from_left_to_right_and_its_ends_named(sign):
    z = sign * np.linspace(0, 1, 5)[:, None] * RNG.normal(size=8)
    drawing = latent_map(z, ["start", "", "", "", "end"], path=True)
    (line,) = [s for s in drawing.shapes if isinstance(s, Line) and len(s.points) == 5]
    assert line.points[0][0] < line.points[-1][0]
    texts = [shape.text for shape in drawing.shapes if isinstance(shape, Label)]
    assert {"start", "end"} <= set(texts)


def test_names_do_not_lie_on_each_other():
    z = np.zeros((6, 3)) + 1e-9 * RNG.normal(size=(6, 3))
    drawing = latent_map(np.concatenate([z, [[1, 2, 3]]]), ["a long name"] * 7)
    names = [s for s in drawing.shapes if isinstance(s, Label) and s.text == "a long name"]
    assert len({(name.x, name.y) for name in names}) == len(names)


def test_positions_that_are_not_numbers_are_refused():
    with pytest.raises(InputError, match="finite"):
        latent_map(np.full((2, 3), np.nan), ["", ""])
    with pytest.raises(InputError, match="finite"):
        principal_plane(np.zeros((0, 3)))
