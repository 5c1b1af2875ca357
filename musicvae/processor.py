"""What this machine's processor can do, as far as the system tells."""

from __future__ import annotations

import platform
import re
import subprocess

_BFLOAT16 = {"avx512_bf16", "amx_bf16", "bf16"}


def has_bfloat16_instructions() -> bool | None:
    """Returns whether the processor multiplies bfloat16 numbers itself; None where nothing tells.

    Without such instructions products in bfloat16 are slower than in float32.
    """
    system = platform.system()
    if system == "Linux":
        return bfloat16_in(_text("/proc/cpuinfo"))
    if system == "Darwin":
        return _sysctl("hw.optional.arm.FEAT_BF16")
    return None


def bfloat16_in(cpuinfo: str) -> bool | None:
    """Reads it from the text of /proc/cpuinfo; None where that lists no features."""
    found = re.search(r"^(?:flags|Features)\s*:(.*)$", cpuinfo, re.MULTILINE)
    return None if found is None else bool(_BFLOAT16 & {*found.group(1).split()})


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(1 << 16)
    except OSError:
        return ""


def _sysctl(name: str) -> bool | None:
    try:
        found = subprocess.run(
            ["sysctl", "-n", name], capture_output=True, text=True, timeout=5, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip() == "1"
