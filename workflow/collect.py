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
import csv
import os
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from workflow import ROOT, Problem
from workflow.exits import exit_code
from workflow.graph import load_tier
from workflow.places import tiers
from workflow.pool import environment

ANNOUNCED = re.compile(r"^\*\*(\d+) · (.+?)\*\* \(", re.MULTILINE)
CHECKS = re.compile(r"^check_\w+\(", re.MULTILINE)
RIGHT, WRONG, OPEN, BROKEN, MISSING, LATE = "✓", "✗", "…", "!", "-", "t"
MEANING = {
    RIGHT: "right",
    WRONG: "wrong, with its hint",
    OPEN: "still to do",
    BROKEN: "the checker's cell stopped with an error",
    MISSING: "not in the notebook",
    LATE: "not reached: stopped, out of time, or the kernel died",
}


@dataclass(frozen=True)
class Settings:
    """How notebooks are run."""

    masters: Path  # the folder of the masters, in which they run
    sizes: dict[str, dict]  # parameters by the master's name
    limit: float = 600  # seconds for one notebook
    cell: float = 60  # seconds for one of its cells


@dataclass(frozen=True)
class Task:
    """An exercise as the master has it."""

    number: int
    title: str
    cell: str  # the id of its checker's cell
    source: str


@dataclass(frozen=True)
class Mark:
    """What one checker said to one student."""

    student: str
    notebook: str
    exercise: int
    title: str
    verdict: str  # a key of MEANING
    said: str


def tasks(master: NotebookNode) -> list[Task]:
    """The exercises of a master; each is announced, then checked by the next cell that calls a checker."""
    found, announced = [], None
    for cell in master.cells:
        if cell.cell_type == "markdown" and ANNOUNCED.search(cell.source):
            announced = ANNOUNCED.findall(cell.source)[-1]
        elif cell.cell_type == "code" and announced and CHECKS.search(cell.source):
            found.append(Task(int(announced[0]), announced[1], cell.id, cell.source))
            announced = None
    return found


def handed_in(returned: Path) -> list[tuple[str, Path]]:
    """Student and file of every notebook under the folder, sorted; hidden files and folders are left out.

    Raises a Problem when there is none.
    """
    files = [path for path in sorted(returned.rglob("*.ipynb")) if not _is_hidden(path.relative_to(returned))]
    if not files:
        raise Problem(f"There is no notebook under {returned}; it holds a folder per student, with notebooks in it.")
    parts = [path.relative_to(returned).parts for path in files]
    return [(names[0] if len(names) > 1 else path.stem, path) for names, path in zip(parts, files, strict=True)]


def _is_hidden(path: Path) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in path.parts)


def courses(masters: Path) -> dict[str, tuple[str, list[Task]]]:
    """File name and exercises of each master, by the number in its title."""
    books = {path.stem: _read(path) for path in sorted(masters.glob("*.ipynb"))}
    return {number: (stem, tasks(book)) for stem, book in books.items() if (number := _number(book))}


def _number(book: NotebookNode) -> str:
    """What stands before the dot in the title, such as 06."""
    for cell in book.cells:
        if cell.cell_type == "markdown" and (found := re.match(r"# (\w\d) · ", cell.source)):
            return found[1]
    return ""


def _read(path: Path) -> NotebookNode:
    try:
        return nbformat.read(path, as_version=4)
    except Exception as error:  # whatever a student hands in under this name
        raise Problem(f"{path} is not a notebook: {type(error).__name__}.") from None


def restored(book: NotebookNode, exercises: Sequence[Task]) -> dict[str, NotebookNode]:
    """Put the checkers' cells back as the master has them; those that are there, by the id they have in the master.

    An editor that keeps no ids is answered by the text: the last cell that is word for word the master's.
    """
    by_id, by_text = {task.cell: task for task in exercises}, {task.source: task for task in exercises}
    there = {}
    for cell in book.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            if task := by_id.get(cell.get("id")) or by_text.get(cell.source.strip()):
                cell.source, there[task.cell] = task.source, cell
    return there


def marks(student: str, path: Path, given: Settings, known: dict[str, tuple[str, list[Task]]]) -> list[Mark]:
    """Run one notebook and read what its checkers said."""
    book = _read(path)
    if (number := _number(book)) not in known:
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


def write_csv(found: Iterable[Mark], path: Path) -> None:
    """A row per student and exercise."""
    with open(path, "w", newline="", encoding="utf-8-sig") as file:  # the mark by which spreadsheets know UTF-8
        writer = csv.writer(file)
        writer.writerow(["student", "notebook", "exercise", "title", "verdict", "meaning", "said"])
        for mark in found:
            words = [mark.student, mark.notebook, mark.exercise, mark.title, mark.verdict, MEANING[mark.verdict]]
            writer.writerow([*map(_harmless, words), _harmless(mark.said)])


def _harmless(value: object) -> object:
    """A text that no spreadsheet takes for a formula."""
    return (
        f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "@", "-")) and len(value) > 1 else value
    )


def table(found: Sequence[Mark]) -> str:
    """A line per student and notebook with a mark for each exercise, then how the class did in each exercise."""
    rows: dict[tuple[str, str], list[Mark]] = {}
    for mark in found:
        rows.setdefault((mark.student, mark.notebook), []).append(mark)
    width = max((len(student) for student, _ in rows), default=0)
    lines = []
    for (student, notebook), row in rows.items():
        right = sum(mark.verdict == RIGHT for mark in row)
        lines.append(f"{student:{width}}  {notebook}  {' '.join(m.verdict for m in row)}  {right} of {len(row)}")
    lines += ["", *_by_exercise(found), ""]
    lines += [
        f"{verdict} {meaning}" for verdict, meaning in MEANING.items() if any(m.verdict == verdict for m in found)
    ]
    return "\n".join(lines)


def _by_exercise(found: Sequence[Mark]) -> list[str]:
    """How many were right, and the hint that most of the others got: what to talk about in the next meeting."""
    lines, groups = [], {}
    for mark in found:
        groups.setdefault((mark.notebook, mark.exercise, mark.title), []).append(mark)
    for (notebook, number, title), group in sorted(groups.items()):
        right = sum(mark.verdict == RIGHT for mark in group)
        lines.append(f"{notebook}, {number} · {title}: {right} of {len(group)} right")
        hints = Counter(m.said.removeprefix(f"{WRONG} {title}: ") for m in group if m.verdict == WRONG)
        lines += [f"    {count} x {hint}" for hint, count in hints.most_common(1)]
    return lines


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
