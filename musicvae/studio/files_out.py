"""Clips as files to save: MIDI, WAV, MusicXML, ABC, or a zip of several."""

from __future__ import annotations

import dataclasses
import io
import re
import zipfile
from collections.abc import Callable

from musicvae.audio.wav import wav_of
from musicvae.errors import InputError
from musicvae.formats.midi_writing import note_sequence_to_midi
from musicvae.formats.score_writing import note_sequence_to_abc, note_sequence_to_musicxml
from musicvae.generate.joining import join
from musicvae.lazy_note_seq import NoteSequence
from musicvae.studio.clips import sequence_of
from musicvae.studio.messages import FileRequest

MAX_NOTES = 20_000
MAX_WAV_SECONDS = 300.0
MAX_SCORE_BEATS = 4096.0

_WRITERS: dict[str, tuple[str, str, Callable[[NoteSequence, str], bytes]]] = {
    "midi": (".mid", "audio/midi", lambda sequence, _: note_sequence_to_midi(sequence)),
    "wav": (".wav", "audio/wav", lambda sequence, _: wav_of(sequence)),
    "musicxml": (
        ".musicxml",
        "application/vnd.recordare.musicxml+xml",
        note_sequence_to_musicxml,
    ),
    "abc": (".abc", "text/vnd.abc", note_sequence_to_abc),
}


@dataclasses.dataclass(frozen=True)
class OutFile:
    """A file to save.

    Attributes:
      name: its name.
      media_type: its media type.
      content: its bytes.
    """

    name: str
    media_type: str
    content: bytes


def file_of_clips(request: FileRequest) -> OutFile:
    """Writes clips.

    Args:
      request: the clips and the format.

    Raises:
      InputError: they are too long for it.
      MissingExtraError: the format needs music21 or symusic.
    """
    suffix, media_type, write = _WRITERS[request.format]
    sequences = [sequence_of(clip) for clip in request.clips]
    if sum(len(sequence.notes) for sequence in sequences) > MAX_NOTES:
        raise InputError(f"a file takes at most {MAX_NOTES} notes; give fewer clips")
    seconds = sum(sequence.total_time for sequence in sequences)
    if request.format == "wav" and seconds > MAX_WAV_SECONDS:
        raise InputError(
            f"{seconds:.0f} s of music; a WAV file takes at most {MAX_WAV_SECONDS:.0f} s"
        )
    beats = sum(clip.length for clip in request.clips)
    if request.format in ("musicxml", "abc") and beats > MAX_SCORE_BEATS:
        raise InputError(
            f"{beats:.0f} quarter notes of music; a score takes at most {MAX_SCORE_BEATS:.0f}"
        )
    first = request.clips[0].name
    stem = _stem(request.name or first)
    if request.joined or len(sequences) == 1:
        return OutFile(stem + suffix, media_type, write(join(sequences), request.name or first))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for k, (clip, sequence) in enumerate(zip(request.clips, sequences, strict=True)):
            name = f"{k + 1:02d} {_stem(clip.name)}{suffix}"
            archive.writestr(name, write(sequence, clip.name))
    return OutFile(f"{stem}.zip", "application/zip", buffer.getvalue())


def _stem(name: str) -> str:
    """Returns a name that is safe in a header and on every disk."""
    safe = re.sub(r"[^A-Za-z0-9 ._+-]+", "-", name).strip(" .-")[:80]
    return re.sub(r"\.(mid|midi|kar|rmi|xml|musicxml|mxl|abc|wav)$", "", safe) or "music"
