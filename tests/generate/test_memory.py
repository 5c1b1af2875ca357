"""Loading a model takes little more memory than its weights."""

from __future__ import annotations

import pathlib
import subprocess
import sys
import textwrap

import pytest

BOUND = 1.3
CASES = {
    # A decoder alone turns the kernels that every step reads: five of 1536 rows and 6144 columns.
    "cat-mel_2bar_small": ("enc_rnn_size=[1024],dec_rnn_size=[1536,1536,1536]", 5 * 1536 * 6144),
    # A trio's decoders, which write beside each other, turn none.
    "hierdec-trio_16bar": ("enc_rnn_size=[1024],dec_rnn_size=[1024,1024]", 0),
}


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts memory as Linux does")
@pytest.mark.parametrize("name", CASES)
def test_loading_and_sampling_stay_under_1_3_times_the_weights(
    tmp_path: pathlib.Path, name: str
) -> None:
    sizes, turned = CASES[name]
    write = f"""
        from musicvae.checkpoints import save_checkpoint
        from musicvae.config import load_config
        from musicvae.converters import build_converter
        from musicvae.models import MusicVAE
        config = load_config({name!r}).override({sizes + ",z_size=256"!r})
        model = MusicVAE(config, build_converter(config.converter).spec, seed=1)
        save_checkpoint({str(tmp_path)!r}, 1, model.named_variables)
    """
    load = f"""
        import resource
        import tensorflow as tf
        from musicvae.generate import TrainedModel
        def peak():
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        tf.linalg.matmul(tf.ones([8, 8]), tf.ones([8, 8]))
        before = peak()
        model = TrainedModel({name!r}, 8, {str(tmp_path)!r})
        model.sample(8)
        print(peak() - before)
    """
    for script in (write, load):
        result = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True
        )
        assert result.returncode == 0, result.stderr
    weights = (tmp_path / "model.ckpt-1.data-00000-of-00001").stat().st_size
    assert weights > 150 * 2**20
    assert int(result.stdout) < BOUND * weights + 4 * turned
