"""What tests of several folders need: the course as a book, written once."""

import importlib.util
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def book_python():
    """The Python of the book's environment, built as `python3 lab.py book` does; skips where it cannot be."""
    spec = importlib.util.spec_from_file_location("lab", ROOT / "lab.py")
    lab = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(lab)
    try:
        lab.ensure_venv(lab.BOOK)
    except (SystemExit, OSError) as error:
        pytest.skip(f"Sphinx cannot be installed here: {error}")
    return lab.python_of(lab.BOOK)


@pytest.fixture(scope="session")
def book(book_python, tmp_path_factory):
    """The folder of the book, made from the committed masters."""
    out = tmp_path_factory.mktemp("book") / "book"
    command = [book_python, "-m", "workflow.book", f"OUT={out}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return out
