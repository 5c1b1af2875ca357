"""Help texts read as those of other commands do."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys

import pytest

from musicvae.cli import umbrella

# No noun and no verb; articles and Magenta's possessive are left out, too.
BAD_OPENINGS = {
    *("Of", "At", "In", "On", "With", "While", "Besides", "As", "So", "If", "For", "From", "To"),
    *("What", "Where", "Which", "Whether", "When", "Who", "How", "Why", "That", "This", "These"),
    *("Their", "Its", "Magenta's", "A", "An", "The", "Only", "Makes", "Says", "Does"),
}
BAD_PHRASES = (
    "where not given",
    "so many",
    "one a core",
    "quarters a minute",
    "for ever",
    "as many",
    "by themselves",
    "that are done",
    "of all that",
)


def helps(command: str) -> dict[str, str]:
    flags = importlib.import_module(f"musicvae.cli.{command}").FLAGS
    texts = {name: flags[name].help for name in set(flags) - {"h"}}
    # absl puts the choices of an enum before its text.
    return {name: re.sub(r"^<[^>]*>: ", "", text) for name, text in texts.items()}


@pytest.mark.parametrize("command", umbrella.COMMANDS)
def test_every_help_text_begins_with_a_noun_or_a_verb(command):
    texts = helps(command)
    assert {"json", "log"} <= texts.keys()
    for name, text in texts.items():
        opening = text.split()[0].strip(",:")
        assert opening not in BAD_OPENINGS, f"--{name}: {text}"
        assert opening[0].isupper() or not opening[0].isalpha(), f"--{name}: {text}"


@pytest.mark.parametrize("command", umbrella.COMMANDS)
def test_help_texts_are_free_of_what_nobody_says(command):
    for name, text in helps(command).items():
        assert not [phrase for phrase in BAD_PHRASES if phrase in text], f"--{name}: {text}"


def test_commands_are_summed_up_by_a_verb():
    for name, text in umbrella.COMMANDS.items():
        assert text.split()[0].strip(",") not in {*BAD_OPENINGS, *map(str.lower, BAD_OPENINGS)}
        assert text[0].islower(), name


def test_help_of_training_does_not_import_tensorflow() -> None:
    code = (
        "import sys; sys.argv = ['musicvae-train', '--help']\n"
        "from musicvae.cli import train\n"
        "try: train.run()\n"
        "except SystemExit as end: assert end.code == 0\n"
        "assert 'tensorflow' not in sys.modules and 'note_seq' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "--examples_path=PATH" in done.stdout
