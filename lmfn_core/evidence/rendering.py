"""A table as Markdown or CSV, and a generated block inside a hand-written text: the same bytes for the same input."""

import io
from collections.abc import Sequence
from csv import DictWriter
from dataclasses import dataclass

Cell = str | int | None
Row = dict[str, Cell]


@dataclass(frozen=True)
class Table:
    """Rows with the same columns, and the sentences that say what they are.

    >>> Table([{"network": "lmfn"}], "Networks.").caption
    'Networks.'
    """

    rows: list[Row]  # decimals are already fixed, as text; integers stay integers; None is "no record states it"
    caption: str


def markdown(rows: Sequence[Row], caption: str) -> str:
    """The caption, then a table; numbers right-aligned with thousands separated, None as a dash.

    >>> print(markdown([{"network": "lmfn", "parameters": 1223766}], "Costs."), end="")
    Costs.
    <BLANKLINE>
    | network | parameters |
    |---|---:|
    | lmfn | 1,223,766 |
    """
    if not rows:
        return f"{caption}\n\nNo rows: no record holds them yet.\n"
    titles = list(rows[0])
    rules = ["---:" if _numeric([row[title] for row in rows]) else "---" for title in titles]
    lines = [_line(titles), "|" + "|".join(rules) + "|", *(_line([row[title] for title in titles]) for row in rows)]
    return f"{caption}\n\n" + "\n".join(lines) + "\n"


def csv(rows: Sequence[Row]) -> str:
    """Comma-separated values with a heading; None is an empty field, numbers have no thousands separator.

    >>> csv([{"network": "lmfn", "parameters": 1223766}])
    'network,parameters\\nlmfn,1223766\\n'
    """
    out = io.StringIO()
    writer = DictWriter(out, list(rows[0]) if rows else [], lineterminator="\n")
    if rows:
        writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def fill(text: str, name: str, body: str) -> str:
    """Replace what stands between ``<!-- name -->`` and ``<!-- /name -->``; the markers stay.

    Raises:
        ValueError: when the two markers are not there exactly once and in order.

    >>> fill("a <!-- t -->old<!-- /t --> b", "t", "new")
    'a <!-- t -->\\nnew\\n<!-- /t --> b'
    """
    start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    if text.count(start) != 1 or text.count(end) != 1 or text.index(start) > text.index(end):
        raise ValueError(f"The text must hold {start} and, after it, {end}, each once; add them where {name} belongs.")
    before, after = text.split(start)[0], text.split(end)[1]
    return f"{before}{start}\n{body.strip(chr(10))}\n{end}{after}"


def _line(cells: Sequence[Cell]) -> str:
    return "| " + " | ".join(_shown(cell) for cell in cells) + " |"


def _shown(cell: Cell) -> str:
    if cell is None:
        return "–"
    return f"{cell:,}" if isinstance(cell, int) else " ".join(cell.replace("|", "\\|").split())


def _numeric(cells: Sequence[Cell]) -> bool:
    """Digits and dashes only: "1,200", "+0.78 ± 0.02", None."""
    texts = [_shown(cell) for cell in cells]
    return any(text != "–" for text in texts) and all(set(text) <= set("0123456789,.+-± –") for text in texts)
