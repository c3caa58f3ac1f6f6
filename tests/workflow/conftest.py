"""A small repository for the runner, and Snakemake's environment."""

import importlib.util
from pathlib import Path

import pytest

from workflow import ROOT
from workflow.reliability.toy import Project, make_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A fresh repository in which nothing has run yet."""
    return make_project(tmp_path)


@pytest.fixture(scope="session")
def build_project():
    """Makes such a repository in any folder."""
    return make_project


@pytest.fixture(scope="session")
def snakemake() -> None:
    """Snakemake's environment beside this one, built as `python3 lab.py snakemake` does; skips where it cannot be."""
    spec = importlib.util.spec_from_file_location("lab", ROOT / "lab.py")
    lab = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(lab)
    try:
        lab.ensure_venv(lab.SNAKEMAKE)
    except (SystemExit, OSError) as error:
        pytest.skip(f"Snakemake cannot be installed here: {error}")
