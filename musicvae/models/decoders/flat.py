"""The flat decoder: a stack of LSTM layers that is fed its own previous step, z and a control.

    state = tanh(dense(z)) as c, h of layer 0, c, h of layer 1, ...
    step t: layers([previous step, z, control]) -> dense -> the parameters of step t

In training the previous step is the target's (teacher forcing) or, with scheduled sampling, now and
then the decoder's own. Teacher-forced, each layer runs over the whole sequence by itself; fed back,
all layers take a step together (`rollout`), and what they keep is replayed layer by layer for the
gradient. No gradient goes through a sample.

Axes: T time step, N examples, D columns of a step, P parameters of a step, C controls. Inside,
sequences are time-major.

Source: Roberts et al. 2018, section 3.2, "flat" baseline; Bengio et al. 2015 for scheduled
sampling.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from musicvae.hparams import HParams
from musicvae.models import lstm
from musicvae.models.decoders.base import Decoded, Decoder, Place, Reconstruction, Request, Target
from musicvae.models.decoders.outputs import Output
from musicvae.models.forward import Forward, fold
from musicvae.models.lstm import LayerWeights, LSTMLayer, State, TraceArrays
from musicvae.models.variables import (
    Dense,
    Variables,
    glorot_uniform,
    narrow_normal,
    product,
)

Tensor = Any

_COINS, _SAMPLES = 1000, 1001


class FlatDecoder(Decoder):
    """LSTM layers with one of the distributions of `outputs` on top."""

    def __init__(
        self, output: Output, hparams: HParams, variables: Variables, place: Place
    ) -> None:
        """Makes the variables.

        Args:
          output: the distribution of a step.
          hparams: dec_rnn_size.
          variables: where they are made.
          place: where the decoder stands.
        """
        scope = f"{place.scope}/" if place.inside else ""
        self._output = output
        self._z_size = place.z_size
        self._control_depth = place.control_depth
        sizes = hparams.dec_rnn_size
        self._initial = Dense(
            variables,
            f"{scope}decoder/z_to_initial_state",
            place.z_size,
            2 * sum(sizes),
            narrow_normal,
        )
        self._layers: list[LSTMLayer] = []
        depth = output.depth + place.z_size + place.control_depth
        for k, units in enumerate(sizes):
            name = f"{scope}decoder/multi_rnn_cell/cell_{k}/lstm_cell"
            self._layers.append(LSTMLayer(variables, name, depth, units))
            depth = units
        self._projection = Dense(
            variables, f"{scope}decoder/output_projection", depth, output.parameters, glorot_uniform
        )

    def reconstruct(self, z: Tensor, target: Target, forward: Forward) -> Reconstruction:
        """Runs along a target, as Decoder.reconstruct."""
        outputs = _time_major(target.outputs)
        controls = None if target.controls is None else _time_major(target.controls)
        first = target.first_input
        first = tf.zeros_like(outputs[0]) if first is None else first
        teacher = tf.concat([first[None], outputs[:-1]], 0)
        if forward.sampling is None:
            top = self._teacher_forced(z, teacher, controls, forward)
        else:
            top = self._fed_back(z, teacher, controls, forward)
        parameters = self._projection(top, forward.dtype)
        mask = tf.transpose(tf.sequence_mask(target.lengths, tf.shape(outputs)[0], tf.float32))
        loss = tf.reduce_sum(mask * self._output.loss(parameters, outputs), 0)
        tallies = self._output.tallies(parameters, outputs, mask) if forward.measure else {}
        return Reconstruction(loss, _time_major(parameters), tallies)

    def decode(self, z: Tensor, request: Request) -> Decoded:
        """Writes music step by step, as Decoder.decode."""
        weights = [layer.weights(tf.float32) for layer in self._layers]
        previous_rows, z_rows, control_rows = self._input_rows(weights[0])
        constant = tf.matmul(z, z_rows) + weights[0].bias
        controls = None if request.controls is None else _time_major(request.controls)
        batch, length = tf.shape(z)[0], request.length
        first = request.first_input
        if first is None:
            first = tf.zeros([batch, self._output.depth])
        steps = tf.TensorArray(tf.float32, length, element_shape=[None, self._output.depth])

        def step(t: Tensor, previous: Tensor, states: Any, lengths: Tensor, steps: Any) -> Any:
            projected = tf.matmul(previous, previous_rows) + constant
            if controls is not None:
                projected += tf.matmul(controls[t], control_rows)
            top, states = self._step(weights, projected, states)
            parameters = self._projection(top)
            drawn = self._output.sample(parameters, request.temperature, fold(request.seed, t))
            going = lengths == length
            drawn *= tf.cast(going, tf.float32)[:, None]
            if request.end_token is not None:
                ended = going & (tf.argmax(drawn, -1, output_type=tf.int32) == request.end_token)
                lengths = tf.where(ended, t + 1, lengths)
            return t + 1, drawn, states, lengths, steps.write(t, drawn)

        def unfinished(
            t: Tensor, previous: Tensor, states: Any, lengths: Tensor, steps: Any
        ) -> Tensor:
            del previous, states, steps
            return (t < length) & tf.reduce_any(lengths > t)

        start = (tf.constant(0), first, self._initial_states(z), tf.fill([batch], length), steps)
        *_, lengths, steps = tf.while_loop(unfinished, step, start, parallel_iterations=1)
        return Decoded(_time_major(steps.stack()), lengths)

    def _initial_states(self, z: Tensor, dtype: tf.DType = tf.float32) -> list[State]:
        return lstm.split_states(tf.tanh(self._initial(z, dtype)), self._layers)

    def _input_rows(self, weights: LayerWeights) -> list[Tensor]:
        """Splits layer 0's rows for the input: for the previous step, z and the control."""
        sizes = [self._output.depth, self._z_size, self._control_depth]
        return list(tf.split(weights.inputs, sizes, 0))

    def _step(
        self, weights: list[LayerWeights], projected: Tensor, states: list[State]
    ) -> tuple[Tensor, list[State]]:
        """Takes one step through all layers, given what layer 0's input and bias give."""
        new: list[State] = []
        for layer, state in zip(weights, states, strict=True):
            if new:
                activations = (
                    tf.matmul(tf.concat([new[-1].h, state.h], -1), layer.kernel) + layer.bias
                )
            else:
                activations = projected + tf.matmul(state.h, layer.recurrent)
            new.append(lstm.cell(activations, state.c)[0])
        return new[-1].h, new

    def _teacher_forced(
        self, z: Tensor, teacher: Tensor, controls: Tensor, forward: Forward
    ) -> Tensor:
        """Returns the top layer's outputs `[T, N, H]`, each layer run over the whole sequence."""
        weights = [layer.weights(forward.dtype) for layer in self._layers]
        states = self._initial_states(z, forward.dtype)
        projected = self._project_inputs(z, teacher, controls, weights[0], forward)
        x = lstm.recurrence(projected, weights[0].recurrent, states[0])
        for k in range(1, len(weights)):
            if forward.keep_prob < 1.0:
                x *= forward.dropout_mask(tf.shape(x), k)
            x = lstm.recurrence(lstm.project(x, weights[k]), weights[k].recurrent, states[k])
        return x

    def _project_inputs(
        self, z: Tensor, previous: Tensor, controls: Tensor, weights: LayerWeights, forward: Forward
    ) -> Tensor:
        """Returns what each step's whole input and the bias give to layer 0, `[T, N, 4H]`."""
        if forward.keep_prob < 1.0:
            x = self._whole_input(z, previous, controls)
            return lstm.project(x * forward.dropout_mask(tf.shape(x), 0), weights)
        previous_rows, z_rows, control_rows = self._input_rows(weights)
        projected = product(previous, previous_rows, forward.dtype)
        projected += (product(z, z_rows, forward.dtype) + weights.bias)[None]
        if controls is not None:
            projected += product(controls, control_rows, forward.dtype)
        return projected

    def _whole_input(self, z: Tensor, previous: Tensor, controls: Tensor) -> Tensor:
        steps = tf.shape(previous)[0]
        parts = [previous, tf.tile(z[None], [steps, 1, 1])]
        return tf.concat(parts if controls is None else [*parts, controls], -1)

    def _fed_back(self, z: Tensor, teacher: Tensor, controls: Tensor, forward: Forward) -> Tensor:
        """Returns the top layer's outputs `[T, N, H]` where inputs are samples now and then."""
        weights = [layer.weights(forward.dtype) for layer in self._layers]
        states = self._initial_states(z, forward.dtype)
        masks = self._dropout_masks(teacher, forward)
        fed, traces = self._rollout(z, teacher, controls, forward, weights, states, masks)
        projected = self._project_inputs(z, fed, controls, weights[0], forward)
        x = lstm.replay(projected, weights[0].recurrent, states[0], traces[0])
        for k in range(1, len(weights)):
            if masks:
                x *= masks[k]
            projected = lstm.project(x, weights[k])
            x = lstm.replay(projected, weights[k].recurrent, states[k], traces[k])
        return x

    def _dropout_masks(self, teacher: Tensor, forward: Forward) -> list[Tensor]:
        """Returns one mask `[T, N, I]` a layer, or none; the same as teacher forcing draws."""
        if forward.keep_prob == 1.0:
            return []
        return [
            forward.dropout_mask(tf.concat([tf.shape(teacher)[:2], [layer.depth]], 0), k)
            for k, layer in enumerate(self._layers)
        ]

    def _rollout(
        self,
        z: Tensor,
        teacher: Tensor,
        controls: Tensor,
        forward: Forward,
        weights: list[LayerWeights],
        states: list[State],
        masks: list[Tensor],
    ) -> tuple[Tensor, list[lstm.Trace]]:
        """Runs all layers together, feeding samples back.

        Returns:
          The previous step that each step was fed, `[T, N, D]`, and each layer's trace.
        """
        steps, batch = tf.shape(teacher)[0], tf.shape(teacher)[1]
        coins = tf.random.stateless_uniform([steps, batch], fold(forward.seed, _COINS))
        use_sample = tf.concat([tf.zeros([1, batch], tf.bool), coins[1:] < forward.sampling], 0)
        sample_seed = fold(forward.seed, _SAMPLES)
        constant = product(z, self._input_rows(weights[0])[1], forward.dtype) + weights[0].bias
        kernel, bias = self._projection.kernel, self._projection.bias
        previous_rows, _, control_rows = self._input_rows(weights[0])

        def input_of(t: Tensor, previous: Tensor) -> Tensor:
            if masks:
                x = [previous, z] if controls is None else [previous, z, controls[t]]
                x = tf.concat(x, -1) * masks[0][t]
                return product(x, weights[0].inputs, forward.dtype) + weights[0].bias
            projected = product(previous, previous_rows, forward.dtype) + constant
            if controls is not None:
                projected += product(controls[t], control_rows, forward.dtype)
            return projected

        def sample_rows(t: Tensor, top: Tensor, following: Tensor) -> Tensor:
            """Replaces the rows of the step that follows for which the coin says so."""
            rows = tf.where(use_sample[t])
            parameters = product(tf.gather_nd(top, rows), kernel, forward.dtype) + bias
            drawn = self._output.sample(parameters, 1.0, fold(sample_seed, t))
            return tf.tensor_scatter_nd_update(following, rows, drawn)

        def step(t: Tensor, top: Tensor, states: Any, traces: Any, fed: Any) -> Any:
            previous = sample_rows(t, top, teacher[t])
            new: list[State] = []
            written = []
            for k, (layer, state) in enumerate(zip(weights, states, strict=True)):
                if new:
                    x = new[-1].h * masks[k][t] if masks else new[-1].h
                    x = tf.concat([x, state.h], -1)
                    activations = product(x, layer.kernel, forward.dtype) + layer.bias
                else:
                    activations = input_of(t, previous)
                    activations += product(state.h, layer.recurrent, forward.dtype)
                after, gates = lstm.cell(activations, state.c)
                written.append(traces[k].write(t, after, gates))
                new.append(after)
            return t + 1, new[-1].h, new, written, fed.write(t, previous)

        traces = [TraceArrays.start(steps, state.c) for state in states]
        fed = tf.TensorArray(tf.float32, steps, element_shape=teacher.shape[1:])
        start = (tf.constant(0), tf.zeros_like(states[-1].h), states, traces, fed)
        *_, traces, fed = tf.while_loop(
            lambda t, *_: t < steps, step, start, maximum_iterations=steps, parallel_iterations=1
        )
        return tf.stop_gradient(fed.stack()), [trace.finish() for trace in traces]


def _time_major(x: Tensor) -> Tensor:
    """Swaps the axes of examples and of steps."""
    return tf.transpose(x, [1, 0, 2])
