"""Run the notebooks of workflow/graph.yaml through papermill and renew the reports.

python -m workflow.reproduce [TIER=lesson] [ONLY=table3] [DATA=/folder] [OUT=/folder] [JOBS=2] [steps=20 ...]

What is up to date is skipped, so a stopped run goes on where it was. KEY= chooses what runs and where; a lower-case
word is a parameter of the notebooks. Exit code 0: all done; 1: a run failed; 2: a mistake in the call; 130: stopped.
"""

import sys
import time
from pathlib import Path

from workflow import ROOT, cards, lock, machine, stamps
from workflow.exits import exit_code
from workflow.graph import Run
from workflow.places import Places
from workflow.pool import Pool, check_writable
from workflow.progress import Forecast, Reporter, clock, passing_line, say
from workflow.selection import Selection, select
from workflow.words import Call, parse


def main(words: list[str], root: Path = ROOT) -> int:
    """Parse, plan, run; the exit code."""
    return exit_code(lambda: _reproduce(parse(words), root))


def _reproduce(call: Call, root: Path) -> int:
    selection = select(call, root)
    places = selection.places
    check_writable(places.work)
    with lock.held(places.out / "executed" / ".lock", lambda path: say(_waiting(places))):
        for name in stamps.set_aside(places, selection.names):
            say(f"{name} is no run of the graph any more: its record now lies in {places.shown(places.work)}/set-aside")
        todo = selection.stale
        for run in selection.runs:
            if run not in todo:
                stamps.publish(run, places)  # puts back what was deleted or overwritten among the reports
        return _run(todo, selection, call) if todo else _nothing_to_do(selection)


def _run(todo: list[Run], selection: Selection, call: Call) -> int:
    places, cores, visible = selection.places, machine.cores(), cards.visible()
    jobs = call.jobs or machine.usual_jobs(cores, len(visible))
    pool, forecast = Pool(places, jobs, cores, visible), Forecast(selection.runs, places)
    current = [run.name for run in selection.runs if run not in todo]
    left = forecast.remaining(todo, {}, jobs)
    plan = f"{places.tier} tier: {len(todo)} of {len(selection.runs)} runs to do, {jobs} at a time on {cores} cores"
    say(plan + (f", about {clock(left)}" if left is not None else ""))
    if current:
        say(f"up to date: {', '.join(current)}")
    began = time.monotonic()
    with passing_line() as status:
        reporter = Reporter(todo, forecast, pool, status)
        pool.execute(todo, reporter.done, reporter.idle)
    if pool.failed:
        skipped = len(todo) - len(reporter.ended)
        rest = f", {skipped} not started" if skipped else ""
        say(f"Failed after {clock(time.monotonic() - began)}{rest}. The same command goes on from here.")
        return 1
    say(f"Done in {clock(time.monotonic() - began)}. {_results(places)}")
    return 0


def _nothing_to_do(selection: Selection) -> int:
    runs, places = selection.runs, selection.places
    count = "the run asked for is" if len(runs) == 1 else f"all {len(runs)} runs are"
    say(f"Nothing to do: {count} up to date at the {places.tier} tier. {_results(places)}")
    return 0


def _results(places: Places) -> str:
    kinds = [places.out / kind / places.tier for kind in ("tables", "figures", "runs")]
    return "Results: " + ", ".join(places.shown(path) for path in kinds if path.is_dir())


def _waiting(places: Places) -> str:
    return f"Another process is at work in {places.shown(places.out)}; waiting until it ends (Ctrl-C: stop waiting)."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
