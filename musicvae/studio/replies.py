"""What the API's replies hold; clips are described in messages.py."""

from __future__ import annotations

from pydantic import Field

from musicvae.studio.messages import Clip, Message


class DrumClass(Message):
    """A row of the drum grid."""

    name: str
    pitch: int
    pitches: list[int]


class Part(Message):
    """An instrument of a model."""

    name: str
    program: int
    drum: bool


class Knob(Message):
    """An attribute, as the model's own music has it."""

    name: str
    mean: float
    deviation: float


class StyleAxis(Message):
    """An axis of a style."""

    share: float = Field(description="how much of what differs lies along it")
    meaning: str = Field(description="what grows along it, in words; may be empty")


class StyleCard(Message):
    """A style: a small latent space of a few files."""

    name: str
    files: int
    windows: int
    reach: float = Field(description="how far a map of it goes, in standard deviations")
    axes: list[StyleAxis]


class ModelCard(Message):
    """A model."""

    name: str
    description: str
    family: str
    bars: int
    beats_per_bar: int
    steps_per_quarter: int
    tempo: float
    z_size: int
    temperature: float
    lowest_pitch: int
    highest_pitch: int
    drum_classes: list[DrumClass]
    parts: list[Part]
    chords: bool
    key: bool
    hits: bool = Field(description="whether it plays given hits")
    prior: bool
    prior_conditions: list[str]
    style: StyleCard | None = Field(default=None, description="that the studio was started with")
    attributes: list[Knob]
    modes: list[str]
    version: str


class ModelEntry(Message):
    """A model in the list."""

    name: str
    description: str
    family: str
    loaded: bool
    modes: list[str]


class ModelList(Message):
    """The models."""

    models: list[ModelEntry]


class Clips(Message):
    """Music, and what the user should know of how it was made."""

    clips: list[Clip]
    seed: int | None = None
    notes: list[str] = Field(default=[])


class ReadReply(Message):
    """What a model sees of a piece."""

    clips: list[Clip]
    piece: Clip
    notes: list[str]


class OneClip(Message):
    """One piece of music."""

    clip: Clip
    notes: list[str] = Field(default=[])


class PadReply(Message):
    """A filled square."""

    size: int
    clips: list[Clip]
    corners: list[str] = Field(description="ids that stand for the corners")
    notes: list[str] = Field(default=[])


class PadPointReply(Message):
    """The music at a place of a square."""

    clip: Clip | None
    corners: list[str] = Field(default=[])
    superseded: bool = False


class MapPoint(Message):
    """A window of a piece on a map."""

    name: str
    bar: int
    x: float
    y: float
    clip: Clip


class MapReply(Message):
    """A map: the two directions in which its music differs most."""

    map: str
    points: list[MapPoint]
    axes: list[float] = Field(description="shares of the variance")
    notes: list[str] = Field(default=[])


class JobReply(Message):
    """What a job gave."""

    clip: Clip
    clips: list[Clip]
    notes: list[str]
    model: str


class KnobsReply(Message):
    """The attributes of a model."""

    attributes: list[Knob]
    notes: list[str] = Field(default=[])


class Health(Message):
    """Whether music can be asked for."""

    ready: bool
    model: str
    message: str


class Problem(Message):
    """Why a request was refused."""

    error: str


class Progress(Message):
    """How far the long work of a tab is."""

    working: bool
    seconds: float = Field(default=0.0, description="since it was asked for")
    done: int = 0
    total: int = Field(default=0, description="0 where it is not known")
    remaining: float | None = Field(default=None, description="seconds, estimated")
