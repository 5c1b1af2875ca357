"""The graphs that a model samples with: music as a whole, or part after part.

Each is traced once for a length and a set of options, for batches of any size.

Axes: B batch, T time step, D columns of a step, C controls, Z columns of z.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from musicvae.config import ExampleSpec
from musicvae.models.compilation import for_xla
from musicvae.models.decoders import Decoded, Decoder
from musicvae.models.decoders.base import Request

Tensor = Any


class SamplingGraphs:
    """The graphs of one decoder."""

    def __init__(
        self,
        decoder: Decoder,
        spec: ExampleSpec,
        z_size: int,
        dtype: tf.DType,
        *,
        compiled: bool = False,
    ) -> None:
        """Makes none yet.

        Args:
          decoder: what writes.
          spec: the shape of the examples.
          z_size: Z.
          dtype: what products are computed in.
          compiled: whether XLA compiles them, once for each size of a batch.
        """
        self._decoder, self._spec, self._z_size, self._dtype = decoder, spec, z_size, dtype
        self._compiled = compiled
        self._graphs: dict[tuple[Any, ...], Any] = {}

    def whole(self, length: int, end_token: int | None, options: frozenset[str]) -> Any:
        """Returns the graph from (z, temperature, seed, **options) to `Decoded`.

        Args:
          length: T.
          end_token: the label after which a sequence or segment stops, or None.
          options: which of controls, fixed and first_input are given.
        """

        def sample(z: Tensor, temperature: Tensor, seed: Tensor, **options: Tensor) -> Decoded:
            request = Request(length, temperature, seed, end_token=end_token, **options)
            return self._decoder.sample(self._decoder.precompute(z, self._dtype), request)

        return self._traced(("whole", length, end_token, options), sample, options)

    def begin(self, length: int, end_token: int | None, options: frozenset[str]) -> Any:
        """Returns the graph from (z, temperature, seed, **options) to what the first part is given.

        Args:
          length: T.
          end_token: as for `whole`.
          options: as for `whole`.
        """

        def begin(z: Tensor, temperature: Tensor, seed: Tensor, **options: Tensor) -> Any:
            request = Request(length, temperature, seed, end_token=end_token, **options)
            return self._decoder.begin(z, request, self._dtype)

        return self._traced(("begin", length, end_token, options), begin, options)

    def part(self, length: int, end_token: int | None, options: frozenset[str]) -> Any:
        """Returns the graph that samples the next part.

        It takes (part_state, first, temperature, seed, **options).

        Args:
          length: T.
          end_token: as for `whole`.
          options: as for `whole`.

        Returns:
          A function that gives a part and what the next one is given.
        """
        key = ("part", length, end_token, options)
        if key not in self._graphs:

            def part(
                part_state: Any, first: Tensor, temperature: Tensor, seed: Tensor, **options: Tensor
            ) -> Any:
                request = Request(length, temperature, seed, end_token=end_token, **options)
                with for_xla(self._compiled):
                    return self._decoder.sample_part(part_state, first, request, self._dtype)

            self._graphs[key] = tf.function(
                part, autograph=False, jit_compile=self._compiled or None, reduce_retracing=True
            )
        return self._graphs[key]

    def _traced(
        self, key: tuple[Any, ...], function: Callable[..., Any], options: frozenset[str]
    ) -> Any:
        """Traces a function of (z, temperature, seed, **options), or finds it."""
        if key not in self._graphs:

            def traced(z: Tensor, temperature: Tensor, seed: Tensor, **options: Tensor) -> Any:
                with for_xla(self._compiled):
                    return function(z, temperature, seed, **options)

            depths = {"controls": self._spec.control_depth, "fixed": self._spec.output_depth}
            graph = tf.function(traced, autograph=False, jit_compile=self._compiled or None)
            self._graphs[key] = graph.get_concrete_function(
                tf.TensorSpec([None, self._z_size]),
                tf.TensorSpec([]),
                tf.TensorSpec([2], tf.int32),
                **{
                    name: tf.TensorSpec([None, self._spec.output_depth])
                    if name == "first_input"
                    else tf.TensorSpec([None, None, depths[name]])
                    for name in options
                },
            )
        return self._graphs[key]
