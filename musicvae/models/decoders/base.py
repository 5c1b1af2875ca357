"""What every decoder p(x|z) does: give a target's loss, and sample music.

Axes: B batch, T time step, D columns of a step, P parameters of a step, C controls, Z columns of z,
S segments, K parts of a step.
"""

from __future__ import annotations

import abc
import dataclasses
from typing import Any, NamedTuple

import tensorflow as tf

from musicvae.components import Component
from musicvae.hparams import HParams
from musicvae.models.encoders import Encoder
from musicvae.models.forward import CountsByTag, Forward, over_examples
from musicvae.models.variables import Variables
from musicvae.registry import Registry

Tensor = Any


class Target(NamedTuple):
    """What a decoder is trained to give.

    Attributes:
      outputs: float32 `[B, T, D]`.
      lengths: int32 `[B]`, or `[B, S]` for segments with a length of their own.
      controls: float32 `[B, T, C]`, or None.
      first_input: float32 `[B, D]`, the step before the first one; None for zeros.
    """

    outputs: Tensor
    lengths: Tensor
    controls: Tensor = None
    first_input: Tensor = None


class ReconstructionLoss(NamedTuple):
    """How well a decoder predicts its target.

    Attributes:
      loss: float32 `[B]`, in nats, summed over the steps.
      parameters: float32 `[B, T, P]`, of each step's distribution.
      metric_counts: metrics as counts by TensorBoard tag, `[B, ...]` each; empty unless asked for.
      state: float32 `[B, state_size]`, the layers' states at the end; None unless asked for.
    """

    loss: Tensor
    parameters: Tensor
    metric_counts: CountsByTag
    state: Tensor = None


class Request(NamedTuple):
    """What is to be sampled.

    Attributes:
      length: T, the most steps.
      temperature: float32 scalar, at least 0.
      seed: int32 `[2]`.
      controls: float32 `[B, T, C]`, or None.
      end_token: the label after which a sequence or segment stops, or None to run to `length`.
      first_input: float32 `[B, D]`, the step before the first one; None for zeros.
      fixed: float32 `[B, T, D]`, values that the music must have; NaN where the decoder chooses.
        None leaves it every choice. Only for a decoder that `takes_fixed`.
    """

    length: int
    temperature: Tensor
    seed: Tensor
    controls: Tensor = None
    end_token: int | None = None
    first_input: Tensor = None
    fixed: Tensor = None


class Precomputed(NamedTuple):
    """What sampling needs that is known before the first step.

    Attributes:
      shared: what all examples have in common, such as the weights.
      own: what belongs to each example, tensors in any nest; `[N, ...]` of a decoder that can be
        the core of another.
    """

    shared: Any
    own: Any


class Decoded(NamedTuple):
    """Music as a decoder samples it.

    Attributes:
      outputs: float32 `[B, T, D]`; zeros past an end.
      lengths: int32 `[B]`, or `[B, S]` where segments end by themselves.
      state: float32 `[B, state_size]`, the layers' states at the end; None unless asked for.
    """

    outputs: Tensor
    lengths: Tensor
    state: Tensor = None


@dataclasses.dataclass(frozen=True)
class DecoderContext:
    """Where a decoder stands in a model.

    Attributes:
      scope: its variables' names begin with this; empty for the whole model's decoder.
      z_size: columns of what it is started from: z, or a conductor's embedding.
      output_depth: D.
      control_depth: C, 0 for none.
      encoder: the model's encoder, for a decoder that encodes what it sampled; None without one.
      alone: whether no other decoder is sampled beside it, so that memory for a second copy of its
        weights is well spent.
    """

    scope: str
    z_size: int
    output_depth: int
    control_depth: int
    encoder: Encoder | None = None
    alone: bool = True

    def name(self, name: str) -> str:
        """Returns a variable's or a part's name within the scope."""
        return f"{self.scope}/{name}" if self.scope else name


class Decoder(abc.ABC):
    """A decoder p(x|z).

    Attributes:
      state_size: columns of all its layers' states together.
      takes_fixed: whether it samples music with values that are given.
      independent_segments: segments that do not wait for each other in training; 0 for none.
    """

    state_size: int
    takes_fixed: bool = False
    independent_segments: int = 0

    @abc.abstractmethod
    def __init__(
        self, component: Component, hparams: HParams, variables: Variables, context: DecoderContext
    ) -> None:
        """Makes the decoder's variables.

        Args:
          component: its type's options and what is inside it.
          hparams: sizes.
          variables: where they are made.
          context: where the decoder stands.

        Raises:
          ConfigError: an option is unknown, or does not fit the model.
        """

    @abc.abstractmethod
    def reconstruct(
        self, z: Tensor, target: Target, forward: Forward, *, with_state: bool = False
    ) -> ReconstructionLoss:
        """Computes the loss of a target, each step fed the target's step before (teacher forcing).

        With scheduled sampling, some steps are fed the decoder's own step instead.

        Args:
          z: float32 `[B, Z]`.
          target: what is to be given.
          forward: seed, dropout, scheduled sampling, dtype, and whether metrics are counted.
          with_state: whether the states at the end are wanted.

        Returns:
          Loss in nats, parameters, counts and states.
        """

    @abc.abstractmethod
    def precompute(self, z: Tensor, dtype: tf.DType) -> Precomputed:
        """Computes what sampling needs that is known before the first step.

        Args:
          z: float32 `[B, Z]`.
          dtype: what products are computed in, float32 or bfloat16.

        Returns:
          What `sample` takes.
        """

    @abc.abstractmethod
    def sample(
        self, precomputed: Precomputed, request: Request, *, with_state: bool = False
    ) -> Decoded:
        """Samples music.

        Args:
          precomputed: of the latent vectors.
          request: what to sample.
          with_state: whether the states at the end are wanted.

        Returns:
          Steps float32 `[B, T, D]`, lengths and states.
        """

    def part_steps(self, length: int) -> int:
        """Returns how many steps a part has, when music is sampled part by part.

        Args:
          length: T, a multiple of it.
        """
        return length

    def begin(self, z: Tensor, request: Request, dtype: tf.DType) -> Any:
        """Computes what the first part of music is given; see `sample_part`.

        Args:
          z: float32 `[B, Z]`.
          request: what to sample, whole.
          dtype: what products are computed in.

        Returns:
          Tensors in any nest.
        """
        del request, dtype
        return z

    def sample_part(
        self, part_state: Any, first: Tensor, request: Request, dtype: tf.DType
    ) -> tuple[Decoded, Any]:
        """Samples one part after another; together they are what `sample` gives.

        A decoder that cannot stop half-way has one part.

        Args:
          part_state: what `begin` gave, or the part before.
          first: int32 scalar, the step that the part begins with.
          request: what to sample, whole.
          dtype: what products are computed in.

        Returns:
          The part, with lengths `[B]` within it, and what the next part is given.
        """
        decoded = self.sample(self.precompute(part_state, dtype), request)
        lengths = decoded.lengths
        whole = tf.reduce_sum(lengths, 1) if len(lengths.shape) == 2 else lengths
        return Decoded(decoded.outputs, whole), part_state

    @abc.abstractmethod
    def step_losses(self, parameters: Tensor, outputs: Tensor) -> Tensor:
        """Returns each step's negative log likelihood, or what stands for it.

        Args:
          parameters: float32 `[B, T, P]`, as `reconstruct` gives them.
          outputs: float32 `[B, T, D]`.

        Returns:
          float32 `[B, T, K]`, in nats, for each of the K parts of a step that are chosen side by
          side.
        """

    def summed(self, metric_counts: CountsByTag) -> CountsByTag:
        """Adds up a reconstruction's counts over the batch.

        Args:
          metric_counts: `[B, ...]` each.
        """
        return over_examples(metric_counts)


DECODERS: Registry[Decoder] = Registry("decoder", Decoder)
