"""The graph as an outside engine sees it: a file per run that is to be done, and what the run claims.

Stamps alone say what is out of date, for every engine. An engine that thinks in files therefore gets tickets: empty
files, named anew in each call, that stand for "this run was done in this call". A run that is up to date has none, so
the engine orders and limits the rest and needs no notion of staleness of its own. Pure Python, without PyTorch.
"""

from dataclasses import dataclass
from functools import cached_property

from workflow.graph import Run
from workflow.selection import Selection


@dataclass(frozen=True)
class Tickets:
    """The tickets of one call."""

    selection: Selection
    call: str  # tells this call's tickets from those of a call that was killed
    cores: int  # of the machine that holds all runs; where each has its own, those of one run
    jobs: int  # runs that are to share them

    @cached_property
    def runs(self) -> dict[str, Run]:
        """Every run asked for, by name."""
        return {run.name: run for run in self.selection.runs}

    @cached_property
    def stale(self) -> frozenset[str]:
        """The runs to do."""
        return frozenset(run.name for run in self.selection.stale)

    @property
    def folder(self) -> str:
        """Where this call's tickets lie, outside the runs' own folders, which are emptied at need."""
        return (self.selection.places.work / ".tickets" / self.call).as_posix()

    def path(self, name: str) -> str:
        """The ticket of a run."""
        return f"{self.folder}/{name}"

    def wanted(self) -> list[str]:
        """The tickets that make the call complete."""
        return [self.path(name) for name in self.runs if name in self.stale]

    def before(self, name: str) -> list[str]:
        """The tickets that a run waits for."""
        run = self.runs[name]
        return [self.path(other) for other in run.needs + run.after if other in self.stale]

    def threads(self, name: str) -> int:
        """CPU threads of a run: its share, or all where nothing may run beside it."""
        return self.cores if self.runs[name].exclusive else max(1, self.cores // self.jobs)
