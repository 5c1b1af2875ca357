"""A small model's variables, with values for each step."""

from __future__ import annotations

import numpy as np

WEIGHTS = {
    "encoder/cell_0/bidirectional_rnn/fw/multi_rnn_cell/cell_0/lstm_cell/kernel": (17, 48),
    "encoder/cell_0/bidirectional_rnn/fw/multi_rnn_cell/cell_0/lstm_cell/bias": (48,),
    "encoder/cell_0/bidirectional_rnn/bw/multi_rnn_cell/cell_0/lstm_cell/kernel": (17, 48),
    "encoder/cell_0/bidirectional_rnn/bw/multi_rnn_cell/cell_0/lstm_cell/bias": (48,),
    "encoder/mu/kernel": (24, 8),
    "encoder/mu/bias": (8,),
    "encoder/sigma/kernel": (24, 8),
    "encoder/sigma/bias": (8,),
    "decoder/z_to_initial_state/kernel": (8, 44),
    "decoder/z_to_initial_state/bias": (44,),
    "decoder/multi_rnn_cell/cell_0/lstm_cell/kernel": (23, 40),
    "decoder/multi_rnn_cell/cell_0/lstm_cell/bias": (40,),
    "decoder/multi_rnn_cell/cell_1/lstm_cell/kernel": (22, 48),
    "decoder/multi_rnn_cell/cell_1/lstm_cell/bias": (48,),
    "decoder/output_projection/kernel": (12, 5),
    "decoder/output_projection/bias": (5,),
}
"""A flat model of 5 columns, z_size 8, encoder 12, decoder 10 and 12."""


def values(step: int) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(step)
    return {
        name: generator.standard_normal(shape).astype(np.float32) for name, shape in WEIGHTS.items()
    }
