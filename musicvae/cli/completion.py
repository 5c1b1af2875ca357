"""prints a completion script, made of the commands' own flags.

musicvae completion bash > ~/.local/share/bash-completion/completions/musicvae
musicvae completion zsh > "${fpath[1]}/_musicvae"
musicvae completion fish > ~/.config/fish/completions/musicvae.fish
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping

from musicvae.cli.document import record
from musicvae.cli.flags import command_flags, run_command
from musicvae.errors import InputError

FLAGS = command_flags()

SHELLS = ("bash", "zsh", "fish")

_NAME = "musicvae completion"

Words = Mapping[str, list[str]]


def main(arguments: list[str]) -> int:
    """Prints the script for a shell."""
    scripts = dict(zip(SHELLS, (bash, zsh, fish), strict=True))
    if len(arguments) != 1 or arguments[0] not in scripts:
        raise InputError("name a shell: musicvae completion bash, zsh or fish")
    script = scripts[arguments[0]](words_of_commands())
    print(script)
    record(script=script)
    return 0


def words_of_commands() -> dict[str, list[str]]:
    """Returns what can follow each command: its flags, with the values of those that have few."""
    from musicvae.cli.umbrella import COMMANDS

    found = {}
    for name in COMMANDS:
        flags = importlib.import_module(f"musicvae.cli.{name}").FLAGS
        words = []
        for flag in sorted(set(flags) - {"h"}):
            choices = getattr(flags[flag].parser, "enum_values", None)
            if flags[flag].boolean:
                words += [f"--{flag}", f"--no{flag}"] if flag != "help" else [f"--{flag}"]
            elif choices:
                words += [f"--{flag}={choice}" for choice in choices]
            else:
                words.append(f"--{flag}=")
        found[name] = words
    found["completion"] += SHELLS
    return found


def bash(commands: Words) -> str:
    """Returns the script for bash, which completes `musicvae` and each `musicvae-COMMAND`."""
    cases = "\n".join(
        f"    {name}) words='{' '.join(words)}' ;;" for name, words in commands.items()
    )
    names = " ".join(f"musicvae-{name}" for name in commands)
    return f"""\
_musicvae() {{
  local current="${{COMP_LINE:0:COMP_POINT}}" command="${{COMP_WORDS[0]##*/musicvae-}}" words=''
  current="${{current##* }}"
  command="${{command#musicvae-}}"
  if [[ "$command" == *musicvae ]]; then
    if (( COMP_CWORD == 1 )); then
      COMPREPLY=($(compgen -W '{" ".join(commands)}' -- "$current"))
      return
    fi
    command="${{COMP_WORDS[1]}}"
  fi
  case "$command" in
{cases}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [[ "$current" == *=* ]] && COMPREPLY=("${{COMPREPLY[@]#*=}}")
  [[ "${{COMPREPLY[0]}}" == *= ]] && compopt -o nospace
}}
complete -o default -F _musicvae musicvae {names}"""


def zsh(commands: Words) -> str:
    """Returns the script for zsh."""
    cases = "\n".join(
        f"    {name}) flags=({' '.join(words)}) ;;" for name, words in commands.items()
    )
    names = " ".join(f"musicvae-{name}" for name in commands)
    return f"""\
#compdef musicvae {names}
_musicvae() {{
  local command="${{${{words[1]:t}}#musicvae-}}"
  local -a flags
  if [[ "$command" == musicvae ]]; then
    if (( CURRENT == 2 )); then
      compadd {" ".join(commands)}
      return
    fi
    command="${{words[2]}}"
  fi
  case "$command" in
{cases}
  esac
  if [[ "$PREFIX" == *=* && -n "${{flags[(r)${{PREFIX%%=*}}=]}}" ]]; then
    compset -P '*='
    _files
    return
  fi
  local found=1
  compadd -S '' -- ${{(M)flags:#*=}} && found=0
  compadd -- ${{flags:#*=}} && found=0
  (( found )) && _files
}}
_musicvae "$@\""""


def fish(commands: Words) -> str:
    """Returns the script for fish."""
    lines = [
        f"complete -c musicvae -f -n '__fish_use_subcommand' -a '{' '.join(commands)}'",
    ]
    for name, words in commands.items():
        for word in words:
            if not word.startswith("--"):
                here = f"-n '__fish_seen_subcommand_from {name}'"
                lines.append(f"complete -c musicvae -f {here} -a {word}")
                lines.append(f"complete -c musicvae-{name} -f -a {word}")
                continue
            flag, _, choice = word.removeprefix("--").partition("=")
            takes = f" -x -a '{choice}'" if choice else " -r" if word.endswith("=") else ""
            lines.append(
                f"complete -c musicvae -n '__fish_seen_subcommand_from {name}' -l {flag}{takes}"
            )
            lines.append(f"complete -c musicvae-{name} -l {flag}{takes}")
    return "\n".join(lines)


def run() -> None:
    """Runs the command."""
    run_command(_NAME, __doc__, FLAGS, main, takes_arguments=True)


if __name__ == "__main__":
    run()
