"""Run the notebooks of workflow/graph.yaml through papermill and renew the reports.

python -m workflow.reproduce [TIER=lesson] [ONLY=table3] [DATA=/folder] [OUT=/folder] [JOBS=2] [steps=20 ...]

What is up to date is skipped, so a stopped run goes on where it was. KEY= chooses what runs and where; a lower-case
word is a parameter of the notebooks. Exit code 0: all done; 1: a run failed; 2: a mistake in the call; 130: stopped.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from workflow import ROOT, Problem, lock, stamps
from workflow.graph import Run, load, load_tier
from workflow.places import Places
from workflow.pool import Pool, check_writable
from workflow.progress import Forecast, Reporter, clock, passing_line, say
from workflow.words import Call, parse, settle


def main(words: list[str], root: Path = ROOT) -> int:
    """Parse, plan, run; the exit code."""
    for ending in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, ending):
            signal.signal(getattr(signal, ending), _interrupt)
    try:
        return _reproduce(parse(words), root)
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"Stopped: {error}. What was finished is kept; the same command goes on from there.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. What was finished is kept; the same command goes on from there.", file=sys.stderr)
        return 130


def _reproduce(call: Call, root: Path) -> int:
    places = Places(root, call.out or root / "reports", call.tier)
    selected, names = _select(call, places)
    check_writable(places.work)
    with lock.held(places.out / "executed" / ".lock", lambda path: say(_waiting(places))):
        for name in stamps.set_aside(places, names):
            say(f"{name} is no run of the graph any more: its record now lies in {places.shown(places.work)}/set-aside")
        todo = _todo(selected, places)
        return _run(todo, selected, places, call) if todo else _nothing_to_do(selected, places)


def _select(call: Call, places: Places) -> tuple[list[Run], set[str]]:
    """The runs asked for, settled and checked, and the names of all runs of the tier."""
    tier = load_tier(places.root, call.tier)
    if tier["needs_data"] and call.data is None:
        raise Problem(f"The {call.tier} tier needs {tier['needs_data']}: add DATA=/path to where it is unpacked.")
    selected = load(places, tier, call.parameters).select(call.only)
    return settle(selected, places, call), set(load(places, tier).runs)


def _todo(selected: list[Run], places: Places) -> list[Run]:
    """The selected runs that are out of date, or come after one that is."""
    todo: dict[str, Run] = {}
    for run in selected:
        stale = not todo.keys().isdisjoint(run.needs + run.after)
        if stale or not stamps.is_current(places.work / run.name, stamps.key(run, places)):
            todo[run.name] = run
        else:
            stamps.publish(run, places)  # puts back what was deleted or overwritten among the reports
    return list(todo.values())


def _run(todo: list[Run], selected: list[Run], places: Places, call: Call) -> int:
    cores = _cores()
    jobs = call.jobs or (1 if _has_cuda() else min(2, cores))
    pool, forecast = Pool(places, jobs, cores), Forecast(selected, places)
    current = [run.name for run in selected if run not in todo]
    left = forecast.remaining(todo, {}, jobs)
    plan = f"{places.tier} tier: {len(todo)} of {len(selected)} runs to do, {jobs} at a time on {cores} cores"
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


def _nothing_to_do(selected: list[Run], places: Places) -> int:
    count = "the run asked for is" if len(selected) == 1 else f"all {len(selected)} runs are"
    say(f"Nothing to do: {count} up to date at the {places.tier} tier. {_results(places)}")
    return 0


def _results(places: Places) -> str:
    kinds = [places.out / kind / places.tier for kind in ("tables", "figures", "runs")]
    return "Results: " + ", ".join(places.shown(path) for path in kinds if path.is_dir())


def _waiting(places: Places) -> str:
    return f"Another process is at work in {places.shown(places.out)}; waiting until it ends (Ctrl-C: stop waiting)."


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _has_cuda() -> bool:
    """Whether PyTorch sees a GPU; asked in a process of its own, and only where there is a driver."""
    if shutil.which("nvidia-smi") is None:
        return False
    question = "import sys, torch; sys.exit(0 if torch.cuda.is_available() else 1)"
    return subprocess.run([sys.executable, "-c", question], capture_output=True, check=False).returncode == 0


def _interrupt(number, frame):
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
