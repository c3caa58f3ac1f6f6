"""Old and new: the tests under the oldest versions that pyproject.toml allows, and under the newest there are.

The oldest environment has the lowest Python, and every direct requirement at its lower bound; the newest has the newest
Python of this machine, and what pip takes. Both stay in ``.venv-versions`` (ten gigabytes where PyTorch brings CUDA),
and are made anew when the ranges or the Python change.
"""

import json
import os
import subprocess
import tempfile
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from workflow import ROOT, Problem
from workflow.environment import name_of, requirements
from workflow.pool import THREADS
from workflow.reliability.ranges import installed, lower_bound, pythons

HOME = ROOT / ".venv-versions"
TESTS = ("tests/unit", "lmfn_core", "notebooks/02_parts.ipynb")
"""What is run: the unit tests, the doctests, and a notebook whose outputs are compared."""
PINNED = "tests/unit/test_environment.py::test_pin_fits_the_range_and_is_installed"
"""Left out: it says that constraints.txt made the environment."""
CAPTION = (
    "The unit tests, the doctests and a notebook whose outputs are compared, under the lowest versions in the ranges "
    "of pyproject.toml, and under the newest that pip finds there: constraints.txt takes no part. Every warning is an "
    "error."
)


def run(home: Path = HOME, tests: tuple[str, ...] = TESTS) -> dict[str, object]:
    """Make the environments, or take those that are there, and run the tests in each; one trial for each that ran.

    Raises:
        Problem: when the oldest Python is not on this machine, pip cannot make an environment, or pytest cannot run.
    """
    lowest, newest = pythons()
    made = {
        "oldest": installed(home / "oldest", lowest, [lower_bound(line) for line in requirements()]),
        "newest": installed(home / "newest", newest, []),
    }
    with ThreadPoolExecutor() as pool:  # each a process on one thread
        found = dict(zip(made, pool.map(_tried, made.values(), [tests] * len(made)), strict=True))
    whats = list(dict.fromkeys(what for one in found.values() for what in one["rows"]))
    rows = [{"what": what} | {name: one["rows"].get(what) for name, one in found.items()} for what in whats]
    counts = [one["rows"] for one in found.values()]
    survived, failed = (sum(count[how] for count in counts) for how in ("tests passed", "tests failed"))
    failures = {name: one["failures"] for name, one in found.items()}
    return {"tried": survived + failed, "survived": survived, "rows": rows, "failures": failures, "caption": CAPTION}


def _tried(python: Path, tests: tuple[str, ...]) -> dict[str, object]:
    outcomes = outcomes_of(_report(python, tests))
    counts = {f"tests {how}": sum(one == how for one in outcomes.values()) for how in ("passed", "skipped", "failed")}
    failures = [name for name, how in outcomes.items() if how == "failed"]
    return {"rows": counts | versions(python), "failures": failures}


def versions(python: Path) -> dict[str, str]:
    """The version of an environment's Python, and those of the direct requirements that are there, by name."""
    code = "import json, platform, sys; from importlib.metadata import distributions as d; print(json.dumps("
    code += "[['Python', platform.python_version()], *([i.metadata['Name'], i.version] for i in d())]))"
    done = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=True)
    found = {name_of(name): version for name, version in json.loads(done.stdout)}
    names = ["Python", "torch", *sorted(name_of(line) for line in requirements())]
    return {name: found[name_of(name)] for name in names if name_of(name) in found}


def _report(python: Path, tests: tuple[str, ...]) -> str:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [python, "-m", "pytest", "-n", "0", "-q", "--deselect", PINNED, f"--junitxml={report}", *tests]
        one_thread = os.environ | dict.fromkeys(THREADS, "1")
        done = subprocess.run(command, cwd=ROOT, env=one_thread, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):
            raise Problem(f"The tests could not be run by {python}: {(done.stdout + done.stderr)[-2000:]}")
        return report.read_text(encoding="utf-8")


def outcomes_of(report: str) -> dict[str, str]:
    """Each test of a report that pytest wrote: "passed", "skipped" or "failed".

    >>> outcomes_of('<testsuite><testcase classname="a" name="b"><failure/></testcase></testsuite>')
    {'a::b': 'failed'}
    """
    found = {}
    for case in ElementTree.fromstring(report).iter("testcase"):
        kinds = {child.tag for child in case}
        how = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
        name = f"{case.get('classname')}::{case.get('name')}"
        found[name] = "failed" if found.get(name) == "failed" else how  # a test that failed may fail again at its end
    return found
