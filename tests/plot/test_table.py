from __future__ import annotations

from musicvae.plot.table import Table

TABLE = Table("Figures", ("name", "value"), (("a|b", "1"), ("<c>", "2")), "A note.")


def test_markdown_has_a_line_for_each_row_and_keeps_bars_apart():
    assert TABLE.markdown().splitlines() == [
        "| name | value |",
        "| --- | --- |",
        r"| a\|b | 1 |",
        "| <c> | 2 |",
    ]


def test_html_has_heads_and_escapes_what_is_no_text():
    text = TABLE.html()
    assert "<h2>Figures</h2>" in text and "A note." in text
    assert '<th scope="col">value</th>' in text
    assert '<tr><th scope="row">&lt;c&gt;</th><td>2</td></tr>' in text
