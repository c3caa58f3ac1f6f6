"""LMFN's Tables 3 and 4, the ablations: published scores and sizes, our counts, and what trainings measured."""

from collections.abc import Mapping, Sequence
from statistics import mean, stdev

from lmfn_core.evidence.claims import Verdict, verdicts
from lmfn_core.evidence.ledger import Ledger
from lmfn_core.evidence.rendering import Row, Table
from lmfn_core.evidence.runs import Record, Records, look_up, runs_of

MEASURED = {  # column: (path in the record's metrics, decimals, with sign)
    "gain (dB)": ("gain_psnr_rgb", 2, True),
    "PSNR RGB": ("restored.psnr_rgb", 2, False),
    "PSNR luma": ("restored.psnr_luma", 2, False),
    "SSIM per channel": ("restored.ssim_per_channel", 4, False),
    "SSIM MATLAB RGB": ("restored.ssim_matlab_rgb", 4, False),
}
SKIP = "All rows use the image skip (no parameters), since this tier is too short for the published form."
NO_SKIP = "All rows are in the published form, without an image skip."
COLUMNS = (
    "Scores on held-out images: the gain is PSNR on RGB above the blurred input; SSIM per channel uses 2-D windows, "
    "SSIM MATLAB RGB a 3-D window over the colours too."
)
ELSEWHERE = " The published scores are on GoPro, ours are not: compare differences between rows, never values."


def table3(ledger: Ledger, records: Records) -> Table:
    """LMFN's Table 3: the network without one of its parts, and in full.

    Columns: the published scores and size with the size's verdict; our counts in both families; steps, seeds and
    scores of the records ``runs_of`` finds, mean ± standard deviation over seeds where there are several.

    >>> table3(Ledger((), (), {}, {}), {}).caption.split(":")[0]
    'LMFN Table 3, the parts of LMFN'
    """
    return _ablation(ledger, records, "Table 3", "the parts of LMFN")


def table4(ledger: Ledger, records: Records) -> Table:
    """LMFN's Table 4: one to six distillation blocks, in the columns of ``table3``.

    >>> table4(Ledger((), (), {}, {}), {}).caption.split(":")[0]
    'LMFN Table 4, the number of distillation blocks'
    """
    return _ablation(ledger, records, "Table 4", "the number of distillation blocks")


def measured(runs: Sequence[Record]) -> Row:
    """What a network's runs measured, in cells: steps, seeds and scores; dashes where there is none.

    >>> measured([])["gain (dB)"] is None
    True
    """
    cells: Row = {"steps": _values(runs, "steps"), "seeds": _values(runs, "seed")}
    for column, (path, digits, sign) in MEASURED.items():
        numbers = [look_up(record, f"metrics.{path}") for record in runs]
        cells[column] = _spread([number for number in numbers if number is not None], digits, sign)
    return cells


def how(runs: Mapping[str, Sequence[Record]]) -> str:
    """How the rows of a table were trained, in sentences. ``runs``: row to its records.

    >>> how({})
    'No training record yet.'
    """
    every = [record for group in runs.values() for record in group]
    if not every:
        return "No training record yet."
    fields = {
        "tier": "tier", "recipe": "parameters.recipe", "steps": "steps", "batch": "parameters.batch",
        "crop in pixels": "parameters.crop", "seeds": "seed", "data": "data",
    }  # fmt: skip
    stated = [f"{name} {_values(every, path) or 'not stated'}" for name, path in fields.items()]
    away = "" if "gopro" in (_values(every, "data") or "").lower() else ELSEWHERE
    return f"Ours: {'; '.join(stated).rstrip('.')}. {_skip(runs)} {COLUMNS}{away}"


def _ablation(ledger: Ledger, records: Records, place: str, title: str) -> Table:
    by_row: dict[str, list[Verdict]] = {}
    for verdict in verdicts(ledger, records):
        if (verdict.claim.paper, verdict.claim.place) == ("lmfn", place):
            by_row.setdefault(verdict.claim.row, []).append(verdict)
    runs = {row: runs_of(records, decided[0].claim.subject) for row, decided in by_row.items()}
    rows = [_published(row, decided, records) | measured(runs[row]) for row, decided in by_row.items()]
    return Table(rows, f"LMFN {place}, {title}: published values beside ours. {how(runs)}")


def _published(row: str, decided: Sequence[Verdict], records: Records) -> Row:
    cells: Row = {"variant": row}
    for verdict in decided:
        claim = verdict.claim
        cells[f"published {claim.column}" + (f" ({claim.unit})" if claim.unit else "")] = claim.printed
        if claim.quantity == "parameters":
            cells["size verdict"] = verdict.verdict
    counts = look_up(records.get("assembling", {}), f"metrics.networks.{decided[0].claim.subject}")
    cells["parameters, as published"] = look_up(counts, "parameters_published")
    cells["parameters, equations"] = look_up(counts, "parameters")
    return cells


def _spread(numbers: Sequence[float], digits: int, sign: bool) -> str | None:
    if not numbers:
        return None
    middle = f"{mean(numbers):{'+' if sign else ''}.{digits}f}"
    return f"{middle} ± {stdev(numbers):.{digits}f}" if len(numbers) > 1 else middle


def _values(runs: Sequence[Record], path: str) -> str | None:
    """The distinct values of one field over the runs, in their order, or None."""
    found = [look_up(record, path) for record in runs]
    return ", ".join(dict.fromkeys(str(value) for value in found if value is not None)) or None


def _skip(runs: Mapping[str, Sequence[Record]]) -> str:
    """Which rows were trained with the image skip, in words."""
    settings = {row: {bool(look_up(r, "parameters.image_skip")) for r in group} for row, group in runs.items() if group}
    if all(skips == {True} for skips in settings.values()):
        return SKIP
    rows = [row for row, skips in settings.items() if True in skips]
    return f"The image skip (no parameters) is in some rows only: {', '.join(rows)}." if rows else NO_SKIP
