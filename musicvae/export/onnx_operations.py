"""ONNX graphs out of the operations that models are made of.

A value is the name of a tensor. The body of a loop is a graph of its own that sees the names of the
one around it, so weights stand once, at the top.

Source: ONNX operators of opset 17, which onnxruntime has had since 1.12 and onnxruntime-web too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from musicvae.errors import MissingExtraError
from musicvae.export.operations import Operations, Read, Step, Value

try:
    import onnx
    from onnx import TensorProto, helper, numpy_helper
except ImportError as missing:
    raise MissingExtraError("exporting to ONNX", "onnx", "export") from missing

OPSET, IR_VERSION = 17, 8
_FORGET_GATE = 2
# Ours are i, c~, f, o; ONNX has i, o, f, c~.
_GATES = (0, 3, 2, 1)


def value_info(name: str, dtype: npt.DTypeLike, shape: Sequence[int | str]) -> Any:
    """Describes an input or output of a model.

    Args:
      name: its name.
      dtype: its type.
      shape: its sizes; a name stands for one that the caller chooses.
    """
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    return helper.make_tensor_value_info(name, kind, list(shape))


class ONNXOperations(Operations):
    """A graph that becomes an ONNX model."""

    def __init__(self, *, half: bool = False) -> None:
        """Starts an empty graph.

        Args:
          half: store matrices as float16; they are widened when the file is loaded.
        """
        self._half = half
        self._nodes: list[Any] = []
        self._top: list[Any] = self._nodes
        self._initializers: list[Any] = []
        self._known: dict[Any, str] = {}
        self._count = 0

    def model(self, name: str, inputs: Sequence[Any], outputs: Sequence[Any]) -> Any:
        """Returns the finished and checked model.

        Args:
          name: of the graph.
          inputs: ValueInfoProtos.
          outputs: likewise; their names are values of this graph, or `named` ones.
        """
        graph = helper.make_graph(self._nodes, name, inputs, outputs, self._initializers)
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="musicvae",
        )
        onnx.checker.check_model(model, full_check=True)
        return model

    def named(self, value: Value, name: str) -> str:
        """Gives a value a name that a model's output can have."""
        self._nodes.append(helper.make_node("Identity", [value], [name]))
        return name

    def weight(self, array: npt.NDArray[Any]) -> Value:
        """Returns a weight, float32 in the graph; matrices of a `half` graph are float16."""
        if not (self._half and array.ndim > 1):
            return self.constant(np.asarray(array, np.float32))
        limit = float(np.finfo(np.float16).max)
        stored = self.constant(np.clip(array, -limit, limit).astype(np.float16))
        name = self._fresh()
        self._top.append(helper.make_node("Cast", [stored], [name], to=TensorProto.FLOAT))
        return name

    def constant(self, array: npt.NDArray[Any]) -> Value:
        """Returns a constant of the array's own type; equal ones are stored once."""
        array = np.ascontiguousarray(array).reshape(np.shape(array))
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._known:
            self._known[key] = self._fresh()
            self._initializers.append(numpy_helper.from_array(array, self._known[key]))
        return self._known[key]

    def matmul(self, a: Value, b: Value) -> Value:
        """Returns a product of float32 `[..., I]` with a matrix `[I, O]`."""
        return self._node("MatMul", a, b)

    def add(self, a: Value, b: Value) -> Value:
        """Returns a sum, broadcast."""
        return self._node("Add", a, b)

    def subtract(self, a: Value, b: Value) -> Value:
        """Returns a difference, broadcast."""
        return self._node("Sub", a, b)

    def multiply(self, a: Value, b: Value) -> Value:
        """Returns an elementwise product, broadcast."""
        return self._node("Mul", a, b)

    def maximum(self, a: Value, b: Value) -> Value:
        """Returns the larger one, elementwise."""
        return self._node("Max", a, b)

    def sigmoid(self, x: Value) -> Value:
        """Returns 1 / (1 + exp(-x))."""
        return self._node("Sigmoid", x)

    def tanh(self, x: Value) -> Value:
        """Returns the hyperbolic tangent."""
        return self._node("Tanh", x)

    def softplus(self, x: Value) -> Value:
        """Returns log(1 + exp(x))."""
        return self._node("Softplus", x)

    def log(self, x: Value) -> Value:
        """Returns the natural logarithm."""
        return self._node("Log", x)

    def reciprocal_root(self, x: Value) -> Value:
        """Returns 1 / sqrt(x)."""
        return self._node("Reciprocal", self._node("Sqrt", x))

    def is_positive(self, x: Value) -> Value:
        """Returns bool, whether x > 0."""
        return self._node("Greater", x, self.constant(np.zeros((), np.float32)))

    def equal(self, a: Value, b: Value) -> Value:
        """Returns bool, whether two integers are equal, broadcast."""
        return self._node("Equal", a, b)

    def less(self, a: Value, b: Value) -> Value:
        """Returns bool, whether one integer is less than another, broadcast."""
        return self._node("Less", a, b)

    def both(self, a: Value, b: Value) -> Value:
        """Returns bool, whether both are true."""
        return self._node("And", a, b)

    def where(self, condition: Value, yes: Value, no: Value) -> Value:
        """Chooses elementwise, broadcast."""
        return self._node("Where", condition, yes, no)

    def to_float(self, x: Value) -> Value:
        """Returns float32."""
        return self._node("Cast", x, to=TensorProto.FLOAT)

    def argmax(self, x: Value) -> Value:
        """Returns the first of the largest columns, int32 `[...]` of `[..., D]`."""
        label = self._node("ArgMax", x, axis=-1, keepdims=0)
        return self._node("Cast", label, to=TensorProto.INT32)

    def concat(self, parts: Sequence[Value], axis: int) -> Value:
        """Joins values; the axis is not negative."""
        return parts[0] if len(parts) == 1 else self._node("Concat", *parts, axis=axis)

    def split(self, x: Value, sizes: Sequence[int], axis: int) -> list[Value]:
        """Cuts a value; the axis is not negative."""
        names = [self._fresh() for _ in sizes]
        given = [x, self._int64(list(sizes))]
        self._nodes.append(helper.make_node("Split", given, names, axis=axis))
        return names

    def stack(self, parts: Sequence[Value], axis: int) -> Value:
        """Joins values along a new axis."""
        axes = self._int64([axis])
        return self.concat([self._node("Unsqueeze", part, axes) for part in parts], axis)

    def gather(self, x: Value, index: Value, axis: int = 0) -> Value:
        """Takes x at an integer index of any shape, along an axis."""
        return self._node("Gather", x, index, axis=axis)

    def transpose(self, x: Value, order: Sequence[int]) -> Value:
        """Reorders axes."""
        return self._node("Transpose", x, perm=list(order))

    def reshape(self, x: Value, shape: Sequence[int]) -> Value:
        """Reshapes; one size may be -1, what is left."""
        return self._node("Reshape", x, self._int64(list(shape)))

    def size(self, x: Value, axis: int) -> Value:
        """Returns one of x's sizes, an int64 scalar that `loop` and `filled` take."""
        return self._node("Gather", self._node("Shape", x), self._int64(axis), axis=0)

    def number(self, value: int) -> Value:
        """Returns a number as `size` gives it, an int64 scalar."""
        return self._int64(value)

    def filled(self, rows: Value, columns: int | None, value: float) -> Value:
        """Returns float32 `[rows, columns]` of one value; int32 `[rows]` where columns is None."""
        shape = self._node("Unsqueeze", rows, self._int64([0]))
        if columns is None:
            return self._node("Expand", self.constant(np.array([value], np.int32)), shape)
        shape = self._node("Concat", shape, self._int64([columns]), axis=0)
        return self._node("Expand", self.constant(np.full((1, 1), value, np.float32)), shape)

    def as_count(self, number: Value) -> Value:
        """Returns a number that `size` or `loop` gave as an int32 scalar."""
        return self._node("Cast", number, to=TensorProto.INT32)

    def read(
        self,
        x: Value,
        lengths: Value,
        kernel: npt.NDArray[Any],
        bias: npt.NDArray[Any],
        *,
        backwards: bool,
        with_steps: bool,
    ) -> Read:
        """Runs an LSTM layer over sequences from a state of zeros.

        Args:
          x: float32 `[T, B, I]`.
          lengths: int32 `[B]`.
          kernel: float32 `[I + H, 4H]`, gates in the order i, c~, f, o.
          bias: float32 `[4H]`, without the 1 that is added to f.
          backwards: whether it begins at each sequence's end.
          with_steps: whether what it gives at each step is wanted.
        """
        units = kernel.shape[1] // 4
        gates = kernel.reshape(-1, 4, units)[:, _GATES].transpose(1, 2, 0).reshape(4 * units, -1)
        shifted = bias.reshape(4, units).copy()
        shifted[_FORGET_GATE] += 1.0
        both = np.concatenate([shifted[list(_GATES)].ravel(), np.zeros(4 * units, np.float32)])
        # A sequence of no steps is read as one of one step, and then left out.
        one = self.constant(np.array(1, np.int32))
        some = self._node("Max", lengths, one)
        steps, last = (self._fresh() for _ in range(2))
        given = [
            x,
            self.weight(gates[None, :, :-units]),
            self.weight(gates[None, :, -units:]),
            self.constant(both[None].astype(np.float32)),
            some,
        ]
        direction = "reverse" if backwards else "forward"
        self._nodes.append(
            helper.make_node("LSTM", given, [steps, last], hidden_size=units, direction=direction)
        )
        zeros = self.constant(np.zeros((), np.float32))
        there = self.reshape(self.less(self.constant(np.array(0, np.int32)), lengths), [-1, 1])
        last = self.where(there, self.reshape(last, [-1, units]), zeros)
        if with_steps:
            steps = self._node("Squeeze", steps, self._int64([1]))
        return Read(steps if with_steps else None, last)

    def loop(
        self, count: Value, loop_state: Sequence[Value], step: Step
    ) -> tuple[list[Value], list[Value]]:
        """Repeats a step.

        Args:
          count: how often, at least once; as `size` gives it.
          loop_state: what the first step is given.
          step: called once to build the loop's body, with the step's number and what is loop_state;
            returns what the next step is given, of the same shapes, and what is kept of this one.

        Returns:
          What the last step gave to the next one, and what was kept, stacked along a new first
          axis.
        """
        outer, self._nodes = self._nodes, []
        t, condition = self._fresh(), self._fresh()
        given = [self._fresh() for _ in loop_state]
        after, kept = step(t, given)
        goes_on = self._node("Identity", condition)
        after = [self._node("Identity", value) for value in after]
        kept = [self._node("Identity", value) for value in kept]
        body = helper.make_graph(
            self._nodes,
            self._fresh(),
            [
                helper.make_tensor_value_info(t, TensorProto.INT64, []),
                helper.make_tensor_value_info(condition, TensorProto.BOOL, []),
                *(self._unknown(name) for name in given),
            ],
            [
                helper.make_tensor_value_info(goes_on, TensorProto.BOOL, []),
                *(self._unknown(name) for name in (*after, *kept)),
            ],
        )
        self._nodes = outer
        results = [self._fresh() for _ in (*loop_state, *kept)]
        given = [count, "", *loop_state]
        self._nodes.append(helper.make_node("Loop", given, results, body=body))
        return results[: len(loop_state)], results[len(loop_state) :]

    @staticmethod
    def _unknown(name: str) -> Any:
        """Declares a value of a loop's body, whose type follows from where it comes from."""
        info = onnx.ValueInfoProto()
        info.name = name
        return info

    def _int64(self, value: Any) -> Value:
        return self.constant(np.array(value, np.int64))

    def _fresh(self) -> str:
        self._count += 1
        return f"v{self._count}"

    def _node(self, kind: str, *given: Value, **attributes: Any) -> Value:
        name = self._fresh()
        self._nodes.append(helper.make_node(kind, list(given), [name], **attributes))
        return name
