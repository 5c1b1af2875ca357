"""What a user asks for, and what it comes to once flags and run folder are put together.

Nothing here needs TensorFlow, so that a mistake is found before it is loaded.
"""

from __future__ import annotations

import dataclasses
import os

from musicvae.checkpoints import RunFolder, infer_hparams, open_checkpoint
from musicvae.config import Config
from musicvae.converters import Converter, build_converter
from musicvae.data.augmenting import check_augmentation
from musicvae.data.records import RecordSource, TFRecordSource
from musicvae.data.tfds import TFDSSource
from musicvae.errors import InputError
from musicvae.hparams import parse_assignments
from musicvae.model_choice import shipped_models
from musicvae.training.options import TrainingOptions
from musicvae.training.run_state import RunState, read_run_state


@dataclasses.dataclass(frozen=True)
class RunSpec:
    """A training or an evaluation as it is asked for; what is None comes from the run folder.

    Attributes:
      run_dir: the run folder.
      config: name or path of the configuration.
      hparams: hyperparameters to change, as text.
      augment: random changes of training to change, as text.
      examples_path: TFRecords of NoteSequences.
      tfds_name: a data set of TensorFlow Datasets, in their place.
      seed: of all that is random.
      eval_examples_path: TFRecords to evaluate on while training.
      eval_num_batches: evaluate on so many batches; None for all.
      eval_dir_suffix: what follows "eval" in the name of the folder with the results.
      cache_dataset: whether examples are kept in memory; else in temporary files.
      cache_dir: a folder to keep them in for the next time.
      num_workers: processes that look for examples; None for one a core.
      options: settings of the training; its seed is replaced by the one above.
    """

    run_dir: str
    config: str | None = None
    hparams: str = ""
    augment: str = ""
    examples_path: str | None = None
    tfds_name: str | None = None
    seed: int | None = None
    eval_examples_path: str | None = None
    eval_num_batches: int | None = None
    eval_dir_suffix: str = ""
    cache_dataset: bool = True
    cache_dir: str | None = None
    num_workers: int | None = None
    options: TrainingOptions = dataclasses.field(default_factory=TrainingOptions)


@dataclasses.dataclass(frozen=True)
class Plan:
    """A job with everything found out that can be without TensorFlow.

    Attributes:
      spec: what was asked for.
      folder: the run folder.
      config: the configuration with its hyperparameters.
      converter: the configuration's.
      source: where the examples are.
      held_out: where the examples are to evaluate on while training, or None.
      run_state: what the run folder is to remember.
      options: settings of the training.
    """

    spec: RunSpec
    folder: RunFolder
    config: Config
    converter: Converter
    source: RecordSource
    held_out: RecordSource | None
    run_state: RunState
    options: TrainingOptions


def plan_training(spec: RunSpec) -> Plan:
    """Puts a training together.

    Args:
      spec: what is asked for.

    Raises:
      ConfigError: no or another configuration, or a hyperparameter that does not fit.
      InputError: no examples are given, or files are missing; early stopping has nothing to go by.
      CheckpointError: the run folder is damaged.
    """
    folder = RunFolder(spec.run_dir)
    before = read_run_state(folder)
    given = spec.examples_path or spec.tfds_name
    seed = spec.seed if spec.seed is not None else before.seed
    now = RunState(
        spec.examples_path if given else before.examples_path,
        spec.tfds_name if given else before.tfds_name,
        spec.eval_examples_path or before.eval_examples_path,
        0 if seed is None else seed,
    )
    if spec.options.early_stopping and not now.eval_examples_path:
        raise InputError(
            f"--early_stopping={spec.options.early_stopping} needs music to evaluate on while "
            "training; give --eval_examples_path"
        )
    return _plan(spec, folder, now, "train")


def plan_evaluation(spec: RunSpec) -> Plan:
    """Puts an evaluation together; without a flag it is on the data that training held out.

    Args:
      spec: what is asked for.

    Raises:
      ConfigError: no or another configuration, or a hyperparameter that does not fit.
      InputError: no examples are known, or files are missing.
      CheckpointError: the run folder is damaged.
    """
    folder = RunFolder(spec.run_dir)
    before = read_run_state(folder)
    path = spec.examples_path or (None if spec.tfds_name else before.eval_examples_path)
    tfds_name = spec.tfds_name or (None if path else before.tfds_name)
    return _plan(spec, folder, RunState(path, tfds_name, seed=0), "validation")


def _plan(spec: RunSpec, folder: RunFolder, now: RunState, split: str) -> Plan:
    config = _config(folder, spec)
    converter = build_converter(config.converter)
    check_augmentation(config.augmentation, converter)
    assert now.seed is not None
    return Plan(
        spec=spec,
        folder=folder,
        config=config,
        converter=converter,
        source=_source(now, config, split),
        held_out=_tfrecords(now.eval_examples_path) if now.eval_examples_path else None,
        run_state=now,
        options=dataclasses.replace(
            spec.options,
            seed=now.seed,
            warm_start=_weights(spec.options.warm_start),
            teacher=_weights(spec.options.teacher),
        ),
    )


def _weights(given: str | None) -> str | None:
    """Returns where weights are: what is given, or the archive of a model that ships."""
    if given is None or os.path.exists(given):
        return given
    return os.fspath(shipped_models().get(given, given))


def _config(folder: RunFolder, spec: RunSpec) -> Config:
    """Returns the configuration of a folder that is new, ours, or was written by Magenta's trainer.

    The last one remembers no sizes: those come from its latest checkpoint.
    """
    config = folder.resolve(spec.config, spec.hparams, spec.augment)
    latest = folder.latest
    if folder.config is None and latest is not None:
        with open_checkpoint(latest) as checkpoint:
            given = {assigned for assigned, _, _ in parse_assignments(spec.hparams)}
            config = infer_hparams(config, checkpoint, keep=given)
    return config


def _source(paths: RunState, config: Config, split: str) -> RecordSource:
    """Returns where the examples are: what is given, else the configuration's own data set."""
    if paths.examples_path and paths.tfds_name:
        raise InputError("--examples_path and --tfds_name exclude each other; give one")
    if paths.examples_path:
        return _tfrecords(paths.examples_path)
    name = paths.tfds_name or config.tfds_name
    if name is None:
        raise InputError(
            "missing --examples_path: TFRecords of NoteSequences, which `musicvae-convert` makes "
            "of MIDI files"
        )
    return TFDSSource(name, split)


def _tfrecords(paths: str) -> TFRecordSource:
    source = TFRecordSource((paths,))
    source.check()
    return source
