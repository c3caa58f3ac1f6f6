"""What the paper claims: ``reports/claims.yaml``, read and checked.

The file explains its own fields. Here every mistake in it is caught by one sentence that names the claim, so that a
verdict is never decided from a half-filled entry. Verdicts are in ``claims``, the tables in ``tables``.
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from lmfn_core.variants import networks

FIELDS = ("id", "place", "row", "column", "subject", "printed", "quantity", "unit", "convention", "check")
SECTIONS = ("schema", "paper", "eligible", "conventions", "takes", "claims", "remarks")
QUANTITIES = ("psnr", "ssim", "parameters", "time", "setting")
KINDS = {  # kind of check: (fields it needs, fields it may have)
    "count": ({"metric"}, {"minus", "above"}),
    "score": ({"data", "metric", "tolerance", "takes"}, {"against", "instead"}),
    "time": ({"run", "path", "device", "tolerance", "takes"}, set()),
    "internal": ({"otherwise"}, {"difference", "extreme", "column_of"}),
    "note": ({"takes"}, set()),
}
EXTREMES = ("largest", "smallest")


@dataclass(frozen=True)
class Claim:
    """One number of the paper, or one comparison in words, as it is printed.

    >>> Claim("t", "Table 2", "Sun", "Time", "Sun", "1,200", "time", "s", "as quoted", {}).value
    1200.0
    """

    id: str  # unique name, e.g. t3-full-psnr
    place: str  # "Table 3" or "Section 4.3"
    row: str  # the row's heading, or the claim in our words
    column: str  # the column's heading
    subject: str  # a network of ours, a competitor, or the set-up
    printed: str  # the characters in print
    quantity: str  # one of QUANTITIES
    unit: str  # dB, M, s or empty
    convention: str  # what the paper says about the number and what it leaves open, one sentence or two
    check: Mapping[str, object]  # how the verdict is decided, see KINDS

    @property
    def value(self) -> float | None:
        """The printed number, or None where words or "N/A" stand."""
        try:
            return float(self.printed.replace(",", ""))
        except ValueError:
            return None

    @property
    def digits(self) -> int:
        """Decimals in print: 1 for "31.0"."""
        return len(self.printed.partition(".")[2])

    @property
    def where(self) -> str:
        """Place, row and column in one phrase."""
        return f"{self.place}, {self.row}, {self.column}"


@dataclass(frozen=True)
class Ledger:
    """All claims of one paper and the rules that decide them; ``ledger["t3-full-psnr"]`` is one claim."""

    claims: tuple[Claim, ...]  # in the order of the file
    remarks: tuple[Mapping[str, str], ...]  # observations without verdict: id, where, text
    eligible: Mapping[str, object]  # what a record must state before its score stands for a paper's number
    takes: Mapping[str, str]  # key to sentence: what settling a claim would take

    def __getitem__(self, name: str) -> Claim:
        for claim in self.claims:
            if claim.id == name:
                return claim
        raise KeyError(name)

    def at(self, place: str) -> list[Claim]:
        """The claims printed in one place, e.g. "Table 3", in the order of the file."""
        return [claim for claim in self.claims if claim.place == place]


def load_ledger(path: str | Path) -> Ledger:
    """Read and check the ledger at ``path`` (``reports/claims.yaml``).

    Raises:
        FileNotFoundError: when there is no such file.
        ValueError: when it is no YAML or breaks a rule, as in ``parse_ledger``.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no claims ledger at {path}; give the path of reports/claims.yaml.")
    return parse_ledger(path.read_text(encoding="utf-8"))


def parse_ledger(text: str) -> Ledger:
    """The ledger in ``text``, checked.

    Raises:
        ValueError: for text that is no YAML, a missing or unknown section or field, an unquoted number, an id or a
            cell that occurs twice, an unknown kind of check, network, convention or other claim; one sentence each.

    >>> parse_ledger("{schema: 1, paper: P, eligible: {}, conventions: {}, takes: {}, claims: [], remarks: []}").claims
    ()
    """
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"The claims ledger is no valid YAML: {' '.join(str(error).split())}.") from error
    content = content if isinstance(content, dict) else {}
    for section in SECTIONS:
        if section not in content:
            raise ValueError(f"The claims ledger lacks the section {section!r}; it needs {', '.join(SECTIONS)}.")
    if content["schema"] != 1:
        raise ValueError(f"The claims ledger has schema {content['schema']!r}; this version reads schema 1.")
    claims = [_claim(entry, content) for entry in content["claims"]]
    _unique("id", [claim.id for claim in claims])
    _unique("cell", [claim.where for claim in claims])
    for claim in claims:
        _check(claim, claim.check, {other.id for other in claims}, content)
    return Ledger(tuple(claims), tuple(content["remarks"]), content["eligible"], content["takes"])


def _claim(entry: Mapping[str, object], content: Mapping[str, object]) -> Claim:
    name = entry.get("id", f"at {entry.get('place')}, {entry.get('row')}, {entry.get('column')}")
    for field in FIELDS:
        if field not in entry:
            raise ValueError(f"Claim {name!r} lacks the field {field!r}; a claim needs {', '.join(FIELDS)}.")
    for field in entry:
        if field not in FIELDS:
            raise ValueError(f"Claim {name!r} has the unknown field {field!r}; a claim has {', '.join(FIELDS)}.")
        if field != "check" and not isinstance(entry[field], str):
            raise ValueError(f"Claim {name!r} has {field}: {entry[field]!r}; put it in quotes to keep it as printed.")
    if not isinstance(entry["check"], Mapping) or not isinstance(entry["check"].get("otherwise", {}), Mapping):
        raise ValueError(f"Claim {name!r} has the check {entry['check']!r}; write it as {{kind: ..., ...}}.")
    _known(name, "quantity", entry["quantity"], QUANTITIES)
    _known(name, "convention", entry["convention"], content["conventions"])
    return Claim(**{**entry, "convention": content["conventions"][entry["convention"]]})


def _check(claim: Claim, check: Mapping[str, object], ids: set[str], content: Mapping[str, object]) -> None:
    _known(claim.id, "kind of check", check.get("kind"), KINDS)
    needed, optional = KINDS[check["kind"]]
    for field in sorted(needed - set(check)):
        raise ValueError(f"Claim {claim.id!r}: a check of kind {check['kind']!r} needs the field {field!r}.")
    for field in check:
        _known(claim.id, f"field of a {check['kind']!r} check", field, ("kind", *sorted(needed | optional)))
    if check["kind"] in ("count", "score", "time"):
        for network in (claim.subject, check.get("minus"), check.get("against")):
            if network is not None:
                _known(claim.id, "network", network, networks())
    if "takes" in check:
        _known(claim.id, "takes", check["takes"], content["takes"])
    if "data" in check:
        _known(claim.id, "data", check["data"], content["eligible"]["images"])
    if check["kind"] == "internal":
        _check_internal(claim, check, ids)
        _check(claim, check["otherwise"], ids, content)


def _check_internal(claim: Claim, check: Mapping[str, object], ids: set[str]) -> None:
    if ("difference" in check) == ("extreme" in check):
        raise ValueError(f"Claim {claim.id!r}: an internal check needs either 'difference' or 'extreme'.")
    if "extreme" in check:
        _known(claim.id, "extreme", check["extreme"], EXTREMES)
    for other in check.get("difference", [check.get("column_of")]):
        _known(claim.id, "claim", other, ids)


def _known(claim: str, what: str, word: object, known: Iterable[str]) -> None:
    if word in known:
        return
    near = difflib.get_close_matches(str(word), known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(known)[:12])}."
    raise ValueError(f"Claim {claim!r} names the unknown {what} {word!r}; {hint}")


def _unique(what: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"Two claims have the {what} {name!r}; each may stand once.")
