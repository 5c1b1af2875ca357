"""A map of the user's music: where its windows lie, seen from the side on which they differ most.

The two directions are the first principal components of the windows' codes. A place on the map is
decoded from the plane through their mean.

Axes: N windows, Z columns of z.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from musicvae.errors import InputError, NoExamplesError
from musicvae.generate.latent_points import LatentPoint
from musicvae.plot.latent_map import Projection, principal_plane
from musicvae.studio.messages import Clip
from musicvae.studio.playing import Playing
from musicvae.studio.replies import MapPoint, MapReply
from musicvae.studio.sources import Given, NotFoundError, Recent
from musicvae.studio.windows import windows_of

_KEPT = 16
MAX_WINDOWS = 1000


@dataclasses.dataclass(frozen=True)
class LatentMap:
    """A plane of latent space with pieces on it.

    Attributes:
      model: name of the model.
      plane: the plane.
      scale: how far from the middle of the plane a 1 of the map is.
      codes: of its windows, N.
      places: float64 `[N, 2]`, theirs, -1..1.
    """

    model: str
    plane: Projection
    scale: float
    codes: tuple[LatentPoint, ...]
    places: npt.NDArray[np.float64]

    def code_at(self, x: float, y: float) -> LatentPoint:
        """Returns the code at a place of the map, which sounds as the nearest window does."""
        z = self.plane.centre + self.scale * (np.array([x, y]) @ self.plane.axes)
        nearest = int(np.argmin(np.linalg.norm(self.places - [x, y], axis=1)))
        near = self.codes[nearest]
        return dataclasses.replace(near, name=f"{x:.3g}, {y:.3g}", z=z.astype(np.float32))


class LatentMaps:
    """The maps that were made last, by id."""

    def __init__(self) -> None:
        self._maps: Recent[LatentMap] = Recent(_KEPT)

    def make(self, playing: Playing, given: Sequence[Given]) -> MapReply:
        """Lays out music on a map.

        Args:
          playing: the model and options.
          given: the music, read; of files all windows, one after another.

        Raises:
          NoExamplesError: the model can read none of it.
        """
        codes, clips, bars, notes = list[LatentPoint](), list[Clip](), list[int](), list[str]()
        for number, each in enumerate(given):
            playing.report(number, len(given))
            try:
                found = windows_of(playing, each)
            except InputError as error:
                notes.append(str(error))
                continue
            notes += [*each.notes, *found.notes]
            room = MAX_WINDOWS - len(codes)
            codes += found.codes[:room]
            clips += found.clips[:room]
            bars += found.bars[:room]
        if not codes:
            raise NoExamplesError("; ".join(notes[:3]) or "there is no music to map")
        z = np.stack([code.z for code in codes])
        plane = principal_plane(z)
        places = plane.apply(z)
        scale = float(np.abs(places).max()) or 1.0
        name = f"m{hashlib.blake2b(z.tobytes(), digest_size=10).hexdigest()}"
        model = playing.model.config.name
        self._maps.put(name, LatentMap(model, plane, scale, tuple(codes), places / scale))
        points = [
            MapPoint(name=code.name, bar=bar, x=float(x), y=float(y), clip=clip)
            for code, clip, bar, (x, y) in zip(codes, clips, bars, places / scale, strict=True)
        ]
        shares = [round(float(share), 4) for share in plane.shares]
        return MapReply(map=name, points=points, axes=shares, notes=notes)

    def point(self, playing: Playing, name: str, x: float, y: float) -> Clip:
        """Writes the music at a place of a map.

        Raises:
          NotFoundError: the map is not known any more, or another model's.
        """
        found = self._maps.get(name)
        if found is None or found.model != playing.model.config.name:
            raise NotFoundError(f"no map '{name[:80]}' is known here any more; send its music")
        code = found.code_at(x, y)
        return playing.decode([code], code.window)[0]
