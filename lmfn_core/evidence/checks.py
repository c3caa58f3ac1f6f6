"""How a claim of the ledger may be decided, and what each way needs: mistakes are caught here, in one sentence each.

What the fields mean is said in ``reports/claims/rules.yaml``. Reading is in ``ledger``, deciding in ``claims``.
"""

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from lmfn_core.models.variants import networks
from lmfn_core.parsing import brief, quoted

FORMS = ("difference", "product", "ratio", "equal", "more", "unit_of", "extreme")
"""How printed numbers are held against each other; an internal check has one of them."""
KINDS = {  # kind of check: (fields it needs, fields it may have)
    "count": ({"metric"}, {"minus", "above", "fixed_by"}),
    "score": ({"data", "metric", "tolerance", "takes"}, {"against", "instead"}),
    "time": ({"run", "path", "device", "tolerance", "takes"}, set()),
    "internal": ({"otherwise"}, {*FORMS, "column_of", "least"}),
    "note": ({"takes"}, set()),
}
WORDS = ("metric", "run", "path", "device", "instead", "column_of")
"""Fields that are one word each."""
EXTREMES = ("largest", "smallest")


@dataclass(frozen=True)
class Known:
    """The names that checks may use.

    >>> Known({"t1", "t2"}, {"t1"}, {"gopro"}, {"gopro"}).numbers
    {'t1'}
    """

    claims: Collection[str]  # ids of all papers' claims
    numbers: Collection[str]  # those that print a number, and no words or dash
    data: Collection[str]  # data sets with a count of test pairs
    takes: Collection[str]  # keys of the sentences on what it would take


def examine(claim: str, subject: str, check: Mapping[str, object], known: Known) -> None:
    """Check the check of one claim.

    Args:
        claim: its id, for the sentence. subject: the network, competitor or set-up that it is about.

    Raises:
        ValueError: for an unknown kind, a missing or unknown field, an internal check without one form, and a network,
            data set, sentence or claim that does not exist or prints no number to compare.

    >>> examine("t1", "DMPHN", {"kind": "note", "takes": "luck"}, Known((), (), (), ("method", "set")))
    Traceback (most recent call last):
    ValueError: Claim 't1' names the unknown takes 'luck'; known are method, set.
    """
    known_word(claim, "kind of check", check.get("kind"), KINDS)
    needed, optional = KINDS[check["kind"]]
    for field in sorted(needed - set(check)):
        raise ValueError(f"Claim {claim!r}: a check of kind {check['kind']!r} needs the field {field!r}.")
    for field in check:
        known_word(claim, f"field of a {check['kind']!r} check", field, ("kind", *sorted(needed | optional)))
        if field in WORDS and not isinstance(check[field], str) or field == "otherwise" and not _is_check(check[field]):
            raise ValueError(f"Claim {claim!r} has {field}: {quoted(check[field])} in its check; see rules.yaml.")
    if check["kind"] in ("count", "score", "time"):
        for network in (subject, check.get("minus"), check.get("against")):
            if network is not None:
                known_word(claim, "network", network, networks())
    if "takes" in check:
        known_word(claim, "takes", check["takes"], known.takes)
    if "data" in check:
        known_word(claim, "data", check["data"], known.data)
    if check["kind"] == "internal":
        _examine_form(claim, check, known)
        examine(claim, subject, check["otherwise"], known)


def held_against(check: Mapping[str, object]) -> tuple[str, list[str]]:
    """The form of an internal check and the claims that it names.

    >>> held_against({"kind": "internal", "extreme": "largest", "column_of": "t1-lmfn-psnr"})
    ('extreme', ['t1-lmfn-psnr'])
    """
    form = next(form for form in FORMS if form in check)
    named = check.get("column_of") if form == "extreme" else check[form]
    return form, _listed(named)


def known_word(claim: str, what: str, word: object, known: Collection[str]) -> None:
    """Refuse a word that is not among those known.

    Raises:
        ValueError: naming the nearest known word, or the first dozen.

    >>> known_word("t1", "unit", "dB", ["dB", "s"])
    """
    if isinstance(word, str) and word in known:
        return
    near = difflib.get_close_matches(brief(word), known, n=1)
    hint = f"did you mean {quoted(near[0])}?" if near else f"known are {brief(', '.join(sorted(known)[:12]))}."
    raise ValueError(f"Claim {claim!r} names the unknown {what} {quoted(word)}; {hint}")


def _listed(value: object) -> list:
    return value if isinstance(value, list) else [value]


def _is_check(value: object) -> bool:
    return isinstance(value, Mapping) and all(isinstance(key, str) for key in value)


def _examine_form(claim: str, check: Mapping[str, object], known: Known) -> None:
    if sum(form in check for form in FORMS) != 1:
        raise ValueError(f"Claim {claim!r}: an internal check needs exactly one of {', '.join(FORMS)}.")
    if "extreme" in check and "column_of" not in check:
        raise ValueError(f"Claim {claim!r}: 'extreme' needs the field 'column_of', the claim whose column is searched.")
    for form in FORMS:
        if not all(isinstance(name, str) for name in _listed(check.get(form, []))):
            raise ValueError(f"Claim {claim!r}: {form!r} names claims, not {quoted(check[form])}.")
    form, named = held_against(check)
    if form == "extreme":
        known_word(claim, "extreme", check["extreme"], EXTREMES)
    pair = form in ("difference", "product", "ratio", "more")
    if len(named) != 1 + pair:
        many = "two claims" if pair else "one claim"
        raise ValueError(f"Claim {claim!r}: {form!r} takes {many}, not {quoted(named)}.")
    for other in named:
        known_word(claim, "claim", other, known.claims)
    itself = [] if form in ("more", "extreme", "unit_of") or "least" in check else [claim]
    for name in [*named, *itself]:
        if name not in known.numbers:
            raise ValueError(f"Claim {claim!r}: {form!r} compares numbers, and {quoted(name)} prints none.")
