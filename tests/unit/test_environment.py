"""pyproject.toml, constraints.txt and environment.yml say the same, and it is what is installed here."""

import sys
from importlib.metadata import version

import pytest
import yaml
from packaging.requirements import Requirement

from workflow import ROOT
from workflow.environment import main, name_of, pins, render, requirements

REQUIREMENTS = [Requirement(line) for line in requirements()]
HERE = [r for r in REQUIREMENTS if r.marker is None or r.marker.evaluate()]
CONSTRAINTS = [
    Requirement(line)
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


def pin_here(name: str) -> str:
    """The version that constraints.txt asks for under this Python."""
    (pin,) = [r for r in CONSTRAINTS if name_of(r.name) == name and (r.marker is None or r.marker.evaluate())]
    return str(pin.specifier).removeprefix("==")


def test_environment_is_generated_from_the_other_two():
    assert (ROOT / "environment.yml").read_text(encoding="utf-8") == render()
    assert main(["--check"]) == 0


def test_environment_pins_every_requirement():
    content = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    (pip,) = [entry["pip"] for entry in content["dependencies"] if isinstance(entry, dict)]
    listed = dict(line.split("==") for line in pip if "==" in line)
    wanted = {name_of(r.name) for r in REQUIREMENTS if r.marker is None}
    assert set(listed) == wanted
    assert listed == {name: pins()[name] for name in wanted}


@pytest.mark.parametrize("requirement", HERE, ids=lambda r: r.name)
def test_pin_fits_the_range_and_is_installed(requirement):
    pinned = pin_here(name_of(requirement.name))
    assert requirement.specifier.contains(pinned)
    assert version(requirement.name).split("+")[0] == pinned  # torch's CPU build calls itself 2.13.0+cpu


@pytest.mark.parametrize("python", ["3.10", "3.11", "3.12", "3.13"])
def test_one_pin_per_package_and_python(python):
    names = [r.name for r in CONSTRAINTS if r.marker is None or r.marker.evaluate({"python_version": python})]
    assert len(names) == len(set(names))
    assert {name_of(r.name) for r in REQUIREMENTS if r.marker is None} <= set(names)


def test_torch_is_the_promised_one():
    (torch,) = [r for r in REQUIREMENTS if r.name == "torch"]
    assert pins()["torch"] == "2.13.0"
    assert torch.specifier.contains("2.6.0") and not torch.specifier.contains("2.5.1")
    assert sys.version_info >= (3, 10)
