"""Long short-term memory, the recurrent layer of every encoder and decoder here.

With the gates in the order i, c~, f, o in kernels and biases, a step is

    a = [x, h] · kernel + bias
    c' = sigmoid(a_f + 1) * c + sigmoid(a_i) * tanh(a_c~)
    h' = sigmoid(a_o) * tanh(c')

`recurrence` runs a whole sequence and is differentiated by hand: what depends on the input alone is
one product before the loop, the loop keeps its gates, and a second loop backwards in time uses
them, so that the kernel's gradient is one product after it. Steps past a sequence's end need no
mask: nothing before the end depends on them, and where nothing reads them their gradient is zero.

Axes: sequences are time-major, [T, B, D]; H is a layer's units.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf

from musicvae.models.compilation import is_for_xla

Tensor = Any
TensorArray = Any


class State(NamedTuple):
    """What one layer carries from step to step.

    Attributes:
      c: the cell, float32 `[B, H]`.
      h: the output, float32 `[B, H]`.
    """

    c: Tensor
    h: Tensor


class Gates(NamedTuple):
    """One step's activations, each float32 `[B, H]`."""

    i: Tensor
    g: Tensor
    f: Tensor
    o: Tensor


class Trace(NamedTuple):
    """What a forward pass keeps for the backward pass.

    Attributes:
      gates: a TensorArray of T elements for each gate.
      c: a TensorArray of T + 1 cells, the initial one first.
      h: float32 `[T, B, H]`, the outputs.
    """

    gates: Gates
    c: TensorArray
    h: Tensor


def cell(activations: Tensor, c: Tensor) -> tuple[State, Gates]:
    """Computes one step from its summed input.

    Args:
      activations: float32 `[B, 4H]`, a above.
      c: float32 `[B, H]`, the cell before.

    Returns:
      The state after the step, and its gates.
    """
    i, g, f, o = tf.split(activations, 4, -1)
    gates = Gates(tf.sigmoid(i), tf.tanh(g), tf.sigmoid(f), tf.sigmoid(o))
    c = gates.f * c + gates.i * gates.g
    return State(c, gates.o * tf.tanh(c)), gates


def recurrence(
    projected: Tensor, kernel: Tensor, initial: State, *, with_cells: bool = False
) -> tuple[Tensor, Tensor]:
    """Runs one layer over a whole sequence.

    Args:
      projected: float32 `[T, B, 4H]`, what the input and the bias give to each step.
      kernel: `[H, 4H]`, the recurrent weights, in the dtype that products are computed in.
      initial: the state before the first step.
      with_cells: whether the cells are wanted too.

    Returns:
      The output of each step and its cell, float32 `[T, B, H]`; None for the cells if unwanted.
    """

    def run(projected: Tensor, kernel: Tensor, c: Tensor, h: Tensor) -> Any:
        return _with_gradient(_forward(projected, kernel, State(c, h)), kernel, h, with_cells)

    return _pair(tf.custom_gradient(run)(projected, kernel, initial.c, initial.h), with_cells)


def replay(
    projected: Tensor, kernel: Tensor, initial: State, trace: Trace, *, with_cells: bool = False
) -> tuple[Tensor, Tensor]:
    """Gives the outputs of a pass that was run elsewhere, differentiable as `recurrence` is.

    The value of `projected` is not used, so that a graph need not compute it.

    Args:
      projected: float32 `[T, B, 4H]`, the input's product with its weights, and the bias.
      kernel: `[H, 4H]`.
      initial: the state before the first step.
      trace: what the pass kept.
      with_cells: whether the cells are wanted too.

    Returns:
      The output of each step and its cell, float32 `[T, B, H]`; None for the cells if unwanted.
    """

    def run(projected: Tensor, kernel: Tensor, c: Tensor, h: Tensor) -> Any:
        del projected, c
        return _with_gradient(trace, kernel, h, with_cells)

    return _pair(tf.custom_gradient(run)(projected, kernel, initial.c, initial.h), with_cells)


def _with_gradient(trace: Trace, kernel: Tensor, h0: Tensor, with_cells: bool) -> Any:
    """Returns a trace's outputs with the function of their gradient."""
    if with_cells:
        return (
            (tf.identity(trace.h), trace.c.stack()[1:]),
            lambda dh, dc: _backward(dh, dc, kernel, h0, trace),
        )
    return tf.identity(trace.h), lambda dh: _backward(dh, None, kernel, h0, trace)


def _pair(outputs: Any, with_cells: bool) -> tuple[Tensor, Tensor]:
    return (outputs[0], outputs[1]) if with_cells else (outputs, None)


class TraceArrays(NamedTuple):
    """A trace while it is being written inside a loop."""

    gates: Gates
    c: TensorArray
    h: TensorArray

    @staticmethod
    def start(steps: Tensor, c: Tensor) -> TraceArrays:
        """Makes arrays for a sequence.

        Args:
          steps: T, int32 scalar.
          c: float32 `[B, H]`, the cell before the first step.
        """
        shape = c.shape
        gates = Gates(*(_array(steps, shape) for _ in Gates._fields))
        return TraceArrays(gates, _array(steps + 1, shape).write(0, c), _array(steps, shape))

    def write(self, t: Tensor, state: State, gates: Gates) -> TraceArrays:
        """Enters step t.

        Args:
          t: int32 scalar.
          state: the state after the step.
          gates: the step's gates.
        """
        written = Gates(
            *(array.write(t, gate) for array, gate in zip(self.gates, gates, strict=True))
        )
        return TraceArrays(written, self.c.write(t + 1, state.c), self.h.write(t, state.h))

    def finish(self) -> Trace:
        """Returns the trace of the steps that were entered."""
        return Trace(self.gates, self.c, self.h.stack())


def _array(size: Tensor, shape: Any) -> TensorArray:
    return tf.TensorArray(tf.float32, size, element_shape=shape, clear_after_read=False)


def _step_product(x: Tensor, kernel: Tensor) -> Tensor:
    return tf.cast(tf.matmul(tf.cast(x, kernel.dtype), kernel), tf.float32)


def _forward(projected: Tensor, kernel: Tensor, initial: State) -> Trace:
    steps = tf.shape(projected)[0]

    def step(t: Tensor, state: State, arrays: TraceArrays) -> Any:
        activations = projected[t] + _step_product(state.h, kernel)
        state, gates = cell(activations, state.c)
        return t + 1, state, arrays.write(t, state, gates)

    start = (tf.constant(0), initial, TraceArrays.start(steps, initial.c))
    arrays: TraceArrays
    _, _, arrays = tf.while_loop(
        lambda t, *_: t < steps, step, start, maximum_iterations=steps, parallel_iterations=1
    )
    return arrays.finish()


def _backward(
    dh_sequence: Tensor, dc_sequence: Tensor, kernel: Tensor, h0: Tensor, trace: Trace
) -> Any:
    """Returns the gradients of (projected, kernel, c, h)."""
    steps = tf.shape(dh_sequence)[0]
    units = kernel.shape[0]
    zero = tf.zeros_like(h0)
    # Turned round once: a product that has to do so at every step takes up to three times as long.
    transposed = tf.transpose(kernel)

    def step(t: Tensor, dh: Tensor, dc: Tensor, activations: TensorArray) -> Any:
        dh += dh_sequence[t]
        if dc_sequence is not None:
            dc += dc_sequence[t]
        gates = Gates(*(array.read(t) for array in trace.gates))
        dc, da = _cell_gradient(gates, trace.c.read(t), trace.c.read(t + 1), dh, dc)
        written = activations.write(t, da)
        return t - 1, _step_product(da, transposed), dc, written

    start = (steps - 1, zero, zero, _array(steps, [dh_sequence.shape[1], 4 * units]))
    _, dh, dc, activations = tf.while_loop(
        lambda t, *_: t >= 0, step, start, maximum_iterations=steps, parallel_iterations=1
    )
    da = activations.stack()
    first = tf.matmul(tf.cast(h0, kernel.dtype), tf.cast(da[0], kernel.dtype), transpose_a=True)
    rest = tf.matmul(
        tf.reshape(tf.cast(trace.h[:-1], kernel.dtype), [-1, units]),
        tf.reshape(tf.cast(da[1:], kernel.dtype), [-1, 4 * units]),
        transpose_a=True,
    )
    return da, first + rest, dc, dh


def _cell_gradient(
    gates: Gates, c_before: Tensor, c: Tensor, dh: Tensor, dc: Tensor
) -> tuple[Tensor, Tensor]:
    """Differentiates `cell`, by one operation where there is one.

    Args:
      gates: the step's.
      c_before: float32 `[B, H]`, the cell before the step.
      c: float32 `[B, H]`, the cell after it.
      dh: float32 `[B, H]`, the gradient of the output after it.
      dc: float32 `[B, H]`, that of the cell after it by way of later steps.

    Returns:
      The gradients of the cell before, `[B, H]`, and of the activations, `[B, 4H]`.
    """
    if is_for_xla():
        return _written_out_gradient(gates, c_before, c, dh, dc)
    units = c.shape[-1]
    # The operation takes weights, but reads no more of them than their shapes.
    unread = tf.raw_ops.Empty(shape=[units, 4 * units], dtype=tf.float32)
    nothing = tf.raw_ops.Empty(shape=[units], dtype=tf.float32)
    found = tf.raw_ops.LSTMBlockCellGrad(
        x=tf.zeros([tf.shape(c)[0], 0]),
        cs_prev=c_before,
        h_prev=c_before,
        w=unread,
        wci=nothing,
        wcf=nothing,
        wco=nothing,
        b=tf.raw_ops.Empty(shape=[4 * units], dtype=tf.float32),
        i=gates.i,
        cs=c,
        f=gates.f,
        o=gates.o,
        ci=gates.g,
        co=tf.tanh(c),
        cs_grad=dc,
        h_grad=dh,
        use_peephole=False,
    )
    return found.cs_prev_grad, found.dicfo


def _written_out_gradient(
    gates: Gates, c_before: Tensor, c: Tensor, dh: Tensor, dc: Tensor
) -> tuple[Tensor, Tensor]:
    """Differentiates `cell`, as `_cell_gradient`, for a compiler that makes one loop of it."""
    tanh_c = tf.tanh(c)
    dc += dh * gates.o * (1.0 - tanh_c**2)
    da = [
        dc * gates.g * gates.i * (1.0 - gates.i),
        dc * gates.i * (1.0 - gates.g**2),
        dc * c_before * gates.f * (1.0 - gates.f),
        dh * tanh_c * gates.o * (1.0 - gates.o),
    ]
    return dc * gates.f, tf.concat(da, -1)
