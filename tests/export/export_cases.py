"""Models to export, small or shipped, with what TensorFlow makes of some inputs."""

from __future__ import annotations

import dataclasses
import pathlib
from typing import Any

import numpy as np

from musicvae.checkpoints import CheckpointKeeper, RunFolder
from musicvae.config import Config, load_config
from musicvae.converters import build_converter
from musicvae.converters.harmony import class_of_figure
from musicvae.export.source import ExportSource, read_source
from musicvae.generate.tensor_model import TensorModel
from musicvae.model_choice import ModelChoice, choose_model

CHORDS = ("C", "Am", "F", "G")
_END_BIAS = 4.0


@dataclasses.dataclass(frozen=True)
class Case:
    """A model and what it gives.

    Attributes:
      name: of its configuration.
      choice: where its checkpoint is.
      source: what is exported.
      model: the same model in TensorFlow.
      z: float32 `[N, Z]`.
      controls: float32 `[T, C]`, or None.
      steps: float32 `[N, T, D]`, the most likely steps of each z.
      lengths: of these.
      inputs: float32 `[M, T, input_depth]`.
      input_lengths: M lengths.
      mu: float32 `[M, Z]`, what the inputs are encoded to; None without an encoder.
    """

    name: str
    choice: ModelChoice
    source: ExportSource
    model: TensorModel
    z: Any
    controls: Any
    steps: Any
    lengths: Any
    inputs: Any
    input_lengths: Any
    mu: Any

    @property
    def sequence_length(self) -> int:
        """T."""
        return self.source.config.hparams.max_seq_len


def write_small_run(folder: pathlib.Path, config: Config) -> Config:
    """Writes a run folder with a small model whose layers are of one size, of random weights.

    Weights are larger than first values are, so that latent vectors sound different; segments with
    an end token come to it now and then.
    """
    from musicvae.models import MusicVAE

    layers = len(config.hparams.dec_rnn_size)
    sizes: dict[str, Any] = {"z_size": 8, "dec_rnn_size": (11,) * layers}
    sizes["enc_rnn_size"] = tuple(12 for _ in config.hparams.enc_rnn_size)
    if config.decoder.type == "nade":
        sizes["nade_num_hidden"] = 6
    config = dataclasses.replace(config, hparams=config.hparams.replace(**sizes))
    spec = build_converter(config.converter).spec
    model = MusicVAE(config, spec, seed=7)
    weights = {name: 3.0 * np.asarray(v) for name, v in model.named_variables.items()}
    for name in weights:
        if name.endswith(("mu/kernel", "sigma/kernel", "initial_state/kernel")):
            weights[name] = 300.0 * weights[name]
        if spec.end_token is not None and name.endswith("output_projection/bias"):
            weights[name][spec.end_token] += _END_BIAS
    run = RunFolder(folder)
    run.remember(config)
    CheckpointKeeper(run.train).save(5, weights)
    return config


def small_case(folder: pathlib.Path, name: str, *, decoder_only: bool = False) -> Case:
    """Returns a small model of a named configuration."""
    write_small_run(folder, load_config(name))
    return case(choose_model(run_dir=str(folder)), decoder_only=decoder_only)


def case(choice: ModelChoice, *, decoder_only: bool = False, num_z: int = 4) -> Case:
    """Returns a model with inputs and what it makes of them."""
    source = read_source(choice, decoder_only=decoder_only)
    model = TensorModel(choice.config, 8, choice.checkpoint, seed=1, decoder_only=decoder_only)
    generator = np.random.default_rng(0)
    z = generator.standard_normal((num_z, source.config.hparams.z_size)).astype(np.float32)
    controls = controls_of(source, generator)
    length = source.config.hparams.max_seq_len
    (decoded,) = model.decode_to_tensors(z, length, 0.0, controls, return_full_results=True)
    inputs, lengths = inputs_of(source, generator)
    mu = None
    if not decoder_only:
        given = None if controls is None else [controls] * len(inputs)
        mu = model.encode_tensors(inputs, lengths, given).mu
    steps = decoded.outputs.numpy()
    return Case(
        choice.config.name, choice, source, model, z, controls,
        steps, np.asarray(decoded.lengths), inputs, lengths, mu,
    )  # fmt: skip


def controls_of(source: ExportSource, generator: np.random.Generator) -> Any:
    """Returns chords or hits, float32 `[T, C]`, or None."""
    length, depth = source.config.hparams.max_seq_len, source.spec.control_depth
    if not depth:
        return None
    if source.config.converter.type == "groove":
        return (generator.random((length, depth)) < 0.3).astype(np.float32)
    controls = np.zeros((length, depth), np.float32)
    for step in range(length):
        controls[step, class_of_figure(CHORDS[step * len(CHORDS) // length])] = 1.0
    return controls


def inputs_of(source: ExportSource, generator: np.random.Generator) -> tuple[Any, Any]:
    """Returns three inputs of the model's representation, with their lengths."""
    length, depth = source.config.hparams.max_seq_len, source.spec.input_depth
    inputs = np.zeros((3, length, depth), np.float32)
    lengths = [length] * 3
    kind = source.config.converter.type
    if kind in ("drums", "groove"):
        drums = depth - 1 if kind == "drums" else depth // 3
        hits = (generator.random((3, length, drums)) < 0.3).astype(np.float32)
        inputs[..., :drums] = hits
        if kind == "drums":
            inputs[..., drums] = hits.sum(-1) == 0
        else:
            inputs[..., drums : 2 * drums] = hits * generator.random(hits.shape)
            inputs[..., 2 * drums :] = hits * generator.uniform(-1, 1, hits.shape)
        return inputs, lengths
    first = 0
    for part in source.spec.part_depths or (depth,):
        labels = generator.integers(0, part, (3, length))
        if source.spec.num_segments:
            # No end token but at each segment's end: where it is tells magenta-js the length.
            size = length // source.spec.num_segments
            labels = generator.integers(0, source.spec.end_token, (3, length))
            ends = generator.integers(1, size, (3, source.spec.num_segments))
            for segment in range(source.spec.num_segments):
                rows = np.arange(3)
                labels[rows, segment * size + ends[:, segment]] = source.spec.end_token
            lengths = list(ends + 1)
        np.put_along_axis(inputs[..., first : first + part], labels[..., None], 1.0, -1)
        first += part
    if source.spec.num_segments:
        size = length // source.spec.num_segments
        segments = inputs.reshape(3, source.spec.num_segments, size, depth)
        segments *= (np.arange(size) < np.array(lengths)[..., None])[..., None]
    return inputs, lengths
