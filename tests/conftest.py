"""What tests of several folders need: the course as a book, written once."""

import importlib.util
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def python_of():
    """The Python of an environment of the launcher, "BOOK", "SNAKEMAKE" or "MUTATION", built as it does; else skips."""
    spec = importlib.util.spec_from_file_location("lab", ROOT / "lab.py")
    lab = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(lab)

    def built(name: str) -> str:
        venv = getattr(lab, name)
        try:
            lab.ensure_venv(venv)
        except (SystemExit, OSError) as error:
            pytest.skip(f"{venv} cannot be built here: {error}")
        return lab.python_of(venv)

    return built


@pytest.fixture(scope="session")
def book_python(python_of):
    """The Python of the book's environment."""
    return python_of("BOOK")


@pytest.fixture(scope="session")
def book(book_python, tmp_path_factory):
    """The folder of the book, made from the committed masters."""
    out = tmp_path_factory.mktemp("book") / "book"
    command = [book_python, "-m", "workflow.book", f"OUT={out}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return out
