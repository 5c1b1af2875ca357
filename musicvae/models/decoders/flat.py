"""The flat decoder: a stack of LSTM layers that is fed its own previous step, z and a control.

    state = tanh(dense(z)) as c, h of layer 0, c, h of layer 1, ...
    step t: layers([previous step, z, control]) -> dense -> the parameters of step t

In training the previous step is the target's (teacher forcing) or, with scheduled sampling, now and
then the decoder's own (see scheduled_sampling). What z and the controls give to the lowest layer is
one product before the first step.

Axes: B batch, T time step, N examples, D columns of a step, P parameters of a step, C controls, Z
columns of z, K parts of a step, E columns of the lowest layer's entry. Inside, sequences are
time-major.

Source: Roberts et al. 2018, section 3.2, "flat" baseline.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf

from musicvae.hparams import HParams
from musicvae.models.decoders.base import (
    DecoderContext,
    Precomputed,
    ReconstructionLoss,
    Request,
    Target,
)
from musicvae.models.decoders.outputs import Output
from musicvae.models.decoders.sampling import InitialState, Sampler, StepwiseDecoder, Weights
from musicvae.models.decoders.scheduled_sampling import Rollout, roll_out
from musicvae.models.forward import Forward
from musicvae.models.lstm import State
from musicvae.models.lstm_layer import LayerWeights, enter
from musicvae.models.lstm_stack import LSTMStack, pack_states, states_at_end
from musicvae.models.one_hot import data_product
from musicvae.models.stack_steps import StackOutputs, recurrent_products, run_stack
from musicvae.models.variables import Dense, Variables, glorot_uniform, narrow_normal, product

Tensor = Any


class StepInputs(NamedTuple):
    """What the lowest layer is given at each step, as far as it is known before the first one.

    Attributes:
      rows: `[D, E]`, what the previous step is multiplied by.
      constant: float32 `[N, E]`, what z and the bias give to every step.
      controls: float32 `[T, N, E]`, what the controls give to each step; None without controls.
    """

    rows: Tensor
    constant: Tensor
    controls: Tensor

    def all(self, previous: Tensor) -> Tensor:
        """Returns what enters at every step, float32 `[T, N, E]`, given `[T, N, D]`."""
        entered = self._looked_up(previous) + self.constant
        return entered if self.controls is None else entered + self.controls

    def at(self, t: Tensor, previous: Tensor) -> Tensor:
        """Returns what enters at step t, float32 `[N, E]`, given `[N, D]`."""
        entered = self._looked_up(previous) + self.constant
        return entered if self.controls is None else entered + self.controls[t]

    def _looked_up(self, previous: Tensor) -> Tensor:
        return data_product(previous, self.rows, tf.zeros(self.rows.shape[1:]), self.rows.dtype)


class FlatDecoder(StepwiseDecoder):
    """LSTM layers with one of the distributions of `outputs` on top."""

    takes_fixed = True

    def __init__(
        self, output: Output, hparams: HParams, variables: Variables, context: DecoderContext
    ) -> None:
        """Makes the variables.

        Args:
          output: the distribution of a step.
          hparams: dec_rnn_size and residual_decoder.
          variables: where they are made.
          context: where the decoder stands.
        """
        self._output = output
        self._is_alone = context.alone
        self._input_sizes = [output.depth, context.z_size, context.control_depth]
        sizes = hparams.dec_rnn_size
        self.state_size = 2 * sum(sizes)
        name = context.name("decoder/z_to_initial_state")
        self._initial = Dense(variables, name, context.z_size, self.state_size, narrow_normal)
        self._stack = LSTMStack(
            variables,
            context.name("decoder/multi_rnn_cell"),
            sum(self._input_sizes),
            sizes,
            residual=hparams.residual_decoder,
        )
        name = context.name("decoder/output_projection")
        self._projection = Dense(variables, name, sizes[-1], output.parameters, glorot_uniform)

    def reconstruct(
        self, z: Tensor, target: Target, forward: Forward, *, with_state: bool = False
    ) -> ReconstructionLoss:
        """Computes the loss of a target, each step fed the target's step before (teacher forcing).

        Args:
          z: float32 `[B, Z]`.
          target: what is to be given; lengths int32 `[B]`.
          forward: seed, dropout, scheduled sampling, dtype, and whether metrics are counted.
          with_state: whether the states at the end are wanted.

        Returns:
          Loss in nats, parameters, counts and states.
        """
        outputs = time_major(target.outputs)
        controls = None if target.controls is None else time_major(target.controls)
        first = target.first_input
        first = tf.zeros_like(outputs[0]) if first is None else first
        teacher = tf.concat([first[None], outputs[:-1]], 0)
        initial = self._stack.unpack_states(tf.tanh(self._initial(z, forward.dtype)))
        stack = self._run(z, teacher, controls, initial, forward, with_state=with_state)
        parameters = self._projection(stack.top, forward.dtype)
        mask = tf.transpose(tf.sequence_mask(target.lengths, tf.shape(outputs)[0], tf.float32))
        state = pack_states(states_at_end(stack, initial, target.lengths)) if with_state else None
        return ReconstructionLoss(
            loss=tf.reduce_sum(mask * self._output.loss(parameters, outputs), 0),
            parameters=time_major(parameters),
            metric_counts=self._output.metric_counts(parameters, outputs, mask)
            if forward.measure
            else {},
            state=state,
        )

    def precompute(self, z: Tensor, dtype: tf.DType) -> Precomputed:
        """Computes the initial states, and what z gives to each step.

        Args:
          z: float32 `[B, Z]`.
          dtype: what products are computed in, float32 or bfloat16.

        Returns:
          The weights, and each example's states and entry.
        """
        layers = self._stack.sampling_weights(dtype, may_copy=self._is_alone)
        inputs = self._inputs(z, None, layers[0])
        *_, control_rows = tf.split(layers[0].entry, self._input_sizes, 0)
        kernel = tf.cast(self._projection.kernel, dtype)
        bias = self._projection.bias + 0.0
        states = self._stack.unpack_states(tf.tanh(self._initial(z, dtype)))
        return Precomputed(
            Weights(inputs.rows, control_rows, layers, kernel, bias),
            InitialState(states, recurrent_products(states, layers), inputs.constant),
        )

    def samplers(self, precomputed: Precomputed, request: Request) -> list[Sampler]:
        """Returns the decoder's one sampler.

        Args:
          precomputed: of the latent vectors.
          request: what to sample.
        """
        weights, initial_state = precomputed
        batch, length = tf.shape(initial_state.constant)[0], request.length
        controls, first = None, tf.zeros_like(initial_state.constant)
        if request.controls is not None:
            controls = time_major(request.controls)
            controls = product(controls, weights.control_rows, weights.rows.dtype)
        if request.first_input is not None:
            first = product(request.first_input, weights.rows, weights.rows.dtype)
        fixed = None if request.fixed is None else time_major(request.fixed)
        noise = time_major(self._output.noise([batch, length], request.seed))
        noise *= request.temperature
        return [Sampler(self._output, weights, initial_state, first, controls, noise, fixed)]

    def step_losses(self, parameters: Tensor, outputs: Tensor) -> Tensor:
        """Returns the loss of each part of a step that is chosen side by side with others.

        Args:
          parameters: float32 `[B, T, P]`.
          outputs: float32 `[B, T, D]`.

        Returns:
          float32 `[B, T, K]`, in nats.
        """
        return self._output.part_losses(parameters, outputs)

    def _inputs(self, z: Tensor, controls: Tensor, lowest: LayerWeights) -> StepInputs:
        rows, z_rows, control_rows = tf.split(lowest.entry, self._input_sizes, 0)
        constant = product(z, z_rows, rows.dtype) + lowest.entry_bias
        if controls is not None:
            controls = product(controls, control_rows, rows.dtype)
        return StepInputs(rows, constant, controls)

    def _run(
        self,
        z: Tensor,
        teacher: Tensor,
        controls: Tensor,
        initial: list[State],
        forward: Forward,
        *,
        with_state: bool,
    ) -> StackOutputs:
        """Runs the layers over `[T, N, D]` previous steps."""
        weights = self._stack.weights(forward.dtype)
        masks = self._stack.masks(tf.shape(teacher)[0], tf.shape(teacher)[1], forward)
        inputs = None if masks else self._inputs(z, controls, weights[0])

        def whole(previous: Tensor, controls: Tensor, tiled: Tensor) -> Tensor:
            parts = [previous, tiled] if controls is None else [previous, tiled, controls]
            return tf.concat(parts, -1)

        def enter_all(previous: Tensor) -> Tensor:
            if inputs is not None:
                return inputs.all(previous)
            tiled = tf.tile(z[None], [tf.shape(previous)[0], 1, 1])
            return enter(whole(previous, controls, tiled) * masks[0], weights[0])

        def enter_step(t: Tensor, previous: Tensor) -> Tensor:
            if inputs is not None:
                return inputs.at(t, previous)
            control = None if controls is None else controls[t]
            return enter(whole(previous, control, z) * masks[0][t], weights[0])

        if forward.sampling is None:
            entered = enter_all(teacher)
            return run_stack(entered, weights, initial, masks, with_states=with_state)
        rollout = Rollout(enter_step, weights, initial, masks, self._projection, self._output)
        fed, traces = roll_out(rollout, teacher, forward)
        return run_stack(
            enter_all(fed), weights, initial, masks, traces=traces, with_states=with_state
        )


def time_major(x: Tensor) -> Tensor:
    """Swaps the axes of examples and of steps of a rank 3 tensor."""
    return tf.transpose(x, [1, 0, 2])
