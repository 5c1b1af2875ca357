"""The training loop: steps, checkpoints, summaries, progress, and every way that it can end."""

from __future__ import annotations

import dataclasses
import math
import time
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf
from absl import logging

from musicvae.checkpoints import CheckpointKeeper, RunFolder
from musicvae.config import Config
from musicvae.converters import Converter
from musicvae.data.batches import TrainingBatches
from musicvae.data.example_set import ExampleSet
from musicvae.data.pipeline import training_dataset
from musicvae.errors import InputError, TrainingError
from musicvae.models import MusicVAE, Objective
from musicvae.precision import choose_precision
from musicvae.training.checkpointing import resume, warm_start
from musicvae.training.devices import TrainingDevices
from musicvae.training.options import TrainingOptions
from musicvae.training.paths import FasterPath
from musicvae.training.patience import Patience
from musicvae.training.progress import TrainingProgress
from musicvae.training.signals import StopRequest
from musicvae.training.step import STOP, TrainStep
from musicvae.training.summaries import Summaries
from musicvae.training.teacher import distillation

Scalars = Mapping[str, float]
Evaluate = Callable[[int], float]

# Now and then, a gradient that counts as zero is what grad_norm_clip_to_zero is for; so many in a
# row mean that the model learns nothing any more.
_MOST_ZEROED = 100


@dataclasses.dataclass(frozen=True)
class TrainingResult:
    """How a training ended.

    Attributes:
      step: how many steps were taken in all.
      prefix: the last checkpoint, or None in a process that writes none.
      exit_status: 0, or 130 or 143 after a signal.
    """

    step: int
    prefix: str | None
    exit_status: int


class Trainer:
    """One training of one run folder.

    Attributes:
      model: what is trained.
      precision: what its products are computed in.
      first_step: where this run goes on.
    """

    def __init__(
        self,
        config: Config,
        converter: Converter,
        devices: TrainingDevices,
        folder: RunFolder,
        options: TrainingOptions,
        objective: Objective | None = None,
    ) -> None:
        """Makes the model and loads what it starts from.

        Args:
          config: what to train.
          converter: the configuration's.
          devices: on which devices.
          folder: where checkpoints and summaries go, and where to go on from.
          options: settings of the run.
          objective: what to minimize; None for the model's own loss, or that of the teacher which
            the options name.

        Raises:
          InputError: the batch cannot be cut into equal parts, or a step cannot be compiled.
          ConfigError: the decoder's segments cannot be checkpointed as the options ask.
          CheckpointError: a checkpoint is damaged or of another model.
        """
        parts = devices.replicas * options.accumulate_steps
        batch_size = config.hparams.batch_size
        if batch_size % parts:
            raise InputError(
                f"batch_size={batch_size} cannot be cut into {parts} equal parts "
                f"({devices.replicas} devices, --accumulate_steps={options.accumulate_steps})"
            )
        self._config, self._converter = config, converter
        self.precision = choose_precision(options.precision, devices.device)
        self._devices, self._folder, self._options = devices, folder, options
        with devices.strategy.scope():
            self.model = MusicVAE(
                config,
                converter.spec,
                seed=options.seed,
                precision=self.precision.name,
                checkpoint_segments=options.checkpoint_segments,
            )
            if objective is None and options.teacher is not None:
                objective = distillation(config, converter, options, self.precision.name)
        self._step = TrainStep(self.model, batch_size, devices, options.accumulate_steps, objective)
        self._path = FasterPath(self._step, options.compile, devices.device)
        self.first_step = resume(self._step, folder)
        if options.warm_start and self.first_step == 0:
            warm_start(self._step, options.warm_start)

    def batches(self, examples: ExampleSet) -> TrainingBatches:
        """Returns the batches that training makes of a set of examples."""
        return TrainingBatches(
            examples,
            self._converter,
            self._config.hparams.batch_size,
            seed=self._options.seed,
            augmentation=self._config.augmentation,
            max_per_source=self._converter.max_per_piece,
        )

    def train(
        self,
        batches: TrainingBatches,
        evaluate: Evaluate | None = None,
        notes: Mapping[str, str] = types.MappingProxyType({}),
        earlier_losses: Sequence[float] = (),
    ) -> TrainingResult:
        """Trains until the last step, a signal, or early stopping.

        Args:
          batches: what to train on.
          evaluate: returns the evaluation loss of the model as it is at a step; None for no
            evaluations.
          notes: texts for TensorBoard, by tag.
          earlier_losses: what evaluations before the first step gave, which early stopping counts.

        Returns:
          How it ended. A checkpoint of the last step is saved.

        Raises:
          TrainingError: a loss or gradient is not finite, or another process is gone; the last
            checkpoint stays.
          CheckpointError: a checkpoint cannot be written; the older ones stay.
        """
        patience = Patience(self._options.early_stopping, earlier_losses)
        run = _Run(
            self._step, self._path, self._devices, self._folder, self._options, evaluate, patience
        )
        with StopRequest() as request:
            steps = self._options.num_steps - self.first_step
            dataset = self._distributed(batches, steps)
            try:
                run.start(self.first_step, batches.batch_size, notes)
                for batch in dataset:
                    run.take(batch, request)
                    if run.stopped:
                        break
                return run.finish(request)
            except tf.errors.UnavailableError as error:
                raise TrainingError(_worker_gone(run.step, error)) from error
            finally:
                run.close()

    def _distributed(self, batches: TrainingBatches, steps: int) -> Any:
        slices = self._devices.slices
        dataset = training_dataset(batches, self.first_step, steps, slices)
        if slices.total == 1:
            return dataset
        return self._devices.strategy.distribute_datasets_from_function(lambda _: dataset)


class _Run:
    """The state of a loop that runs.

    A step's results are looked at while the next step runs, so that a GPU never waits for Python.
    """

    def __init__(
        self,
        step: TrainStep,
        path: FasterPath,
        devices: TrainingDevices,
        folder: RunFolder,
        options: TrainingOptions,
        evaluate: Evaluate | None,
        patience: Patience,
    ) -> None:
        self._step, self._options, self._evaluate = step, options, evaluate
        self._path = path
        self._folder = folder
        self.step = 0
        self.stopped = False
        self._pending: tuple[int, Mapping[str, Any]] | None = None
        self._zeroed = 0
        self._patience = patience
        self._wants_stop = False
        # Several processes stop together, after the step in which they told each other.
        self._is_alone = devices.processes == 1
        self._saver: _Saver | None = None
        if devices.is_chief:
            self._saver = _Saver(step, folder, options)

    def start(self, first_step: int, batch_size: int, notes: Mapping[str, str]) -> None:
        """Begins at a step.

        An untrained model is saved, which also shows early whether the disk can be written.
        """
        self.step = first_step
        self._progress = TrainingProgress(
            self._options.num_steps,
            batch_size,
            free_bits=self._step.model.config.hparams.free_bits,
            interval_seconds=self._options.progress_seconds,
        )
        if self._saver is not None:
            self._saver.note(notes)
            if first_step == 0:
                self._saver.save(0)

    def take(self, batch: Any, request: StopRequest) -> None:
        """Takes one step, and looks at the results of the one before."""
        seed = tf.constant([self._options.seed & 0x7FFFFFFF, self.step], tf.int32)
        results = self._path(batch, seed, request.made or self._wants_stop)
        self.step += 1
        self._look()
        self._pending = self.step, results
        last = self.step == self._options.num_steps
        self._show(last)
        if last or self.step % self._options.eval_every_steps == 0:
            self._look()
            self._evaluate_now()
        if self._saver is not None and self._saver.due():
            self._look()
            self._saver.save(self.step)
        if self._is_alone and (request.made or self._wants_stop):
            self.stopped = True

    def _show(self, last: bool) -> None:
        """Writes progress and summaries where they are due."""
        due = self._progress.due(self.step)
        summarize = self.step % self._options.summary_steps == 0 or self.step == 1
        if not (due or summarize or last):
            return
        scalars = self._look()
        if self._saver is None or scalars is None:
            return
        if due:
            logging.info("%s", self._progress.line(self.step, scalars))
        if summarize or last:
            self._saver.summarize(self.step, scalars, self._progress)

    def finish(self, request: StopRequest) -> TrainingResult:
        """Saves the last step."""
        self._look()
        prefix = self._saver.save(self.step) if self._saver is not None else None
        if request.made:
            logging.info(
                "stopped by %s at step %d; the same command goes on from %s",
                request.name,
                self.step,
                prefix or self._folder.train,
            )
        return TrainingResult(self.step, prefix, request.exit_status)

    def close(self) -> None:
        """Writes what is waiting."""
        if self._saver is not None:
            self._saver.close()

    def _look(self) -> Scalars | None:
        """Checks the results that were not looked at yet; returns them as numbers."""
        if self._pending is None:
            return None
        step, results = self._pending
        self._pending = None
        scalars = {tag: float(value) for tag, value in results.items()}
        self.stopped |= scalars.pop(STOP) > 0
        self._check(step, scalars)
        return scalars

    def _check(self, step: int, scalars: Scalars) -> None:
        if not math.isfinite(scalars["loss"]) or math.isnan(scalars["global_norm"]):
            what = "gradient" if math.isfinite(scalars["loss"]) else "loss"
            raise TrainingError(
                f"the {what} is not a number at step {step}; the last good checkpoint is "
                f"{self._folder.latest}; try a lower learning_rate or grad_clip"
            )
        limit = self._step.model.config.hparams.grad_norm_clip_to_zero
        if scalars["global_norm"] <= limit:
            self._zeroed = 0
            return
        self._zeroed += 1
        if self._zeroed == 1:
            logging.warning(
                "step %d: the gradient's norm %.3g is over grad_norm_clip_to_zero=%g, counts as 0",
                step,
                scalars["global_norm"],
                limit,
            )
        if self._zeroed == _MOST_ZEROED:
            raise TrainingError(
                f"the gradient's norm was over grad_norm_clip_to_zero={limit:g} at {_MOST_ZEROED} "
                f"steps in a row, up to step {step}: nothing is learnt any more; the last "
                f"checkpoint is {self._folder.latest}; try a lower learning_rate"
            )

    def _evaluate_now(self) -> None:
        if self._evaluate is None or self._saver is None:
            return
        loss = self._evaluate(self.step)
        self._progress.restart()
        if self._patience.is_over(loss):
            logging.info(
                "early stopping at step %d: %d evaluations were no better than %.4g",
                self.step,
                self._patience.without_improvement,
                self._patience.best,
            )
            self._wants_stop = True


class _Saver:
    """Writes checkpoints and summaries of the process that is the chief."""

    def __init__(self, step: TrainStep, folder: RunFolder, options: TrainingOptions) -> None:
        self._step = step
        self._keeper = CheckpointKeeper(
            folder.train,
            max_to_keep=options.checkpoints_to_keep,
            keep_every_n_hours=options.keep_checkpoint_every_n_hours,
        )
        self._summaries = Summaries(folder.train)
        self._interval_seconds = options.checkpoint_minutes * 60.0
        self._last_saved = time.monotonic()

    def due(self) -> bool:
        """Whether it is time for a checkpoint."""
        return time.monotonic() - self._last_saved >= self._interval_seconds

    def save(self, step: int) -> str:
        """Writes a checkpoint; returns its prefix."""
        prefix = self._keeper.save(step, self._step.checkpointed)
        self._last_saved = time.monotonic()
        return prefix

    def note(self, texts: Mapping[str, str]) -> None:
        """Writes texts about the whole run."""
        self._summaries.texts(texts)

    def summarize(self, step: int, scalars: Scalars, progress: TrainingProgress) -> None:
        """Writes a step's results."""
        speed = progress.steps_per_second(step)
        speeds = {} if speed is None else {"global_step/sec": speed}
        self._summaries.scalars(step, {**scalars, **speeds})

    def close(self) -> None:
        """Writes what is waiting."""
        self._summaries.close()


def _worker_gone(step: int, error: tf.errors.UnavailableError) -> str:
    return (
        f"another worker process is gone at step {step} ({error.message.splitlines()[0]}); "
        "start all of them again, they go on from the last checkpoint"
    )
