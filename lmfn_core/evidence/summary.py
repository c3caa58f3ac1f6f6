"""The report in short: what README shows, how long it took, and how fast the network is."""

from collections.abc import Sequence

from lmfn_core.evidence.ablation import MEASURED
from lmfn_core.evidence.claims import tally, verdicts
from lmfn_core.evidence.ledger import PAPERS, Ledger
from lmfn_core.evidence.rendering import Row, Table
from lmfn_core.evidence.runs import Record, Records, look_up
from lmfn_core.evidence.tables import ours

CHOSEN = (
    "t1-lmfn-size", "t3-without-attention-size", "t3-without-mshf-size", "t3-without-distillation-size", "t4-each-rfdb",
    "text-without-mshf-size", "t1-lmfn-psnr", "t1-lmfn-ssim", "t2-lmfn-psnr", "t1-lmfn-time",
    "lfdn-t1-kohler-test", "lfdn-t2-lfdn-rain100h-psnr", "lfdn-t3-lfdn-psnr", "lfdn-t3-lfdn-size",
    "lfdn-t3-deepdeblur-ssim", "lfdn-t6-rfdb-size", "lfdn-t9-each-fdnb", "lfdn-text-300-times",
    "lfdn-text-attention-saves", "lfdn-picture-size",
)  # fmt: skip
"""The claims that README shows; all of them stand in the table ``claims``."""
REPORT = "report"
"""The run that writes the report: no table rests on its record, which is written after them."""


def results(ledger: Ledger, records: Records) -> Table:
    """The headline claims with their verdicts, one line each.

    >>> results(Ledger((), (), {}, {}), {}).rows
    []
    """
    rows = []
    for decided in verdicts(ledger, records):
        claim = decided.claim
        if claim.id in CHOSEN:
            unit = "M" if claim.quantity == "parameters" else claim.unit  # counts are in millions, whatever the heading
            here = None if decided.ours is None else f"{ours(decided)} {unit}".strip()
            said = f"{claim.printed} {claim.unit}".strip()
            where = f"{claim.source.partition(',')[0]}: {claim.row.removesuffix('(Ours)').strip()}, {claim.column}"
            rows.append({"in the paper": where, "printed": said, "here": here, "verdict": decided.verdict})
    return Table(rows, "What the papers print, and what is found here; a dash where nothing here can settle it.")


def measured(records: Records) -> Table:
    """Held-out images, blurred and restored, under the four measures of every table.

    Restored by the network of this run (record ``evaluation`` where there is one, else ``train-lmfn``), and by the
    weights that come with the package (record ``shipped``).

    >>> measured({}).rows
    []
    """
    scored = next((records[run] for run in ("evaluation", "train-lmfn") if run in records), {})
    shown = {"blurred input": (scored, "blurred"), "restored by LMFN, trained in this run": (scored, "restored")}
    shown["restored by LMFN, the package's weights"] = (records.get("shipped", {}), "restored")
    rows = []
    for title, (record, kind) in shown.items():
        values = look_up(record, f"metrics.{kind}")
        if values:
            found = [(heading, values.get(name), digits) for heading, name, digits in _SCORES]
            rows.append({"held-out images": title} | {h: v if v is None else f"{v:.{d}f}" for h, v, d in found})
    caption = f"Measured instead of the paper's scores, never in their place. {_how(records, scored)}"
    if "shipped" in records:
        caption += " The package's weights saw none of these images; their model card says what they were trained on."
    return Table(rows, caption)


def tally_table(ledger: Ledger, records: Records) -> Table:
    """How many claims got which verdict, by paper and by what they are about.

    >>> [row["verdict"] for row in tally_table(Ledger((), (), {}, {}), {}).rows][:2]
    ['reproduced', 'within tolerance']
    """
    decided = verdicts(ledger, records)
    kinds = list(dict.fromkeys(verdict.claim.quantity for verdict in decided))
    rows = []
    for verdict, count in tally(decided).items():
        found = [d.claim for d in decided if d.verdict == verdict]
        of_paper = {title: sum(claim.paper == paper for claim in found) for paper, title in PAPERS.items()}
        of_kind = {kind: sum(claim.quantity == kind for claim in found) for kind in kinds}
        rows.append({"verdict": verdict, "claims": count} | of_paper | of_kind)
    papers = " and ".join(f"{sum(d.claim.paper == p for d in decided)} of {title}" for p, title in PAPERS.items())
    return Table(rows, f"The {len(decided)} claims of the ledger, {papers}, by verdict; decided by code.")


def turned(table: Table, columns: Sequence[str]) -> Table:
    """The table on its side, for a narrow page: its first column as titles, the named columns as rows.

    >>> turned(Table([{"verdict": "a", "claims": 1}, {"verdict": "b", "claims": 2}], "C."), ["claims"]).rows
    [{'': 'claims', 'a': 1, 'b': 2}]
    """
    rows = [{"": name} | {next(iter(row.values())): row[name] for row in table.rows} for name in columns]
    return Table(rows if table.rows else [], table.caption)


def timings(records: Records) -> Table:
    """Measured minutes of every notebook, all of its runs together.

    >>> timings({"a": {"notebook": "06_a", "seconds": {"total": 90}}}).rows[0]["minutes"]
    '1.5'
    """
    timed = [r for run, r in sorted(records.items()) if run != REPORT and look_up(r, "seconds.total") is not None]
    rows = []
    for notebook in sorted({record["notebook"] for record in timed}):
        rows.append(_minutes(notebook, [record for record in timed if record["notebook"] == notebook]))
    rows += [_minutes("all", timed)] if timed else []
    machines = "; ".join(dict.fromkeys(hardware(record) for record in timed)) or "no record yet"
    return Table(rows, f"Minutes inside the notebooks, as recorded, on {machines}.")


def speed(records: Records) -> Table:
    """Forward time and training steps per second of each way to run LMFN, from the record ``profiling``.

    The ratios matter, not the times.

    >>> speed({}).rows
    []
    """
    record = records.get("profiling", {})
    medians = {name: t["median"] for name, t in (look_up(record, "metrics.latency_ms") or {}).items()}
    slowest, steps = max(medians.values(), default=None), look_up(record, "metrics.training_step_ms") or {}
    rows = [{"way": name, "median (ms)": f"{median:.0f}", "times as fast as the slowest": f"{slowest / median:.2f}"}
            | ({"training steps a second": f"{1e3 / steps[name]['median']:.2f}"} if name in steps else {})
            for name, median in sorted(medians.items(), key=lambda item: -item[1])]  # fmt: skip
    size = " x ".join(str(look_up(record, f"parameters.{side}")) for side in ("width", "height"))
    where = f"one image of {size} on {hardware(record)}" if rows else "no record yet"
    batch, crop = (look_up(record, f"parameters.{key}") for key in ("batch", "crop"))
    trained = f" A training step takes {batch} crops of {crop} x {crop} pixels." if steps else ""
    return Table(rows, f"Speed of LMFN's forward pass, every way timed in turns in one run: {where}.{trained}")


def hardware(record: Record) -> str:
    """Processor, threads and graphics card of a record, in a phrase.

    >>> hardware({"environment": {"threads": 2, "cpu": "a processor", "cuda": None}})
    '2 CPU threads of a processor, no GPU'
    """
    threads, cpu, card = (look_up(record, f"environment.{key}") for key in ("threads", "cpu", "cuda"))
    return f"{threads} CPU thread{'s' if threads != 1 else ''} of {cpu}, {card or 'no GPU'}"


_SCORES = [(title, path.removeprefix("restored."), digits) for title, (path, digits, _) in MEASURED.items()
           if path.startswith("restored.")]  # fmt: skip

def _minutes(name: str, records: Sequence[Record]) -> Row:
    total = sum(record["seconds"]["total"] for record in records)
    return {"notebook": name, "runs": len(records), "minutes": f"{total / 60:.1f}"}


def _how(records: Records, scored: Record) -> str:
    """Data, length and settings of the training behind a scored network, in a sentence."""
    training = records.get("train-lmfn")
    if not scored or not training:
        return "No training record yet."
    settings = training.get("parameters", {})
    skip = "with the image skip (no parameters)" if settings.get("image_skip") else "in the published form"
    return (
        f"Tier {scored.get('tier')}; {scored.get('data')}; mean over {_count(scored)} held-out images; LMFN {skip}, "
        f"recipe {settings.get('recipe')}, {training.get('steps') or 0:,} steps of {settings.get('batch')} crops of "
        f"{settings.get('crop')} pixels, seed {training.get('seed')}."
    )


def _count(record: Record) -> object:
    images = look_up(record, "metrics.images")
    return len(images) if isinstance(images, list | tuple) else images or look_up(record, "metrics.count")
