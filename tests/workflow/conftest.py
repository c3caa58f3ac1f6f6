"""A small repository for the runner, and Snakemake's environment."""

from pathlib import Path

import pytest

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
def snakemake(python_of) -> None:
    """Snakemake's environment beside this one."""
    python_of("SNAKEMAKE")
