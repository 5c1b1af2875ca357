"""What a request gives: music of every kind, as pieces and as codes.

Files are read before a model is asked (uploads.py); codes are kept by content, so that the corners
of a pad are encoded once, whichever way they come.
"""

from __future__ import annotations

import collections
import dataclasses
import hashlib
import threading
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from musicvae.errors import InputError
from musicvae.generate.decoding import Setting
from musicvae.generate.latent_points import LatentPoint, decode_points, encode_pieces
from musicvae.generate.performing import fit
from musicvae.generate.results import Piece, Sample, SamplingOptions
from musicvae.prior import DEFAULT_GUIDANCE, DEFAULT_TEMPERATURE, Target
from musicvae.studio.clips import clip_of, main_program, mean_velocity, sequence_of
from musicvae.studio.messages import Clip, Options, Source
from musicvae.styles import Style

if TYPE_CHECKING:
    from musicvae.generate import TrainedModel

T = TypeVar("T")

_REMEMBERED = 4096
_MAX_REMEMBERED_NOTES = 4096
_ENCODED = 256


class NotFoundError(InputError):
    """What a request names is not known here, or no longer."""


class Recent(Generic[T]):
    """Values by key, of which the most recently used stay."""

    def __init__(self, size: int) -> None:
        """Makes an empty one.

        Args:
          size: how many stay.
        """
        self._size = size
        self._lock = threading.Lock()
        self._values: collections.OrderedDict[Hashable, T] = collections.OrderedDict()

    def get(self, key: Hashable) -> T | None:
        """Returns a value, or None."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def put(self, key: Hashable, value: T) -> None:
        """Keeps a value."""
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            if len(self._values) > self._size:
                self._values.popitem(last=False)


@dataclasses.dataclass(frozen=True)
class Given:
    """A source whose file, if it is one, has been read.

    Attributes:
      source: as the request has it.
      piece: what was in the file; None for other sources.
      notes: what was skipped or corrected in the file.
    """

    source: Source
    piece: Piece | None = None
    notes: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class _Remembered:
    model: str
    code: LatentPoint
    clip: Clip


class Sources:
    """Pieces and points of what requests give."""

    def __init__(self) -> None:
        self._clips: Recent[_Remembered] = Recent(_REMEMBERED)
        self._codes: Recent[tuple[str, LatentPoint]] = Recent(_ENCODED)

    def remember(self, model: TrainedModel, code: LatentPoint, clip: Clip) -> None:
        """Lets a clip be named by its id from now on, unless it is very long."""
        if not model.converter.spec.control_depth:
            # Its tensors are not needed again, and a trio's are large.
            code = dataclasses.replace(code, window=None)
        if len(clip.notes) <= _MAX_REMEMBERED_NOTES:
            self._clips.put(clip.id, _Remembered(model.config.name, code, clip))

    def clips(
        self,
        model: TrainedModel,
        samples: Sequence[Sample],
        codes: Sequence[LatentPoint],
        seed: int,
    ) -> list[Clip]:
        """Returns samples as clips, which can be named by their ids.

        Args:
          model: that made them.
          samples: N samples.
          codes: N codes that they were decoded from.
          seed: that gives them again.
        """
        clips = []
        for sample, code in zip(samples, codes, strict=True):
            clip = clip_of(
                sample.sequence, sample.caption, model=model.config.name, z=code.z, seed=seed
            )
            self.remember(model, code, clip)
            clips.append(clip)
        return clips

    def piece(self, model: TrainedModel, given: Given) -> Piece:
        """Returns what a source gives as a piece.

        Args:
          model: the model whose latent space a z belongs to.
          given: the source.

        Raises:
          InputError: its id is not known, or z is of another size.
        """
        source = given.source
        if given.piece is not None:
            return given.piece
        if source.clip is not None:
            return Piece(sequence_of(source.clip), source.clip.name or "clip")
        if source.notes is not None:
            clip = Clip.model_construct(**dict(source), tempos=None, chords=None)
            return Piece(sequence_of(clip), source.name or "notes")
        if source.id is not None:
            clip = self._known(source.id).clip
            return Piece(sequence_of(clip), clip.name or "clip")
        code = self._code_of_z(model, source)
        (sample,) = decode_points(model, [code], SamplingOptions(temperatures=(0.0,), seed=0))
        return Piece(sample.sequence, code.name)

    def is_placed(self, model: TrainedModel, given: Given) -> bool:
        """Returns whether a source is a place in a model's latent space, or one of its clips."""
        source, name = given.source, model.config.name
        if given.piece is not None:
            return False
        if source.id is not None:
            cached = self._codes.get(source.id)
            return (cached or (self._known(source.id).model,))[0] == name
        if source.clip is None or source.clip.z is None:
            return source.z is not None
        known = self._clips.get(source.clip.id)
        return (source.clip.model or (known.model if known else name)) == name

    def codes(
        self, model: TrainedModel, given: Sequence[Given], options: SamplingOptions
    ) -> tuple[list[LatentPoint], list[str]]:
        """Returns where sources lie in latent space.

        Args:
          model: the model.
          given: N sources.
          options: what is asked for.

        Returns:
          N codes, and an id for each.

        Raises:
          InputError: a source does not fit.
        """
        found = [self._code(model, each, options) for each in given]
        return [code for code, _ in found], [name for _, name in found]

    def _code(
        self, model: TrainedModel, given: Given, options: SamplingOptions
    ) -> tuple[LatentPoint, str]:
        source, config = given.source, model.config.name
        is_placed = self.is_placed(model, given)
        if is_placed and source.id is not None:
            cached = self._codes.get(source.id)
            if cached is not None:
                return cached[1], source.id
            known = self._known(source.id)
            return self._with_window(model, known.code, known.clip, options), source.id
        key = _content_id(config, given, options)
        cached = self._codes.get(key)
        if cached is not None:
            return cached[1], key
        clip = source.clip
        if is_placed and source.z is not None:
            code = self._code_of_z(model, source)
        elif is_placed and clip is not None and clip.z is not None:
            z = _vector(model, clip.z)
            setting = Setting(
                qpm=clip.tempo,
                velocity=mean_velocity(clip.notes),
                program=main_program(clip.notes),
                time_signature=(clip.beats_per_bar, clip.beat_unit),
            )
            code = LatentPoint(clip.name or "clip", z, setting)
            code = self._with_window(model, code, clip, options)
        else:
            (code,) = encode_pieces(model, [self.piece(model, given)], options)
        self._codes.put(key, (config, code))
        return code, key

    def _with_window(
        self, model: TrainedModel, code: LatentPoint, clip: Clip, options: SamplingOptions
    ) -> LatentPoint:
        """Gives a code of a model with controls the window that its clip is."""
        if not model.converter.spec.control_depth or code.window is not None:
            return code
        if options.chords is not None or options.control is not None:
            return code
        piece = Piece(sequence_of(clip), code.name)
        return dataclasses.replace(code, window=fit(model, piece, options))

    def _code_of_z(self, model: TrainedModel, source: Source) -> LatentPoint:
        assert source.z is not None
        return LatentPoint(source.name or "z", _vector(model, source.z), Setting(qpm=source.tempo))

    def _known(self, name: str) -> _Remembered:
        known = self._clips.get(name)
        if known is None:
            raise NotFoundError(f"no clip '{name}' is known here any more; send the clip itself")
        return known


def sampling_options(
    request: Options, seed: int, control: Piece | None = None, style: Style | None = None
) -> SamplingOptions:
    """Returns what a request asks for.

    Args:
      request: the request.
      seed: random seed.
      control: the piece that is followed.
      style: the style of the model that the studio has.

    Raises:
      InputError: a value is out of range, or a style is asked for and there is none.
    """
    temperature = DEFAULT_TEMPERATURE if request.temperature is None else request.temperature
    targets = [Target(name, value) for name, value in request.prior_condition.items()]
    return SamplingOptions(
        temperatures=(temperature,),
        seed=seed,
        qpm=request.tempo,
        program=request.program,
        chords=request.chords or None,
        key=request.key or None,
        control=control,
        bar=request.bar,
        keep_hits=request.keep_hits,
        targets=tuple(targets),
        guidance=DEFAULT_GUIDANCE if request.guidance is None else request.guidance,
        timing=request.timing,
        velocity=request.velocity,
        style=_wanted_style(request, style),
    )


def _wanted_style(request: Options, style: Style | None) -> Style | None:
    asks_prior = request.prior is not None or bool(request.prior_condition)
    if request.style is None:
        return None if asks_prior else style
    if not request.style:
        return None
    if style is None:
        raise InputError(
            "this studio has no style for this model; start it with one that was learnt on it"
        )
    if asks_prior:
        raise InputError("new music is of the style or of a prior; leave one of them out")
    return style


def _vector(
    model: TrainedModel, z: Sequence[float]
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    size = model.config.hparams.z_size
    if len(z) != size:
        raise InputError(
            f"z has {len(z)} numbers; config '{model.config.name}' takes {size} (is it another "
            "model's?)"
        )
    vector = np.asarray(z, np.float32)
    if not np.isfinite(vector).all():
        raise InputError("z has numbers that are too large")
    return vector


def _content_id(config: str, given: Given, options: SamplingOptions) -> str:
    """Returns an id for a source as a model reads it."""
    digest = hashlib.blake2b(digest_size=10)
    digest.update(f"{config}|{options.bar}|{options.chords}|{options.key}|".encode())
    if given.piece is not None:
        digest.update(given.piece.sequence.SerializeToString(deterministic=True))
        digest.update(given.piece.name.encode())
    else:
        digest.update(given.source.model_dump_json().encode())
    return f"k{digest.hexdigest()}"
