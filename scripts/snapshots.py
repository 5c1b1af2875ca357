"""Snapshots: what trainings have reached, small enough to be committed.

    snapshots/NAME.tar.gz    weights alone, rounded to bfloat16
    snapshots/NAME.json      stage, step, hours trained in all stages so far, validation figures

A queue that finds no run folder of a model goes on from its snapshot. A snapshot is for moving a
training between machines and is not a model that ships: it has no card and is not in the wheel. It
is replaced only by better weights, as each version stays in the repository's history for good.
"""

from __future__ import annotations

import json
import pathlib
import tempfile
from collections.abc import Sequence
from typing import NamedTuple

from stages import SNAPSHOTS, Stage

_BFLOAT16_BITS = 7


class Snapshot(NamedTuple):
    """A stored state of a training.

    Attributes:
      archive: the weights.
      stage: the number of the stage that they are of.
      step: its step.
      hours: how long that stage was trained.
    """

    archive: pathlib.Path
    stage: int
    step: int
    hours: float

    def is_past(self, stage: Stage) -> bool:
        """Whether a stage needs no more training where one goes on from here."""
        finished = self.hours >= stage.max_hours
        return stage.number < self.stage or (stage.number == self.stage and finished)


def find_snapshot(model: str, folder: pathlib.Path = SNAPSHOTS) -> Snapshot | None:
    """Returns a model's snapshot, or None where there is none.

    Args:
      model: the model's name.
      folder: where snapshots are.
    """
    archive, described = folder / f"{model}.tar.gz", folder / f"{model}.json"
    if not (archive.exists() and described.exists()):
        return None
    found = json.loads(described.read_text(encoding="utf-8"))
    return Snapshot(archive, found["stage"], found["step"], found["hours"])


def write_snapshot(
    model: str, stages: Sequence[Stage], work: pathlib.Path, folder: pathlib.Path = SNAPSHOTS
) -> str:
    """Writes the best weights of a model's last stage that has any, unless they are no better.

    Args:
      model: the model's name.
      stages: those that are trained here.
      work: the work folder, whose queue.json has the hours.
      folder: where snapshots are.

    Returns:
      What was done, for people.

    Raises:
      SystemExit: nothing was trained yet.
    """
    from shipped_model import write_archive
    from weight_rounding import rounded

    from musicvae.checkpoints import open_checkpoint, save_checkpoint

    trained = [stage for stage in stages if stage.best.exists()]
    if not trained:
        raise SystemExit(f"{model} has no evaluated weights in {work} yet")
    stage = trained[-1]
    best = [entry for entry in stage.evaluations() if entry["best"]][-1]
    before = find_snapshot(model, folder)
    if before is not None and (before.stage, before.step) >= (stage.number, best["step"]):
        return f"snapshots/{model} is of stage {before.stage}, step {before.step:,} already"
    with open_checkpoint(stage.best) as checkpoint:
        weights = {
            name: rounded(checkpoint.read(name), _BFLOAT16_BITS) for name in checkpoint.weights
        }
    folder.mkdir(exist_ok=True)
    archive = folder / f"{model}.tar.gz"
    with tempfile.TemporaryDirectory() as scratch:
        prefix = pathlib.Path(save_checkpoint(scratch, best["step"], weights))
        write_archive(archive, sorted(pathlib.Path(scratch).glob(f"{prefix.name}.*")))
    scalars = best["scalars"]
    described = {
        "stage": stage.number,
        "step": best["step"],
        "hours": round(_hours(stage, work), 2),
        "validation": {tag: scalars[tag] for tag in sorted(scalars) if _is_main(tag)},
    }
    path = folder / f"{model}.json"
    path.write_text(json.dumps(described, indent=1) + "\n", encoding="utf-8")
    return f"wrote {archive} ({archive.stat().st_size / 1e6:.1f} MB)"


def _hours(stage: Stage, work: pathlib.Path) -> float:
    try:
        state = json.loads((work / "queue.json").read_text(encoding="utf-8"))
        return float(state["stages"][stage.name]["hours"])
    except (OSError, ValueError, KeyError):
        return 0.0


def _is_main(tag: str) -> bool:
    from shipped_model import is_main

    return tag == "loss" or is_main(tag)
