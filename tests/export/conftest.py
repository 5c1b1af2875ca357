"""Small models that the tests of all formats share."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from export_cases import Case, small_case


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Case]:
    """Returns the small model of a configuration, made once."""
    made: dict[tuple[str, bool], Case] = {}

    def find(name: str, *, decoder_only: bool = False) -> Case:
        key = (name, decoder_only)
        if key not in made:
            folder = tmp_path_factory.mktemp(name)
            made[key] = small_case(folder, name, decoder_only=decoder_only)
        return made[key]

    return find
