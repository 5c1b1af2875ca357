"""Tests of choosing devices."""

from __future__ import annotations

import pytest

from musicvae.devices import choose_device, choose_devices
from musicvae.errors import InputError


@pytest.mark.parametrize("name", ["CPU", "cpu", "CPU:0", "/device:CPU:0", " CPU "])
def test_the_processor_has_many_names(name: str) -> None:
    assert choose_device(name) == "/device:CPU:0"
    assert choose_devices(name) == ["CPU:0"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("TPU", "--device=TPU is not a device; give CPU, GPU or GPU:1"),
        ("CPU,", "--device= is not a device"),
        ("GPU:-1", "--device=GPU:-1 is not a device"),
        ("GPU:77", "--device=GPU:77 is not in this machine"),
        ("CPU,GPU:3,GPU:77", "--device=GPU:77 is not in this machine"),
        ("CPU,CPU:0", "--device=CPU,CPU:0 names a device twice"),
    ],
)
def test_a_device_that_is_not_there_is_an_error(names: str, message: str) -> None:
    with pytest.raises(InputError) as error:
        choose_devices(names)
    assert message in str(error.value)


def test_generating_takes_one_device(monkeypatch: pytest.MonkeyPatch) -> None:
    import tensorflow as tf

    two = [tf.config.PhysicalDevice(f"/physical_device:GPU:{index}", "GPU") for index in (0, 1)]
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: two)
    grown = []
    monkeypatch.setattr(
        tf.config.experimental, "set_memory_growth", lambda gpu, on: grown.append((gpu, on))
    )
    assert choose_device(None) == "/device:GPU:0"
    assert choose_device("gpu:1") == "/device:GPU:1"
    assert choose_devices(None) == choose_devices("GPU,GPU:1") == ["GPU:0", "GPU:1"]
    assert grown[:2] == [(gpu, True) for gpu in two], "a GPU's memory is taken as it is needed"
    with pytest.raises(InputError, match="names several devices; give one"):
        choose_device("GPU:0,GPU:1")
