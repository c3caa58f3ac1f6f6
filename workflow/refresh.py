"""Execute master notebooks in place and save them without anything that changes from run to run.

python -m workflow.refresh [06_assembling ...]      (none named: all; the students' copies are renewed afterwards)

Dropped: timings, widget state, the Python version, and drawn photographs (cells tagged `photograph`), which belong to
somebody else. A second refresh differs only where a notebook's real output does.
"""

import os
import sys
import time
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from workflow import ROOT, Problem, student, suggest
from workflow.pool import environment

WIDGET = "application/vnd.jupyter.widget-view+json"
DRAWN = "(photographs are drawn when you run this cell)"
MOVING = "(a widget appears when you run this cell)"


def main(names: list[str]) -> int:
    """Refresh the named masters, or all; the exit code."""
    try:
        paths = _paths(names)
        os.environ.update(environment(1, ROOT))  # the tests compare with one thread as well
        os.environ.pop("MPLBACKEND", None)
        for path in paths:
            began = time.monotonic()
            refresh(path)
            size = path.stat().st_size / 1000
            print(f"{path.relative_to(ROOT)}: {time.monotonic() - began:.0f} s, {size:.0f} KB", flush=True)
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    for path in student.write():
        print("wrote" if path.exists() else "removed", path.relative_to(ROOT))
    return 0


def refresh(path: Path) -> None:
    """Execute one notebook and write it back; when a cell fails the file stays as it was."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    book = nbformat.read(path, as_version=4)
    folder = {"metadata": {"path": str(path.parent)}}
    client = NotebookClient(
        book, timeout=1200, kernel_name="python3", record_timing=False, coalesce_streams=True, resources=folder
    )
    try:
        client.execute()
    except (CellExecutionError, DeadKernelError) as error:
        raise Problem(f"{path.name} was left as it was, because a cell failed:\n{error}") from None
    clean(book)
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(nbformat.writes(book) + "\n", encoding="utf-8")
    os.replace(temporary, path)


def clean(book: NotebookNode) -> None:
    """Drop from an executed notebook what is no real output; cells keep their ids."""
    for cell in book.cells:
        for name in ("execution", "papermill", "collapsed", "scrolled"):
            cell.metadata.pop(name, None)
        for output in cell.get("outputs", ()):
            if output.get("data", {}).pop(WIDGET, None):
                output.data["text/plain"] = MOVING
            if "photograph" in cell.metadata.get("tags", ()):
                _drop_pictures(output)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    book.metadata = NotebookNode(kernelspec=kernel, language_info={"name": "python"})


def _drop_pictures(output: NotebookNode) -> None:
    data = output.get("data", {})
    for kind in [kind for kind in data if kind.startswith("image/")]:
        del data[kind]
        data["text/plain"] = DRAWN


def _paths(names: list[str]) -> list[Path]:
    known = {path.stem: path for path in student.masters()}
    for name in names:
        if Path(name).stem not in known:
            hint = suggest(name, known)
            raise Problem(f"There is no master notebook {name!r}{hint} Known: {', '.join(known)}.")
    return [known[Path(name).stem] for name in names] or list(known.values())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
