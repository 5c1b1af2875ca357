"""Tests of being asked to stop."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from musicvae.training.signals import StopRequest


@pytest.mark.parametrize(
    ("number", "name", "status"),
    [(signal.SIGINT, "Ctrl-C", 130), (signal.SIGTERM, "SIGTERM", 143)],
)
def test_a_signal_is_noted_and_the_step_goes_on(
    number: signal.Signals, name: str, status: int
) -> None:
    with StopRequest() as request:
        assert not request.made
        assert request.exit_status == 0
        os.kill(os.getpid(), number)
        assert request.made
        assert request.name == name
        assert request.exit_status == status


def test_a_second_ctrl_c_stops_at_once() -> None:
    with StopRequest() as request:
        os.kill(os.getpid(), signal.SIGINT)
        assert request.made
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with StopRequest():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before


def test_training_in_a_thread_of_a_program_leaves_its_signals_alone() -> None:
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def work() -> None:
        with StopRequest() as request:
            seen.append((request.made, signal.getsignal(signal.SIGINT)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(False, before)]
