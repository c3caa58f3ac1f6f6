"""The orderings that Tables 3 and 4 print, and what our trainings say of each: it holds, is contradicted, or noise."""

from collections.abc import Sequence
from dataclasses import dataclass

from lmfn_core.evidence.effects import EFFECT, UNLIKE, Effect, compare
from lmfn_core.evidence.ledger import Claim, Ledger
from lmfn_core.evidence.runs import Records, look_up, runs_of

HOLDS, CONTRADICTED, WITHIN_NOISE, NOT_RUN = "holds", "contradicted", "within the noise", "not run here"
VERDICTS = (HOLDS, CONTRADICTED, WITHIN_NOISE, UNLIKE, NOT_RUN)


@dataclass(frozen=True)
class Variant:
    """One row of Tables 3 and 4: what is printed, and what the records state.

    >>> Variant("full", "lmfn", 1.25, 1.248, 0.0, None).label
    'full'
    """

    label: str  # the row's heading
    network: str  # its name in ``networks()``
    printed_size: float  # M
    size: float | None  # M, counted as published
    printed_difference: float  # dB on GoPro, row less full
    effect: Effect | None  # ours, against the full network; None for itself, and where either was not trained


@dataclass(frozen=True)
class Ordering:
    """Two rows of one table, the one with the higher printed PSNR first.

    >>> Ordering("Table 4", "N = 4", "N = 5", 0.02, None).verdict
    'not run here'
    """

    place: str
    upper: str  # the row that is better in print
    lower: str
    printed: float  # dB on GoPro, upper less lower: above 0
    effect: Effect | None  # ours, upper less lower; None where one of them was not trained

    @property
    def verdict(self) -> str:
        """One of ``VERDICTS``."""
        return verdict(self.effect)


def verdict(effect: Effect | None) -> str:
    """What an effect says of an order that expects it above 0: one of ``VERDICTS``.

    >>> verdict(Effect(-0.5, None, None, 1, EFFECT, ""))
    'contradicted'
    """
    if effect is None:
        return NOT_RUN
    if effect.verdict != EFFECT:
        return UNLIKE if effect.verdict == UNLIKE else WITHIN_NOISE
    return HOLDS if effect.difference > 0 else CONTRADICTED


def variants(ledger: Ledger, records: Records) -> list[Variant]:
    """The rows of Tables 3 and 4, the full network first; N = 4 is the full network and stands once.

    >>> variants(Ledger((), (), {}, {}), {})
    []
    """
    cells = {(c.place, c.row, c.quantity): c for c in [*ledger.at("Table 3"), *ledger.at("Table 4")]}
    rows = dict.fromkeys((place, row) for place, row, _ in cells if row != "4")
    order = sorted(rows, key=lambda key: key[1] != "full")
    full = cells.get(("Table 3", "full", "psnr"))
    found = []
    for place, row in order:
        size, psnr = cells[place, row, "parameters"], cells[place, row, "psnr"]
        count = look_up(records.get("assembling", {}), f"metrics.networks.{size.subject}.parameters_published")
        itself = size.subject == full.subject
        effect = None if itself else compare(runs_of(records, size.subject), runs_of(records, full.subject))
        label = row if place == "Table 3" else f"N = {row}"
        printed = round(psnr.value - full.value, max(psnr.digits, full.digits))
        found.append(Variant(label, size.subject, size.value, count and count / 1e6, printed, effect))
    return found


def orderings(ledger: Ledger, records: Records) -> list[Ordering]:
    """Every variant of Table 3 against the full network; in Table 4 each N against the next, then against 4.

    Rows that are equal in print have no order.

    >>> orderings(Ledger((), (), {}, {}), {})
    []
    """
    return [
        _ordering(place, first, second, records)
        for place in ("Table 3", "Table 4")
        for first, second in _pairs([claim for claim in ledger.at(place) if claim.quantity == "psnr"])
        if first.value != second.value
    ]


def tally(found: Sequence[Ordering]) -> str:
    """How many of the orderings got which verdict, in a sentence.

    >>> tally([Ordering("Table 4", "N = 4", "N = 5", 0.02, None)])
    'The 1 orderings in print: holds 0, contradicted 0, within the noise 0, not run here 1.'
    """
    counts = {name: sum(ordering.verdict == name for ordering in found) for name in VERDICTS}
    said = [f"{name} {count}" for name, count in counts.items() if count or name in VERDICTS[:3]]
    return f"The {len(found)} orderings in print: {', '.join(said)}."


def _pairs(cells: Sequence[Claim]) -> list[tuple[Claim, Claim]]:
    full = next((i for i, cell in enumerate(cells) if cell.row in ("full", "4")), 0)
    counted = cells and cells[0].place == "Table 4"
    places = [(i, i + 1) for i in range(len(cells) - 1)] if counted else []
    places += [(min(i, full), max(i, full)) for i in range(len(cells)) if i != full]
    return [(cells[i], cells[j]) for i, j in dict.fromkeys(places)]


def _ordering(place: str, first: Claim, second: Claim, records: Records) -> Ordering:
    upper, lower = sorted((first, second), key=lambda claim: -claim.value)
    effect = compare(runs_of(records, upper.subject), runs_of(records, lower.subject))
    printed = round(upper.value - lower.value, max(upper.digits, lower.digits))
    labels = [claim.row if place == "Table 3" else f"N = {claim.row}" for claim in (upper, lower)]
    return Ordering(place, *labels, printed, effect)
