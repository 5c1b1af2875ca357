"""`musicvae-attributes --groups`: directions between folders of music."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musicvae.cli.document import record
from musicvae.cli.progress import ProgressLine

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
    from musicvae.attribute_vectors import save_vectors
    from musicvae.generate.learning_groups import learn_groups
    from musicvae.plot.attribute_chart import attribute_chart, attribute_table
    from musicvae.plot.drawing import framed
    from musicvae.plot.picture import save_picture

    line = ProgressLine(quiet=values["log"] not in ("DEBUG", "INFO"))
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
    groups, changes = result.groups, result.changes
    names = groups.vectors.names
    music = ", ".join(f"{name} ({n} files)" for name, n in zip(names, groups.files, strict=True))
    save_vectors(
        path,
        groups.vectors,
        config=model.config.name,
        step=model.step,
        changes=changes,
        music=f"{result.windows} windows of {music}",
    )
    picture = path.with_suffix(f".{values['plot_format']}")
    chart = attribute_chart(changes, title=f"{model.config.name}: directions of groups")
    save_picture(framed(chart), picture)
    record(
        files=[path, path.with_suffix(".json"), picture],
        vectors=names,
        changes=changes,
        left_out={},
        num_examples=result.windows,
    )
    print(
        f"Change of each attribute, vector added / subtracted, mean of {changes.pieces} pieces:\n"
    )
    print(attribute_table(changes))
    print(f"\n{len(names)} vectors of {music}: {path}")
    if math.isnan(groups.accuracy):
        print("Whether they tell the groups apart cannot be said: a group has one file only")
    else:
        print(
            f"Of files that they were not learnt from {groups.accuracy:.0%} are nearest to their "
            f"own group ({1 / len(names):.0%} by chance)"
        )
