"""Tests of what products are computed in where nobody says."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from musicvae import precision
from musicvae.precision import choose_precision
from musicvae.processor import bfloat16_in

ZEN_3 = "flags\t\t: fpu sse4_2 avx avx2 fma\n"
ZEN_4 = "flags\t\t: fpu avx2 avx512f avx512_bf16\n"
CONVERTS_ONLY = "flags\t\t: fpu avx2 avx_ne_convert\n"


@pytest.fixture(autouse=True)
def no_warning_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "_warned", set())


@pytest.mark.parametrize(
    ("cpuinfo", "chosen"),
    [(ZEN_3, "float32"), (ZEN_4, "bfloat16"), (CONVERTS_ONLY, "float32"), ("", "float32")],
)
def test_auto_takes_bfloat16_only_with_instructions(
    monkeypatch: pytest.MonkeyPatch, cpuinfo: str, chosen: str
) -> None:
    monkeypatch.setattr(precision, "has_bfloat16_instructions", lambda: bfloat16_in(cpuinfo))
    found = choose_precision("auto", "/device:CPU:0")
    assert found.name == chosen
    assert "this processor" in str(found)


@pytest.mark.parametrize(("capability", "chosen"), [((7, 5), "float32"), ((8, 0), "bfloat16")])
def test_auto_on_a_gpu_goes_by_its_compute_capability(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], chosen: str
) -> None:
    import tensorflow as tf

    def details(gpu: str) -> dict[str, Any]:
        return {"compute_capability": capability} if gpu == "the second" else {}

    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["one", "the second"])
    monkeypatch.setattr(tf.config.experimental, "get_device_details", details)
    assert choose_precision("auto", "/device:GPU:1").name == chosen
    assert choose_precision("auto", "/device:GPU:0").name == "float32"


@pytest.mark.parametrize("name", ["float32", "bfloat16", "float16"])
def test_an_explicit_precision_is_taken(name: str) -> None:
    assert choose_precision(name, "CPU:0") == (name, "")


def test_bfloat16_without_instructions_warns_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(precision, "has_bfloat16_instructions", lambda: False)
    with caplog.at_level(logging.WARNING, logger="musicvae.precision"):
        for _ in range(2):
            assert choose_precision("bfloat16", "CPU:0").name == "bfloat16"
    assert len(caplog.records) == 1
    assert "--precision=auto" in caplog.text
