"""Magenta 2.1.4 loads what this project saves.

Set MUSICVAE_PEER to the interpreter of an environment with Magenta 2.1.4 to run this.
"""

from __future__ import annotations

import importlib
import os
import pathlib

import pytest

_SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"
_PEER = os.environ.get("MUSICVAE_PEER")


@pytest.mark.slow
@pytest.mark.skipif(not _PEER, reason="MUSICVAE_PEER does not name Magenta's interpreter")
def test_magenta_loads_what_is_saved_here_and_computes_the_same(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(_SCRIPTS)
    check_exchange = importlib.import_module("check_exchange")
    names = [
        "cat-mel_2bar_small",
        "nade-drums_2bar_reduced",
        "groovae_2bar_humanize",
        "hierdec-mel_16bar",
    ]
    results = check_exchange.exchange(_PEER, names, tmp_path)
    assert [result.config for result in results] == names
    for result in results:
        assert result.passed, str(result)
