"""A tune of which a single bar is known goes on with something else than that bar."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from pieces import melody_rows

from musicvae.config import load_config
from musicvae.converters import build_converter
from musicvae.generate import single_bar
from musicvae.generate.single_bar import near, similarity, worth

CONVERTER = build_converter(load_config("cat-mel_2bar_small").converter)
MODEL = SimpleNamespace(converter=CONVERTER)
KEPT = np.array([True, False])


def test_similarity_is_the_share_of_onsets_in_common() -> None:
    again = melody_rows(2, s0=60, s4=62, s16=60, s20=62)
    half = melody_rows(2, s0=60, s4=62, s16=60, s20=64)
    later = melody_rows(2, s0=60, s4=62, s18=60, s22=62)
    rows = np.concatenate([again, half, later])
    assert similarity(MODEL, rows, KEPT)[:, 0].tolist() == [1.0, 0.5, 0.0]


def test_copies_and_other_densities_are_worth_less(monkeypatch: pytest.MonkeyPatch) -> None:
    losses = np.zeros((3, 32, 1))
    model = SimpleNamespace(converter=CONVERTER, step_losses=lambda *_: losses)
    monkeypatch.setattr(single_bar, "encode_rows", lambda *_: SimpleNamespace(mu=None))
    again = melody_rows(2, s0=60, s4=62, s16=60, s20=62)
    other = melody_rows(2, s0=60, s4=62, s18=65, s22=62)
    dense = melody_rows(2, s0=60, s4=62, s18=65, s20=64, s22=62, s24=64)
    known = np.repeat(KEPT, 16)[:, np.newaxis]
    found = worth(model, np.concatenate([again, other, dense]), known, None)
    assert found.tolist() == pytest.approx([-20.0 * 0.5, 0.0, -0.3 * 2])
    losses[:] = 1.0
    counted = worth(model, np.concatenate([other, other, dense]), known, None)
    assert counted[0] == pytest.approx(-32 * 16 / (4 + 16))
    assert counted[2] == pytest.approx(-32 * 16 / (6 + 16) - 0.6)


def test_without_a_learned_prior_codes_move_towards_noise() -> None:
    z = np.zeros((500, 4), np.float32) + 2.0
    moved = near(SimpleNamespace(prior=None), z, np.random.default_rng(1))
    assert moved.mean() == pytest.approx(2 * np.cos(0.5), abs=0.05)
    assert moved.std() == pytest.approx(np.sin(0.5), abs=0.05)
