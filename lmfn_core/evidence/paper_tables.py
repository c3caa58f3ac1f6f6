"""The papers' tables as they are printed, with our numbers where a record settles one, and each row's verdicts."""

from collections.abc import Sequence

from lmfn_core.evidence.ablation import how, measured
from lmfn_core.evidence.claims import Verdict, verdicts
from lmfn_core.evidence.ledger import PAPERS, Claim, Ledger
from lmfn_core.evidence.rendering import Row, Table
from lmfn_core.evidence.runs import Records, runs_of
from lmfn_core.evidence.tables import ours

_TITLES = {
    "lmfn": {"Table 1": "GoPro", "Table 2": "Köhler"},
    "lfdn": {"Table 1": "the data sets", "Table 2": "deraining", "Table 3": "GoPro", "Table 4": "Köhler",
             "Table 5": "HIDE", "Table 6": "the parts of LFDN", "Table 7": "theta fixed", "Table 8": "alpha fixed",
             "Table 9": "the number of FDNBs"},
}  # fmt: skip
"""Every table that is rendered as printed: LMFN's Tables 3 and 4 have more to show and are in ``ablation``."""
_TRAINED = ("Table 6", "Table 7", "Table 8", "Table 9")
"""LFDN's tables whose every row is a network of ours, so that what was measured stands beside what is printed."""


def printed_tables(ledger: Ledger, records: Records) -> dict[str, Table]:
    """Every such table by its file's name: ``table1`` and ``table2`` of LMFN, ``lfdn-table1`` to ``lfdn-table9``.

    >>> list(printed_tables(Ledger((), (), {}, {}), {}))[:3]
    ['table1', 'table2', 'lfdn-table1']
    """
    decided = verdicts(ledger, records)
    found = {}
    for paper, titles in _TITLES.items():
        for place, title in titles.items():
            cells = [verdict for verdict in decided if (verdict.claim.paper, verdict.claim.place) == (paper, place)]
            name = place.lower().replace(" ", "") if paper == "lmfn" else f"{paper}-{place.lower().replace(' ', '')}"
            trained = paper == "lfdn" and place in _TRAINED
            found[name] = _table(cells, f"{PAPERS[paper]} {place}, {title}", records if trained else None)
    return found


def _table(cells: Sequence[Verdict], title: str, records: Records | None) -> Table:
    """One table; with ``records``, also what they measured of each row's network."""
    by_row: dict[str, list[Verdict]] = {}
    for verdict in cells:
        by_row.setdefault(verdict.claim.row, []).append(verdict)
    settled = [heading(verdict.claim) for verdict in cells if verdict.ours is not None]
    runs = {row: runs_of(records or {}, of_row[0].claim.subject) for row, of_row in by_row.items()}
    rows = [
        _row(row, of_row, settled) | (measured(runs[row]) if records is not None else {})
        for row, of_row in by_row.items()
    ]
    said = "as printed, and `here` where a record of ours settles a number."
    return Table(rows, f"{title}: {said} {how(runs) if records is not None else _own(cells)}")


def _row(name: str, cells: Sequence[Verdict], settled: Sequence[str]) -> Row:
    printed: Row = {heading(verdict.claim): verdict.claim.printed for verdict in cells}
    here = {heading(verdict.claim): ours(verdict) for verdict in cells}
    filled: Row = {f"here: {title}": here[title] for title in printed if title in settled}
    return {"row": name} | printed | filled | {"verdicts": _said(cells)}


def heading(claim: Claim) -> str:
    """A column's heading with its unit: "Model Size (M)"."""
    return f"{claim.column} ({claim.unit})" if claim.unit else claim.column


def _said(cells: Sequence[Verdict]) -> str:
    """The verdicts of a row: one for all of them, or each with its columns."""
    by_verdict: dict[str, list[str]] = {}
    for verdict in cells:
        by_verdict.setdefault(verdict.verdict, []).append(verdict.claim.column)
    if len(by_verdict) == 1:
        return next(iter(by_verdict))
    return "; ".join(f"{verdict}: {', '.join(columns)}" for verdict, columns in by_verdict.items())


def _own(cells: Sequence[Verdict]) -> str:
    """What the paper's own PSNRs rest on, or what they would take."""
    evidence = [v.evidence for v in cells if v.claim.subject in PAPERS and v.claim.quantity == "psnr"]
    network = next((PAPERS[v.claim.subject] for v in cells if v.claim.subject in PAPERS), None)
    return f"{network}'s PSNR: {' '.join(dict.fromkeys(evidence))}" if evidence else "No score of ours belongs here."
