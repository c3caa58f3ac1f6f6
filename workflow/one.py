"""Execute one run of the graph as `reproduce` would, with the same stamps, for an engine that orders them itself.

python -m workflow.one NAME [--threads N] [--parent PID] [--root FOLDER] [TIER=lesson] [DATA=/folder] [steps=20 ...]

The runs that NAME needs must be done. Ends, with its kernel, when the process PID is gone. Exit codes as `reproduce`.
"""

import argparse
import os
import signal
import sys
import threading
import time
from pathlib import Path

from workflow import ROOT, Problem, cards, lock, stamps, suggest
from workflow.exits import exit_code
from workflow.graph import Run
from workflow.pool import Done, Pool
from workflow.progress import clock, say
from workflow.selection import Selection, select
from workflow.words import parse


def main(arguments: list[str]) -> int:
    """Execute the named run; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m workflow.one", description=__doc__.splitlines()[0])
    parser.add_argument("name", help="the run, as the graph names it")
    parser.add_argument("words", nargs="*", help="as for reproduce: TIER=lesson, steps=20, ...")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads that it may use")
    parser.add_argument("--parent", type=int, default=os.getppid(), help="the process whose end ends this one")
    parser.add_argument("--root", type=Path, default=ROOT, help="the repository")
    given = parser.parse_intermixed_args(arguments)
    threading.Thread(target=_end_with, args=(given.parent,), daemon=True).start()
    return exit_code(lambda: _execute(given))


def _execute(given: argparse.Namespace) -> int:
    selection = select(parse(given.words), given.root)
    run, places = _find(given.name, selection), selection.places
    places.work.mkdir(parents=True, exist_ok=True)

    def wait(path: Path) -> None:
        say(f"{run.name} waits for another process that holds {places.shown(path)}.")

    ends: list[Done] = []
    whole, own = places.out / "executed" / ".lock", places.work / f".{run.name}.lock"
    with lock.held(whole, wait, shared=True), lock.held(own, wait):  # `reproduce` holds the first for itself alone
        _check_needs(run, selection)
        pool = Pool(places, 1, given.threads, cards.visible() if run.cards else ())
        pool.execute([run], ends.append, lambda: None)
    (end,) = ends
    verb = "FAILED after" if end.failure else "done in"
    say(f"{run.name}  {verb} {clock(end.seconds)}" if end.executed else f"{run.name}  unchanged")
    if end.failure:
        say(end.failure)
    return int(bool(end.failure))


def _find(name: str, selection: Selection) -> Run:
    known = {run.name: run for run in selection.runs}
    if name not in known:
        raise Problem(f"{name} is no run of this call{suggest(name, known)} Known: {', '.join(known)}.")
    return known[name]


def _check_needs(run: Run, selection: Selection) -> None:
    places = selection.places
    for other in selection.runs:
        if other.name in run.needs and not stamps.is_current(places.work / other.name, stamps.key(other, places)):
            raise Problem(f"{run.name} needs {other.name}, which is out of date; execute that first.")


def _end_with(parent: int) -> None:
    """Stop as by Ctrl-C once the parent is gone: a killed engine ends none of its jobs."""
    while os.getppid() == parent:
        time.sleep(0.2)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
