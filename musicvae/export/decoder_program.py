"""The decoder in the operations of every file format: z and noise become steps of music.

Each part of a decoder is given z, what the step before gives to its lowest layer, controls and
noise; it returns its steps. A conductor repeats the part below it in a loop over segments.

Axes: B batch, T time step, N examples of a core decoder, D columns of a step, C controls, Q columns
of noise, S segments of L steps, E columns of the lowest layer's entry. Inside, time comes first.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from musicvae.components import Component
from musicvae.errors import InputError
from musicvae.export.draws import Categories, Draw, GrooveStep, RollStep
from musicvae.export.encoder_program import Layers
from musicvae.export.operations import Operations, Value
from musicvae.export.source import ExportSource
from musicvae.export.stepping import (
    FlatWeights,
    Stack,
    conductor_weights,
    first_states,
    flat_weights,
    step_layers,
)


class Music(NamedTuple):
    """What a decoder writes.

    Attributes:
      steps: int32 `[B, T, K]` labels of K categories, -1 past an end; or float32 `[B, T, D]`.
      lengths: int32 `[B]`, or `[B, S]` for segments that end by themselves; None where all are
        full.
    """

    steps: Value
    lengths: Value


class _Given(NamedTuple):
    """What a part of a decoder is given; `fed` has one value for each of its flat decoders."""

    z: Value
    fed: list[Value]
    controls: Value
    noise: Value
    count: Value


class _Written(NamedTuple):
    """What a part wrote: `[T, N, ...]`, what the next step is fed, and int32 `[N]` or None."""

    steps: Value
    fed: list[Value]
    lengths: Value


class DecoderProgram:
    """A model's decoder.

    Attributes:
      draws: how a step is drawn, one for each flat decoder.
      segment_length: L; 0 for a flat decoder.
    """

    def __init__(self, source: ExportSource, operations: Operations) -> None:
        """Prepares the program.

        Args:
          source: the model.
          operations: the graph that it is built in.

        Raises:
          InputError: there is no such program for this decoder.
        """
        check_decoder(source)
        self._op = operations
        self._weights = source.weights
        self._hparams = source.config.hparams
        self._component = source.config.decoder
        self._end = source.spec.end_token
        self._control_depth = source.spec.control_depth
        if _inner(self._component, "split") is not None:
            self._end = None
        self._temperature: Value = None
        self._flat: dict[str, FlatWeights] = {}
        self._conductors: list[Stack] = []
        self.draws = [draw for _, draw in self._flat_parts(self._component, "")]
        levels = self._component.options.get("level_lengths", (0,))
        self.segment_length = levels[-1]

    @property
    def ends(self) -> bool:
        """Whether music may end before its last step."""
        return self._end is not None

    @property
    def noise_depth(self) -> int:
        """Q."""
        return sum(draw.noise_depth for draw in self.draws)

    def decode(self, z: Value, noise: Value, temperature: Value, controls: Value = None) -> Music:
        """Writes music.

        Args:
          z: float32 `[B, Z]`.
          noise: float32 `[B, T, Q]`, Gumbel or uniform; see `draws`.
          temperature: float32 scalar, at least 0.
          controls: float32 `[B, T, C]`, or None for a model without.
        """
        op = self._op
        self._temperature = temperature
        self._prepare()
        noise = op.transpose(noise, (1, 0, 2))
        if controls is not None:
            controls = op.transpose(controls, (1, 0, 2))
        batch = op.size(z, 0)
        fed = [
            op.filled(batch, self._flat[scope].entry_depth, 0.0)
            for scope, _ in self._flat_parts(self._component, "")
        ]
        given = _Given(z, fed, controls, noise, op.size(noise, 0))
        written = self._write(self._component, "", given)
        if written.lengths is None:
            return Music(op.transpose(written.steps, (1, 0, 2)), None)
        lengths = written.lengths
        if self.segment_length:
            lengths = op.transpose(lengths, (1, 0))
        return Music(op.transpose(written.steps, (1, 0, 2)), lengths)

    def _flat_parts(self, component: Component, scope: str) -> list[tuple[str, Draw]]:
        """Returns the flat decoders inside a part, with the scopes of their weights."""
        if component.type == "split":
            core = component.core or Component("categorical")
            return [
                (_name(scope, f"core_decoder_{k}"), self._draw(core, scope, k, depth))
                for k, depth in enumerate(component.options["output_depths"])
            ]
        if component.type == "hierarchical":
            core = component.core or Component("categorical")
            return self._flat_parts(core, _name(scope, "core_decoder"))
        if component.type == "control_preprocessing":
            assert component.core is not None
            return self._flat_parts(component.core, scope)
        return [(scope, self._draw(component, scope, None, None))]

    def _draw(self, component: Component, scope: str, k: int | None, depth: int | None) -> Draw:
        if k is not None:
            scope = _name(scope, f"core_decoder_{k}")
        parameters = len(self._weights[_name(scope, "decoder/output_projection/bias")])
        if component.type == "nade":
            return RollStep(self._weights, _name(scope, "decoder/nade"))
        if component.type == "groove":
            return GrooveStep(parameters)
        if component.type == "multi_out_categorical":
            return Categories(component.options["output_depths"])
        return Categories([parameters])

    def _prepare(self) -> None:
        """Puts all weights into the graph, before any loop."""
        op, residual = self._op, self._hparams.residual_decoder
        for scope, draw in self._flat_parts(self._component, ""):
            self._flat[scope] = flat_weights(
                op, self._weights, _name(scope, "decoder/"), draw, residual=residual
            )
        if self._component.type == "hierarchical":
            for level in range(len(self._component.options["level_lengths"]) - 1):
                name = f"decoder/hierarchical_level_{level}"
                self._conductors.append(
                    conductor_weights(op, self._weights, name, residual=residual)
                )

    def _write(self, component: Component, scope: str, given: _Given) -> _Written:
        if component.type == "hierarchical":
            return self._write_segments(component, scope, given)
        if component.type == "control_preprocessing":
            assert component.core is not None
            controls = self._read_controls(given, scope)
            return self._write(component.core, scope, given._replace(controls=controls))
        return self._write_steps(self._flat_parts(component, scope), given)

    def _write_steps(self, parts: list[tuple[str, Draw]], given: _Given) -> _Written:
        """Writes step by step, all parts of a step together."""
        op = self._op
        constants, carried, controls = [], [], []
        for scope, _ in parts:
            own = self._flat[scope]
            lowest = own.stack.layers[0]
            constants.append(op.add(op.matmul(given.z, own.z_rows), lowest.entry_bias))
            carried += first_states(op, given.z, own.stack)
            if given.controls is not None:
                controls.append(op.matmul(given.controls, own.control_rows))
        num_states = len(carried)
        carried += given.fed
        if self._end is not None:
            carried.append(
                op.add(op.filled(op.size(given.z, 0), None, 0), op.as_count(given.count))
            )

        def step(t: Value, carried: list[Value]) -> tuple[list[Value], list[Value]]:
            states, fed, drawn, after, next_fed = (
                carried[:num_states],
                carried[num_states:],
                [],
                [],
                [],
            )
            noise = op.gather(given.noise, t)
            sizes = [draw.noise_depth for _, draw in parts]
            noises = [noise] if len(parts) == 1 else op.split(noise, sizes, 1)
            start = 0
            for k, (scope, draw) in enumerate(parts):
                own = self._flat[scope]
                entered = op.add(constants[k], fed[k])
                if controls:
                    entered = op.add(entered, op.gather(controls[k], t))
                count = 2 * len(own.stack.layers)
                top, new = step_layers(op, entered, own.stack.layers, states[start : start + count])
                start += count
                after += new
                parameters = op.add(op.matmul(top, own.kernel), own.bias)
                drawn.append(draw.draw(op, parameters, noises[k], self._temperature))
                next_fed.append(draw.feed(op, drawn[k], own.rows))
            values = drawn[0] if len(parts) == 1 else op.concat(drawn, 1)
            if self._end is None:
                return after + next_fed, [values]
            values, next_fed, lengths = self._end_some(
                t, given.count, values, next_fed, carried[-1]
            )
            return [*after, *next_fed, lengths], [values]

        carried, (steps,) = op.loop(given.count, carried, step)
        lengths = None if self._end is None else carried[-1]
        return _Written(steps, carried[num_states : num_states + len(parts)], lengths)

    def _all(self, given: _Given) -> Value:
        """Returns the full length of each example, int32 `[N]`."""
        op = self._op
        return op.add(op.filled(op.size(given.z, 0), None, 0), op.as_count(given.count))

    def _end_some(
        self, t: Value, count: Value, labels: Value, fed: list[Value], lengths: Value
    ) -> tuple[Value, list[Value], Value]:
        """Ends examples at the end token: past it labels are -1, and nothing is fed."""
        op = self._op
        going = op.equal(lengths, op.as_count(count))
        here = op.reshape(going, [-1, 1])
        end = op.constant(np.array(self._end, np.int32))
        first = op.gather(labels, op.constant(np.array(0, np.int32)), 1)
        ended = op.both(going, op.equal(first, end))
        after = op.add(op.as_count(t), op.constant(np.array(1, np.int32)))
        lengths = op.where(ended, after, lengths)
        labels = op.where(here, labels, op.constant(np.array(-1, np.int32)))
        nothing = op.constant(np.zeros((), np.float32))
        return labels, [op.where(here, value, nothing) for value in fed], lengths

    def _write_segments(self, component: Component, scope: str, given: _Given) -> _Written:
        """Runs the conductors, then writes each segment."""
        op = self._op
        *lengths, segment_length = component.options["level_lengths"]
        embeddings, count = given.z, 1
        for level, length in enumerate(lengths):
            embeddings = self._conduct(embeddings, level, length, count)
            count *= length
        core = component.core or Component("categorical")
        inside = _name(scope, "core_decoder")

        def by_segment(x: Value, depth: int) -> Value:
            """`[S * L, B, depth]` to `[S, L, B, depth]`, flat behind the segment."""
            return None if x is None else op.reshape(x, [count, segment_length, -1, depth])

        noise = by_segment(given.noise, self.noise_depth)
        controls = by_segment(given.controls, self._control_depth)
        full = op.number(segment_length)

        def segment(s: Value, fed: list[Value]) -> tuple[list[Value], list[Value]]:
            own = _Given(
                op.gather(embeddings, s),
                fed,
                None if controls is None else op.gather(controls, s),
                op.gather(noise, s),
                full,
            )
            written = self._write(core, inside, own)
            kept = [written.steps] + ([] if written.lengths is None else [written.lengths])
            return written.fed, kept

        fed, kept = op.loop(op.number(count), given.fed, segment)
        steps = op.reshape(kept[0], [count * segment_length, -1, self._columns])
        return _Written(steps, fed, kept[1] if len(kept) > 1 else None)

    @property
    def _columns(self) -> int:
        """Columns of what is written: K categories, or D."""
        return sum(
            len(draw.depths) if isinstance(draw, Categories) else draw.depth for draw in self.draws
        )

    def _conduct(self, z: Value, level: int, length: int, count: int) -> Value:
        """Runs one level's conductor from each embedding of the one above.

        Args:
          z: float32 `[B, Z]` for the highest level, else `[count, B, H]`.
          level: its number.
          length: how many embeddings it gives.
          count: how often it is started.

        Returns:
          float32 `[count * length, B, H]`.
        """
        op = self._op
        stack = self._conductors[level]
        layers = stack.layers
        depth = self._weights[f"decoder/hierarchical_level_{level}/initial_state/kernel"].shape[0]
        flat = z if level == 0 else op.reshape(z, [-1, depth])
        entered = op.reshape(layers[0].entry_bias, [1, -1])
        if layers[0].projected:
            rows = op.filled(op.size(flat, 0), layers[0].units, 0.0)
            entered = op.add(rows, entered)

        def step(t: Value, states: list[Value]) -> tuple[list[Value], list[Value]]:
            del t
            top, after = step_layers(op, entered, layers, states)
            return after, [top]

        states = first_states(op, flat, stack)
        _, (embeddings,) = op.loop(op.number(length), states, step)
        if level == 0:
            return embeddings
        units = layers[-1].units
        unfolded = op.reshape(embeddings, [length, count, -1, units])
        return op.reshape(op.transpose(unfolded, (1, 0, 2, 3)), [count * length, -1, units])

    def _read_controls(self, given: _Given, scope: str) -> Value:
        """Returns what the layers over the controls make of them, float32 `[T, N, 2H]`."""
        op, rows = self._op, self._all(given)
        return (
            Layers(self._weights, op)
            .bidirectional(
                given.controls,
                rows,
                _name(scope, "control_preprocessing"),
                len(self._hparams.control_preprocessing_rnn_size),
                residual=self._hparams.residual_decoder,
                with_steps=True,
            )
            .steps
        )


def check_decoder(source: ExportSource) -> None:
    """Raises InputError for a decoder that only TensorFlow code can run."""
    component: Component | None = source.config.decoder
    while component is not None:
        disabled = component.options.get("disable_autoregression", False)
        levels = range(len(component.options.get("level_lengths", ())) - 1)
        led = disabled if isinstance(disabled, bool) else set(levels) <= set(disabled)
        if component.type == "hierarchical" and not led:
            raise InputError(
                f"config '{source.config.name}': its conductor is fed what was written, which "
                "no exported file does; use `TrainedModel` in Python, or train with "
                "disable_autoregression = true"
            )
        component = component.core


def _inner(component: Component | None, kind: str) -> Component | None:
    while component is not None and component.type != kind:
        component = component.core
    return component


def _name(scope: str, name: str) -> str:
    return f"{scope}/{name}" if scope else name


def num_segments(component: Component) -> int:
    """Returns how many segments a decoder writes; 0 for a flat one."""
    level_lengths = component.options.get("level_lengths")
    return math.prod(level_lengths[:-1]) if level_lengths else 0
