"""Runs in parallel: who may start now, the processes, and what to say when one of them fails."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from workflow import ROOT, Problem, stamps
from workflow.graph import Run
from workflow.machine import allowed
from workflow.places import Places

THREADS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


@dataclass(frozen=True)
class Done:
    """The end of one run."""

    run: Run
    seconds: float
    executed: bool = True  # False: found up to date when its turn came
    failure: str = ""  # what to print when it failed


@dataclass(frozen=True)
class Running:
    """A run in progress."""

    run: Run
    stamp: str
    process: subprocess.Popen
    log: BinaryIO
    started: float


class Pool:
    """Executes runs whose needs are met, at most `jobs` at a time; after a failure it starts nothing new."""

    def __init__(self, places: Places, jobs: int, cores: int, cards: tuple[str, ...] = ()):
        self.places, self.jobs, self.cores, self.cards = places, jobs, cores, cards
        self.running: list[Running] = []
        self.failed = False

    def execute(self, todo: list[Run], done: Callable[[Done], None], idle: Callable[[], None]) -> None:
        """Run everything in `todo`, in its order; `done` hears of each end, `idle` is called while waiting."""
        waiting = list(todo)
        try:
            while self.running or (waiting and not self.failed):
                for end in self._start(waiting) + self._collect():
                    self.failed |= bool(end.failure)
                    done(end)
                idle()
                time.sleep(0.05)
        finally:
            self._stop()

    def _start(self, waiting: list[Run]) -> list[Done]:
        """Start what may start; runs that turn out to be up to date are done at once."""
        ends: list[Done] = []
        while waiting and not self.failed and len(self.running) < self.jobs:
            run = next((run for run in waiting if self._ready(run, waiting)), None)
            if run is None or (run.exclusive and self.running) or any(r.run.exclusive for r in self.running):
                break
            waiting.remove(run)
            stamp = stamps.key(run, self.places)
            if stamps.is_current(self.places.work / run.name, stamp):
                stamps.publish(run, self.places)
                ends.append(Done(run, 0.0, executed=False))
            else:
                self.running.append(self._launch(run, stamp))
        return ends

    def _ready(self, run: Run, waiting: list[Run]) -> bool:
        unfinished = {other.name for other in waiting} | {other.run.name for other in self.running}
        return unfinished.isdisjoint(run.needs + run.after)

    def _launch(self, run: Run, stamp: str) -> Running:
        folder = self.places.work / run.name
        stamps.begin(folder, stamp)
        spec = {
            "notebook": str(self.places.notebooks / f"{run.notebook}.ipynb"),
            "output": str(folder / f"{run.notebook}.ipynb"),
            "record": str(folder / f"{run.name}.json"),
            "failure": str(folder / "failure.json"),
            "cwd": str(self.places.notebooks),
            "parameters": run.parameters,
            "cards": {"cards": self.cards, "count": run.cards},
        }
        stamps.write_json(folder / "spec.json", spec)
        threads = self.cores if run.exclusive else max(1, self.cores // self.jobs)
        log = open(folder / "log.txt", "wb")  # noqa: SIM115 - closed when the run is collected
        process = subprocess.Popen(
            [sys.executable, "-m", "workflow.execute", str(folder / "spec.json")],
            cwd=ROOT,
            env=environment(threads, self.places.root),
            stdin=subprocess.PIPE,  # its end tells the process that the runner is gone
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches the runner alone, which then ends its runs
        )
        return Running(run, stamp, process, log, time.monotonic())

    def _collect(self) -> list[Done]:
        """The runs that ended since the last look: results published, or the failure put into words."""
        ends = []
        for running in [r for r in self.running if r.process.poll() is not None]:
            self.running.remove(running)
            self._release(running)
            run, seconds = running.run, time.monotonic() - running.started
            folder, failure = self.places.work / run.name, ""
            if running.process.returncode == 0:
                stamps.finish(folder, running.stamp, run, seconds)  # first: killed in between, the next call publishes
                stamps.publish(run, self.places)
            else:
                failure = describe_failure(run, folder, running.process.returncode, self.places)
            ends.append(Done(run, seconds, failure=failure))
        return ends

    def _stop(self) -> None:
        """End whatever still runs (after Ctrl-C or an error here) and wait until it is gone."""
        for running in self.running:
            running.process.stdin.close()
        for running in self.running:
            try:
                running.process.wait(10)
            except subprocess.TimeoutExpired:
                running.process.kill()
            running.log.close()

    @staticmethod
    def _release(running: Running) -> None:
        running.process.stdin.close()
        running.log.close()


def environment(threads: int, root: Path) -> dict[str, str]:
    """The environment of a run: its share of the cores, this Python's kernel, this tree's package, its own backend."""
    kept = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    return (
        kept | dict.fromkeys(THREADS, str(allowed(threads))) | {"JUPYTER_PREFER_ENV_PATH": "1", "PYTHONPATH": str(root)}
    )


def describe_failure(run: Run, folder: Path, code: int, places: Places) -> str:
    """Which notebook, which cell, what happened, and where the log lies."""
    found = stamps.read_json(folder / "failure.json")
    where = f"notebook {run.notebook}.ipynb"
    if "cell" in found:
        where += f", cell {found['cell']}: {found['line']}"
    error = found.get("error") or f"the process ended with code {code} before it could say why"
    first, *rest = error.splitlines() or [""]
    shown = [where, first, *rest[:4], f"log: {places.shown(folder / 'log.txt')}"]
    return "\n".join(f"    {line}" for line in shown)


def check_writable(folder: Path) -> None:
    """Raise a Problem when results cannot be written into the folder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise Problem(
            f"Nothing can be written into {folder}: {error.strerror}. Choose another by OUT=/folder."
        ) from None
