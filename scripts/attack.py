"""Attacks the package with hostile inputs, and counts how each kind is answered.

    python scripts/attack.py --inputs=100000
    python scripts/attack.py --each=300 --kinds=music,toml --seed=7
    python scripts/attack.py --seed=7 --only=music:123

Each input depends on the seed, its kind and its number alone. It must be accepted, or refused in
one line, within bounds of time and memory and without touching anything outside its folder; all
else is a fault. Faults are kept in a folder each, with the line that replays them, and the status
is 1. What the kinds are stands in tests/hostile.
"""

from __future__ import annotations

import argparse
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests"))

from hostile.kinds import KINDS
from hostile.report import Tally, refusals, table
from hostile.runner import Kind, Meter, attack, shared_out
from hostile.trial import FAULT


def main() -> int:
    """Attacks; returns 1 where there was a fault."""
    arguments = _parser().parse_args()
    counts = _counts(arguments)
    tallies = {name: Tally() for name in counts}
    meter = Meter(sum(len(indices) for indices in counts.values()))
    done = faults = 0
    with tempfile.TemporaryDirectory(prefix="attack-") as folder:
        for kind, answer in attack(
            [(KINDS[name], indices) for name, indices in counts.items()],
            seed=arguments.seed,
            folder=pathlib.Path(folder).resolve(),
            kept=arguments.faults,
            jobs=arguments.jobs,
        ):
            tallies[kind.name].add(answer.outcome)
            done += 1
            if answer.outcome.what == FAULT:
                faults += 1
                _show(kind.name, answer.index, answer.outcome.detail, whole=bool(arguments.only))
            elif arguments.only:
                print(f"{answer.outcome.what} {answer.outcome.detail}")
            meter.tell(done, faults, kind.name)
    print(table(tallies))
    if arguments.output:
        text = f"{table(tallies)}\n{refusals(tallies)}\n"
        arguments.output.write_text(text, "utf-8", "backslashreplace")
    if faults:
        print(f"{faults} faults; each one's files are in {arguments.faults}", file=sys.stderr)
    return 1 if faults else 0


def _parser() -> argparse.ArgumentParser:
    kinds = "\n".join(f"  {kind.name:12} {kind.what}" for kind in KINDS.values())
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        epilog=f"kinds:\n{kinds}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--inputs", type=int, default=1000, help="of all kinds together (1000)")
    parser.add_argument("--each", type=int, help="of each kind, in place of --inputs")
    parser.add_argument("--seed", type=int, default=0, help="what every input depends on (0)")
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time (1)")
    parser.add_argument("--kinds", default=",".join(KINDS), help="with commas between")
    parser.add_argument("--only", help="one input again, KIND:NUMBER")
    parser.add_argument(
        "--faults",
        type=pathlib.Path,
        default=pathlib.Path("attack-faults"),
        help="a folder for the files of inputs that are faults (attack-faults)",
    )
    parser.add_argument("--output", type=pathlib.Path, help="a file for the table and refusals")
    return parser


def _counts(arguments: argparse.Namespace) -> dict[str, range]:
    """Returns the numbers of the inputs of each kind."""
    if arguments.only:
        name, number = arguments.only.rsplit(":", 1)
        _chosen(name)
        return {name: range(int(number), int(number) + 1)}
    kinds = _chosen(arguments.kinds)
    if arguments.each is not None:
        return {kind.name: range(arguments.each) for kind in kinds}
    return {name: range(count) for name, count in shared_out(kinds, arguments.inputs).items()}


def _chosen(names: str) -> list[Kind]:
    unknown = [name for name in names.split(",") if name not in KINDS]
    if unknown:
        raise SystemExit(f"unknown kind '{unknown[0]}'; those are {', '.join(KINDS)}")
    return [KINDS[name] for name in names.split(",")]


def _show(kind: str, number: int, detail: str, *, whole: bool) -> None:
    lines = detail.strip().splitlines() or [""]
    text = detail if whole else f"{lines[0][:150]} ... {lines[-1][:200]}"
    print(f"FAULT {kind}:{number} {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
