"""From a call to the runs it asks for, and which of them are out of date; reads only."""

from dataclasses import dataclass
from pathlib import Path

from workflow import ROOT, Problem, stamps
from workflow.graph import Run, load, load_tier
from workflow.places import Places
from workflow.words import Call, settle


@dataclass(frozen=True)
class Selection:
    """The runs that a call asks for."""

    places: Places
    runs: tuple[Run, ...]  # asked for or needed by those, with the call's parameters; needs stand first
    names: frozenset[str]  # of all runs that the tier has

    @property
    def stale(self) -> list[Run]:
        """The runs that are out of date, or come after one that is."""
        found: dict[str, Run] = {}
        current: set[str] = set()
        for run in self.runs:
            follows = not found.keys().isdisjoint(run.needs + run.after)
            if follows or not stamps.is_current(self.places.work / run.name, stamps.key(run, self.places, current)):
                found[run.name] = run
            else:
                current.add(run.name)
        return list(found.values())


def select(call: Call, root: Path = ROOT) -> Selection:
    """The runs asked for, checked against the graph, the tier and the notebooks."""
    places = Places(root, call.out or root / "reports", call.tier)
    tier = load_tier(root, call.tier)
    if tier["needs_data"] and call.data is None:
        raise Problem(f"The {call.tier} tier needs {tier['needs_data']}: add DATA=/path to where it is unpacked.")
    words = call.parameters | ({"data": str(call.data)} if call.data else {})  # either takes an axis's place
    runs = settle(load(places, tier, words).select(call.only), places, call)
    return Selection(places, tuple(runs), frozenset(load(places, tier).runs))
