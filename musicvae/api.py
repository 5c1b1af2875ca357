"""The functions of `import musicvae as mv`: music in and out, codes, conversion, training.

Each does what the command of its name does; `musicvae.load` is in generate/loading.py, what learns
from music where z leads is in api_learning.py.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Unpack

from musicvae.api_arguments import (
    Examples,
    config_file,
    examples_path,
    measured_music,
    music_source,
    trained_model,
)
from musicvae.errors import NoExamplesError
from musicvae.generate.music import MusicLike, as_piece, write_music

if TYPE_CHECKING:
    from musicvae.codes import CodeTable
    from musicvae.config import Config
    from musicvae.config_map import EditableConfig
    from musicvae.data.conversion import ConversionProgress
    from musicvae.data.conversion_report import Totals
    from musicvae.evaluation.model_report import ModelReport
    from musicvae.generate.keywords import SamplingKeywords
    from musicvae.generate.model import Model
    from musicvae.generate.results import Piece, Result
    from musicvae.generate.trained_model import TrainedModel
    from musicvae.training.keywords import TrainingKeywords
    from musicvae.training.run import Run


def read(path: MusicLike, name: str | None = None) -> Piece:
    """Reads a music file: MIDI, MusicXML or ABC.

    Args:
      path: the file; a NoteSequence or PrettyMIDI object is taken as well.
      name: what to call the piece; None for the file's name.

    Raises:
      InputError: it cannot be read, or holds several tunes.

    Examples:
      >>> import musicvae as mv
      >>> mv.write(mv.load("cat-drums_2bar_small").sample(1, seed=1)[0], "beat.mid")
      >>> mv.read("beat.mid").title
      'beat.mid'
      >>> mv.read("beat.mid").to_pretty_midi().instruments[0].is_drum
      True
    """
    return as_piece(path, name)


def write(music: MusicLike, path: str | os.PathLike[str]) -> None:
    """Writes music to a file, whose name says the format: .mid, .wav, .musicxml or .abc.

    Args:
      music: a piece, sample, NoteSequence or PrettyMIDI object.
      path: the file, which is replaced if it exists.

    Raises:
      InputError: the format is unknown, or the file cannot be written.
      MissingExtraError: MusicXML needs music21, ABC needs symusic: the extra `scores`.

    Examples:
      >>> import musicvae as mv
      >>> for k, sample in enumerate(mv.load("cat-drums_2bar_small").sample(2, seed=1)):
      ...     mv.write(sample, f"beat-{k}.mid")
    """
    write_music(music, path)


def convert(
    input_dir: str | os.PathLike[str],
    output_file: str | os.PathLike[str],
    *,
    recursive: bool = False,
    split: Sequence[float] | None = None,
    num_workers: int = 0,
    report: str | os.PathLike[str] | None = None,
    on_progress: Callable[[ConversionProgress], None] | None = None,
) -> Totals:
    """Converts a folder of MIDI, MusicXML and ABC files to a TFRecord of NoteSequences.

    Args:
      input_dir: the folder.
      output_file: the TFRecord; `music@8.tfrecord` makes eight shards.
      recursive: whether to look into subfolders.
      split: sizes of a training, a validation and, if wanted, a test part, which sum to 1; each
        part is a file: music-train.tfrecord, music-validation.tfrecord, ...
      num_workers: processes; 0 for one a core.
      report: a JSON file that says what became of every file.
      on_progress: called after every file.

    Returns:
      Sums over all files.

    Raises:
      InputError: the folder or the output cannot be used.
      NoExamplesError: no file could be converted.

    Examples:
      >>> import musicvae as mv
      >>> mv.load("cat-drums_2bar_small").sample(1, seed=1)[0].write("songs/beat.mid")
      >>> mv.convert("songs", "songs.tfrecord").num_sequences
      1
    """
    from musicvae.data.conversion import ConversionOptions
    from musicvae.data.conversion import convert as convert_folder
    from musicvae.data.splits import HashSplit

    options = ConversionOptions(
        input_dir,
        output_file,
        recursive=recursive,
        num_workers=num_workers,
        split=None if split is None else HashSplit(split),
        report=report,
    )
    totals = convert_folder(options, on_progress or (lambda progress: None))
    if not totals.num_sequences:
        raise NoExamplesError(
            f"none of the {totals.num_files} files in '{os.fspath(input_dir)}' could be converted"
        )
    return totals


def train(
    config: str | os.PathLike[str] | Config | EditableConfig | None,
    examples: Examples,
    *,
    run_dir: str | os.PathLike[str],
    num_steps: int = 200_000,
    hparams: str = "",
    **options: Unpack[TrainingKeywords],
) -> Run:
    """Trains a model, or goes on where the run folder's training stopped.

    How far it is and what it reports goes to standard error.

    Args:
      config: a configuration, or its name or TOML file; None for the run folder's own.
      examples: TFRecords of NoteSequences (paths, globs), or NoteSequences, which are written into
        the run folder.
      run_dir: the run folder, made if it is missing.
      num_steps: the step to train to.
      hparams: hyperparameters to change, as in "batch_size=32,learning_rate=0.0005".
      **options: see `TrainingKeywords`.

    Returns:
      The run, whose `model()` loads what was learnt.

    Raises:
      ConfigError: the configuration or a hyperparameter is unknown.
      NoExamplesError: there is nothing to train on.
      TrainingError: a loss or gradient is not finite.
      TypeError: a keyword is unknown; the message names the nearest one.

    Examples:
      >>> import musicvae as mv
      >>> beats = [beat.sequence for beat in mv.load("cat-drums_2bar_small").sample(8, seed=1)]
      >>> sizes = "batch_size=4,z_size=4,enc_rnn_size=[8],dec_rnn_size=[8]"
      >>> config = "cat-drums_2bar_small"
      >>> run = mv.train(config, beats, run_dir="run", num_steps=1, hparams=sizes, num_workers=1)
      >>> run.step
      1
      >>> run.model()
      <Model 'cat-drums_2bar_small': 2 bars of drums, z of 4>
    """
    from musicvae.tensorflow_start import lean_imports
    from musicvae.training.keywords import run_spec
    from musicvae.training.run import Run
    from musicvae.training.run_spec import plan_training

    folder = os.fspath(run_dir)
    path = examples_path(examples, folder)
    with config_file(config) as name:
        plan = plan_training(
            run_spec(
                {**options, "num_steps": num_steps},
                run_dir=folder,
                config=name,
                hparams=hparams,
                examples_path=path,
            )
        )
    with lean_imports():
        from musicvae.training.devices import choose_training_devices
        from musicvae.training.running import train as train_as_planned
    # A caller's standard output is the caller's.
    with contextlib.redirect_stdout(sys.stderr):
        result = train_as_planned(plan, choose_training_devices(options.get("device")))
    known = os.fspath(config) if isinstance(config, str | os.PathLike) else None
    return Run(folder, result.step, result.exit_status == 0, known)


def evaluate(
    model: str | os.PathLike[str] | Model | TrainedModel,
    examples: Examples,
    *,
    train_examples: str | os.PathLike[str] | None = None,
    max_examples: int | None = None,
    num_samples: int = 512,
    temperature: float | None = None,
    interpolation_pairs: int = 0,
    seed: int = 0,
    num_workers: int | None = None,
) -> ModelReport:
    """Measures a model on music that it was not trained on.

    Args:
      model: a model, or what `musicvae.load` takes.
      examples: TFRecords of NoteSequences, a folder of music files, or NoteSequences.
      train_examples: TFRecords of its training music, for the baseline and copies.
      max_examples: draw so many of the examples; None for all.
      num_samples: how many samples to compare with the music; 0 for none.
      temperature: of these samples and of interpolations, at least 0; None for the model's own of
        new music, and 0.5.
      interpolation_pairs: how many pairs to interpolate between; 0 for none.
      seed: random seed.
      num_workers: processes that look for examples; None for one a core.

    Returns:
      The report; see docs/evaluation.md for its figures.

    Raises:
      NoExamplesError: there is nothing to measure on.
      InputError: files are missing, or a value is out of range.

    Examples:
      >>> import musicvae as mv
      >>> model = mv.load("cat-drums_2bar_small")
      >>> beats = [beat.sequence for beat in model.sample(4, seed=1)]
      >>> report = mv.evaluate(model, beats, num_samples=0, num_workers=1)
      >>> 0.0 <= report.reconstruction.sampled["accuracy"] <= 1.0
      True
    """
    from musicvae.evaluation.model_report import EvalConfig, measure_model

    trained = trained_model(model)
    held_out = measured_music(trained, examples, max_examples, seed, num_workers)
    known = None
    if train_examples is not None:
        known = measured_music(trained, train_examples, None, seed, num_workers)
    wanted = EvalConfig(
        samples=num_samples,
        temperature=temperature,
        interpolation_pairs=interpolation_pairs,
        seed=seed,
    )
    return measure_model(trained, held_out, known, wanted)


def encode(
    model: str | os.PathLike[str] | Model | TrainedModel,
    music: str | os.PathLike[str],
    *,
    hop: int = 1,
    num_workers: int | None = None,
) -> CodeTable:
    """Encodes every window of a folder of music files, or of TFRecords.

    Args:
      model: a model, or what `musicvae.load` takes.
      music: a folder, whose subfolders count too, or TFRecords of NoteSequences.
      hop: bars from one window of a file to the next, at least 1.
      num_workers: processes that look for windows; None for one a core.

    Returns:
      A table with file, bar, mu and sigma of each window; `musicvae.codes.save_codes` writes it,
      `musicvae.codes.nearest` finds what lies near a piece.

    Raises:
      NoExamplesError: there is nothing to encode.
      InputError: files are missing, or a value is out of range.

    Examples:
      >>> import musicvae as mv
      >>> model = mv.load("cat-drums_2bar_small")
      >>> model.sample(1, seed=1)[0].write("songs/beat.mid")
      >>> mv.encode(model, "songs")
      <CodeTable: 1 windows of 1 files of cat-drums_2bar_small>
    """
    from musicvae.codes.encoding import encode_music

    source, pitch_map = music_source(music)
    return encode_music(
        trained_model(model), source, pitch_map=pitch_map, hop_bars=hop, num_workers=num_workers
    )


def decode(
    model: str | os.PathLike[str] | Model | TrainedModel,
    codes: str | os.PathLike[str] | CodeTable,
    **options: Unpack[SamplingKeywords],
) -> Result:
    """Decodes a table of codes.

    Args:
      model: a model, or what `musicvae.load` takes.
      codes: a table, or the file of one.
      **options: see `SamplingKeywords`.

    Returns:
      A sample for each row.

    Raises:
      InputError: the codes are another model's, or a value is out of range.

    Examples:
      >>> import musicvae as mv
      >>> model = mv.load("cat-drums_2bar_small")
      >>> model.sample(1, seed=1)[0].write("songs/beat.mid")
      >>> mv.decode(model, mv.encode(model, "songs"), seed=1)
      <Result: 1 sample as a list>
    """
    from musicvae.codes import CodeTable, load_codes
    from musicvae.generate.model import Model

    trained = trained_model(model)
    name = "the table" if isinstance(codes, CodeTable) else f"'{os.fspath(codes)}'"
    table = codes if isinstance(codes, CodeTable) else load_codes(codes)
    table.check_model(trained.config.name, trained.config.hparams.z_size, name)
    return Model(trained).decode(table.mu, **options)
