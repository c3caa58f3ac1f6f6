"""What is shown: a line per finished run, an estimate of the rest, and on a terminal a passing line."""

import sys
import time
from collections.abc import Iterable
from contextlib import contextmanager

from workflow import stamps
from workflow.graph import Run
from workflow.places import Places
from workflow.pool import Done, Pool


def clock(seconds: float) -> str:
    """A duration for reading.

    >>> clock(31.4), clock(130), clock(3723)
    ('0:31', '2:10', '1:02:03')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class Forecast:
    """Expected durations from earlier runs, scaled by how this machine has done so far."""

    def __init__(self, runs: Iterable[Run], places: Places):
        known = {run.name: seconds for run in runs if (seconds := _earlier(run, places))}
        self.expected = {run.name: _guess(run, runs, known) for run in runs}
        self.seen: list[tuple[float, float]] = []  # expected and real seconds of the finished runs

    def learn(self, end: Done) -> None:
        """Take a finished run into account."""
        if end.executed and not end.failure:
            self.seen.append((self.expected[end.run.name] or end.seconds, end.seconds))

    def remaining(self, waiting: Iterable[Run], running: dict[str, float], jobs: int) -> float | None:
        """Seconds until all is done; None while there is nothing to judge by. `running`: name to elapsed seconds."""
        usual = sum(real for _, real in self.seen) / len(self.seen) if self.seen else None
        scale = sum(real for _, real in self.seen) / sum(guess for guess, _ in self.seen) if self.seen else 1.0
        expected = {name: guess * scale if guess else usual for name, guess in self.expected.items()}
        waiting = list(waiting)
        if any(expected[name] is None for name in [*running, *(run.name for run in waiting)]):
            return None
        alone = sum(expected[run.name] for run in waiting if run.exclusive)
        left = [max(expected[name] - elapsed, 1.0) for name, elapsed in running.items()]
        shared = left + [expected[run.name] for run in waiting if not run.exclusive]
        return alone + max([sum(shared) / jobs, *shared]) if shared else alone


class Reporter:
    """Prints the lines; on a terminal the runs in progress are shown below them until they end."""

    def __init__(self, todo: list[Run], forecast: Forecast, pool: Pool, status):
        self.todo, self.forecast, self.pool, self.status = todo, forecast, pool, status
        self.ended: set[str] = set()
        self.began = time.monotonic()

    def done(self, end: Done) -> None:
        """The line of a run that ended."""
        self.forecast.learn(end)
        self.ended.add(end.run.name)
        width = max(len(run.name) for run in self.todo)
        counter = f"[{len(self.ended):{len(str(len(self.todo)))}}/{len(self.todo)}] {end.run.name:{width}}"
        verb = "FAILED after" if end.failure else "done in"
        what = f"{verb} {clock(end.seconds)}" if end.executed else "unchanged"
        say(f"{counter}  {what} | elapsed {clock(time.monotonic() - self.began)}{self._left()}", self.status)
        if end.failure:
            say(end.failure, self.status)

    def idle(self) -> None:
        """Renew the passing line, if there is one."""
        running = ", ".join(f"{name} {clock(seconds)}" for name, seconds in self._running().items())
        if self.status is not None and running:
            self.status.update(f"running: {running}{self._left()}")

    def _running(self) -> dict[str, float]:
        now = time.monotonic()
        return {running.run.name: now - running.started for running in self.pool.running}

    def _left(self) -> str:
        if self.pool.failed:
            return ""
        running = self._running()
        waiting = [run for run in self.todo if run.name not in self.ended and run.name not in running]
        seconds = self.forecast.remaining(waiting, running, self.pool.jobs)
        return f" | about {clock(seconds)} left" if seconds is not None and (waiting or running) else ""


@contextmanager
def passing_line():
    """A line that is rewritten in place on a terminal; None where output goes to a file or a pipe."""
    if not sys.stdout.isatty():
        yield None
        return
    from rich.console import Console

    with Console(highlight=False, markup=False).status("starting") as status:
        yield status


def say(text: str, status=None) -> None:
    """Print at once, above the passing line if there is one."""
    if status is None:
        print(text, flush=True)
    else:
        status.console.print(text, soft_wrap=True)


def _earlier(run: Run, places: Places) -> float | None:
    """Seconds that the run took before: measured here, or by whoever made the record."""
    if seconds := stamps.last_seconds(places.work / run.name):
        return seconds
    recorded = stamps.read_json(places.records / f"{run.name}.json").get("seconds")
    numbers = [value for value in (recorded or {}).values() if isinstance(value, (int, float))]
    return (recorded.get("total") or max(numbers)) if numbers else None


def _guess(run: Run, runs: Iterable[Run], known: dict[str, float]) -> float | None:
    """The run's own time, or the mean of the runs of the same notebook."""
    alike = [known[other.name] for other in runs if other.notebook == run.notebook and other.name in known]
    return known.get(run.name) or (sum(alike) / len(alike) if alike else None)
