"""What the papers claim: the folder ``reports/claims``, read and checked.

Its ``rules.yaml`` explains the fields; beside it lies a file a paper. Here every mistake in them is caught by one
sentence that names the claim, so that a verdict is never decided from a half-filled entry. What a check may say is in
``checks``, verdicts are in ``claims``, the tables in ``tables``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lmfn_core.evidence.checks import Known, examine, known_word
from lmfn_core.parsing import brief, parse_yaml, quoted

PAPERS = {"lmfn": "LMFN", "lfdn": "LFDN"}
"""The papers in the order in which they appeared: the name of each's file, which is also its network, and in print."""
FIELDS = ("id", "place", "row", "column", "subject", "printed", "quantity", "unit", "convention", "check")
QUANTITIES = ("psnr", "ssim", "parameters", "time", "images", "setting")
_WORDS = "a mapping of words to sentences", lambda v: _is_mapping(v) and all(isinstance(t, str) for t in v.values())
_SECTIONS = {
    "eligible": ("a mapping", lambda v: _is_mapping(v)),
    "conventions": _WORDS,
    "takes": _WORDS,
    "claims": ("a list of mappings", lambda v: isinstance(v, list) and all(map(_is_mapping, v))),
    "remarks": ("a list of mappings of words to sentences", lambda v: isinstance(v, list) and all(map(_WORDS[1], v))),
}
_RULES = ("schema", "eligible", "conventions", "takes")
_PAPER = ("paper", "claims", "remarks")


@dataclass(frozen=True)
class Claim:
    """One number of a paper, or one comparison in words, as it is printed.

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
    unit: str  # dB, M, MB, s or empty
    convention: str  # what the paper says about the number and what it leaves open, one sentence or two
    check: Mapping[str, object]  # how the verdict is decided, see rules.yaml
    paper: str = "lmfn"  # one of PAPERS

    @property
    def value(self) -> float | None:
        """The printed number, or None where words or "N/A" stand."""
        try:
            return float(self.printed.replace(",", "").replace("−", "-"))
        except ValueError:
            return None

    @property
    def digits(self) -> int:
        """Decimals in print: 1 for "31.0"."""
        return len(self.printed.partition(".")[2])

    @property
    def source(self) -> str:
        """Paper and place in one phrase."""
        return f"{PAPERS[self.paper]} {self.place}"

    @property
    def where(self) -> str:
        """Paper, place, row and column in one phrase."""
        return f"{self.source}, {self.row}, {self.column}"


@dataclass(frozen=True)
class Ledger:
    """All claims of the papers and the rules that decide them; ``ledger["t3-full-psnr"]`` is one claim."""

    claims: tuple[Claim, ...]  # paper by paper, in the order of the files
    remarks: tuple[Mapping[str, str], ...]  # observations without verdict: id, paper, where, text
    eligible: Mapping[str, object]  # what a record must state before its score stands for a paper's number
    takes: Mapping[str, str]  # key to sentence: what settling a claim would take

    def __getitem__(self, name: str) -> Claim:
        for claim in self.claims:
            if claim.id == name:
                return claim
        raise KeyError(name)

    def at(self, place: str, paper: str = "lmfn") -> list[Claim]:
        """The claims printed in one place of a paper, e.g. "Table 3", in the order of the file."""
        return [claim for claim in self.claims if (claim.place, claim.paper) == (place, paper)]


def load_ledger(folder: str | Path) -> Ledger:
    """Read and check the ledger in ``folder`` (``reports/claims``).

    Raises:
        FileNotFoundError: when a file of it is missing.
        ValueError: when one is no YAML or breaks a rule, as in ``parse_ledger``.
    """
    paths = {name: Path(folder) / f"{name}.yaml" for name in ("rules", *PAPERS)}
    for path in paths.values():
        if not path.is_file():
            raise FileNotFoundError(f"There is no claims ledger at {path}; give the folder reports/claims.")
    texts = {name: path.read_bytes() for name, path in paths.items()}
    return parse_ledger(texts.pop("rules"), texts)


def parse_ledger(rules: str | bytes, papers: Mapping[str, str | bytes]) -> Ledger:
    """The ledger in these texts, checked.

    Args:
        rules: text of ``rules.yaml``. papers: name, a key of ``PAPERS``, to the text of its file.

    Raises:
        ValueError: for text that is no YAML, a missing or unknown section or field, an unquoted number, an id or a
            cell that occurs twice, an unknown kind of check, network, convention or other claim; one sentence each.

    >>> parse_ledger("{schema: 2, eligible: {images: {}}, conventions: {}, takes: {}}", {}).claims
    ()
    """
    ruled = _sections("rules", rules, _RULES)
    if ruled["schema"] != 2:
        raise ValueError(f"The claims ledger has schema {quoted(ruled['schema'])}; this version reads schema 2.")
    if not isinstance(ruled["eligible"].get("images"), Mapping):
        raise ValueError("The claims ledger's rules.yaml lacks `images` under `eligible`, a mapping of set to count.")
    contents = {paper: _sections(paper, text, _PAPER) for paper, text in papers.items()}
    claims = [_claim(entry, ruled, paper) for paper, content in contents.items() for entry in content["claims"]]
    _unique("id", [claim.id for claim in claims])
    _unique("cell", [claim.where for claim in claims])
    numbers = {claim.id for claim in claims if claim.value is not None}
    known = Known({claim.id for claim in claims}, numbers, ruled["eligible"]["images"], ruled["takes"])
    for claim in claims:
        examine(claim.id, claim.subject, claim.check, known)
    remarks = [remark | {"paper": paper} for paper, content in contents.items() for remark in content["remarks"]]
    return Ledger(tuple(claims), tuple(remarks), ruled["eligible"], ruled["takes"])


def _sections(name: str, text: str | bytes, needed: tuple[str, ...]) -> dict[str, object]:
    try:
        content = parse_yaml(text)
    except ValueError as error:
        raise ValueError(f"The claims ledger's {name}.yaml is no valid YAML: {error}.") from error
    content = content if isinstance(content, dict) else {}
    for section in needed:
        if section not in content:
            raise ValueError(f"The claims ledger's {name}.yaml lacks the section {section!r}; it needs "
                             f"{', '.join(needed)}.")  # fmt: skip
        what, fits = _SECTIONS.get(section, ("", lambda value: True))
        if not fits(content[section]):
            raise ValueError(f"The claims ledger's {name}.yaml has {section}: {quoted(content[section])}; write it as "
                             f"{what}.")  # fmt: skip
    return content


def _is_mapping(value: object) -> bool:
    return isinstance(value, Mapping) and all(isinstance(key, str) for key in value)


def _claim(entry: Mapping[str, object], ruled: Mapping[str, object], paper: str) -> Claim:
    name = brief(entry.get("id", f"at {entry.get('place')}, {entry.get('row')}, {entry.get('column')}"))
    for field in FIELDS:
        if field not in entry:
            raise ValueError(f"Claim {name!r} lacks the field {field!r}; a claim needs {', '.join(FIELDS)}.")
    for field in entry:
        if field not in FIELDS:
            raise ValueError(f"Claim {name!r} has the unknown field {quoted(field)}; a claim has {', '.join(FIELDS)}.")
        if field != "check" and not isinstance(entry[field], str):
            raise ValueError(
                f"Claim {name!r} has {field}: {quoted(entry[field])}; put it in quotes to keep it as printed."
            )
    if not _is_mapping(entry["check"]):
        raise ValueError(f"Claim {name!r} has the check {quoted(entry['check'])}; write it as {{kind: ..., ...}}.")
    known_word(name, "quantity", entry["quantity"], QUANTITIES)
    known_word(name, "convention", entry["convention"], ruled["conventions"])
    return Claim(**{**entry, "convention": ruled["conventions"][entry["convention"]]}, paper=paper)


def _unique(what: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"Two claims have the {what} {quoted(name)}; each may stand once.")
