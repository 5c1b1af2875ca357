"""The form of a long piece: its sections, by name."""

from __future__ import annotations

from musicvae.errors import InputError

MAX_SECTIONS = 64


def parse_form(form: str) -> list[str]:
    """Reads a form.

    Args:
      form: a letter for each section, as in "AABA", or names with commas between them.

    Raises:
      InputError: it has no section, or too many.
    """
    names = [name.strip() for name in form.split(",")] if "," in form else list(form.strip())
    if not names or not all(names):
        raise InputError(f"--form={form}: give a letter or a name for each section, as in AABA")
    if len(names) > MAX_SECTIONS:
        raise InputError(f"--form={form[:20]}...: {len(names)} sections; at most {MAX_SECTIONS}")
    return names
