"""What is shown: a line per finished run, an estimate of the rest, and on a terminal a passing line."""

import sys
import time
from contextlib import contextmanager

from workflow.forecast import Forecast
from workflow.graph import Run
from workflow.pool import Done, Pool


def clock(seconds: float) -> str:
    """A duration for reading.

    >>> clock(31.4), clock(130), clock(3723)
    ('0:31', '2:10', '1:02:03')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


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
