"""Run the notebooks that students handed in and count what their checkers say.

python -m workflow.collect RETURNED [--csv marks.csv] [--limit 600] [--cell 60] [--tier smoke] [--masters notebooks]

RETURNED holds a folder per student with notebooks in it (returned/ada/06_assembling.ipynb), or files that bear the
student's name (returned/ada.ipynb). Which notebook it is, its title says. Each is executed in a kernel of its own, in
the folder of the masters, with the sizes of a small tier and a scratch folder for what it writes; no network is needed.
The cell of each checker is put back from the master first, and only what that very cell prints is counted. A cell that
runs for too long is stopped; those behind it go on while the notebook's own time lasts.

A kernel runs whatever a notebook says, with your rights. Collect in an account, a container or a virtual machine that
holds nothing else.

Exit codes: 0 all were run (whatever they score), 1 some files could not be used, 2 a mistake in the call.
"""

import argparse
import os
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from workflow import ROOT, Problem
from workflow.exits import exit_code
from workflow.graph import load_tier
from workflow.handins import Task, courses, handed_in, number_of, read_book, restored
from workflow.marks import BROKEN, LATE, MISSING, OPEN, RIGHT, WRONG, Mark, table, write_csv
from workflow.places import tiers
from workflow.pool import environment


@dataclass(frozen=True)
class Settings:
    """How notebooks are run."""

    masters: Path  # the folder of the masters, in which they run
    sizes: dict[str, dict]  # parameters by the master's name
    limit: float = 600  # seconds for one notebook
    cell: float = 60  # seconds for one of its cells


def marks(student: str, path: Path, given: Settings, known: dict[str, tuple[str, list[Task]]]) -> list[Mark]:
    """Run one notebook and read what its checkers said."""
    book = read_book(path)
    if (number := number_of(book)) not in known:
        raise Problem(f"{path} has the title of no notebook of the course.")
    stem, exercises = known[number]
    there = restored(book, exercises)
    with tempfile.TemporaryDirectory(prefix="collect-") as scratch:
        _run(_sized(book, given.sizes.get(stem, {}) | {"out": scratch}), given)
    told = [_verdict(task, there[task.cell]) if task.cell in there else (MISSING, "") for task in exercises]
    return [Mark(student, stem, t.number, t.title, *verdict) for t, verdict in zip(exercises, told, strict=True)]


def _sized(book: NotebookNode, values: dict[str, object]) -> NotebookNode:
    """Set parameters behind the cell that declares them, for those that it does declare."""
    for at, cell in enumerate(book.cells):
        if "parameters" in cell.metadata.get("tags", ()):
            lines = [f"{n} = {v!r}" for n, v in values.items() if re.search(rf"^{n}\s*=", cell.source, re.MULTILINE)]
            book.cells.insert(at + 1, nbformat.v4.new_code_cell("\n".join(lines), id="collected"))
            break
    return book


def _run(book: NotebookNode, given: Settings) -> None:
    """Execute as far as the time goes. Cells that fail, or are stopped, do not keep those behind them from running."""
    from nbclient import NotebookClient
    from nbclient.exceptions import DeadKernelError

    end = time.monotonic() + given.limit
    client = NotebookClient(
        book,
        kernel_name="python3",
        allow_errors=True,
        interrupt_on_timeout=True,
        record_timing=False,
        coalesce_streams=True,
        timeout_func=lambda cell: max(min(given.cell, end - time.monotonic()), 0.1),
        shutdown_kernel="immediate",
        resources={"metadata": {"path": str(given.masters)}},
    )
    client.log.disabled = True  # what it would say, the table says
    with client.setup_kernel():
        for index, cell in enumerate(book.cells):
            if time.monotonic() > end:
                break
            try:
                client.execute_cell(cell, index)
            except DeadKernelError:
                break


def _verdict(task: Task, cell: NotebookNode) -> tuple[str, str]:
    """The mark in the line with the exercise's own title, and that line."""
    text = "".join(output.get("text", "") for output in cell.outputs if output.output_type == "stream")
    for line in text.splitlines():
        mark, _, rest = line.partition(" ")
        if mark in (RIGHT, WRONG, OPEN) and rest.startswith(f"{task.title}:"):
            return mark, line
    failed = [output for output in cell.outputs if output.output_type == "error"]
    if failed and failed[0].ename != "KeyboardInterrupt":
        return BROKEN, f"{failed[0].ename}: {failed[0].evalue}"
    return LATE, ""


def collect(returned: Path, given: Settings) -> tuple[list[Mark], list[str]]:
    """The marks of all notebooks under a folder, and a sentence for each file that could not be used."""
    known = courses(given.masters)
    found, trouble = [], []
    for student, path in handed_in(returned):
        began = time.monotonic()
        try:
            new = marks(student, path, given, known)
        except Problem as problem:
            trouble.append(str(problem))
            continue
        found += new
        verdicts = " ".join(mark.verdict for mark in new)
        print(f"{student}  {path.name}  {verdicts}  ({time.monotonic() - began:.0f} s)", flush=True)
    return found, trouble


def main(arguments: Sequence[str]) -> int:
    """Collect; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m workflow.collect", description=__doc__.splitlines()[0])
    parser.add_argument("returned", type=Path, help="the folder with what was handed in")
    parser.add_argument("--csv", type=Path, help="write a row per student and exercise into this file")
    parser.add_argument("--limit", type=float, default=600, help="seconds for one notebook (600)")
    parser.add_argument("--cell", type=float, default=60, help="seconds for one of its cells (60)")
    parser.add_argument("--tier", default="smoke", help="whose sizes the notebooks run with (smoke)")
    parser.add_argument("--masters", type=Path, default=ROOT / "notebooks", help="the folder of the masters")
    given = parser.parse_args(arguments)
    if given.tier not in tiers(ROOT):
        raise Problem(f"There is no tier {given.tier!r}; known are {', '.join(tiers(ROOT))}.")
    if not given.returned.is_dir():
        raise Problem(f"There is no folder {given.returned}; give the one with what was handed in.")
    if min(given.limit, given.cell) <= 0:
        raise Problem("--limit and --cell are seconds, above 0.")
    os.environ.update(environment(1, ROOT))
    os.environ.pop("MPLBACKEND", None)
    sizes = load_tier(ROOT, given.tier)["notebooks"]
    found, trouble = collect(given.returned, Settings(given.masters.resolve(), sizes, given.limit, given.cell))
    if given.csv:
        write_csv(found, given.csv)
    print("\n".join(["", table(found), *trouble] if found else trouble))
    return int(bool(trouble))


if __name__ == "__main__":
    sys.exit(exit_code(lambda: main(sys.argv[1:])))
