"""environment.yml is written from pyproject.toml and constraints.txt, never by hand.

python -m workflow.environment [--check]      --check: write nothing, exit code 1 when the file is out of date
"""

import re
import sys
from pathlib import Path

from workflow import ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PYTHON = "3.11"  # the version that everything was tested on
HEADER = f"""\
# Written by: python3 lab.py environment    (from pyproject.toml and constraints.txt; do not edit)
# For users of conda: conda brings Python {PYTHON}, pip the very versions that were tested.
name: lmfn
channels:
  - conda-forge
dependencies:
  - python={PYTHON}
  - pip
  - pip:
"""


def requirements(root: Path = ROOT) -> list[str]:
    """The direct requirements of the package and of its extras, as pyproject.toml has them."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["dependencies"] + [line for extra in project["optional-dependencies"].values() for line in extra]


def pins(root: Path = ROOT) -> dict[str, str]:
    """Name and version of each line of constraints.txt that holds for the tested Python."""
    lines = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    found = (re.match(r"([a-z0-9-]+)==([^;\s]+)(?!.*<)", line) for line in lines)
    return {match[1]: match[2] for match in found if match}


def name_of(requirement: str) -> str:
    """The package's name in a requirement, in its normal form.

    >>> name_of("Scikit_image>=0.24")
    'scikit-image'
    """
    return re.match(r"[A-Za-z0-9._-]+", requirement)[0].lower().replace("_", "-")


def render(root: Path = ROOT) -> str:
    """The text of environment.yml."""
    pinned = pins(root)
    needed = sorted(name_of(line) for line in requirements(root) if "python_version <" not in line)
    lines = [f"{name}=={pinned[name]}" for name in needed] + ["-c constraints.txt", "-e ."]
    return HEADER + "".join(f"      - {line}\n" for line in lines)


def main(arguments: list[str]) -> int:
    """Write the file, or check it."""
    path = ROOT / "environment.yml"
    if "--check" in arguments:
        return int(path.read_text(encoding="utf-8") != render())
    path.write_text(render(), encoding="utf-8")
    print("wrote environment.yml")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
