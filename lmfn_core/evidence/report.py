"""The report: every table as Markdown and CSV, every figure as SVG, and README's generated blocks.

The same ledger and records give the same bytes: nothing here knows a date, a machine or a path.
"""

from pathlib import Path

import matplotlib

from lmfn_core.evidence.ablation import table3, table4
from lmfn_core.evidence.deraining import deraining
from lmfn_core.evidence.differences import RULE, alternatives, effects, lesions, orders, proposed, recipes, rivals
from lmfn_core.evidence.figures import save_svg, use_style
from lmfn_core.evidence.ledger import PAPERS, Ledger
from lmfn_core.evidence.paper_tables import printed_tables
from lmfn_core.evidence.rendering import Table, csv, fill, markdown
from lmfn_core.evidence.report_figures import draw
from lmfn_core.evidence.runs import Records
from lmfn_core.evidence.summary import REPORT, measured, results, speed, tally_table, timings, turned
from lmfn_core.evidence.tables import claims_table, contradictions, conventions, costs, remarks
from lmfn_core.records import write_text

SHOWN = {"lesson": ("results", "tally", "timings"), "study": ("orderings", "lesions", "rivals")}
"""README's blocks by the tier that fills them: one seed ranks nothing, so what compares networks waits for several."""


def tables(ledger: Ledger, records: Records) -> dict[str, Table]:
    """Every table of the report by its file's name.

    >>> list(tables(Ledger((), (), {}, {}), {}))[:4]
    ['table1', 'table2', 'table3', 'table4']
    """
    records = _without_report(records)
    printed = printed_tables(ledger, records)
    return {
        "table1": printed.pop("table1"), "table2": printed.pop("table2"), "table3": table3(ledger, records),
        "table4": table4(ledger, records), **printed, "effects": effects(ledger, records),
        "orderings": orders(ledger, records), "recipes": recipes(records), "alternatives": alternatives(records),
        "lesions": lesions(records), "rivals": rivals(ledger, records), "review": proposed(records),
        "costs": costs(records), "speed": speed(records), "conventions": conventions(records),
        "measured": measured(records), "deraining": deraining(records),
        "results": results(ledger, records), "tally": tally_table(ledger, records),
        "claims": claims_table(ledger, records), "contradictions": contradictions(ledger, records),
        "remarks": remarks(ledger), "timings": timings(records),
    }  # fmt: skip


def write_report(ledger: Ledger, records: Records, table_folder: Path | str, figure_folder: Path | str) -> list[Path]:
    """Write all tables (``.md`` and ``.csv``) and figures (``.svg``); returns their paths, in order.

    A figure whose numbers no record holds is left out; a table without rows says so.

    Args:
        ledger: from ``load_ledger``. records: from ``load_records``.
        table_folder, figure_folder: made where they are missing.

    Raises:
        OSError: when a folder cannot be written; no file is left half-written.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> [path.name for path in write_report(Ledger((), (), {}, {}), {}, folder, folder)][:2]
    ['table1.md', 'table1.csv']
    """
    written = []
    for name, table in tables(ledger, records).items():
        written.append(write_text(Path(table_folder) / f"{name}.md", markdown(table.rows, table.caption)))
        written.append(write_text(Path(table_folder) / f"{name}.csv", csv(table.rows)))
    with matplotlib.rc_context():  # whatever a notebook or a test has set, the bytes are the same
        matplotlib.rcdefaults()
        use_style()
        for name, figure in draw(ledger, _without_report(records)).items():
            written.append(save_svg(figure, Path(figure_folder) / f"{name}.svg"))
    return written


def readme_blocks(ledger: Ledger, records: Records) -> dict[str, str]:
    """README's generated blocks by the name in their markers.

    >>> list(readme_blocks(Ledger((), (), {}, {}), {}))
    ['results', 'tally', 'timings', 'orderings', 'lesions', 'rivals']
    """
    found = tables(ledger, records)
    shown = {
        "results": [found["results"], found["measured"]],
        "tally": [turned(found["tally"], ["claims", *PAPERS.values()])],
        "timings": [found["timings"]],
        "orderings": [_narrow(found["orderings"], *_LEFT_OUT, "printed size in our interval?", rule=True)],
        **{name: [_narrow(found[name], *_LEFT_OUT)] for name in ("lesions", "rivals")},
    }
    return {name: "\n".join(markdown(table.rows, table.caption) for table in some) for name, some in shown.items()}


def fill_readme(path: Path | str, ledger: Ledger, records: Records, tier: str) -> Path:
    """Refill the blocks of the README at ``path`` that ``tier`` shows; everything else stays as it is.

    Args:
        tier: of the records; a key of ``SHOWN``, any other fills nothing.

    Raises:
        FileNotFoundError: when there is no such file.
        ValueError: when a block's markers are missing, as in ``rendering.fill``; the file stays as it was.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "README.md"
    >>> _ = path.write_text("".join(f"<!-- {name} --><!-- /{name} -->" for name in SHOWN["study"]))
    >>> "orderings in print" in fill_readme(path, Ledger((), (), {}, {}), {}, "study").read_text(encoding="utf-8")
    True
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no README at {path}; give its path, or an empty one to fill none.")
    text, blocks = path.read_text(encoding="utf-8"), readme_blocks(ledger, records)
    for name in SHOWN.get(tier, ()):
        text = fill(text, name, blocks[name])
    return write_text(path, text)


_LEFT_OUT = ("over photographs (dB)", "seeds", "because")


def _narrow(table: Table, *columns: str, rule: bool = False) -> Table:
    """The table without some columns, for README; the rule by which it judges stands there once."""
    caption = table.caption if rule else table.caption.replace(RULE, "Judged as in the table before.")
    return Table([{k: v for k, v in row.items() if k not in columns} for row in table.rows], caption)


def _without_report(records: Records) -> Records:
    # the record of the run that writes the report comes after the report: nothing may rest on an older one
    return {run: record for run, record in records.items() if run != REPORT}
