"""The students' copies of the masters: solutions out, outputs cleared. Generated, never edited by hand.

python -m workflow.student [--check]      --check: write nothing, exit code 1 when a copy is out of date
python -m workflow.student --without-hints --out handout.zip    a teacher's hand-out: a folder, or a .zip file

A hand-out is meant to be put into notebooks/ of the student's clone, and works from any other folder as well.
"""

import argparse
import re
import sys
import zipfile
from pathlib import Path

import nbformat

from workflow import ROOT, Problem

SOLUTION = re.compile(r"^([ \t]*)### BEGIN SOLUTION\n.*?^[ \t]*### END SOLUTION[ \t]*$", re.MULTILINE | re.DOTALL)
HOME = """\
# Your copy lies in notebooks/student; every path below starts from notebooks/.
import os

if os.path.basename(os.getcwd()) == "student":
    os.chdir("..")"""
HOME_OF_A_HANDOUT = """\
# Every path below starts from notebooks/ of the course's repository, wherever this copy lies.
import importlib.util
import os

package = importlib.util.find_spec("lmfn_core")
home = os.path.join(os.path.dirname(package.origin), "..", "notebooks") if package else ""
if not os.path.isdir(os.path.join(home, "params")):
    raise RuntimeError("Put this folder into notebooks/ of the course's repository; there run: python3 lab.py lab")
os.chdir(home)"""


def masters(root: Path = ROOT) -> list[Path]:
    """All masters, in the order of the course."""
    return sorted((root / "notebooks").glob("*.ipynb"))


def copy_of(master: Path) -> Path:
    """Where the student's copy of a master lies."""
    return master.parent / "student" / master.name


def render(master: Path, hints: bool = True, home: str = HOME) -> str:
    """The text of the student's copy of a master; ``home`` is its first code cell."""
    book = nbformat.read(master, as_version=4)
    if not hints:
        book.cells = [cell for cell in book.cells if "hint" not in cell.metadata.get("tags", ())]
    names = {path.name for path in master.parent.glob("*.ipynb")}
    for cell in book.cells:
        if cell.cell_type == "markdown":
            cell.source = re.sub(r"\]\(([^)\s]+)\)", lambda link: _moved(link, names), cell.source)
        elif cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            if "solution" in cell.metadata.get("tags", ()):
                cell.source = without_solution(cell.source)
    first = next(i for i, cell in enumerate(book.cells) if cell.cell_type == "code")
    book.cells.insert(first, nbformat.v4.new_code_cell(home, id="home"))
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


def write(root: Path = ROOT, hints: bool = True) -> list[Path]:
    """Write every copy that is out of date and remove copies of masters that are gone; what was changed."""
    changed = []
    for master in masters(root):
        if not is_fresh(master, hints):
            copy_of(master).parent.mkdir(exist_ok=True)
            copy_of(master).write_text(render(master, hints), encoding="utf-8")
            changed.append(copy_of(master))
    for copy in orphans(root):
        copy.unlink()
        changed.append(copy)
    return changed


def hand_out(out: Path, hints: bool = True, root: Path = ROOT) -> list[Path]:
    """Write all copies anew into a folder, or into a .zip that unpacks to one; nothing else in the folder is touched.

    Raises:
        Problem: when the copies would take the masters' place.
    """
    texts = {master.name: render(master, hints, HOME_OF_A_HANDOUT) for master in masters(root)}
    if out.suffix.lower() == ".zip":
        out.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in texts.items():
                archive.writestr(f"{out.stem}/{name}", text)
        return [out]
    if out.resolve() == (root / "notebooks").resolve():
        raise Problem(f"The masters themselves lie in {out}; name another folder for the copies.")
    out.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (out / name).write_text(text, encoding="utf-8")
    return [out / name for name in texts]


def orphans(root: Path = ROOT) -> list[Path]:
    """Copies whose master is gone."""
    names = {master.name for master in masters(root)}
    return [copy for copy in sorted((root / "notebooks" / "student").glob("*.ipynb")) if copy.name not in names]


def is_fresh(master: Path, hints: bool = True) -> bool:
    """Whether the student's copy is what the master gives now."""
    copy = copy_of(master)
    return copy.exists() and copy.read_text(encoding="utf-8") == render(master, hints)


def main(arguments: list[str]) -> int:
    """Write the copies, or check them; the exit code."""
    parser = argparse.ArgumentParser(prog="student", description="Write the students' copies of the notebooks.")
    parser.add_argument("--without-hints", action="store_true", help="leave out the cells with hints")
    parser.add_argument("--out", type=Path, help="a folder or a .zip file (default: notebooks/student)")
    parser.add_argument("--check", action="store_true", help="write nothing; 1 when notebooks/student is out of date")
    words = parser.parse_args(arguments)
    hints = not words.without_hints
    if words.check:
        stale = [copy_of(master).name for master in masters() if not is_fresh(master, hints)]
        stale += [copy.name for copy in orphans()]
        print(f"out of date: {', '.join(stale)}" if stale else "all students' copies are up to date")
        return int(bool(stale))
    try:
        changed = write(hints=hints) if words.out is None else hand_out(words.out, hints)
    except (Problem, OSError) as problem:
        print(problem, file=sys.stderr)
        return 1
    for path in changed:
        print("wrote" if path.exists() else "removed", path if words.out else path.relative_to(ROOT))
    return 0


def _moved(link: re.Match, masters: set[str]) -> str:
    """A relative link as it must read one folder deeper; other notebooks of the course have copies beside this one."""
    target = link[1]
    stays = target.startswith(("#", "/", "attachment:")) or "://" in target or target.split("#")[0] in masters
    return link[0] if stays else f"](../{target})"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
