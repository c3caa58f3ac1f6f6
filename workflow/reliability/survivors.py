"""What the campaign of mutants says: how many were killed, file by file, and why the others were not."""

from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import yaml

EQUIVALENT = Path(__file__).with_name("equivalent.yaml")
ENOUGH = 0.85
"""Part of the mutants that has to be killed."""
CAPTION = (
    "One small change to the code of the core at a time, by Cosmic Ray's operators; killed is what a mutant should be: "
    "a test or doctest of that file fails, or does not end in time. Left out are bitwise operators, what stands in "
    "messages, and what is no Python."
)
SURVIVORS = "What no test noticed, with the reason where somebody has looked."
UNSEEN = "not looked at"


def summary(made: list[dict], found: list[dict], reason_of: Callable[[dict], str]) -> dict:
    """What the campaign returns, from all mutants and from those that were judged."""
    rows, killed = [], [entry for entry in found if entry["killed"]]
    for file in dict.fromkeys(entry["file"] for entry in made):
        tried, dead = (sum(entry["file"] == file for entry in of) for of in (found, killed))
        rows.append({"file": file, "mutants": sum(entry["file"] == file for entry in made), "tried": tried,
                     "killed": dead, "per cent": f"{100 * dead / tried:.1f}" if tried else None})  # fmt: skip
    left = sorted((e["file"], e["line"], e["code"], reason_of(e), e["change"]) for e in found if not e["killed"])
    survivors = [
        {"file": file, "line": line, "code": f"`{code}`", "changes": ", ".join(entry[-1] for entry in entries),
         "reason": reason} for (file, line, code, reason), entries in groupby(left, key=lambda entry: entry[:-1])
    ]  # fmt: skip
    hung, late = (sum(entry[what] for entry in killed) for what in ("timed_out", "late"))
    return {
        "tried": len(found), "killed": len(killed), "enough": ENOUGH, "rows": rows,
        "tables": [{"caption": SURVIVORS, "columns": list(survivors[0]), "rows": survivors}] if survivors else [],
        "caption": CAPTION + f" {hung} of the killed ones did not end in time"
        + (f"; {late} survived at first, until tests were added." if late else "."),
        "seconds": round(sum(entry["seconds"] for entry in found), 1),
    }  # fmt: skip


def reasons(path: Path = EQUIVALENT) -> Callable[[dict], str]:
    """Why a survivor cannot be killed, from the file that says so by file, line of code and change."""
    known = yaml.safe_load(path.read_text("utf-8"))

    def reason_of(mutant: dict) -> str:
        for entry in known:
            right_line = entry["file"] == mutant["file"] and entry["code"] == mutant["code"]
            if right_line and mutant["change"] in entry["changes"]:
                return entry["reason"]
        return UNSEEN

    return reason_of
