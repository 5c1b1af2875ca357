"""`musicvae-attributes --groups`: directions between folders of music."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musicvae.cli.learned_vectors import write_vectors
from musicvae.cli.progress import ProgressLine, is_quiet

if TYPE_CHECKING:
    from musicvae.data.records import RecordSource
    from musicvae.generate import TrainedModel


def learn_from_groups(
    model: TrainedModel,
    sources: list[tuple[str, RecordSource]],
    path: Path,
    values: dict[str, Any],
) -> None:
    """Learns the vectors, writes them, and says what they do and how far they can be trusted."""
    from musicvae.generate.learning_groups import learn_groups

    line = ProgressLine(quiet=is_quiet(values["log"]))
    try:
        result = learn_groups(
            model,
            sources,
            num_tests=values["num_tests"],
            temperature=values["temperature"],
            seed=values["seed"],
            progress=lambda count: line.show_count(count, None, "windows encoded"),
        )
    finally:
        line.close()
    groups = result.groups
    names = groups.vectors.names
    music = ", ".join(f"{name} ({n} files)" for name, n in zip(names, groups.files, strict=True))
    write_vectors(
        path,
        model,
        groups.vectors,
        result.changes,
        num_examples=result.windows,
        music=f"{result.windows} windows of {music}",
        title="directions of groups",
        plot_format=values["plot_format"],
    )
    print(f"\n{len(names)} vectors of {music}: {path}")
    if math.isnan(groups.accuracy):
        print("Whether they tell the groups apart cannot be said: a group has one file only")
    else:
        print(
            f"Of files that they were not learnt from {groups.accuracy:.0%} are nearest to their "
            f"own group ({1 / len(names):.0%} by chance)"
        )
