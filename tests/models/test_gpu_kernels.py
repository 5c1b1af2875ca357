"""Tests that all operations of training and sampling have kernels for GPUs, of every family.

No GPU is needed: TensorFlow's registry knows which kernels the installed build has.
"""

from __future__ import annotations

import functools
from typing import Any

import pytest
import tensorflow as tf
from tiny_models import representatives, tiny_config

from musicvae.converters import build_converter
from musicvae.models import Batch, MusicVAE
from musicvae.training.step import TrainStep

kernels = pytest.importorskip("tensorflow.python.framework.kernels")

# Hold values, name arguments or call functions: they compute nothing.
STRUCTURE = {"Placeholder", "Const", "NoOp", "Arg", "_Arg", "_Retval", "Assert"}
BATCH = 4


@functools.cache
def has_gpu_kernel(operation: str) -> bool:
    """Whether the installed TensorFlow computes an operation on a GPU."""
    found = kernels.get_registered_kernels_for_op(operation).kernel
    return any(kernel.device_type in ("GPU", "DEFAULT") for kernel in found)


def operations_of(function: Any) -> set[str]:
    """Returns the names of all operations of a concrete function and of those that it calls."""
    graph = function.graph.as_graph_def()
    nodes = [*graph.node, *(node for f in graph.library.function for node in f.node_def)]
    called = {f.signature.name for f in graph.library.function}
    return {node.op for node in nodes} - called - STRUCTURE


def batch_specs(model: MusicVAE) -> Batch:
    spec, steps = model.spec, model.config.hparams.max_seq_len
    control = tf.TensorSpec([BATCH, steps, spec.control_depth]) if spec.control_depth else None
    return Batch(
        tf.TensorSpec([BATCH, steps, spec.input_depth]),
        tf.TensorSpec([BATCH, steps, spec.output_depth]),
        control,
        tf.TensorSpec([BATCH, spec.num_segments] if spec.num_segments else [BATCH], tf.int32),
    )


def missing(function: Any) -> set[str]:
    return {name for name in operations_of(function) if not has_gpu_kernel(name)}


pytestmark = pytest.mark.skipif(
    not has_gpu_kernel("MatMul"), reason="this build of TensorFlow has no kernels for GPUs"
)


def test_the_registry_knows_what_runs_on_a_processor_alone() -> None:
    assert not has_gpu_kernel("StringLower")

    @tf.function
    def lower(text: Any) -> Any:
        return tf.strings.lower(text)

    assert missing(lower.get_concrete_function(tf.TensorSpec([], tf.string))) == {"StringLower"}


@pytest.mark.slow
@pytest.mark.parametrize("name", representatives())
def test_training_and_sampling_have_gpu_kernels(name: str) -> None:
    config = tiny_config(name)
    model = MusicVAE(config, build_converter(config.converter).spec, seed=0)
    step = TrainStep(model, BATCH)
    batch = batch_specs(model)
    trained = tf.function(lambda *parts: step(Batch(*parts[:-1]), parts[-1])).get_concrete_function(
        *batch, tf.TensorSpec([2], tf.int32)
    )
    assert missing(trained) == set()
    options = {} if batch.controls is None else {"controls": batch.controls}

    def sample(z: Any, seed: Any, **options: Any) -> Any:
        return model.decode(z, config.hparams.max_seq_len, seed=seed, **options)

    sampled = tf.function(sample).get_concrete_function(
        tf.TensorSpec([BATCH, config.hparams.z_size]), tf.TensorSpec([2], tf.int32), **options
    )
    assert missing(sampled) == set()
