"""Tables of figures, as Markdown and as HTML."""

from __future__ import annotations

import dataclasses
import html


@dataclasses.dataclass(frozen=True)
class Table:
    """Figures in rows.

    Attributes:
      title: what it shows; may be empty.
      head: names of the columns; the first is that of the rows' names.
      rows: cells, as many in each row as `head` has.
      note: what one must know to read it; may be empty.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""

    def markdown(self) -> str:
        """Returns the rows as a Markdown table, without title and note."""
        lines = [self.head, ("---",) * len(self.head), *self.rows]
        return "\n".join(
            f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines
        )

    def html(self) -> str:
        """Returns the table as an HTML `<figure>`, with title and note."""
        head = "".join(f'<th scope="col">{html.escape(cell)}</th>' for cell in self.head)
        lines = ['<figure class="table">']
        if self.title:
            lines.append(f"<h2>{html.escape(self.title)}</h2>")
        if self.note:
            lines.append(f'<p class="note">{html.escape(self.note)}</p>')
        lines += ["<table>", f"<thead><tr>{head}</tr></thead>", "<tbody>"]
        for name, *cells in self.rows:
            row = "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)
            lines.append(f'<tr><th scope="row">{html.escape(name)}</th>{row}</tr>')
        return "\n".join([*lines, "</tbody>", "</table>", "</figure>"])
