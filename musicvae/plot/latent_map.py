"""Where pieces lie in latent space, seen from the side on which they differ most.

Axes: N pieces, Z latent dimensions. The two directions are the first principal components of the
positions that are shown (or of a background of many others), found by a singular value
decomposition; each component's sign is fixed, so that the same positions give the same map.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from musicvae.errors import InputError
from musicvae.plot.drawing import (
    FAINT_INK,
    INK,
    PANEL,
    RULE,
    Box,
    Dot,
    Drawing,
    Label,
    Line,
    Shape,
    horizontal,
    mixed,
    text_width,
    vertical,
)

FloatArray = npt.NDArray[np.floating]

_DOT_COLOUR = "#4a5bdc"
_END_COLOUR = "#e2553d"
_BACKGROUND_DOT = "#c3c9d6"
_MARGIN = 46.0
_TITLE_HEIGHT = 30.0
_NAME_SIZE = 10.5


@dataclasses.dataclass(frozen=True)
class Projection:
    """A plane through latent space.

    Attributes:
      centre: float64 `[Z]`, the point of the plane that is drawn at (0, 0).
      axes: float64 `[2, Z]`, orthonormal; where positions fill fewer than two dimensions, a row of
        zeros.
      shares: float64 `[2]`, how much of the positions' variance each axis shows, 0..1.
    """

    centre: npt.NDArray[np.float64]
    axes: npt.NDArray[np.float64]
    shares: npt.NDArray[np.float64]

    def apply(self, z: FloatArray) -> npt.NDArray[np.float64]:
        """Returns the positions `[N, Z]` as points `[N, 2]` of the plane."""
        points: npt.NDArray[np.float64] = (np.asarray(z, np.float64) - self.centre) @ self.axes.T
        return points


def principal_plane(z: FloatArray) -> Projection:
    """Finds the plane in which positions differ most.

    Args:
      z: float `[N, Z]`, finite, N at least 1.

    Returns:
      The plane through their mean along the first two principal components. The component of
      largest magnitude of each axis is positive.

    Raises:
      InputError: there are none, or they are not finite.
    """
    positions: npt.NDArray[np.float64] = np.asarray(z, np.float64)
    if positions.ndim != 2 or not len(positions) or not np.isfinite(positions).all():
        raise InputError(f"a map needs finite latent positions [N, Z], not {positions.shape}")
    centre = positions.mean(axis=0)
    _, lengths, directions = np.linalg.svd(positions - centre, full_matrices=False)
    variances = lengths**2
    total = variances.sum()
    axes, shares = np.zeros((2, len(centre))), np.zeros(2)
    for k in range(min(2, len(lengths))):
        if variances[k] <= total * 1e-12:
            break
        largest = np.argmax(np.abs(directions[k]))
        axes[k] = directions[k] * np.sign(directions[k, largest])
        shares[k] = variances[k] / total
    return Projection(centre, axes, shares)


def latent_map(
    z: FloatArray,
    names: Sequence[str],
    *,
    title: str = "Latent positions",
    path: bool = False,
    background: FloatArray | None = None,
    width: float = 640.0,
    height: float = 480.0,
) -> Drawing:
    """Draws positions in latent space as points of a plane.

    Args:
      z: float `[N, Z]`, finite.
      names: what stands beside each point; an empty name leaves it bare.
      title: what stands above.
      path: whether the points follow each other, as an interpolation's do; they are joined by a
        line that begins at the left, and the two ends are marked.
      background: float `[M, Z]`, other positions, drawn faintly; they choose the plane.
      width: pixels.
      height: pixels.

    Returns:
      The drawing; a unit is as long on both axes.

    Raises:
      InputError: there are no positions, or they are not finite.
    """
    assert len(z) == len(names)
    plane = principal_plane(z if background is None else np.concatenate([z, background]))
    if path and np.diff(plane.apply(z)[[0, -1], 0]) < 0:
        plane = dataclasses.replace(plane, axes=plane.axes * np.array([[-1.0], [1.0]]))
    points = plane.apply(z)
    others = plane.apply(background) if background is not None else np.zeros((0, 2))
    everything = np.concatenate([points, others])
    middle = (everything.min(axis=0) + everything.max(axis=0)) / 2
    spread = np.maximum(np.ptp(everything, axis=0) / 2, 1e-9)
    top = _TITLE_HEIGHT if title else 0.0
    room = np.array([width / 2 - _MARGIN, (height - top) / 2 - _MARGIN])
    scale = min(float(np.min(room / spread)), 1e4)

    def place(point: npt.NDArray[np.float64]) -> tuple[float, float]:
        x, y = (point - middle) * scale
        return width / 2 + float(x), top + (height - top) / 2 - float(y)

    shapes: list[Shape] = [Label(0.0, 14.0, title, size=14.0, bold=True)] if title else []
    shapes.append(Box(0.0, top, width, height - top, PANEL, radius=6.0))
    shapes += _axes(place(np.zeros(2)), plane, (0.0, top, width, height))
    shapes += [Dot(*place(point), 2.0, _BACKGROUND_DOT) for point in others]
    places = [place(point) for point in points]
    if path and len(places) > 1:
        shapes.append(Line(tuple(places), mixed(_DOT_COLOUR, PANEL, 0.45), 2.0))
    for k, (x, y) in enumerate(places):
        is_end = path and k in (0, len(places) - 1)
        shapes.append(Dot(x, y, 6.5, PANEL))
        shapes.append(Dot(x, y, 5.0, _END_COLOUR if is_end else _DOT_COLOUR))
    shapes += _names(places, names, width)
    shown = round(100 * float(plane.shares.sum()))
    return Drawing(
        width=width,
        height=height,
        shapes=tuple(shapes),
        title=title or "Latent positions",
        description=f"{len(z)} latent positions on the two axes that show {shown} % of how they "
        "differ.",
    )


def _axes(
    origin: tuple[float, float], plane: Projection, frame: tuple[float, float, float, float]
) -> list[Shape]:
    left, top, right, bottom = frame
    shapes: list[Shape] = []
    if left < origin[0] < right:
        shapes.append(vertical(origin[0], top, bottom, RULE))
    if top < origin[1] < bottom:
        shapes.append(horizontal(origin[1], left, right, RULE))
    first, second = (f"{100 * share:.0f} %" for share in plane.shares)
    caption = f"principal components: across {first}, up {second} of the variance"
    shapes.append(Label(right - 10, bottom - 10, caption, 10.0, FAINT_INK, anchor="end"))
    return shapes


_Frame = tuple[float, float, float, float]


def _names(
    places: Sequence[tuple[float, float]], names: Sequence[str], width: float
) -> list[Shape]:
    """Writes names beside their points, and leaves out those that find no free place."""
    taken: list[_Frame] = [(x - 6, y - 6, x + 6, y + 6) for x, y in places]
    shapes: list[Shape] = []
    for (x, y), name in zip(places, names, strict=True):
        if not name:
            continue
        length = text_width(name, _NAME_SIZE)
        starts = (
            (x + 9, y),
            (x - 9 - length, y),
            (x - length / 2, y - 15),
            (x - length / 2, y + 15),
        )
        for left, middle in starts:
            frame = (left, middle - 6, left + length, middle + 6)
            inside = left >= 4 and frame[2] <= width - 4
            if inside and not any(_overlap(frame, other) for other in taken):
                taken.append(frame)
                shapes.append(Label(left, middle + 3.8, name, _NAME_SIZE, INK))
                break
    return shapes


def _overlap(a: _Frame, b: _Frame) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
