"""A running studio: warm models, the threads that run them, and what they remember."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from musicvae.model_choice import ModelChoice
from musicvae.studio.files_out import OutFile, file_of_clips
from musicvae.studio.knobs import Knobs, knobs_of, sampled_values
from musicvae.studio.latent_maps import LatentMaps
from musicvae.studio.messages import FileRequest, Options, PadPointRequest, Source
from musicvae.studio.models import GivenStyle, WarmModel, WarmModels
from musicvae.studio.playing import Playing
from musicvae.studio.progress import ProgressBoard
from musicvae.studio.sources import Given, Sources
from musicvae.studio.uploads import Uploads
from musicvae.studio.worker import LONG, POINTER, USUAL, ModelWorker

if TYPE_CHECKING:
    from musicvae.generate import TrainedModel

T = TypeVar("T")

# Models of more steps take seconds over what others do at once.
_QUICK_STEPS = 64


class Studio:
    """Models and what was made with them.

    Attributes:
      models: the models.
      worker: the threads that run them.
      maps: the maps that were made last.
      progress: how far the long work of each tab is.
    """

    def __init__(
        self,
        choice: ModelChoice,
        load: Callable[[ModelChoice], TrainedModel],
        given: GivenStyle | None = None,
    ) -> None:
        """Starts the models' threads; nothing is loaded.

        Args:
          choice: the model to start with.
          load: loads a model.
          given: a style of the model to start with, to play within.
        """
        self.models = WarmModels(choice, load, given)
        self.worker = ModelWorker()
        self.maps = LatentMaps()
        self.progress = ProgressBoard()
        self._sources = Sources()
        self._uploads = Uploads()
        self._writing = asyncio.Lock()
        self._computing = asyncio.Lock()

    async def play(
        self,
        request: Options,
        sources: Sequence[Source],
        work: Callable[[Playing, Sequence[Given]], T],
        *,
        rank: int = USUAL,
        needs_knobs: bool = False,
    ) -> T:
        """Does what a request asks for.

        Args:
          request: the request.
          sources: the music in it, whose files are read first.
          work: what is done, in a thread of the models'.
          rank: see worker.py. Of a tab's waiting pad points the newest alone is done.
          needs_knobs: whether the model's attributes are needed.

        Returns:
          What `work` returns.
        """
        if rank == POINTER:
            tab = request.tab if isinstance(request, PadPointRequest) else None
            return await self._play(request, sources, work, rank, tab, needs_knobs)
        with self.progress.working(request.tab):
            return await self._play(request, sources, work, rank, None, needs_knobs)

    async def _play(
        self,
        request: Options,
        sources: Sequence[Source],
        work: Callable[[Playing, Sequence[Given]], T],
        rank: int,
        tab: str | None,
        needs_knobs: bool,
    ) -> T:
        given = await self._uploads.given(sources, request.drum_channels)
        control = None
        if request.control is not None:
            (control,) = await self._uploads.given([request.control], request.drum_channels)
        warm = await self.model(request.model)
        if rank == USUAL and warm.trained.config.hparams.max_seq_len > _QUICK_STEPS:
            rank = LONG
        if needs_knobs or any(request.attributes.values()):
            await self.knobs(request.model, request.tab)

        def report(done: int, total: int) -> None:
            self.progress.report(request.tab, done, total)

        def do() -> T:
            return work(Playing.of(warm, self._sources, request, control, report), given)

        return await self.worker.run(do, rank=rank, tab=tab)

    async def model(self, name: str | None) -> WarmModel:
        """Returns a model; loads it beside the work of others where that is needed."""
        known = self.models.known(name)
        return await asyncio.to_thread(self.models.get, name) if known is None else known

    async def knobs(self, name: str | None, tab: str | None = None) -> Knobs:
        """Returns a model's attributes; computed on first use."""
        warm = await self.model(name)
        async with self._computing:
            if warm.knobs is None:

                def compute() -> Knobs:
                    def report(done: int, total: int) -> None:
                        self.progress.report(tab, done, total)

                    return knobs_of(list(sampled_values(warm.trained, report)))

                warm.knobs = await self.worker.run(compute, rank=LONG)
        return warm.knobs

    async def write(self, request: FileRequest) -> OutFile:
        """Writes clips as a file; one at a time, for the libraries are not made for more."""
        async with self._writing:
            return await asyncio.to_thread(file_of_clips, request)

    def close(self) -> None:
        """Ends the models' threads."""
        self.worker.close()
