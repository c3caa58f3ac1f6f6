"""The matrix of runs: graph.yaml and a tier's parameters, read, checked and expanded into single runs."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import product
from math import prod
from pathlib import Path

from workflow import Problem, masters, suggest
from workflow.graph_files import read_graph, read_tier
from workflow.places import Places, tier_file

MOST = 10_000
"""Runs that one entry may stand for."""


@dataclass(frozen=True)
class Run:
    """One execution of one notebook."""

    name: str
    notebook: str  # stem of the file under notebooks/
    parameters: dict[str, object]  # everything that is injected
    fixed: frozenset[str] = frozenset()  # parameters that the graph sets; a word on the command line may not
    needs: tuple[str, ...] = ()  # runs that must have succeeded before
    after: tuple[str, ...] = ()  # runs to wait for where they were asked for at all
    exclusive: bool = False  # nothing runs beside it
    gpu: int = 0  # graphics cards that it takes where there are any
    reads: tuple[str, ...] = ()  # files it depends on besides package and records, from the repository root
    publish: tuple[str, ...] = ()  # folders of its output that belong to the reports

    @property
    def cards(self) -> int:
        """The cards it claims: none where its parameters say that it computes on the CPU.

        >>> Run("a", "08_training", {}, gpu=1).cards, Run("a", "08_training", {"device": "cpu"}, gpu=1).cards
        (1, 0)
        """
        return 0 if self.parameters.get("device") == "cpu" else self.gpu


@dataclass(frozen=True)
class Graph:
    """All runs of a tier in the order of graph.yaml, and what ONLY= accepts besides their names."""

    runs: dict[str, Run]
    targets: dict[str, tuple[str, ...]]
    skip: tuple[str, ...] = ()  # runs that this tier leaves to an ONLY= that names them

    def select(self, only: str | None) -> list[Run]:
        """The runs behind `only` (targets or runs, by commas; None: all but the skipped), with what they need."""
        wanted = set(self._named("*")) if only is None else set()
        for name in only.split(",") if only else ():
            wanted |= set(self._named(name.strip()))
        for run in reversed(self.runs.values()):  # needs always stand before the run that has them
            wanted |= set(run.needs) if run.name in wanted else set()
        return [run for run in self.runs.values() if run.name in wanted]

    def _named(self, name: str) -> list[str]:
        patterns = tuple(self.targets.get(name, (name,)))
        if patterns == ("*",):
            return [run for run in self.runs if run not in self.skip]
        if found := matching(patterns, self.runs):
            return found
        known = [*self.targets, *self.runs]
        raise Problem(f"ONLY={name} is neither a target nor a run{suggest(name, known)} Known: {', '.join(known)}.")


def load_tier(root: Path, tier: str) -> dict:
    """The tier's file with every section present."""
    empty = {"seeds": [0], "data": [], "needs_data": None, "notebooks": {}, "runs": {}, "skip": []}
    return empty | read_tier(tier_file(root, tier))


def load(places: Places, tier: dict, words: dict[str, str] | None = None) -> Graph:
    """The checked graph of a tier; a word that names an axis of the tier's replaces that axis."""
    content = read_graph(places.root / "workflow" / "graph.yaml")
    runs: dict[str, Run] = {}
    for name, entry in content["runs"].items():
        for run in _expand(name, entry, tier, words or {}):
            if run.name in runs:
                raise Problem(f"graph.yaml, run {name}: two of its combinations are named {run.name}; rename one.")
            values = _tier_values(run, tier) | run.parameters | _placed(run, places)
            needs, after = matching(run.needs, runs), matching(run.after, runs)
            if missing := [pattern for pattern in run.needs if not matching([pattern], runs)]:
                raise Problem(
                    f"graph.yaml, run {name}: no run {missing[0]!r} stands before it{suggest(missing[0], runs)}"
                )
            runs[run.name] = replace(run, parameters=values, needs=tuple(needs), after=tuple(after))
    _check_names(content["targets"], tier, runs)
    targets = {name: tuple(patterns) for name, patterns in content["targets"].items()}
    return Graph(runs, targets, tuple(matching(tier["skip"], runs)))


def matching(patterns: Iterable[str], names: Iterable[str]) -> list[str]:
    """The names that fit any of the patterns, in their own order.

    >>> matching(["ablate-*"], ["report", "ablate-lmfn", "ablate-lmfn-n1"])
    ['ablate-lmfn', 'ablate-lmfn-n1']
    """
    patterns = list(patterns)
    return [name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns)]


def _expand(name: str, entry: dict, tier: dict, words: dict[str, str]) -> list[Run]:
    """One run per combination of the entry's axes."""
    where, fixed, axes, free = f"graph.yaml, run {name}", dict(entry.get("parameters") or {}), [], set()
    for axis, values in (entry.get("each") or {}).items():
        suffixes = {}
        if isinstance(values, str):  # the name of a list in the tier file; a word may take its place
            free.add(axis)
            if values not in ("seeds", "data"):
                raise Problem(f"{where}: {values!r} is no list of the tier files{suggest(values, ('seeds', 'data'))}")
            if not (values := tier[values]):
                continue  # a tier that lists nothing leaves the choice to the notebook
            values = [masters.convert(axis, words[axis], values[0])] if axis in words else values
            suffixes = {value: _suffix(value) for value in values[1:]}
        axes.append([(axis, value, suffixes.get(value, "")) for value in values])
    settings = {key: tuple(entry.get(key) or ()) for key in ("needs", "after", "reads", "publish")}
    settings |= {"exclusive": bool(entry.get("exclusive")), "gpu": int(entry.get("gpu") or 0)}
    runs = []
    if prod(map(len, axes)) > MOST:
        raise Problem(f"{where} stands for {prod(map(len, axes))} runs; {MOST} are the most.")
    for combination in product(*axes):
        values = fixed | {axis: value for axis, value, _ in combination}
        full = _filled(name, values, where) + "".join(suffix for *_, suffix in combination)
        if not full.isprintable() or not 0 < len(full) <= 200 or set(full) & set("/\\") or full.startswith("."):
            raise Problem(f"{where}: {full[:200]!r} is no name of a folder; rename the run.")
        runs.append(Run(full, entry["notebook"], values, frozenset(values) - free, **settings))
    return runs


def _filled(text: str, values: dict[str, object], where: str) -> str:
    """The text with the values of the names in braces; unlike ``str.format``, nothing else stands in braces.

    >>> _filled("ablate-{network}", {"network": "lmfn"}, "")
    'ablate-lmfn'
    """

    def value(match: re.Match) -> str:
        if match[1] not in values:
            raise Problem(f"{where}: there is no {match[1][:100]!r} for {match[0][:100]!r}{suggest(match[1], values)}")
        return str(values[match[1]])

    return re.sub(r"\{([^{}]*)\}", value, text)


def _suffix(value: int | str) -> str:
    """What a later value of a tier's list adds to a run's name: a seed its number, a data set its folder's name.

    >>> _suffix(1), _suffix("/data/Kodak 24")
    ('-s1', '@kodak-24')
    """
    return f"-s{value}" if isinstance(value, int) else "@" + Path(value).name.lower().replace(" ", "-")


def _tier_values(run: Run, tier: dict) -> dict[str, object]:
    """What the tier says for the notebook, then for the run's name."""
    values = dict(tier["notebooks"].get(run.notebook) or {})
    for pattern, special in tier["runs"].items():
        values |= (special or {}) if fnmatchcase(run.name, pattern) else {}
    return values


def _placed(run: Run, places: Places) -> dict[str, object]:
    """The graph's parameters that name folders, and the three that every notebook has."""
    seen = places.seen_from_notebooks
    folders = {"records": seen(places.records), "work": seen(places.work), "readme": places.readme}
    where = f"graph.yaml, run {run.name}"
    texts = {n: _filled(text, folders, where) for n, text in run.parameters.items() if isinstance(text, str)}
    return texts | {"tier": places.tier, "run": run.name, "out": seen(places.work / run.name)}


def _check_names(targets: dict, tier: dict, runs: dict[str, Run]) -> None:
    """A name that fits nothing is misspelt; only a target's pattern may be empty, in a small tier."""
    for target, names in targets.items():
        if unknown := [name for name in names if not matching([name], runs) and "*" not in name]:
            raise Problem(f"graph.yaml, target {target}: no run {unknown[0]!r}{suggest(unknown[0], runs)}")
    notebooks = {run.notebook for run in runs.values()}
    if unknown := sorted(set(tier["notebooks"]) - notebooks):
        raise Problem(f"The tier file names {unknown[0]!r}, a notebook of no run{suggest(unknown[0], notebooks)}")
    if unknown := [pattern for pattern in [*tier["runs"], *tier["skip"]] if not matching([pattern], runs)]:
        raise Problem(f"The tier file names the run {unknown[0]!r}, which fits no run{suggest(unknown[0], runs)}")
