"""What the evaluations of a run folder found, and its best weights.

run_dir/eval[SUFFIX]/evaluations.json   all results, newest last
run_dir/eval[SUFFIX]/best/              the weights with the lowest loss so far
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from musicvae.checkpoints import CheckpointKeeper
from musicvae.errors import DataError
from musicvae.files import atomic_file

if TYPE_CHECKING:
    from musicvae.models import MusicVAE

Scalars = Mapping[str, float]

RESULTS_FILE = "evaluations.json"
BEST_FOLDER = "best"
COMPARED = "loss_at_max_beta"


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """What one evaluation found.

    Attributes:
      step: the training step of the weights.
      examples: how many examples were evaluated.
      scalars: results by TensorBoard tag.
    """

    step: int
    examples: int
    scalars: Scalars

    @property
    def loss(self) -> float:
        """What training minimizes in the end, on these examples: the loss with beta at max_beta.

        While beta grows, the loss with the step's own beta grows with it, and says nothing about
        which weights are better.
        """
        return _compared(self.scalars)


class EvaluationLog:
    """The results of a run folder's evaluations, and its best weights."""

    def __init__(self, folder: str | os.PathLike[str], data: str) -> None:
        """Opens a folder's results.

        Args:
          folder: `run_dir/eval[SUFFIX]`; made where it is missing.
          data: what is evaluated on; losses on other data are not compared.

        Raises:
          DataError: the results that are there cannot be read.
        """
        self._folder = os.fspath(folder)
        self._path = os.path.join(self._folder, RESULTS_FILE)
        self._data = data
        os.makedirs(self._folder, exist_ok=True)
        self._entries = read_results(self._folder)

    @property
    def best_loss(self) -> float:
        """The lowest loss so far on this data, as Evaluation.loss; infinite before the first."""
        return self._lowest_until(math.inf)

    def losses_until(self, step: float) -> list[float]:
        """Returns the losses so far on this data, in the order of their evaluations.

        Args:
          step: the last training step that counts.
        """
        same = (entry for entry in self._entries if entry.get("data") == self._data)
        return [_compared(entry["scalars"]) for entry in same if entry["step"] <= step]

    def _lowest_until(self, step: float) -> float:
        losses = self.losses_until(step)
        return min((loss for loss in losses if not math.isnan(loss)), default=math.inf)

    def add(self, evaluation: Evaluation, model: MusicVAE) -> bool:
        """Stores a result, and the weights where it is the best one so far.

        Args:
          evaluation: the result.
          model: with the weights that it is of.

        Returns:
          Whether it is the best of all up to its step.

        Raises:
          CheckpointError: the weights cannot be written.
          InputError: the results cannot be written.
        """
        # A training that was killed evaluates the steps since its last checkpoint once more.
        self._entries = [
            entry
            for entry in self._entries
            if (entry["step"], entry.get("data")) != (evaluation.step, self._data)
        ]
        # Rows of later steps, from before the kill, have their weights in `best`; what is said of
        # this step is what an undisturbed training says.
        is_best = evaluation.loss < self._lowest_until(evaluation.step)
        if evaluation.loss < self.best_loss:
            keeper = CheckpointKeeper(os.path.join(self._folder, BEST_FOLDER), max_to_keep=1)
            keeper.save(evaluation.step, model.named_variables)
        self._entries.append(
            {
                "step": evaluation.step,
                "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
                "data": self._data,
                "examples": evaluation.examples,
                "best": is_best,
                "scalars": dict(evaluation.scalars),
            }
        )
        with atomic_file(self._path) as file:
            file.write(json.dumps(self._entries, indent=1).encode())
        return is_best


def read_results(folder: str | os.PathLike[str]) -> list[dict[str, Any]]:
    """Reads results, one for each step and data: the last.

    Args:
      folder: `run_dir/eval[SUFFIX]`.

    Returns:
      The results in the order of their evaluations; none where there is no file of them.

    Raises:
      DataError: the file is damaged.
    """
    path = os.path.join(folder, RESULTS_FILE)
    if not os.path.exists(path):
        return []
    try:
        with open(path, encoding="utf-8") as file:
            entries = json.load(file)
        if not isinstance(entries, list):
            raise ValueError("it is no list")
        for number, entry in enumerate(entries, 1):
            if not _is_result(entry):
                raise ValueError(f"row {number} is no result")
            entry["scalars"] = {tag: float(value) for tag, value in entry["scalars"].items()}
    except (OSError, ValueError, OverflowError, RecursionError) as error:
        raise DataError(
            f"{path}: the evaluations are damaged ({error}); move the file away, and "
            "evaluating begins anew"
        ) from error
    return list({(entry["step"], entry.get("data")): entry for entry in entries}.values())


def _is_result(entry: Any) -> bool:
    if not isinstance(entry, dict) or type(entry.get("step")) is not int:
        return False
    scalars = entry.get("scalars")
    return (
        isinstance(entry.get("data"), str | None)
        and isinstance(scalars, dict)
        and "loss" in scalars
        and all(type(value) in (int, float) for value in scalars.values())
    )


def _compared(scalars: Scalars) -> float:
    """Returns the loss by which weights are compared; earlier versions stored the plain one."""
    return scalars.get(COMPARED, scalars["loss"])
