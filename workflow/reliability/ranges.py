"""The ends of pyproject.toml's ranges: the oldest and newest Pythons, lower bounds, and environments made from them."""

import os
import re
import subprocess
from pathlib import Path

from workflow import ROOT, Problem
from workflow.environment import requirements

EXTRAS = "[test,onnx,openvino]"


def lower_bound(requirement: str) -> str:
    """A requirement at the lowest version of its range, as a constraint for pip.

    Raises:
        Problem: when its range is anything but a lower bound.

    >>> lower_bound("tomli>=2.0; python_version < '3.11'")
    "tomli==2.0; python_version < '3.11'"
    """
    match = re.fullmatch(r"([\w.-]+)>=([\w.]+)(;.*)?", requirement)
    if match is None:
        raise Problem(f"{requirement!r} in pyproject.toml is no lower bound alone, as name>=version is.")
    return f"{match[1]}=={match[2]}{match[3] or ''}"


def pythons() -> tuple[Path, Path]:
    """The oldest Python that pyproject.toml allows and the newest there is, among pyenv's and on PATH.

    Raises:
        Problem: when the oldest is not there.
    """
    oldest = int(re.search(r'requires-python = ">=3\.(\d+)"', (ROOT / "pyproject.toml").read_text("utf-8"))[1])
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    folders = [*sorted(pyenv.glob("3.*/bin")), *map(Path, os.environ.get("PATH", "").split(os.pathsep))]
    found = {}
    for minor in range(oldest, oldest + 10):
        here = (folder / f"python3.{minor}" for folder in folders)
        if python := next((path for path in here if _makes_environments(path)), None):
            found[minor] = python
    if oldest not in found:
        raise Problem(f"Python 3.{oldest}, the oldest that is supported, is not on this machine: install it first.")
    return found[oldest], found[max(found)]


def _makes_environments(python: Path) -> bool:
    if not (python.is_file() and os.access(python, os.X_OK)):
        return False
    return subprocess.run([python, "-c", "import ensurepip, venv"], capture_output=True, check=False).returncode == 0


def installed(venv: Path, python: Path, bounds: list[str]) -> Path:
    """The Python of an environment that holds this project, within these constraints; made unless it is there.

    Raises:
        Problem: when pip fails; the end of what it said is given.
    """
    ours, stamp, limits = venv / "bin" / "python", venv / "installed", venv / "bounds.txt"
    made_from = "\n".join([str(python), *requirements(), "", *bounds])
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == made_from:
        return ours
    subprocess.run([python, "-m", "venv", "--clear", venv], check=True)
    limits.write_text("\n".join(bounds), encoding="utf-8")
    command = [ours, "-m", "pip", "install", "--quiet", "--constraint", limits, "--editable", f".{EXTRAS}"]
    free = os.environ | {"PIP_CONSTRAINT": os.devnull}  # the machine's own limits take no part
    done = subprocess.run(command, cwd=ROOT, env=free, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Problem(f"pip could not make {venv}: {done.stderr[-2000:]}")
    stamp.write_text(made_from, encoding="utf-8")
    return ours
