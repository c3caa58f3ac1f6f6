"""Which notebooks were handed in, and which exercises of the course they hold."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from workflow import Problem

ANNOUNCED = re.compile(r"^\*\*(\d+) · (.+?)\*\* \(", re.MULTILINE)
CHECKS = re.compile(r"^check_\w+\(", re.MULTILINE)


@dataclass(frozen=True)
class Task:
    """An exercise as the master has it."""

    number: int
    title: str
    cell: str  # the id of its checker's cell
    source: str


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
    books = {path.stem: read_book(path) for path in sorted(masters.glob("*.ipynb"))}
    return {number: (stem, tasks(book)) for stem, book in books.items() if (number := number_of(book))}


def number_of(book: NotebookNode) -> str:
    """What stands before the dot in the title, such as 06."""
    for cell in book.cells:
        if cell.cell_type == "markdown" and (found := re.match(r"# (\w\d) · ", cell.source)):
            return found[1]
    return ""


def read_book(path: Path) -> NotebookNode:
    """A notebook that was handed in. Raises a Problem when it is none."""
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
