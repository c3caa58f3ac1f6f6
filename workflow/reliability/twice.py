"""Every notebook at the smoke tier, twice on one thread and once on two: which records are equal to the last bit?

Durations, and what is computed from a clock, are left out; a record is equal when all of its other metrics are. On
another number of threads sums are taken in another order, so a difference there is no failure: the rows say how large
it is, and notebook A1 why.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from workflow import ROOT
from workflow.pool import THREADS

CLOCKS = ("seconds", "latency", "_ms", "speed", "time", "share", "ratio", "memory", "mb", "versions", "ladder", "clock")
"""Words in the names of metrics that hold or use a clock, a peak of memory or the installation."""


def run(only: str = "", tier: str = "smoke") -> dict[str, object]:
    """Run the graph three times and compare the records; one trial per run of the graph."""
    with tempfile.TemporaryDirectory() as folder:
        places = [Path(folder) / name for name in ("first", "second", "threads")]
        with ThreadPoolExecutor(os.cpu_count()) as side_by_side:
            list(side_by_side.map(lambda place, threads: _reproduce(place, threads, only, tier), places, (1, 1, 2)))
        first, second, other = (_records(place / "runs" / tier) for place in places)
    rows = [_row(name, first[name], second[name], other[name]) for name in first]
    equal = sum(row["twice on one thread"] == "equal" for row in rows)
    caption = "Metrics of every run at the smoke tier but those of clocks; the largest difference on two threads."
    return {"tried": len(rows), "survived": equal, "rows": rows, "caption": caption}


def _reproduce(out: Path, threads: int, only: str, tier: str) -> None:
    words = [f"TIER={tier}", f"OUT={out}", "JOBS=1", *([f"ONLY={only}"] if only else [])]
    environment = os.environ | dict.fromkeys(THREADS, str(threads))
    command = [sys.executable, "-m", "workflow.reproduce", *words]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"The runs on {threads} thread(s) did not finish: {(done.stdout + done.stderr)[-2000:]}")


def _records(folder: Path) -> dict[str, dict]:
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}


def _row(name: str, first: Mapping, second: Mapping, other: Mapping) -> dict[str, object]:
    same = differences(first["metrics"], second["metrics"])
    moved = differences(first["metrics"], other["metrics"])
    return {
        "run": name, "numbers": sum(1 for _ in leaves(first["metrics"])),
        "twice on one thread": "equal" if not same else f"differs: {', '.join(sorted(same)[:3])}",
        "on two threads": "equal" if not moved else f"{max(moved.values()):.1e} in {max(moved, key=moved.get)}",
    }  # fmt: skip


def leaves(value: object, name: str = "") -> Iterator[tuple[str, object]]:
    """All single values of nested metrics with their dotted names, but for those of clocks.

    >>> dict(leaves({"a": {"b": 1, "seconds": 2}, "c": [3]}))
    {'a.b': 1, 'c.0': 3}
    """
    parts = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else None
    if parts is None:
        yield name, value
        return
    for key, part in parts:
        if not any(word in str(key).lower() for word in CLOCKS):
            yield from leaves(part, f"{name}.{key}".lstrip("."))


def differences(one: Mapping, two: Mapping) -> dict[str, float]:
    """Names of the values that are not equal, each with how far apart they are; infinite where that is no number.

    >>> differences({"a": 1.0, "b": "x"}, {"a": 1.5, "b": "x"})
    {'a': 0.5}
    """
    first, second = dict(leaves(one)), dict(leaves(two))
    found = {}
    for name in first.keys() | second.keys():
        a, b = first.get(name), second.get(name)
        if a != b:
            both = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in (a, b))
            found[name] = abs(a - b) if both else float("inf")
    return found
