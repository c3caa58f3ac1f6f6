"""Run campaigns and renew the page that shows all of them.

python3 lab.py reliability [NAME ...]      growth twice kills fuzz mutants versions; none named: all, some hours
"""

import importlib
import sys
import time
from pathlib import Path

import matplotlib

from lmfn_core.evidence.figures import save_svg, use_style
from lmfn_core.evidence.rendering import markdown
from lmfn_core.evidence.runs import Record, look_up
from lmfn_core.evidence.summary import hardware
from lmfn_core.records import load_records, save_record, write_text
from workflow import ROOT, Problem, suggest
from workflow.exits import exit_code
from workflow.reliability.curves import growth_figure

TIER = "reliability"
"""Folder of the records and figures, beside those of the tiers."""
CAMPAIGNS = {
    "kills": "Killed at random moments, then started again",
    "fuzz": "Mutated files and hostile input",
    "twice": "The same runs twice, and on another number of threads",
    "growth": "Memory over long work",
    "mutants": "Mutants of the core, which its tests have to kill",
    "versions": "The oldest supported versions and the newest",
}
"""Modules of this folder, each with what its page is headed."""


def main(words: list[str], root: Path = ROOT) -> int:
    """Run the named campaigns, or all; the exit code: 1 when one of them found something."""
    return exit_code(lambda: _run(words, root / "reports"))


def _run(words: list[str], out: Path) -> int:
    for word in words:
        if word not in CAMPAIGNS:
            raise Problem(f"There is no campaign {word!r}{suggest(word, CAMPAIGNS)} Known: {', '.join(CAMPAIGNS)}.")
    bad = False
    for name in words or CAMPAIGNS:
        print(f"{name}: {CAMPAIGNS[name].lower()} ...", flush=True)
        began = time.monotonic()
        metrics = importlib.import_module(f"workflow.reliability.{name}").run()
        metrics["columns"] = list(metrics["rows"][0])  # a record sorts its keys
        seconds = {"total": metrics.get("seconds", time.monotonic() - began)}
        save_record(out / "runs" / TIER, name, notebook=TIER, tier=TIER, parameters={}, data="made by the campaign",
                    metrics=metrics, seconds=seconds)  # fmt: skip
        bad |= not went_well(metrics)
        print(f"  {outcome(metrics)} of {metrics['tried']:,}, {seconds['total'] / 60:.1f} min", flush=True)
        renew(out)
    return int(bad)


def outcome(metrics: dict) -> str:
    """How many survived; of mutants, how many were killed.

    >>> outcome({"tried": 3, "survived": 3}), outcome({"tried": 3, "killed": 2, "enough": 0.5})
    ('3 survived', '2 killed')
    """
    word = "killed" if "killed" in metrics else "survived"
    return f"{metrics[word]:,} {word}"


def went_well(metrics: dict) -> bool:
    """Whether everything survived; of mutants, whether enough of them were killed.

    >>> went_well({"tried": 3, "survived": 2}), went_well({"tried": 3, "killed": 2, "enough": 0.5})
    (False, True)
    """
    good = metrics.get("killed", metrics.get("survived"))
    return good >= metrics.get("enough", 1) * metrics["tried"]


def renew(out: Path) -> list[Path]:
    """Write the page and the figure from the records that are there; their paths.

    Raises:
        FileNotFoundError: when no campaign has left a record yet.
    """
    records = load_records(out / "runs" / TIER)
    written = [write_text(out / "reliability.md", page(records))]
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        use_style()
        if (figure := growth_figure(records.get("growth", {}))) is not None:
            written.append(save_svg(figure, out / "figures" / TIER / "growth.svg"))
    return written


def page(records: dict[str, Record]) -> str:
    """The page: a summary, then a table for each campaign.

    >>> record = {"metrics": {"tried": 2, "survived": 2, "rows": [{"what": "a"}]}, "seconds": {"total": 60}}
    >>> print(page({"twice": record}).split("## ")[1].splitlines()[0])
    The same runs twice, and on another number of threads
    """
    done = {name: records[name] for name in CAMPAIGNS if name in records}
    summary = [
        {"campaign": title, "tried": done[name]["metrics"]["tried"], "outcome": outcome(done[name]["metrics"]),
         "minutes": f"{done[name]['seconds']['total'] / 60:.1f}", "on": hardware(done[name])}
        for name, title in CAMPAIGNS.items() if name in done
    ]  # fmt: skip
    parts = ["# Reliability\n\n" + markdown(summary, "What was tried against this project, and how it went. "
             "`python3 lab.py reliability` tries it again and renews this page.")]  # fmt: skip
    for name, record in done.items():
        caption = look_up(record, "metrics.caption") or f"{record['metrics']['tried']:,} tried."
        tables = [record["metrics"] | {"caption": caption}, *record["metrics"].get("tables", [])]
        texts = [markdown(_ordered(table), table["caption"]) for table in tables]
        parts.append(f"## {CAMPAIGNS[name]}\n\n" + "\n".join(texts))
        if name == "growth":
            parts.append("![Resident memory over the course of the work.](figures/reliability/growth.svg)\n")
    return "\n".join(parts)


def _ordered(table: Record) -> list[dict]:
    """Its rows, with the columns in the order that it names."""
    return [{title: row[title] for title in table.get("columns", row)} for row in table["rows"]]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
