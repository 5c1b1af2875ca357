from __future__ import annotations

import pytest

from musicvae.cli import progress
from musicvae.data.conversion import ConversionProgress


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still unless it is set."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_a_count_says_how_long_the_rest_takes(clock, capsys):
    line = progress.ProgressLine()
    line.show_count(0, 100, "samples")
    clock[0] += 30.0
    line.show_count(25, 100, "samples")
    assert capsys.readouterr().err == "25 of 100 samples (25%), about 2 min left\n"


def test_another_thing_that_is_counted_starts_a_new_estimate(clock, capsys):
    line = progress.ProgressLine()
    line.show_count(99, 100, "samples")
    clock[0] += 30.0
    line.show_count(1, 10, "pairs")
    assert capsys.readouterr().err == "1 of 10 pairs (10%)\n"


def test_the_end_has_no_estimate(clock, capsys):
    line = progress.ProgressLine()
    line.show_count(1, 10, "pairs")
    clock[0] += 30.0
    line.show_count(10, 10, "pairs")
    assert capsys.readouterr().err == "10 of 10 pairs (100%)\n"


def test_a_command_that_shows_only_warnings_shows_no_progress(clock, capsys):
    assert [progress.is_quiet(log) for log in ("DEBUG", "INFO", "WARNING", "ERROR")] == [
        False,
        False,
        True,
        True,
    ]
    line = progress.ProgressLine(quiet=progress.is_quiet("ERROR"))
    clock[0] += 30.0
    line.show_count(1, 2, "pieces")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("total", [0, 1, None])
@pytest.mark.parametrize("done", [0, 1])
def test_any_total_can_be_shown(clock, capsys, total, done):
    shows = [
        lambda line: line.show_count(done, total, "pieces"),
        lambda line: line.show_bytes(done, total),
        lambda line: line.show_files(ConversionProgress(done, total or 0, 0, 0.0)),
    ]
    for show in shows:
        line = progress.ProgressLine()
        clock[0] += 30.0
        show(line)
        line.close()
    assert capsys.readouterr().err.count("\n") == len(shows)
