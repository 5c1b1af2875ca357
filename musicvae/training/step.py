"""One training step on whatever devices there are, in as many rounds as memory asks for.

A batch is cut into equal parts, one for each replica of the model, and these into rounds that are
worked on one after the other. Gradients are averaged over all of them before they are clipped and
applied, so that the result is that of the whole batch at once, up to the order of additions. Noise
of the posterior is drawn for the whole batch and cut likewise; dropout and samples differ from
part to part.

Axes: B batch, T time step, D depth, Z latent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from musicvae.models import AdamOptimizer, Batch, MusicVAE, TrainStep, schedules
from musicvae.models.forward import fold
from musicvae.models.optimizer import clip_gradients
from musicvae.models.train_step import Objective
from musicvae.training.devices import TrainingDevices

Tensor = Any

STOP = "stop"
_EPS, _PARTS = 0, 1


class DistributedStep:
    """Takes training steps.

    Attributes:
      step: the model, its optimizer and the number of steps taken.
    """

    def __init__(
        self,
        model: MusicVAE,
        devices: TrainingDevices,
        batch_size: int,
        accumulate_steps: int = 1,
        objective: Objective | None = None,
    ) -> None:
        """Makes the optimizer's variables.

        Args:
          model: what is trained, made on the same placement.
          devices: on which devices.
          batch_size: B, a multiple of replicas * accumulate_steps.
          accumulate_steps: rounds that each replica's part of a batch is worked on in.
          objective: what to minimize; None for the model's own loss.
        """
        self._devices = devices
        self._batch_size = batch_size
        self._rounds = accumulate_steps
        self._run = tf.function(self._on_replicas, autograph=False)
        self._round_size = batch_size // (devices.replicas * accumulate_steps)
        with devices.strategy.scope():
            global_step = tf.Variable(
                0,
                dtype=tf.int64,
                name="global_step",
                trainable=False,
                aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
            )
            self.step = TrainStep(
                model, AdamOptimizer(model.named_variables), global_step, objective
            )

    @property
    def checkpointed(self) -> dict[str, tf.Variable]:
        """All variables of a checkpoint but the step, by name."""
        return {**self.step.model.named_variables, **self.step.optimizer.named_slots}

    def __call__(self, batch: Batch, seed: Tensor, stop: bool = False) -> Mapping[str, Tensor]:
        """Takes a step.

        Args:
          batch: this process's parts, as the strategy's iterator gives them.
          seed: int32 `[2]`, the same in every process.
          stop: whether this process wants to stop.

        Returns:
          float32 scalars of the whole batch by TensorBoard tag, and `stop`, over 0 where any
          process wants to stop.
        """
        scalars: Mapping[str, Tensor] = self._run(batch, seed, tf.constant(float(stop)))
        return scalars

    def _on_replicas(self, batch: Batch, seed: Tensor, stop: Tensor) -> Mapping[str, Tensor]:
        strategy = self._devices.strategy
        results = strategy.run(self._replica_step, args=(batch, seed, stop))
        return {tag: strategy.experimental_local_results(x)[0] for tag, x in results.items()}

    def _replica_step(self, batch: Batch, seed: Tensor, stop: Tensor) -> dict[str, Tensor]:
        gradients, scalars = self._gradients(Batch(*batch), seed)
        scalars = {**scalars, STOP: stop}
        if self._devices.replicas > 1:
            context = tf.distribute.get_replica_context()
            packed = tf.stack(list(scalars.values()))
            gradients, packed = context.all_reduce(tf.distribute.ReduceOp.MEAN, (gradients, packed))
            scalars = dict(zip(scalars, tf.unstack(packed, len(scalars)), strict=True))
        hparams = self.step.model.config.hparams
        clipped = clip_gradients(gradients, hparams)
        rate = schedules.learning_rate(self.step.global_step, hparams)
        variables = list(self.step.model.named_variables.values())
        self.step.optimizer.apply(clipped.gradients, variables, rate)
        self.step.global_step.assign_add(1)
        return {**scalars, "learning_rate": rate, "global_norm": clipped.global_norm}

    def _gradients(self, batch: Batch, seed: Tensor) -> tuple[list[Tensor], dict[str, Tensor]]:
        """Returns gradients and scalars of this replica's part, averaged over its rounds."""
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        hparams = self.step.model.config.hparams
        noise = tf.random.stateless_normal([self._batch_size, hparams.z_size], fold(seed, _EPS))
        part_seed = fold(seed, _PARTS)

        def part(index: Tensor) -> Batch:
            begin = index * self._round_size
            return Batch(*(x if x is None else x[begin : begin + self._round_size] for x in batch))

        def work(index: Tensor, examples: Batch) -> tuple[list[Tensor], dict[str, Tensor]]:
            number = replica * self._rounds + index
            begin = number * self._round_size
            eps = noise[begin : begin + self._round_size]
            losses, gradients = self.step.gradients(examples, fold(part_seed, number), eps)
            scalars = losses.scalars()
            if not schedules.uses_scheduled_sampling(hparams):
                del scalars["sampling_probability"]
            return gradients, scalars

        if self._rounds == 1:
            return work(tf.constant(0), batch)

        def one_round(index: Tensor, total: Any) -> tuple[Tensor, Any]:
            return index + 1, tf.nest.map_structure(tf.add, total, work(index, part(index)))

        first = work(tf.constant(0), part(0))
        _, total = tf.while_loop(
            lambda index, _: index < self._rounds,
            one_round,
            (tf.constant(1), first),
            parallel_iterations=1,
        )
        mean: tuple[list[Tensor], dict[str, Tensor]]
        mean = tf.nest.map_structure(lambda x: x / self._rounds, total)
        return mean
