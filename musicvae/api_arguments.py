"""What the functions of `import musicvae as mv` take, made into what the rooms take."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from musicvae.errors import InputError
from musicvae.lazy_note_seq import NoteSequence
from musicvae.names import path_component

if TYPE_CHECKING:
    from musicvae.config import Config
    from musicvae.config_map import EditableConfig
    from musicvae.converters import PitchMap
    from musicvae.data.records import RecordSource
    from musicvae.generate.model import Model
    from musicvae.generate.trained_model import TrainedModel

Examples = str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | Iterable[NoteSequence]


@contextlib.contextmanager
def config_file(
    config: str | os.PathLike[str] | Config | EditableConfig | None,
) -> Iterator[str | None]:
    """Yields what `--config` takes: a name or a TOML file, which is written where it must be."""
    if config is None or isinstance(config, str | os.PathLike):
        yield None if config is None else os.fspath(config)
        return
    import tomli_w

    from musicvae.config_map import as_config

    frozen = as_config(config)
    with tempfile.TemporaryDirectory(prefix="musicvae-") as folder:
        path = os.path.join(folder, f"{path_component(frozen.name)}.toml")
        with open(path, "wb") as file:
            tomli_w.dump(frozen.to_dict(), file)
        yield path


def trained_model(model: str | os.PathLike[str] | Model | TrainedModel) -> TrainedModel:
    """Returns a model, loaded where it is named."""
    from musicvae.generate.loading import load
    from musicvae.generate.model import Model

    if isinstance(model, str | os.PathLike):
        model = load(model, batch_size=64)
    return model.trained if isinstance(model, Model) else model


def music_source(examples: Examples, folder: str | None = None) -> tuple[RecordSource, PitchMap]:
    """Returns where music is, and how its drum pitches are read.

    Args:
      examples: TFRecords, or a folder of music files; NoteSequences, where there is a `folder`.
      folder: where NoteSequences are written to.

    Raises:
      InputError: files are missing, or it is something else.
    """
    from musicvae.data.music_folder import MusicFolder
    from musicvae.data.records import TFRecordSource

    if isinstance(examples, str | os.PathLike) and os.path.isdir(examples):
        return MusicFolder(os.fspath(examples), recursive=True), "inference"
    records = TFRecordSource((examples_path(examples, folder),))
    records.check()
    return records, "training"


def note_sequences(examples: Examples) -> Iterator[NoteSequence]:
    """Yields the NoteSequences of TFRecords or of a folder of music files, or those given."""
    if isinstance(examples, str | os.PathLike) and os.path.isdir(examples):
        from musicvae.data.music_folder import MusicFolder

        folder = MusicFolder(os.fspath(examples), recursive=True)
        return (NoteSequence.FromString(record.data) for record in folder.records())
    if not isinstance(examples, str | os.PathLike):
        examples = list(examples)
        if examples and all(isinstance(item, NoteSequence) for item in examples):
            return iter(examples)
    from musicvae.formats.tfrecord import read_note_sequences

    return read_note_sequences(examples_path(examples, None))


def measured_music(
    model: TrainedModel, examples: Examples, most: int | None, seed: int, num_workers: int | None
) -> Any:
    """Returns the examples of music to measure on; of more than `most` as many are drawn."""
    from musicvae.data.examples import load_examples
    from musicvae.evaluation.model_report import Music
    from musicvae.evaluation.step_labels import drawn_set

    with tempfile.TemporaryDirectory(prefix="musicvae-") as folder:
        source, pitch_map = music_source(examples, folder)
        found = load_examples(
            model.config.converter, source, pitch_map=pitch_map, num_workers=num_workers
        )
    return Music(os.path.basename(os.path.normpath(source.name)), drawn_set(found, most, seed))


def examples_path(examples: Examples, folder: str | None) -> str:
    """Returns TFRecords as one text; NoteSequences are written to a folder first."""
    if isinstance(examples, str | os.PathLike):
        return os.fspath(examples)
    found = list(examples)
    paths = [os.fspath(item) for item in found if isinstance(item, str | os.PathLike)]
    if len(paths) == len(found) and paths:
        return ",".join(paths)
    sequences = [item for item in found if isinstance(item, NoteSequence)]
    if len(sequences) != len(found) or not sequences or folder is None:
        raise InputError("examples must be TFRecord paths or NoteSequences, and not be empty")
    from musicvae.formats.tfrecord import write_note_sequences

    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "examples.tfrecord")
    write_note_sequences(path, sequences)
    return path
