"""One training step: loss, gradients, clipping, Adam, on whatever devices there are.

A batch is cut into equal parts, one for each replica of the model, and these into rounds that are
worked on one after the other. Gradients are averaged over all of them before they are clipped and
applied, so that the result is that of the whole batch at once, up to the order of additions. Noise
of the posterior is drawn for the whole batch and cut likewise; dropout and samples differ from
part to part. A step whose loss or gradient is not finite leaves weights and moments as they are.

Axes: B batch, T time step, D depth, Z latent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from musicvae.models import AdamOptimizer, Batch, Losses, MusicVAE, Objective, schedules
from musicvae.models.compilation import for_xla
from musicvae.models.optimizer import clip_gradients
from musicvae.models.random_numbers import fold, normal
from musicvae.training.devices import TrainingDevices

Tensor = Any

STOP = "stop"
_EPS, _PARTS = 0, 1


class TrainStep:
    """Takes training steps.

    Attributes:
      model: what is trained.
      optimizer: with its moments.
      global_step: int64 scalar, how many steps were taken.
      compiled: whether steps are compiled by XLA; may be changed between steps.
      can_compile: whether they can be: on one device.
    """

    def __init__(
        self,
        model: MusicVAE,
        batch_size: int,
        devices: TrainingDevices | None = None,
        accumulate_steps: int = 1,
        objective: Objective | None = None,
        *,
        compiled: bool = False,
    ) -> None:
        """Makes the optimizer's variables.

        Args:
          model: what is trained, made on the same devices.
          batch_size: B, a multiple of replicas * accumulate_steps.
          devices: on which devices; None for where the model is.
          accumulate_steps: rounds that each replica's part of a batch is worked on in.
          objective: what to minimize; None for the model's own loss.
          compiled: whether steps are compiled by XLA, which takes a minute before the first one.
        """
        self.model = model
        self._strategy = tf.distribute.get_strategy() if devices is None else devices.strategy
        self._replicas = int(self._strategy.num_replicas_in_sync)
        self._batch_size = batch_size
        self._rounds = accumulate_steps
        self._round_size = batch_size // (self._replicas * accumulate_steps)
        self._objective = objective or _own_loss
        self.can_compile = self._replicas == 1
        self.compiled = compiled
        self._run = tf.function(self._on_replicas, autograph=False)
        self._run_compiled = tf.function(self._for_xla, autograph=False, jit_compile=True)
        with self._strategy.scope():
            self.global_step = tf.Variable(
                0,
                dtype=tf.int64,
                name="global_step",
                trainable=False,
                aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
            )
            self.optimizer = AdamOptimizer(model.named_variables)

    @property
    def checkpointed(self) -> dict[str, tf.Variable]:
        """All variables of a checkpoint but the step, by name."""
        return {**self.model.named_variables, **self.optimizer.named_slots}

    def __call__(
        self, batch: Batch, seed: Tensor, stop: bool = False, *, eps: Tensor = None
    ) -> Mapping[str, Tensor]:
        """Takes a step.

        Args:
          batch: this process's parts, as the strategy's iterator gives them.
          seed: int32 `[2]`, for all that is random in this step; the same in every process.
          stop: whether this process wants to stop.
          eps: float32 `[B, Z]`, the noise of the posterior; None draws it.

        Returns:
          Float32 scalars of the whole batch by TensorBoard tag, of the model as it was before the
          step: loss, losses/r_loss, losses/kl_loss, losses/kl_bits, losses/kl_beta, learning_rate,
          global_norm, and sampling_probability where samples are fed back; and `stop`, over 0 where
          any process wants to stop.
        """
        run = self._run_compiled if self.compiled else self._run
        scalars: Mapping[str, Tensor] = run(batch, seed, tf.constant(float(stop)), eps)
        return scalars

    def _for_xla(
        self, batch: Batch, seed: Tensor, stop: Tensor, eps: Tensor
    ) -> Mapping[str, Tensor]:
        with for_xla():
            return self._on_replicas(batch, seed, stop, eps)

    def _on_replicas(
        self, batch: Batch, seed: Tensor, stop: Tensor, eps: Tensor
    ) -> Mapping[str, Tensor]:
        results = self._strategy.run(self._replica_step, args=(batch, seed, stop, eps))
        local = self._strategy.experimental_local_results
        return {tag: local(x)[0] for tag, x in results.items()}

    def _replica_step(
        self, batch: Batch, seed: Tensor, stop: Tensor, eps: Tensor
    ) -> dict[str, Tensor]:
        gradients, scalars = self._averaged(Batch(*batch), seed, eps)
        scalars = {**scalars, STOP: stop}
        if self._replicas > 1:
            context = tf.distribute.get_replica_context()
            packed = tf.stack(list(scalars.values()))
            gradients, packed = context.all_reduce(tf.distribute.ReduceOp.MEAN, (gradients, packed))
            scalars = dict(zip(scalars, tf.unstack(packed, len(scalars)), strict=True))
        hparams = self.model.config.hparams
        clipped = clip_gradients(gradients, hparams)
        rate = schedules.learning_rate(self.global_step, hparams)
        variables = list(self.model.named_variables.values())
        is_finite = tf.math.is_finite(scalars["loss"]) & tf.math.is_finite(clipped.global_norm)
        self.optimizer.apply(clipped.gradients, variables, rate, is_finite)
        self.global_step.assign_add(1)
        return {**scalars, "learning_rate": rate, "global_norm": clipped.global_norm}

    def _gradients(self, batch: Batch, seed: Tensor, eps: Tensor) -> tuple[Losses, list[Tensor]]:
        """Returns the losses of some examples and their gradient for each of the variables."""
        variables = list(self.model.named_variables.values())
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(variables)
            losses = self._objective(self.model, batch, self.global_step, eps=eps, seed=seed)
        unconnected = tf.UnconnectedGradients.ZERO
        return losses, tape.gradient(losses.loss, variables, unconnected_gradients=unconnected)

    def _averaged(
        self, batch: Batch, seed: Tensor, noise: Tensor
    ) -> tuple[list[Tensor], dict[str, Tensor]]:
        """Returns gradients and scalars of this replica's part, averaged over its rounds."""
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        hparams = self.model.config.hparams
        if noise is None:
            shape = [self._batch_size, hparams.z_size]
            noise = normal(shape, fold(seed, _EPS))
        part_seed = fold(seed, _PARTS)

        def part(index: Tensor) -> Batch:
            begin = index * self._round_size
            return Batch(*(x if x is None else x[begin : begin + self._round_size] for x in batch))

        def work(index: Tensor, examples: Batch) -> tuple[list[Tensor], dict[str, Tensor]]:
            number = replica * self._rounds + index
            begin = number * self._round_size
            eps = noise[begin : begin + self._round_size]
            losses, gradients = self._gradients(examples, fold(part_seed, number), eps)
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


def _own_loss(model: MusicVAE, batch: Batch, step: Tensor, *, eps: Tensor, seed: Tensor) -> Losses:
    return model.loss(batch, step, training=True, eps=eps, seed=seed)
