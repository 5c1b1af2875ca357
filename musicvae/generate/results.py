"""What a job is given, what can be asked of it, and what it gives."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Literal, overload

import numpy as np
import numpy.typing as npt

from musicvae.converters.drum_map import GENERAL_MIDI, DrumMap
from musicvae.errors import InputError
from musicvae.generate.music import Music
from musicvae.lazy_note_seq import NoteSequence
from musicvae.prior import DEFAULT_GUIDANCE, DEFAULT_TEMPERATURE, Target
from musicvae.styles.space import Style

Vector = npt.NDArray[np.float32]

MAX_LENGTH_STEPS = 1 << 14
_SEED_STEP = 104_729


@dataclasses.dataclass(frozen=True, repr=False)
class Piece(Music):
    """A piece that a user gives.

    Attributes:
      sequence: notes in seconds.
      name: what to call it in messages.
    """

    sequence: NoteSequence
    name: str

    @property
    def title(self) -> str:
        """Its name."""
        return self.name


@dataclasses.dataclass(frozen=True, repr=False)
class Sample(Music):
    """One result.

    Attributes:
      sequence: notes in seconds.
      caption: what it is, in a word or two: "sample 3", "0.25 of the way".
      z: float32 `[Z]`, where in latent space it lies; None for a piece of several windows.
    """

    sequence: NoteSequence
    caption: str
    z: Vector | None = None

    @property
    def title(self) -> str:
        """Its caption."""
        return self.caption


@dataclasses.dataclass(frozen=True, repr=False)
class Result:
    """The results of a mode; a sequence of its samples.

    Attributes:
      samples: the results, in order.
      notes: what the user should know: what was done to the inputs.
      order: how they belong together: a "list", a "path" from one to another, or a "grid".
      columns: of a grid.

    Examples:
      >>> import musicvae as mv
      >>> result = mv.load("cat-drums_2bar_small").sample(3, seed=1)
      >>> result
      <Result: 3 samples as a list>
      >>> [sample.title for sample in result][-1]
      'sample 3'
    """

    samples: tuple[Sample, ...]
    notes: tuple[str, ...] = ()
    order: Literal["list", "path", "grid"] = "list"
    columns: int | None = None

    def __len__(self) -> int:
        return len(self.samples)

    def __iter__(self) -> Iterator[Sample]:
        return iter(self.samples)

    @overload
    def __getitem__(self, index: int) -> Sample: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Sample, ...]: ...

    def __getitem__(self, index: int | slice) -> Sample | tuple[Sample, ...]:
        return self.samples[index]

    def _repr_html_(self) -> str:
        from musicvae.generate.notebook_view import view

        return view(self.samples, f"{len(self.samples)} samples")

    def __repr__(self) -> str:
        count = len(self.samples)
        said = f", {len(self.notes)} notes on the inputs" if self.notes else ""
        return f"<Result: {count} sample{'' if count == 1 else 's'} as a {self.order}{said}>"


@dataclasses.dataclass(frozen=True)
class SamplingOptions:
    """What can be asked of every job.

    Attributes:
      temperatures: one or more; every result is made at each. 0 takes the most likely notes.
      seed: makes everything repeatable; None for something new every time.
      qpm: tempo of the results in quarters a minute; None for the input's, or 120.
      program: MIDI program of melodies, 0..127; None for the input's, or a piano.
      length: steps of a result at most; None for the model's.
      chords: chords to play over, such as "C Am F G", for models with chords.
      key: the key of the chords, such as "G" or "Em"; chords may then be numerals, "I vi IV V".
      control: a piece whose chords or hits are followed, for models with such a control.
      strict: whether an input must be one window exactly, as it stands.
      bar: the bar at which an input's window is to begin; None for the most musical one.
      keep_hits: whether the groove jobs play the input's hits as they are, and no others.
      targets: attributes that new latent vectors are to have, for models with a learned prior.
      guidance: how strongly, 0 or more; 1 is as the training music has them.
      timing: how much of a groove model's timing kept hits take, 0 (none) to 1.
      velocity: how much of its velocities they take, 0 (none) to 1.
      drum_map: what the drum pitches of inputs and results are.
      style: a latent space of some files, which sample, similar, grid and morph move in.
    """

    temperatures: tuple[float, ...] = (DEFAULT_TEMPERATURE,)
    seed: int | None = None
    qpm: float | None = None
    program: int | None = None
    length: int | None = None
    chords: str | None = None
    key: str | None = None
    control: Piece | None = None
    strict: bool = False
    bar: int | None = None
    keep_hits: bool = True
    targets: tuple[Target, ...] = ()
    guidance: float = DEFAULT_GUIDANCE
    timing: float = 1.0
    velocity: float = 1.0
    drum_map: DrumMap = GENERAL_MIDI
    style: Style | None = None

    def __post_init__(self) -> None:
        if not self.temperatures:
            raise InputError("no temperature; give at least one, such as 0.5")
        for temperature in self.temperatures:
            if not 0.0 <= temperature <= 100.0:
                raise InputError(f"temperature {temperature} is not in 0..100")
        if self.qpm is not None and not 5.0 <= self.qpm <= 1000.0:
            raise InputError(f"{self.qpm} quarters a minute is no tempo; give 5 to 1000")
        if self.program is not None and not 0 <= self.program <= 127:
            raise InputError(f"program {self.program} is not in 0..127")
        if self.seed is not None and self.seed < 0:
            raise InputError(f"seed {self.seed} must be at least 0")
        for name in ("timing", "velocity"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise InputError(
                    f"{name} {getattr(self, name):g} is not in 0 (as in the input) to 1 (as the "
                    "model plays)"
                )
        if self.length is not None and not 1 <= self.length <= MAX_LENGTH_STEPS:
            raise InputError(f"length {self.length} is not in 1..{MAX_LENGTH_STEPS} steps")

    def seed_for(self, number: int) -> int | None:
        """Returns a seed for one of several rounds: 0 has the user's own, None stays None."""
        return None if self.seed is None else self.seed + _SEED_STEP * number
