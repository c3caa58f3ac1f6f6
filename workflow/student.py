"""The students' copies of the masters: solutions out, outputs cleared. Generated, never edited by hand.

python -m workflow.student [--check]      --check: write nothing, exit code 1 when a copy is out of date
"""

import re
import sys
from pathlib import Path

import nbformat

from workflow import ROOT

SOLUTION = re.compile(r"^([ \t]*)### BEGIN SOLUTION\n.*?^[ \t]*### END SOLUTION[ \t]*$", re.MULTILINE | re.DOTALL)
HOME = """\
# Your copy lies in notebooks/student; every path below starts from notebooks/.
import os

if os.path.basename(os.getcwd()) == "student":
    os.chdir("..")"""


def masters(root: Path = ROOT) -> list[Path]:
    """All masters, in the order of the course."""
    return sorted((root / "notebooks").glob("*.ipynb"))


def copy_of(master: Path) -> Path:
    """Where the student's copy of a master lies."""
    return master.parent / "student" / master.name


def render(master: Path) -> str:
    """The text of the student's copy of a master."""
    book = nbformat.read(master, as_version=4)
    names = {path.name for path in master.parent.glob("*.ipynb")}
    for cell in book.cells:
        if cell.cell_type == "markdown":
            cell.source = re.sub(r"\]\(([^)\s]+)\)", lambda link: _moved(link, names), cell.source)
        elif cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            if "solution" in cell.metadata.get("tags", ()):
                cell.source = without_solution(cell.source)
    first = next(i for i, cell in enumerate(book.cells) if cell.cell_type == "code")
    book.cells.insert(first, nbformat.v4.new_code_cell(HOME, id="home"))
    book.metadata.pop("widgets", None)
    return nbformat.writes(book) + "\n"


def without_solution(source: str) -> str:
    """The cell with each marked solution replaced; a cell without marks is a solution as a whole.

    >>> print(without_solution("def f(x):\\n    ### BEGIN SOLUTION\\n    return x\\n    ### END SOLUTION"))
    def f(x):
        raise NotImplementedError("your turn")
    >>> without_solution("answer = 42")
    '# Your turn.'
    """
    if not SOLUTION.search(source):
        return "# Your turn."
    return SOLUTION.sub(r'\1raise NotImplementedError("your turn")', source)


def write(root: Path = ROOT) -> list[Path]:
    """Write every copy that is out of date and remove copies of masters that are gone; what was changed."""
    changed = []
    for master in masters(root):
        copy, text = copy_of(master), render(master)
        if not copy.exists() or copy.read_text(encoding="utf-8") != text:
            copy.parent.mkdir(exist_ok=True)
            copy.write_text(text, encoding="utf-8")
            changed.append(copy)
    for copy in orphans(root):
        copy.unlink()
        changed.append(copy)
    return changed


def orphans(root: Path = ROOT) -> list[Path]:
    """Copies whose master is gone."""
    names = {master.name for master in masters(root)}
    return [copy for copy in sorted((root / "notebooks" / "student").glob("*.ipynb")) if copy.name not in names]


def is_fresh(master: Path) -> bool:
    """Whether the student's copy is what the master gives now."""
    copy = copy_of(master)
    return copy.exists() and copy.read_text(encoding="utf-8") == render(master)


def main(arguments: list[str]) -> int:
    """Write the copies, or check them."""
    if "--check" in arguments:
        stale = [copy_of(master).name for master in masters() if not is_fresh(master)]
        stale += [copy.name for copy in orphans()]
        print(f"out of date: {', '.join(stale)}" if stale else "all students' copies are up to date")
        return int(bool(stale))
    for path in write():
        print("wrote" if path.exists() else "removed", path.relative_to(ROOT))
    return 0


def _moved(link: re.Match, masters: set[str]) -> str:
    """A relative link as it must read one folder deeper; other notebooks of the course have copies beside this one."""
    target = link[1]
    stays = target.startswith(("#", "/", "attachment:")) or "://" in target or target.split("#")[0] in masters
    return link[0] if stays else f"](../{target})"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
