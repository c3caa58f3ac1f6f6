"""Printed numbers against each other: what rounding explains agrees, the rest is a contradiction.

A number in print stands for everything that rounds to it: 1.25 for 1.245 to 1.255. Counts of images are exact.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lmfn_core.evidence.checks import held_against
from lmfn_core.evidence.ledger import Claim, Ledger

_SIGNS = {"difference": ("-", operator.sub), "product": ("x", operator.mul), "ratio": ("/", operator.truediv)}
ROUNDING = 1e-9
"""Two ends of intervals this near are the same number: what is left of decimals in binary."""


@dataclass(frozen=True)
class Comparison:
    """What came of holding a claim against other printed numbers.

    >>> Comparison(False, "LMFN Table 3 gives 0.55, not 0.45.", False).agrees
    False
    """

    agrees: bool  # rounding can explain what is printed
    sentence: str  # the numbers and where they stand
    abroad: bool  # they stand in another paper than the claim


def compare_in_print(claim: Claim, ledger: Ledger) -> Comparison:
    """Hold a claim against the printed numbers that its internal check names.

    >>> a, b = (Claim(n, "Table 1", n, "Size", n, n, "parameters", "M", "", {}) for n in ("1.8", "1.25"))
    >>> said = Claim("c", "Text", "", "", "", "0.45", "parameters", "M", "", {"difference": ["1.8", "1.25"]})
    >>> compare_in_print(said, Ledger((a, b), (), {}, {})).sentence
    'LMFN Table 1 gives 1.8 - 1.25 = 0.55, not 0.45.'
    """
    form, named = held_against(claim.check)
    cells = [ledger[name] for name in named]
    if form in _SIGNS:
        agrees, sentence = _computed(claim, form, cells)
    elif form == "extreme":
        agrees, sentence = _extreme(claim.check["extreme"], cells[0], ledger)
    else:
        agrees, sentence = _PLAIN[form](claim, cells)
    return Comparison(agrees, sentence, any(cell.paper != claim.paper for cell in cells))


def span(claim: Claim) -> tuple[float, float]:
    """The smallest and the largest number that the printed one may stand for.

    >>> [round(end, 2) for end in span(Claim("t", "Table 3", "", "", "", "1.8", "parameters", "M", "", {}))]
    [1.75, 1.85]
    """
    half = 0.0 if claim.quantity == "images" else 0.5 * 10**-claim.digits
    return claim.value - half, claim.value + half


def _computed(claim: Claim, form: str, cells: Sequence[Claim]) -> tuple[bool, str]:
    sign, compute = _SIGNS[form]
    first, second = cells
    found = [compute(a, b) for a in span(first) for b in span(second)]
    computed = round(compute(first.value, second.value), max(claim.digits, 2))
    sums = f"{_sources(cells)} gives {first.printed} {sign} {second.printed} = {computed:g}"
    if least := claim.check.get("least"):
        agrees = max(found) >= least
        return agrees, f"{sums}{'' if agrees else f', less than {least}'}."
    low, high = span(claim)
    agrees = min(found) <= high + ROUNDING and low <= max(found) + ROUNDING
    return agrees, f"{sums}{'' if agrees else f', not {claim.printed}'}."


def _extreme(which: str, cell: Claim, ledger: Ledger) -> tuple[bool, str]:
    column = [c for c in ledger.at(cell.place, cell.paper) if c.column == cell.column and c.value is not None]
    rest = [c for c in column if c is not cell]
    best = max(rest, key=lambda c: c.value) if which == "largest" else min(rest, key=lambda c: c.value)
    agrees = cell.value >= best.value if which == "largest" else cell.value <= best.value
    said = "agrees" if agrees else "does not agree"
    return agrees, f"{cell.source} {said}: {cell.printed} against {best.printed} in row {best.row}."


def _equal(claim: Claim, cells: Sequence[Claim]) -> tuple[bool, str]:
    (cell,) = cells
    digits = min(claim.digits, cell.digits)
    agrees = f"{claim.value:.{digits}f}" == f"{cell.value:.{digits}f}"
    return agrees, f"{cell.where}: {cell.printed}{', too' if agrees else f', not {claim.printed}'}."


def _more(claim: Claim, cells: Sequence[Claim]) -> tuple[bool, str]:
    first, second = cells
    agrees = first.value > second.value
    said = "agrees" if agrees else "does not agree"
    return agrees, f"{_sources(cells)} {said}: {first.printed} ({first.row}) and {second.printed} ({second.row})."


def _unit_of(claim: Claim, cells: Sequence[Claim]) -> tuple[bool, str]:
    (cell,) = cells
    agrees = cell.unit == claim.unit
    return agrees, f"{cell.where}: {cell.printed} {cell.unit}{', too' if agrees else f', not {claim.unit}'}."


def _sources(cells: Sequence[Claim]) -> str:
    return " with ".join(dict.fromkeys(cell.source for cell in cells))


_PLAIN: Mapping[str, Callable[[Claim, Sequence[Claim]], tuple[bool, str]]] = {
    "equal": _equal, "more": _more, "unit_of": _unit_of,
}  # fmt: skip
