"""The report's tables that are no table of a paper: costs, conventions, every claim, contradictions and remarks.

Every builder returns a ``rendering.Table``. What no record states is None there, a dash in print, and never an error.
"""

from lmfn_core.evidence.claims import CONTRADICTS, CONTRADICTS_OTHER, Verdict, verdicts
from lmfn_core.evidence.ledger import PAPERS, Ledger
from lmfn_core.evidence.rendering import Row, Table
from lmfn_core.evidence.runs import Records, look_up
from lmfn_core.measures.conventions import CONVENTIONS
from lmfn_core.models.lfdn_variants import FIXED
from lmfn_core.models.variants import networks


def costs(records: Records) -> Table:
    """Exact parameters and multiply-accumulates of every network, by the equations and as published.

    >>> costs({}).rows[0]["network"]
    'lmfn'
    """
    record = records.get("assembling", {})
    columns = {
        "parameters, equations": "parameters", "parameters, as published": "parameters_published",
        "MAC at 256 x 256, equations": "macs_256", "MAC at 1280 x 720, equations": "macs_720p",
        "MAC at 1280 x 720, as published": "macs_720p_published",
    }  # fmt: skip
    rows = [
        {"network": name} | {title: look_up(record, f"metrics.networks.{name}.{key}") for title, key in columns.items()}
        for name in networks()
        if name not in ("lmfn-published", *FIXED)  # rows of lmfn, counted as published, and of lfdn, less one parameter
    ]
    unused = look_up(record, "metrics.unused_published")
    dead = f" {unused:,} of the parameters as published are in layers that are never called." if unused else ""
    return Table(rows, f"Costs, counted exactly; MAC are multiply-accumulates of one image.{dead}")


def conventions(records: Records) -> Table:
    """One pair of images under every convention of PSNR and SSIM, from the record ``evaluation``.

    >>> conventions({}).rows
    []
    """
    card = look_up(records.get("evaluation", {}), "metrics.card") or {}
    names = list(dict.fromkeys(name for values in card.values() for name in values))
    rows = []
    for name in names:
        digits = 2 if name.startswith("psnr") else 4
        scores = {f"{kind} image": _fixed(values.get(name), digits) for kind, values in card.items()}
        rows.append({"measure": name, **scores, "definition": CONVENTIONS.get(name)})
    return Table(rows, "One pair of images under every convention: the numbers differ, the images do not.")


def claims_table(ledger: Ledger, records: Records) -> Table:
    """Every claim with its verdict and the evidence.

    >>> claims_table(Ledger((), (), {}, {}), {}).rows
    []
    """
    rows = [_verdict_row(verdict) for verdict in verdicts(ledger, records)]
    return Table(rows, f"All {len(rows)} claims of the ledger and what became of them.")


def contradictions(ledger: Ledger, records: Records) -> Table:
    """The claims that printed numbers contradict, the same paper's or the other's.

    >>> contradictions(Ledger((), (), {}, {}), {}).rows
    []
    """
    found = (CONTRADICTS, CONTRADICTS_OTHER)
    rows = [_verdict_row(verdict) for verdict in verdicts(ledger, records) if verdict.verdict in found]
    return Table(rows, "Where a paper disagrees with itself, or one paper with the other; each row names both places.")


def remarks(ledger: Ledger) -> Table:
    """Observations on the papers' numbers that get no verdict.

    >>> remarks(Ledger((), (), {}, {})).rows
    []
    """
    rows = [
        {"paper": PAPERS[remark["paper"]], "where": remark["where"], "remark": " ".join(remark["text"].split())}
        for remark in ledger.remarks
    ]
    return Table(rows, "Remarks on the published numbers; none is a verdict.")


def _verdict_row(verdict: Verdict) -> Row:
    claim = verdict.claim
    return {
        "claim": claim.id, "where": claim.where, "printed": f"{claim.printed} {claim.unit}".strip(),
        "here": ours(verdict), "verdict": verdict.verdict, "evidence": verdict.evidence,
    }  # fmt: skip


def ours(verdict: Verdict) -> str | None:
    """Our number for a claim, with one decimal more than in print, so that a reader sees how the rounding went.

    >>> from lmfn_core.evidence.ledger import Claim
    >>> claim = Claim("t", "Table 1", "LMFN", "Size", "lmfn", "1.25", "parameters", "M", "", {})
    >>> ours(Verdict(claim, "reproduced", 1.247707, ""))
    '1.248'
    """
    return _fixed(verdict.ours, verdict.claim.digits + 1 if verdict.claim.value is not None else 3)


def _fixed(number: float | None, digits: int) -> str | None:
    return None if number is None else f"{number:.{digits}f}"
