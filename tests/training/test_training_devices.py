"""Tests of finding one's place among machines."""

from __future__ import annotations

import json

import pytest

from musicvae.errors import InputError
from musicvae.training.devices import (
    ClusterWorker,
    choose_one_device,
    choose_training_devices,
    cluster_worker,
)

WORKERS = {"worker": ["a:1", "b:1", "c:1"]}
CHIEF = {"chief": ["z:1"], **WORKERS}


def _config(cluster: object, kind: str, index: object) -> str:
    return json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}})


@pytest.mark.parametrize(
    ("tf_config", "worker"),
    [
        (_config(WORKERS, "worker", 0), ClusterWorker("worker 0", 0, 3)),
        (_config(WORKERS, "worker", 2), ClusterWorker("worker 2", 2, 3)),
        (_config(WORKERS, "worker", "1"), ClusterWorker("worker 1", 1, 3)),
        (_config(CHIEF, "chief", 0), ClusterWorker("chief 0", 0, 4)),
        (_config(CHIEF, "worker", 0), ClusterWorker("worker 0", 1, 4)),
        (_config({"worker": ["a:1"]}, "worker", 0), ClusterWorker("worker 0", 0, 1)),
    ],
)
def test_every_process_has_a_number_of_its_own(tf_config: str, worker: ClusterWorker) -> None:
    assert cluster_worker(tf_config) == worker


@pytest.mark.parametrize(
    ("tf_config", "message"),
    [
        ("{", "TF_CONFIG cannot be used"),
        ("[]", "TF_CONFIG cannot be used"),
        ("{}", "'cluster'"),
        (json.dumps({"cluster": WORKERS}), "'task'"),
        (_config(WORKERS, "worker", "first"), "TF_CONFIG cannot be used"),
        (_config({**WORKERS, "ps": ["d:1"]}, "worker", 0), "parameter servers ('ps')"),
        (_config(WORKERS, "ps", 0), "parameter servers ('ps')"),
        (_config(WORKERS, "evaluator", 0), "--mode=eval --watch"),
        (_config(WORKERS, "worker", 3), "worker 3 is not in the cluster, which has 3"),
        (_config(WORKERS, "chief", 0), "chief 0 is not in the cluster, which has 0"),
    ],
)
def test_a_cluster_that_cannot_be_used_is_one_clear_line(
    tf_config: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_CONFIG", tf_config)
    with pytest.raises(InputError) as error:
        choose_training_devices(None)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_device_goes_without_a_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CONFIG", _config(WORKERS, "worker", 0))
    with pytest.raises(InputError, match="leave one of them out"):
        choose_training_devices("CPU")


def test_an_evaluation_waits_for_no_other_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CONFIG", _config(WORKERS, "worker", 2))
    devices = choose_one_device("CPU")
    assert devices.replicas == 1
    assert devices.is_chief
