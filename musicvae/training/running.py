"""Carrying out a plan: a training from its examples to its last checkpoint, or an evaluation."""

from __future__ import annotations

import contextlib
import functools
import tempfile
import time

from absl import logging

from musicvae.data.batches import EvaluationBatches
from musicvae.data.example_set import ExampleSet
from musicvae.data.examples import load_examples
from musicvae.data.records import RecordSource
from musicvae.errors import CheckpointError
from musicvae.evaluation.evaluator import Evaluator, load_weights, table
from musicvae.evaluation.log import Evaluation, EvaluationLog
from musicvae.models import MusicVAE, Objective
from musicvae.precision import choose_precision
from musicvae.training import console as report
from musicvae.training.devices import TrainingDevices
from musicvae.training.patience import Patience
from musicvae.training.run_spec import Plan
from musicvae.training.run_state import write_run_state
from musicvae.training.signals import StopRequest
from musicvae.training.summaries import Summaries
from musicvae.training.trainer import Trainer, TrainingResult

_POLL_SECONDS = 10.0
_WAIT_SECONDS = 0.2
_SEARCH_SECONDS = 10.0


def train(
    plan: Plan, devices: TrainingDevices, objective: Objective | None = None
) -> TrainingResult:
    """Trains as planned, from the run folder's last checkpoint on.

    Args:
      plan: what to do.
      devices: on which devices.
      objective: what to minimize, if it is not the model's own loss.

    Returns:
      How it ended.

    Raises:
      NoExamplesError: there is nothing to train on.
      TrainingError: a loss or gradient is not finite.
      CheckpointError: a checkpoint is damaged, of another model, or cannot be written.
      InputError: another process trains in the run folder.
    """
    with plan.folder.locked() if devices.is_chief else contextlib.nullcontext():
        return _train(plan, devices, objective)


def _train(plan: Plan, devices: TrainingDevices, objective: Objective | None) -> TrainingResult:
    trainer = Trainer(plan.config, plan.converter, devices, plan.folder, plan.options, objective)
    if trainer.first_step >= plan.options.num_steps:
        logging.info(
            "%s is at step %d already; --num_steps=%d is no more than that",
            plan.folder.train,
            trainer.first_step,
            plan.options.num_steps,
        )
        return TrainingResult(trainer.first_step, plan.folder.latest, 0)
    examples = _examples(plan, plan.source)
    batches = trainer.batches(examples)
    for line in report.lines(
        plan.config,
        trainer.model,
        devices,
        trainer.precision,
        examples,
        batches,
        plan.options.accumulate_steps,
        plan.options.checkpoint_segments,
    ):
        logging.info("%s", line)
    for warning in report.warnings(batches):
        logging.warning("%s", warning)
    evaluate, earlier = None, []
    if plan.held_out is not None and devices.is_chief:
        reporter = _Reporter(plan, devices, trainer.model, plan.held_out)
        evaluate = functools.partial(_loss_at, reporter)
        earlier = reporter.losses_until(trainer.first_step)
    if devices.is_chief:
        plan.folder.remember(plan.config)
        write_run_state(plan.folder, plan.run_state)
    notes = {"hparams": report.all_hparams(plan.config), "examples_path": plan.source.name}
    return trainer.train(batches, evaluate, notes, earlier)


def evaluate(plan: Plan, devices: TrainingDevices, *, watch: bool = False) -> int:
    """Evaluates the run folder's latest checkpoint, or every new one as it comes.

    Args:
      plan: what to do.
      devices: on which devices; one is used.
      watch: whether to wait for checkpoints until that of the last step.

    Returns:
      An exit status: 0, or 130 or 143 after Ctrl-C or SIGTERM.

    Raises:
      NoExamplesError: there is nothing to evaluate on.
      CheckpointError: there is no checkpoint, or it is damaged or of another model.
    """
    precision = choose_precision(plan.options.precision, devices.device).name
    with devices.strategy.scope():
        model = MusicVAE(plan.config, plan.converter.spec, seed=0, precision=precision)
    if not watch and plan.folder.latest is None:
        raise CheckpointError(f"{plan.folder.train}: no checkpoint to evaluate yet")
    reporter = _Reporter(plan, devices, model, plan.source)
    if not watch:
        reporter.report(load_weights(model, plan.folder.path))
        return 0
    return _watch(plan, model, reporter)


class _Reporter:
    """Evaluates a model and puts the results everywhere they belong."""

    def __init__(
        self, plan: Plan, devices: TrainingDevices, model: MusicVAE, source: RecordSource
    ) -> None:
        batches = EvaluationBatches(
            _examples(plan, source),
            plan.converter,
            plan.config.hparams.batch_size,
            max_batches=plan.spec.eval_num_batches,
        )
        self._config, self._model = plan.config, model
        self._evaluator = Evaluator(model, batches, device=devices.device)
        folder = plan.folder.evaluation(plan.spec.eval_dir_suffix)
        self._log = EvaluationLog(folder, source.name)
        self._summaries = Summaries(folder)

    def losses_until(self, step: int) -> list[float]:
        """Returns what earlier evaluations gave, up to a step."""
        return self._log.losses_until(step)

    def report(self, step: int) -> Evaluation:
        """Evaluates the model as it is after `step` training steps."""
        found = self._evaluator.evaluate(step)
        is_best = self._log.add(found, self._model)
        self._summaries.scalars(step, found.scalars)
        print(table(found, self._config) + ("\nthe best so far" if is_best else ""), flush=True)
        return found


def _loss_at(reporter: _Reporter, step: int) -> float:
    return reporter.report(step).loss


def _watch(plan: Plan, model: MusicVAE, reporter: _Reporter) -> int:
    """Evaluates every new checkpoint until the last step's, early stopping or a signal."""
    patience = Patience(plan.options.early_stopping)
    seen = None
    with StopRequest("ending after this evaluation") as request:
        while not request.made:
            latest = plan.folder.latest
            if latest is None or latest == seen:
                _wait(request)
                continue
            try:
                step = load_weights(model, latest)
            except (CheckpointError, FileNotFoundError) as error:
                if plan.folder.latest == latest:
                    raise
                logging.info("skipped: %s; it was replaced meanwhile", error)
                continue
            seen, loss = latest, reporter.report(step).loss
            if patience.is_over(loss) or step >= plan.options.num_steps:
                break
    return request.exit_status


def _wait(request: StopRequest) -> None:
    until = time.monotonic() + _POLL_SECONDS
    while not request.made and time.monotonic() < until:
        time.sleep(_WAIT_SECONDS)


def _examples(plan: Plan, source: RecordSource) -> ExampleSet:
    """Finds a source's examples, in memory or on disk as the job has it."""
    spec = plan.spec
    find = functools.partial(
        load_examples,
        plan.config.converter,
        source,
        num_workers=spec.num_workers,
        progress=_SearchProgress(source.name),
    )
    if spec.cache_dir is None and not spec.cache_dataset:
        # The files are open for as long as they are used, and need no name for that.
        with tempfile.TemporaryDirectory(prefix="musicvae-", ignore_cleanup_errors=True) as folder:
            return find(cache_dir=folder)
    return find(cache_dir=spec.cache_dir)


class _SearchProgress:
    """Says now and then how far a long search for examples is."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._last = time.monotonic()

    def __call__(self, sequences: int, found: int) -> None:
        now = time.monotonic()
        if now - self._last >= _SEARCH_SECONDS:
            self._last = now
            logging.info(
                "%s: %s examples in the first %s sequences",
                self._name,
                f"{found:,}",
                f"{sequences:,}",
            )
