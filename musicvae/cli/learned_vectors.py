"""What `musicvae-attributes` writes: vectors, a picture of what they do, and a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from musicvae.cli.document import record

if TYPE_CHECKING:
    from musicvae.attribute_vectors import AttributeChanges, AttributeVectors
    from musicvae.generate import TrainedModel


def write_vectors(
    path: Path,
    model: TrainedModel,
    vectors: AttributeVectors,
    changes: AttributeChanges,
    *,
    num_examples: int,
    music: str,
    title: str,
    plot_format: str,
) -> Path:
    """Writes vectors with a report and a picture beside them, and prints what each does.

    Args:
      path: of the vectors; ends with .npz.
      model: the model whose latent space they belong to.
      vectors: A vectors.
      changes: what each does to the attributes of pieces.
      num_examples: how many examples they were computed from.
      music: what those are of.
      title: what the picture shows: "attribute vectors".
      plot_format: of the picture: "png", "svg" or "pdf".

    Returns:
      The picture's path.

    Raises:
      InputError: a file cannot be written.
    """
    from musicvae.attribute_vectors import save_vectors
    from musicvae.plot.attribute_chart import attribute_chart, attribute_table
    from musicvae.plot.drawing import framed
    from musicvae.plot.picture import save_picture

    name = model.config.name
    save_vectors(path, vectors, config=name, step=model.step, changes=changes, music=music)
    picture = path.with_suffix(f".{plot_format}")
    save_picture(framed(attribute_chart(changes, title=f"{name}: {title}")), picture)
    record(
        files=[path, path.with_suffix(".json"), picture],
        vectors=vectors.names,
        changes=changes,
        left_out=vectors.left_out,
        num_examples=num_examples,
    )
    print(
        f"Change of each attribute, vector added / subtracted, mean of {changes.pieces} pieces:\n"
    )
    print(attribute_table(changes))
    return picture
