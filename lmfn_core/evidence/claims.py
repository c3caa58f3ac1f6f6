"""Verdicts: each claim of the ledger decided by code, never by hand.

Counts are settled exactly by the record ``assembling``, contradictions by the printed numbers alone. A score settles a
claim only when its record meets every condition of the ledger's ``eligible``: tier, recipe, published form, steps and
test set. Any other score is quoted in the evidence as what was measured instead, and never becomes a number of the
paper's table.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean

from lmfn_core.evidence.in_print import compare_in_print
from lmfn_core.evidence.ledger import Claim, Ledger
from lmfn_core.evidence.runs import RAIN, Record, Records, derains, eligible, look_up, runs_of, stamp

REPRODUCED = "reproduced"
WITHIN_TOLERANCE = "within tolerance"
NOT_REPRODUCED = "not reproduced"
CONTRADICTS = "contradicts the paper's own text"
CONTRADICTS_OTHER = "contradicts the other paper"
NOT_ATTEMPTED = "not attempted here"
VERDICTS = (REPRODUCED, WITHIN_TOLERANCE, NOT_REPRODUCED, CONTRADICTS, CONTRADICTS_OTHER, NOT_ATTEMPTED)

Outcome = tuple[str, float | None, str]  # verdict, our number in the claim's unit, evidence


@dataclass(frozen=True)
class Verdict:
    """What became of one claim."""

    claim: Claim
    verdict: str  # one of VERDICTS
    ours: float | None  # our number in the claim's unit; None when nothing settles the claim
    evidence: str  # the record it rests on, or what was measured instead and what it would take


def verdicts(ledger: Ledger, records: Records) -> list[Verdict]:
    """One verdict per claim, in the ledger's order.

    Args:
        ledger: from ``load_ledger``.
        records: run name to record, from ``load_records``; records may be missing, none is required.

    >>> verdicts(Ledger((), (), {}, {}), {})
    []
    """
    return [Verdict(claim, *_decide(claim, claim.check, ledger, records)) for claim in ledger.claims]


def tally(decided: Sequence[Verdict]) -> dict[str, int]:
    """How many claims got which verdict; every verdict is listed, also with 0.

    >>> tally([])["not reproduced"]
    0
    """
    return {name: sum(verdict.verdict == name for verdict in decided) for name in VERDICTS}


def _decide(claim: Claim, check: Mapping[str, object], ledger: Ledger, records: Records) -> Outcome:
    return _JUDGES[check["kind"]](claim, check, ledger, records)


def _compare(claim: Claim, ours: float, tolerance: float) -> str:
    if f"{ours:.{claim.digits}f}" == f"{claim.value:.{claim.digits}f}":
        return REPRODUCED
    return WITHIN_TOLERANCE if abs(ours - claim.value) <= tolerance else NOT_REPRODUCED


def _count(claim: Claim, check: Mapping[str, object], ledger: Ledger, records: Records) -> Outcome:
    record = records.get("assembling", {})
    names = [name for name in (claim.subject, check.get("minus")) if name]
    counts = [look_up(record, f"metrics.networks.{name}.{check['metric']}") for name in names]
    if None in counts:
        return NOT_ATTEMPTED, None, f"The record `assembling` has no {check['metric']} of {' or '.join(names)}: run it."
    ours = (counts[0] - sum(counts[1:])) / 1e6
    shown = ", ".join(_both_families(record, name) for name in names)
    evidence = f"{shown}; {stamp(record)}."
    if "above" in check:
        verdict = REPRODUCED if ours > check["above"] else NOT_REPRODUCED
        return verdict, ours, f"Change {ours:+.3f} M: {evidence}"
    verdict = _compare(claim, ours, tolerance=0.0)
    if "fixed_by" in check and verdict != REPRODUCED:
        return CONTRADICTS, ours, f"{check['fixed_by']} gives {ours:.3f} M, not {claim.printed}. {evidence}"
    return verdict, ours, evidence


def _both_families(record: Record, name: str) -> str:
    published, equations = (
        look_up(record, f"metrics.networks.{name}.{family}") for family in ("parameters_published", "parameters")
    )
    if published is None:  # the authors published no code of it
        return f"{name} {equations or 0:,} parameters"
    return f"{name} {published:,} parameters as published ({equations or 0:,} by the equations)"


def _score(claim: Claim, check: Mapping[str, object], ledger: Ledger, records: Records) -> Outcome:
    names = [name for name in (check.get("against"), claim.subject) if name]
    found = [eligible(ledger.eligible, records, name, check["data"], check["metric"]) for name in names]
    if not all(found):
        return NOT_ATTEMPTED, None, f"{_instead(claim, check, records)} {ledger.takes[check['takes']]}"
    scores = [mean(look_up(record, f"metrics.restored.{check['metric']}") for record in group) for group in found]
    ours = scores[0] - sum(scores[1:])
    evidence = "; ".join(stamp(record) for group in found for record in group)
    return _compare(claim, ours, check["tolerance"]), ours, f"{check['metric']}, mean of: {evidence}."


def _instead(claim: Claim, check: Mapping[str, object], records: Records) -> str:
    """What the records measured in the score's place, in words, with every run it rests on."""
    rain = check["data"] in RAIN
    records = {run: record for run, record in records.items() if derains(record) == rain}
    gains = _gains(records, claim.subject, check.get("instead"))
    if not gains:
        return f"No training record of this network{' on rain' if rain else ''}."
    measured = f"{mean(gains.values()):+.2f} dB over the {'rainy' if rain else 'blurred'} input"
    if others := _gains(records, check.get("against")):
        fall = mean(others.values()) - mean(gains.values())
        measured, gains = f"{fall:.2f} dB less than {check['against']}", others | gains
    return f"Measured instead: {measured} (PSNR on RGB; {'; '.join(gains)})."


def _gains(records: Records, network: str | None, first: str | None = None) -> dict[str, float]:
    """Stamp to gain: of the run named ``first``, else of the network's ablation runs, else of any run of it."""
    runs = [records[first]] if first in records else runs_of(records, network or "")
    runs = runs or [record for record in records.values() if look_up(record, "parameters.network") == (network or "")]
    gains = {stamp(record): look_up(record, "metrics.gain_psnr_rgb") for record in runs}
    return {run: gain for run, gain in gains.items() if gain is not None}


def _time(claim: Claim, check: Mapping[str, object], ledger: Ledger, records: Records) -> Outcome:
    record = records.get(check["run"], {})
    seconds = look_up(record, check["path"])
    takes = ledger.takes[check["takes"]]
    if not isinstance(seconds, int | float):
        return NOT_ATTEMPTED, None, f"No time in the record `{check['run']}`. {takes}"
    if check["device"] not in str(look_up(record, "environment.cuda")):
        size = " x ".join(str(look_up(record, f"parameters.{side}")) for side in ("width", "height"))
        device = look_up(record, "environment.cuda") or look_up(record, "environment.cpu")
        measured = f"Measured instead: {seconds:.3f} s at {size} on {device}; {stamp(record)}."
        return NOT_ATTEMPTED, None, f"{measured} {takes}"
    return _compare(claim, seconds, check["tolerance"]), seconds, f"{stamp(record)}."


def _internal(claim: Claim, check: Mapping[str, object], ledger: Ledger, records: Records) -> Outcome:
    found = compare_in_print(claim, ledger)
    verdict, ours, evidence = _decide(claim, check["otherwise"], ledger, records)
    if not found.agrees:
        verdict = CONTRADICTS_OTHER if found.abroad else CONTRADICTS
    return verdict, ours, f"{found.sentence} {evidence}"


def _note(claim: Claim, check: Mapping[str, object], ledger: Ledger, records: Records) -> Outcome:
    return NOT_ATTEMPTED, None, ledger.takes[check["takes"]]


_JUDGES: dict[str, Callable[..., Outcome]] = {
    "count": _count, "score": _score, "time": _time, "internal": _internal, "note": _note,
}
