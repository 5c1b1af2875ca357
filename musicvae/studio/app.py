"""The addresses of the API and of the page, and what each of them does.

A request's files are read (uploads.py), then one of the models' threads does the work (worker.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from absl import logging
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from musicvae import __version__
from musicvae.errors import MusicVAEError
from musicvae.formats.bounds import sentence_of
from musicvae.studio import messages as m
from musicvae.studio import replies as r
from musicvae.studio.api_page import api_page
from musicvae.studio.jobs import check_inputs, do_job, model_for
from musicvae.studio.safety import Guard
from musicvae.studio.session import Studio
from musicvae.studio.sources import NotFoundError
from musicvae.studio.windows import read_piece
from musicvae.studio.worker import LONG, POINTER, BusyError, SupersededError

STATIC = Path(__file__).parent / "static"

T = TypeVar("T")

_DESCRIPTION = (
    "Music from a model that stays warm on this machine. Bodies are JSON; times are in quarter "
    'notes; a refusal is {"error": "one line"}.'
)
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": r.Problem, "description": text}
    for status, text in {
        400: "a value makes no sense, or music does not fit the model",
        403: "the Host or Origin is not this machine's",
        404: "no such model, clip or map is known",
        413: "the request is too long",
        415: "the body is not JSON",
        503: "too much is waiting",
    }.items()
}


def create_app(studio: Studio, port: int | None = None) -> Guard:
    """Makes the application.

    Args:
      studio: models and what they remember.
      port: the server's port, which Host and Origin must name; None takes any, for tests.
    """
    app = FastAPI(
        title="musicvae studio",
        description=_DESCRIPTION,
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        responses=_PROBLEMS,
    )
    _answer_errors(app)
    _about_models(app, studio)
    _latent_space(app, studio)
    _pieces(app, studio)

    @app.get("/api", include_in_schema=False)
    def describe_api() -> HTMLResponse:
        return HTMLResponse(api_page(app.openapi()))

    @app.api_route("/api/{rest:path}", methods=["GET", "POST"], include_in_schema=False)
    def unknown(rest: str) -> None:
        raise NotFoundError(f"there is no /api/{rest[:80]}; /api lists the API")

    app.mount("/", StaticFiles(directory=STATIC, html=True))
    return Guard(app, port)


def _about_models(app: FastAPI, studio: Studio) -> None:
    @app.get("/api/health", summary="Whether music can be asked for")
    async def health() -> r.Health:
        return r.Health(ready=True, model=studio.models.current, message="ready")

    @app.get("/api/model", summary="What a model is and can do")
    async def get_model(name: str | None = None) -> r.ModelCard:
        return await studio.worker.run(lambda: studio.models.get(name).card())

    @app.post("/api/model", summary="Choose the model that requests mean which name none")
    async def choose_model(request: m.ChooseRequest) -> r.ModelCard:
        def choose() -> r.ModelCard:
            card = studio.models.get(request.name).card()
            studio.models.current = request.name
            return card

        return await studio.worker.run(choose)

    @app.get("/api/models", summary="The models")
    async def list_models() -> r.ModelList:
        return r.ModelList(models=studio.models.entries())

    @app.get("/api/progress", summary="How far the long work of a tab is")
    async def progress(tab: str) -> r.Progress:
        return studio.progress.of(tab)

    @app.post("/api/attributes", summary="The attributes of a model, computed on first use")
    async def attributes(request: m.ModelChoice) -> r.KnobsReply:
        with studio.progress.working(request.tab):
            knobs = await studio.knobs(request.model, request.tab)
        return r.KnobsReply(attributes=list(knobs.rows), notes=list(knobs.notes))


def _latent_space(app: FastAPI, studio: Studio) -> None:
    @app.post("/api/sample", summary="New music")
    async def sample(request: m.SampleRequest) -> r.Clips:
        playing, clips = await studio.play(request, (), lambda p, _: (p, p.sample(request.count)))
        return r.Clips(clips=clips, seed=playing.seed)

    @app.post("/api/decode", summary="The music of places in latent space")
    async def decode(request: m.DecodeRequest) -> r.Clips:
        sources = [m.Source(z=row) for row in request.z]

        def work(playing: Any, given: Any) -> r.Clips:
            codes, _ = playing.codes(given)
            return r.Clips(clips=playing.decode(codes), seed=playing.seed)

        return await studio.play(request, sources, work)

    @app.post("/api/encode", summary="Where music lies in latent space")
    async def encode(request: m.EncodeRequest) -> r.OneClip:
        def work(playing: Any, given: Any) -> r.OneClip:
            codes, _ = playing.codes(given)
            clip, notes = playing.encoded(given[0], codes[0])
            return r.OneClip(clip=clip, notes=notes)

        return await studio.play(request, [request.source], work)

    @app.post("/api/pad", summary="A square between four corners")
    async def pad(request: m.PadRequest) -> r.PadReply:
        def work(playing: Any, given: Any) -> r.PadReply:
            codes, ids = playing.stations(given)
            clips = playing.square(codes, request.size)
            return r.PadReply(
                size=request.size, clips=clips, corners=ids, notes=_notes(given, codes)
            )

        return await studio.play(request, request.corners, work)

    # It answers while a pointer moves, so its reply, which is valid, is not validated once more.
    @app.post(
        "/api/pad_point",
        summary="The music at a place of a square",
        response_model=r.PadPointReply,
    )
    async def pad_point(request: m.PadPointRequest) -> Response:
        def work(playing: Any, given: Any) -> Response:
            codes, ids = playing.stations(given)
            clip = playing.point(codes, request.x, request.y)
            reply = r.PadPointReply.model_construct(clip=clip, corners=ids, superseded=False)
            return Response(reply.model_dump_json(), media_type="application/json")

        try:
            return await studio.play(request, request.corners, work, rank=POINTER)
        except SupersededError:
            return JSONResponse(r.PadPointReply(clip=None, superseded=True).model_dump())

    @app.post("/api/path", summary="One piece along a path in a square")
    async def path(request: m.PathRequest) -> r.OneClip:
        def work(playing: Any, given: Any) -> r.OneClip:
            codes, _ = playing.stations(given)
            clip = playing.path(codes, request.points, request.bars)
            return r.OneClip(clip=clip, notes=_notes(given, codes))

        return await studio.play(request, request.corners, work, rank=LONG)

    @app.post("/api/morph", summary="From one piece to another")
    async def morph(request: m.MorphRequest) -> r.Clips:
        def work(playing: Any, given: Any) -> r.Clips:
            codes, _ = playing.stations(given)
            clips = playing.morph(codes, request.count)
            return r.Clips(clips=clips, seed=playing.seed, notes=_notes(given, codes))

        return await studio.play(request, [request.start, request.end], work)

    @app.post("/api/similar", summary="Variations of a piece")
    async def similar(request: m.SimilarRequest) -> r.Clips:
        def work(playing: Any, given: Any) -> r.Clips:
            codes, _ = playing.codes(given)
            clips = playing.similar(codes[0], request.count, request.closeness)
            return r.Clips(clips=clips, seed=playing.seed, notes=_notes(given, codes))

        return await studio.play(request, [request.source], work)

    @app.post("/api/style_point", summary="The music at a place in the studio's style")
    async def style_point(request: m.StylePointRequest) -> r.OneClip:
        request.style = True

        def work(playing: Any, _: Any) -> r.OneClip:
            return r.OneClip(clip=playing.style_point(request.position))

        return await studio.play(request, (), work, rank=POINTER)

    @app.post("/api/style_map", summary="A square of the studio's style")
    async def style_map(request: m.StyleMapRequest) -> r.Clips:
        request.style = True

        def work(playing: Any, _: Any) -> r.Clips:
            clips = playing.style_map(request.position, request.size)
            return r.Clips(clips=clips, seed=playing.seed)

        return await studio.play(request, (), work)

    @app.post("/api/map", summary="A map of pieces")
    async def make_map(request: m.MapRequest) -> r.MapReply:
        work = studio.maps.make
        return await studio.play(request, request.sources, work, rank=LONG)

    @app.post("/api/map_point", summary="The music at a place of a map")
    async def map_point(request: m.MapPointRequest) -> r.OneClip:
        def work(playing: Any, _: Any) -> r.OneClip:
            return r.OneClip(clip=studio.maps.point(playing, request.map, request.x, request.y))

        return await studio.play(request, (), work, rank=POINTER)


def _pieces(app: FastAPI, studio: Studio) -> None:
    @app.post("/api/read", summary="The windows of a piece that a model sees")
    async def read(request: m.ReadRequest) -> r.ReadReply:
        options = m.Options(**request.model_dump(include={"model", "chords", "key"}))
        options.drum_channels = request.drum_channels
        return await studio.play(options, [request], lambda p, given: read_piece(p, given[0]))

    @app.post("/api/job", summary="A mode of musicvae-generate on whole pieces")
    async def job(request: m.JobRequest) -> r.JobReply:
        request.model = model_for(studio.models, request)
        check_inputs(request)
        sources = [*([request.source] if request.source else []), *request.sources]
        needs_knobs = request.mode == "attribute"
        return await studio.play(
            request,
            sources,
            lambda p, given: do_job(p, request, given),
            rank=LONG,
            needs_knobs=needs_knobs,
        )

    @app.post("/api/file", summary="Clips as a file", response_class=Response)
    async def file(request: m.FileRequest) -> Response:
        out = await studio.write(request)
        headers = {"Content-Disposition": f'attachment; filename="{out.name}"'}
        return Response(out.content, media_type=out.media_type, headers=headers)


def _notes(given: Sequence[Any], codes: Sequence[Any]) -> list[str]:
    """Returns what was done to inputs, each sentence once."""
    read = [note for each in given for note in each.notes]
    fitted = [
        f"{code.name}: {note}"
        for code in codes
        if code.window is not None
        for note in code.window.notes
    ]
    return list(dict.fromkeys([*read, *fitted]))


def _answer_errors(app: FastAPI) -> None:
    """Answers every error with one line."""

    def answer(status: int, text: str) -> JSONResponse:
        return JSONResponse({"error": " ".join(text.split())}, status)

    @app.exception_handler(MusicVAEError)
    async def refused(_: Request, error: MusicVAEError) -> JSONResponse:
        status = 404 if isinstance(error, NotFoundError) else 400
        return answer(503 if isinstance(error, BusyError) else status, _for_api(str(error)))

    @app.exception_handler(RequestValidationError)
    async def malformed(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        if first.get("type") == "json_invalid":
            return answer(400, f"the body is not JSON: {first.get('ctx', {}).get('error', '')}")
        places = [str(place) for place in first.get("loc", ()) if place != "body"]
        text = first.get("msg", "").removeprefix("Value error, ")
        where = f"{'.'.join(places)}: " if places else ""
        return answer(400, f"{where}{text}"[:400])

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> JSONResponse:
        text = str(error.detail)
        if error.status_code == 400:
            text = "the body is not JSON that can be read"
        if error.status_code in (404, 405):
            text = f"{request.method} {request.url.path[:120]}: {text.lower()}; /api lists the API"
        return answer(error.status_code, text)

    @app.exception_handler(MemoryError)
    async def no_memory(_: Request, __: Exception) -> JSONResponse:
        return answer(503, "there is not enough memory for this")

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        logging.error("%r failed: %s", request.url.path, sentence_of(error))
        return answer(500, f"the studio failed over this ({type(error).__name__}); it goes on")


def _for_api(text: str) -> str:
    """Returns a command's message with the API's names."""
    return text.replace("--control_midi", "control").replace("--", "")
