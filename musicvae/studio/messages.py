"""What the API's requests and replies hold.

Times are in quarter notes from the start of the music, whatever its tempo.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

MAX_NOTES = 50_000
MAX_BEATS = 65_536.0
MAX_CLIPS = 256
MAX_COUNT = 64
MAX_SOURCES = 256
MAX_POINTS = 4096
MAX_BARS = 256

Number = Annotated[float, Field(allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Beat = Annotated[float, Field(ge=0, le=MAX_BEATS, allow_inf_nan=False)]
Tempo = Annotated[float, Field(ge=5, le=1000, allow_inf_nan=False)]
Program = Annotated[int, Field(ge=0, le=127)]
Vector = Annotated[list[Number], Field(max_length=4096)]
Name = Annotated[str, Field(max_length=200)]


class Message(BaseModel):
    """Base of all; fields that are not known are ignored."""

    model_config = ConfigDict(protected_namespaces=())


class Note(Message):
    """A note."""

    pitch: int = Field(ge=0, le=127, description="MIDI pitch")
    start: Beat
    end: Beat
    velocity: int = Field(default=80, ge=1, le=127, description="MIDI velocity")
    drum: bool = False
    program: Program = 0
    part: int = Field(default=0, ge=0, le=65_535, description="number of the instrument")


class Clip(Message):
    """A piece of music; a sample has its place in latent space too."""

    id: Name = ""
    z: Vector | None = Field(
        default=None, description="null where there is none, or notes were edited"
    )
    notes: list[Note] = Field(max_length=MAX_NOTES)
    tempo: Tempo = Field(default=120.0, description="quarter notes a minute, at the start")
    beats_per_bar: int = Field(default=4, ge=1, le=64)
    beat_unit: Literal[1, 2, 4, 8, 16, 32] = 4
    length: Beat = Field(default=0.0, description="in quarter notes")
    name: Name = ""
    model: Name | None = Field(default=None, description="whose latent space z is a place of")
    seed: int | None = Field(default=None, ge=0, description="gives the same notes again")
    tempos: list[tuple[Beat, Tempo]] | None = Field(
        None, max_length=10_000, description="[beat, tempo] where the tempo changes"
    )
    chords: list[tuple[Beat, Name]] | None = Field(
        None, max_length=10_000, description="[beat, chord symbol]"
    )


class Source(Message):
    """Music that is given: exactly one of clip, z, notes, midi and id."""

    clip: Clip | None = None
    z: Vector | None = None
    notes: list[Note] | None = Field(default=None, max_length=MAX_NOTES)
    midi: str | None = Field(default=None, description="base64 of a MIDI, MusicXML or ABC file")
    id: Name | None = Field(default=None, description="of a clip that this server gave")
    name: Name = Field(default="", description="of the file; its ending says what it is")
    tempo: Tempo = Field(default=120.0, description="of notes")
    beats_per_bar: int = Field(default=4, ge=1, le=64, description="of notes")
    beat_unit: Literal[1, 2, 4, 8, 16, 32] = Field(default=4, description="of notes")
    length: Beat = Field(default=0.0, description="of notes, in quarter notes")

    @model_validator(mode="after")
    def _is_one(self) -> Source:
        kinds = ("clip", "z", "notes", "midi", "id")
        given = [kind for kind in kinds if getattr(self, kind) is not None]
        if len(given) != 1:
            shown = " and ".join(given) or "none of them"
            raise ValueError(f"a source has one of {', '.join(kinds)}; here it has {shown}")
        return self


class ModelChoice(Message):
    """Which model is meant, and who asks."""

    model: Name | None = Field(default=None, description="the one chosen last where not given")
    tab: Name | None = Field(
        default=None, description="who asks: of its waiting pad points the newest is done"
    )


class Options(ModelChoice):
    """What can be asked of all that makes music."""

    temperature: float | None = Field(
        None, ge=0, le=100, allow_inf_nan=False, description="0.5 where not given"
    )
    seed: int | None = Field(default=None, ge=0, lt=2**31, description="drawn where not given")
    prior: Literal["learned", "standard"] | None = None
    style: bool | None = Field(
        default=None,
        description="whether to stay within the studio's style; where not given, yes if it has one "
        "for the model and neither prior nor prior_condition is given",
    )
    attributes: dict[Name, Annotated[float, Field(ge=-20, le=20)]] = Field(
        default={}, description="how far to move, in standard deviations"
    )
    prior_condition: dict[Name, Literal["low", "medium", "high"] | Number] = Field(
        default={}, description="what new music is to have, for a learned prior"
    )
    guidance: float | None = Field(default=None, ge=0, le=100, description="how strongly")
    chords: str | None = Field(default=None, max_length=4000)
    key: Name | None = None
    tempo: Tempo | None = None
    program: Program | None = None
    bar: int | None = Field(
        default=None, ge=1, description="where the window of a longer piece begins"
    )
    linear: bool = False
    keep_hits: bool = True
    timing: Share = 1.0
    velocity: Share = 1.0
    control: Source | None = Field(default=None, description="whose chords or hits are followed")
    drum_channels: list[Annotated[int, Field(ge=1, le=16)]] = Field(default=[], max_length=16)


class SampleRequest(Options):
    """New music."""

    count: int = Field(default=4, ge=1, le=MAX_COUNT)


class ReadRequest(Source):
    """A file or other music to look at."""

    model: Name | None = None
    chords: str | None = Field(default=None, max_length=4000)
    key: Name | None = None
    drum_channels: list[Annotated[int, Field(ge=1, le=16)]] = Field(default=[], max_length=16)


class EncodeRequest(Options):
    """Music whose place in latent space is wanted."""

    source: Source


class DecodeRequest(Options):
    """Places in latent space."""

    z: list[Vector] = Field(min_length=1, max_length=MAX_COUNT)


class Corners(Options):
    """A square of latent space: upper left, upper right, lower left, lower right."""

    corners: list[Source] = Field(min_length=4, max_length=4)


class PadRequest(Corners):
    """A square to fill."""

    size: int = Field(default=5, ge=2, le=9, description="clips along a side")


class PadPointRequest(Corners):
    """A place in a square."""

    x: Share
    y: Share


class PathRequest(Corners):
    """A path in a square."""

    points: list[tuple[Share, Share]] = Field(min_length=1, max_length=MAX_POINTS)
    bars: int = Field(ge=1, le=MAX_BARS)


class MorphRequest(Options):
    """Two ends, and how many clips to make from one to the other."""

    start: Source
    end: Source
    count: int = Field(default=5, ge=1, le=MAX_COUNT)


class SimilarRequest(Options):
    """Music to vary."""

    source: Source
    count: int = Field(default=4, ge=1, le=MAX_COUNT)
    closeness: Share = Field(default=0.7, description="0 (anything) to 1 (the same)")


class StylePointRequest(Options):
    """A place in the studio's style."""

    position: list[Annotated[float, Field(ge=-10, le=10, allow_inf_nan=False)]] = Field(
        max_length=64,
        description="along the style's axes, in standard deviations; 0 along those left out",
    )


class StyleMapRequest(StylePointRequest):
    """A square of the studio's style: its first axis across, its second one down."""

    size: int = Field(default=5, ge=2, le=9, description="clips along a side")


class MapRequest(Options):
    """Music to lay out on a map."""

    sources: list[Source] = Field(min_length=1, max_length=MAX_SOURCES)


class MapPointRequest(Options):
    """A place on a map."""

    map: Name
    x: Annotated[float, Field(ge=-4, le=4)]
    y: Annotated[float, Field(ge=-4, le=4)]


class JobRequest(Options):
    """Work on whole pieces, by the modes of `musicvae-generate`."""

    mode: Name
    source: Source | None = None
    sources: list[Source] = Field(default=[], max_length=100, description="further inputs")
    whole: bool = Field(default=True, description="reconstruct all of it")
    bars: int | None = Field(
        default=None,
        ge=1,
        le=MAX_BARS,
        description="how many continue adds, 8 where not given, or compose writes, 64",
    )
    form: str = Field(
        default="AABA", max_length=1000, description="the sections that compose writes"
    )
    keep: str | None = Field(
        default=None, max_length=1000, description="bars that infill keeps: 1-4,9-16"
    )
    keep_parts: list[Literal["melody", "bass", "drums"]] = Field(
        default=[], max_length=3, description="parts of a trio that infill keeps"
    )
    count: int = Field(default=1, ge=1, le=MAX_COUNT)
    closeness: Share = 0.7
    attribute: Name | None = None
    amounts: list[Annotated[float, Field(ge=-1000, le=1000)]] = Field(
        default=[-1.0, 0.0, 1.0], max_length=MAX_COUNT
    )


class FileRequest(Message):
    """Clips to write."""

    clips: list[Clip] = Field(min_length=1, max_length=MAX_CLIPS)
    format: Literal["midi", "wav", "musicxml", "abc"] = "midi"
    joined: bool = Field(default=True, description="one file of all, one after another; else a zip")
    name: Name = ""


class ChooseRequest(Message):
    """The model to use from now on."""

    name: Name
