"""Small pieces for tests of play are those of pictures and sound."""

from __future__ import annotations

import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "render"))
