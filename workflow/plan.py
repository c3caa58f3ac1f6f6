"""Print what `reproduce` would do, and how long it would take; runs nothing, writes nothing.

python -m workflow.plan [TIER=lesson] [ONLY=table3] [DATA=/folder] [OUT=/folder] [JOBS=2] [steps=20 ...]

Exit code 0, or 2 for a mistake in the call.
"""

import sys
from pathlib import Path

from workflow import ROOT, cards, machine, masters
from workflow.exits import exit_code
from workflow.forecast import Forecast
from workflow.graph import Run, load_tier
from workflow.progress import clock
from workflow.selection import Selection, select
from workflow.words import Call, parse

HEAD = ("run", "notebook", "state", "expected", "by", "parameters")


def main(words: list[str], root: Path = ROOT) -> int:
    """Parse, plan, print; the exit code."""
    return exit_code(lambda: _print(parse(words), root))


def _print(call: Call, root: Path) -> int:
    print(render(select(call, root), call))
    return 0


def render(selection: Selection, call: Call) -> str:
    """A line per run in the order of the graph, then the total of those to do."""
    stale, forecast = selection.stale, Forecast(selection.runs, selection.places)
    rows = [HEAD] + [
        (run.name, run.notebook, _state(run, stale), *_expected(run, forecast), _parameters(run, selection))
        for run in selection.runs
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return "\n".join([*lines, "", _total(stale, forecast, selection, call)])


def _state(run: Run, stale: list[Run]) -> str:
    if run not in stale:
        return "up to date"
    before = [other.name for other in stale if other.name in run.needs + run.after]
    shown = ", ".join(before) if len(before) < 3 else f"{len(before)} runs"
    return f"waits for {shown}" if before else "to do"


def _expected(run: Run, forecast: Forecast) -> tuple[str, str]:
    found = forecast.judged[run.name]
    return ("" if found.seconds is None else clock(found.seconds)), found.source


def _parameters(run: Run, selection: Selection) -> str:
    """What the run has besides its tier's values for its notebook; folders and names aside."""
    usual = load_tier(selection.places.root, selection.places.tier)["notebooks"].get(run.notebook) or {}
    own = {name: value for name, value in run.parameters.items() if name not in masters.PLUMBING}
    free = {name: value for name, value in own.items() if usual.get(name, object) != value}
    return " ".join(f"{name}={value}" for name, value in free.items() if not _is_place(value) or name == "data")


def _is_place(value: object) -> bool:
    return isinstance(value, str) and (not value or value.startswith(("..", "/")))


def _total(stale: list[Run], forecast: Forecast, selection: Selection, call: Call) -> str:
    count, visible = machine.cores(), cards.visible()
    jobs = call.jobs or machine.usual_jobs(count, len(visible))
    known = [run for run in stale if forecast.judged[run.name].seconds is not None]
    seconds, missing = forecast.remaining(known, {}, jobs), len(stale) - len(known)
    where = f"{jobs} at a time on {count} cores" + (f" and {len(visible)} graphics cards" if visible else "")
    text = f"{selection.places.tier} tier: {len(stale)} of {len(selection.runs)} runs to do, {where}"
    if not stale:
        return text
    return f"{text}, about {clock(seconds)}" + (f" besides what is unknown ({missing})" if missing else "")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
