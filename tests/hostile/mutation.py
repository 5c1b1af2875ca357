"""Spoiling bytes, text and numbers as chance does, and as somebody does who knows the format."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

MAX_BYTES = 1 << 18

NUMBERS = (
    "0", "-1", "1", "2", "-0.0", "0.5", "1e-300", "1e308", "1e999", "-1e999", "nan", "inf", "-inf",
    "127", "128", "255", "256", "65536", "2147483647", "2147483648", "4294967296",
    "9223372036854775807", "9223372036854775808", "-9223372036854775809", "100000000", "1_000",
    "0x10", "1/0", "1,5", "\u0663", "\u00b2", "", " ", "+", "-", "true", "None",
)  # fmt: skip
LONG_NUMBER = "9" * 5000

TEXTS = (
    "", " ", "\0", "\n", "\r\n", "\t", "..", "../../evil", "/etc/passwd", "~", "~root", "C:\\x",
    "\x1b[2J", "\u202e", "\ufeff", "\udcff", "\ud800", "caf\u00e9", "\U0001f3b5", "%s%n", "{}",
    "{0.__class__}", "$(id)", "`id`", "a" * 300, "a" * 5000, "'", '"', "\\", "//", "*", "**", "?",
    "[", "]", "(", "{", "<!--", "]]>", "&amp;", "@", "@0", "@99999999", "@*", ":", ":0", ":nan",
    ",", ",,", "=", "==", "--", "-", "#", "CON", "nul.mid", "http://[", "https://x", "-1", "1e999",
)  # fmt: skip

_INTERESTING = (0, 1, 2, 0x7F, 0x80, 0xFF, 0xF0, 0xF7, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF)
_WIDE = (*_INTERESTING, 0x80000000, 0xFFFFFFFF, 0x7FFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_WORD = re.compile(r"\w+|[^\w\s]")


def spoiled(
    data: bytes, rng: random.Random, tokens: Sequence[bytes] = (), *, most: int = 6
) -> bytes:
    """Returns bytes with a few places flipped, overwritten, removed, inserted, repeated or cut.

    Args:
      data: what to begin with.
      rng: decides.
      tokens: what means something in this format, to be put in.
      most: changes at most.
    """
    broken = bytearray(data)
    for _ in range(rng.randint(1, most)):
        if not broken:
            broken += bytes([rng.randrange(256)])
        start = rng.randrange(len(broken))
        length = min(rng.choice((1, 1, 2, 4, 8, 16, 64, 300)), len(broken) - start)
        action = rng.randrange(10)
        if action < 2:
            broken[start] ^= 1 << rng.randrange(8)
        elif action < 4:
            width = rng.choice((1, 1, 2, 4, 8))
            order = rng.choice(("little", "big"))
            value = rng.choice(_WIDE) & ((1 << 8 * width) - 1)
            broken[start : start + width] = value.to_bytes(width, order)
        elif action == 4:
            del broken[start : start + length]
        elif action == 5:
            broken[start:start] = rng.randbytes(length)
        elif action == 6:
            times = rng.choice((2, 2, 3, 10, 100, 1000))
            broken[start:start] = bytes(broken[start : start + length]) * times
        elif action == 7:
            del broken[rng.choice((start, start, start // 2)) :]
        elif action == 8 and tokens:
            broken[start:start] = rng.choice(tokens)
        else:
            other = rng.randrange(len(broken))
            broken[start:start] = broken[other : other + length]
    return bytes(broken[:MAX_BYTES])


def spoiled_text(
    text: str, rng: random.Random, tokens: Sequence[str] = (), *, most: int = 3
) -> str:
    """Returns a text with numbers, words or lines replaced, removed, repeated or nested.

    Args:
      text: what to begin with.
      rng: decides.
      tokens: what means something in this format, to be put in.
      most: changes at most.
    """
    for _ in range(rng.randint(1, most)):
        action = rng.randrange(9)
        if action < 3:
            text = _replaced(text, _NUMBER, number(rng), rng)
        elif action == 3:
            text = _replaced(text, _WORD, rng.choice((*TEXTS, *tokens)), rng)
        elif action == 4:
            place = rng.randint(0, len(text))
            text = text[:place] + rng.choice((*TEXTS, *tokens)) + text[place:]
        elif action == 5:
            text = text[: rng.randint(0, len(text))]
        elif action == 6:
            place = rng.randint(0, len(text))
            opening = rng.choice("[({<\"'")
            text = text[:place] + opening * rng.choice((1, 1, 2, 50, 2000, 20000)) + text[place:]
        else:
            lines = text.split("\n")
            line = rng.randrange(len(lines))
            if action == 7:
                lines[line : line + 1] = [lines[line]] * rng.choice((0, 2, 3, 30))
            else:
                lines.insert(rng.randint(0, len(lines)), lines.pop(line))
            text = "\n".join(lines)
    return text[:MAX_BYTES]


def number(rng: random.Random) -> str:
    """Returns a number that is none, or one that is too large, too small or too long."""
    return LONG_NUMBER if rng.random() < 0.03 else rng.choice(NUMBERS)


def text_bytes(text: str, rng: random.Random) -> bytes:
    """Returns a text as a file has it: mostly UTF-8, sometimes something else or spoiled."""
    data = text.encode("utf-8", "surrogatepass")
    chance = rng.random()
    if chance < 0.85:
        return data
    if chance < 0.9:
        return text.encode(rng.choice(("utf-16", "utf-32", "utf-7")), "replace")
    return spoiled(data, rng)


def _replaced(text: str, pattern: re.Pattern[str], by: str, rng: random.Random) -> str:
    found = list(pattern.finditer(text))
    if not found:
        return text
    match = rng.choice(found)
    return text[: match.start()] + by + text[match.end() :]
