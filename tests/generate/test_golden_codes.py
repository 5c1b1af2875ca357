"""Trained models encode and decode as Magenta's do with the same weights, nearly so in half."""

from __future__ import annotations

import json
import pathlib

import numpy as np
import pytest

from musicvae.checkpoints import save_checkpoint
from musicvae.errors import CheckpointMismatchError
from musicvae.formats.tfrecord import read_note_sequences
from musicvae.generate import TrainedModel


@pytest.mark.parametrize(
    "path", ["groovae_2bar_humanize", "tars/flat.tar", "tars/dot.tar", "tars/folder.tar.gz"]
)
def test_the_golden_run_is_met(shared: pathlib.Path, path: str) -> None:
    """expected.npz was made by Magenta 2.1.4 from a run folder of its own trainer."""
    golden = shared / "golden" / "run"
    model = TrainedModel("groovae_2bar_humanize", 16, golden / path)
    records = read_note_sequences(golden / "groove_eval_session.tfrecord")
    sequences = {sequence.filename: sequence for sequence in records}
    with np.load(golden / "expected.npz") as expected:
        found = [model.extract(sequences[name]).examples for name in expected["files"].tolist()]
        assert [len(examples) for examples in found] == expected["counts"].tolist()
        encoded = model.encode_examples([example for examples in found for example in examples])
        assert _error(encoded.mu, expected["mu"]) < 1e-5
        assert _error(encoded.sigma, expected["sigma"]) < 1e-5
        cold = np.stack(model.decode_to_tensors(expected["mu"], 32, temperature=1e-6))
        np.testing.assert_array_equal(cold[..., :9], expected["cold_decode"][..., :9])
        np.testing.assert_allclose(cold, expected["cold_decode"], atol=1e-5)


def test_the_official_melody_decoder_decodes_its_reference(
    shared: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    """Magenta's published 2-bar melody model, whose two encoder kernels are missing."""
    folder = shared / "golden" / "official_mel_2bar_small"
    manifest = json.loads((folder / "manifest.json").read_text())
    weights = {
        name: np.fromfile(folder / entry["filename"], "<f4").reshape(entry["shape"])
        for name, entry in manifest.items()
        if (folder / entry["filename"]).exists()
    }
    assert len(manifest) - len(weights) == 2
    prefix = save_checkpoint(tmp_path, 0, weights)
    with pytest.raises(CheckpointMismatchError, match="bidirectional_rnn/fw"):
        TrainedModel("cat-mel_2bar_small", 16, prefix)
    model = TrainedModel("cat-mel_2bar_small", 16, prefix, decoder_only=True)
    reference = json.loads((folder / "reference" / "greedy_decode.json").read_text())
    z = np.load(folder / "reference" / "z_16x256_float32.npy")
    decoded = np.argmax(model.decode_to_tensors(z, 32, temperature=0), axis=-1)
    sure = np.asarray(reference["min_logit_margin"]) >= 0.01
    assert sure.sum() >= 8
    np.testing.assert_array_equal(decoded[sure], np.asarray(reference["greedy_labels"])[sure])


def test_half_precision_decodes_nearly_the_same(
    runs: dict[str, pathlib.Path], groove: TrainedModel
) -> None:
    model = TrainedModel(
        "groovae_2bar_humanize", 4, runs["groovae_2bar_humanize"], precision="bfloat16"
    )
    kernels = [v for v in model._model.named_variables.values() if len(v.shape) == 2]
    assert len(kernels) > 5 and {v.dtype.name for v in kernels} == {"bfloat16"}
    z = groove.sample_z(8, seed=0)
    differ = [
        np.abs(a[:, 9:] - b[:, 9:]).mean()
        for a, b in zip(
            model.decode_to_tensors(z, temperature=0),
            groove.decode_to_tensors(z, temperature=0),
            strict=True,
        )
    ]
    assert np.median(differ) < 0.1


def _error(found: np.ndarray, expected: np.ndarray) -> float:
    return float(np.abs(found - expected).max() / np.abs(expected).max())
