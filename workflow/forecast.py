"""How long runs will take, judged by those before: of this machine, of the committed records, of another tier."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from workflow import masters, stamps
from workflow.graph import Run
from workflow.places import Places, tiers
from workflow.pool import Done

SIZES = {"steps": 1, "batch": 1, "crop": 2}  # a training's time grows with these, to these powers


@dataclass(frozen=True)
class Expected:
    """The seconds that a run will take, and what says so."""

    seconds: float | None  # None: there is nothing to judge by
    source: str = "unknown"


class Forecast:
    """Expected durations from earlier runs, scaled by how this machine has done so far."""

    def __init__(self, runs: Iterable[Run], places: Places):
        runs = tuple(runs)
        known = {run.name: found for run in runs if (found := _earlier(run, places))}
        self.judged = {run.name: known.get(run.name) or _guess(run, runs, known, places) for run in runs}
        self.expected = {name: found.seconds for name, found in self.judged.items()}
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


def _earlier(run: Run, places: Places) -> Expected | None:
    """What the run itself took before: measured here, or by whoever made the record of this tier."""
    if seconds := stamps.last_seconds(places.work / run.name):
        return Expected(seconds, "measured")
    committed = places.root / "reports" / "runs" / places.tier
    for folder in (places.records, committed):
        if seconds := _recorded(stamps.read_json(folder / f"{run.name}.json")):
            return Expected(seconds, "recorded")
    return None


def _guess(run: Run, runs: tuple[Run, ...], known: dict[str, Expected], places: Places) -> Expected:
    """From runs of the same notebook at this tier; where there are none, from the nearest record of another tier."""
    values = _values(run, places)
    alike = [other for other in runs if other.notebook == run.notebook and other.name in known]
    if alike:
        seconds = [known[other.name].seconds * (_factor(values, _values(other, places)) or 1.0) for other in alike]
        return Expected(sum(seconds) / len(seconds), f"mean of {len(alike)} like it" if alike[1:] else alike[0].name)
    found = []
    for tier, record in _elsewhere(run, places):
        given = record.get("parameters") or {}
        if (seconds := _recorded(record)) and (factor := _factor(values, given)):
            unlike = sum(values[name] != given[name] for name in values.keys() & given.keys() - {"seed", *SIZES})
            changing = record["seconds"].get("train", seconds)  # setting up and scoring take as long at every size
            source = f"{tier} tier x {_short(factor)}, {_device(record)}"
            found.append((unlike, abs(math.log(factor)), seconds + changing * (factor - 1), source))
    return Expected(*min(found)[2:]) if found else Expected(None)


def _elsewhere(run: Run, places: Places) -> list[tuple[str, dict]]:
    """The committed records of the run's notebook at other tiers."""
    paths = [path for tier in tiers(places.root) for path in (places.root / "reports/runs" / tier).glob("*.json")]
    found = [(path.parent.name, stamps.read_json(path)) for path in sorted(paths) if path.parent.name != places.tier]
    return [(tier, record) for tier, record in found if record.get("notebook") == run.notebook]


def _short(factor: float) -> str:
    """A factor with three digits, and no exponent where it is large.

    >>> _short(0.00371), _short(1185.2)
    ('0.00371', '1185')
    """
    return f"{factor:.0f}" if factor >= 100 else f"{factor:.3g}"


def _recorded(record: dict) -> float | None:
    """The seconds that a record tells of: its total, or else its longest part."""
    numbers = [value for value in (record.get("seconds") or {}).values() if isinstance(value, (int, float))]
    return (record["seconds"].get("total") or max(numbers)) if numbers else None


def _device(record: dict) -> str:
    environment = record.get("environment") or {}
    return environment.get("cuda") or environment.get("cpu") or "another machine"


def _factor(wanted: dict, known: dict) -> float | None:
    """How many times the work of parameters `known` those `wanted` mean; None where that cannot be told.

    >>> _factor({"steps": 40, "batch": 8, "crop": 64}, {"steps": 10, "batch": 8, "crop": 128})
    1.0
    >>> _factor({"height": 720, "seed": 1}, {"height": 720}), _factor({"height": 720}, {"height": 64})
    (1.0, None)
    """
    if all(name in values for name in SIZES for values in (wanted, known)):
        return math.prod((wanted[name] / known[name]) ** power for name, power in SIZES.items())
    numbers = [name for name in wanted.keys() & known.keys() - {"seed"} if isinstance(known[name], (int, float))]
    return 1.0 if all(wanted[name] == known[name] for name in numbers) else None


def _values(run: Run, places: Places) -> dict:
    """The run's parameters, with the notebook's defaults for those that nobody set."""
    return masters.read(places.notebooks / f"{run.notebook}.ipynb").parameters | run.parameters
