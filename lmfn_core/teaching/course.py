"""The course as its notebooks tell it: titles, what each is for and builds on, minutes; nothing is typed twice."""

import ast
import importlib
import importlib.util
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lmfn_core.records import load_record

NUMBER = r"\b(0\d|1\d|A\d)\b"
"""How the notebooks are numbered: 00 to 19, and A1, A2 for appendices."""


@dataclass(frozen=True)
class Lesson:
    """A notebook of the course, read from its file and its checkers."""

    stem: str  # the file's name without its ending
    title: str  # "06 · Assembling LMFN on a 1.25 M budget"
    aim: str  # the first paragraph: what the reader does
    needs: tuple[str, ...]  # numbers of the notebooks that "You need" names
    run: str  # name of its run, and of its record
    seconds: float | None  # what the example run took; None where nobody measured it
    words: int  # of its text, without the exercises
    lines: int  # of its code, without the exercises

    @property
    def number(self) -> str:
        """Two characters, as in the title."""
        return self.title.split()[0]

    @property
    def name(self) -> str:
        """The title without its number."""
        return self.title.split("·", 1)[-1].strip()

    @cached_property
    def checkers(self) -> tuple[Callable[..., bool], ...]:
        """The checkers of its exercises, in the order of their file, which is that of the notebook."""
        module = f"lmfn_core.teaching.exercises.{self.stem.split('_', 1)[1]}"
        if importlib.util.find_spec(module) is None:
            return ()
        return tuple(value for value in vars(importlib.import_module(module)).values() if hasattr(value, "minutes"))

    @property
    def exercise_minutes(self) -> int:
        """The sum of what the checkers say."""
        return sum(check.minutes for check in self.checkers)


def course(notebooks: Path | str = ".", records: Path | str | None = None) -> list[Lesson]:
    """All lessons, in order.

    Args:
        notebooks: folder of the masters. records: folder of the example records; by default inside ``notebooks``.

    Raises:
        FileNotFoundError: when there is no notebook. ValueError: when one lacks its title or its run.

    >>> course(Path(__file__).parents[2] / "notebooks")[-1].number[0] in "A1"
    True
    """
    folder = Path(notebooks)
    records = Path(records or folder / "examples" / "records")
    paths = sorted(folder.glob("*.ipynb"))
    if not paths:
        raise FileNotFoundError(f"There is no notebook in {str(folder)!r}; give the folder notebooks/ of the course.")
    return [_read(path, records) for path in paths]


def builds_on(lessons: Sequence[Lesson]) -> dict[str, list[str]]:
    """Number of each lesson to the numbers that it builds on directly.

    A need that another need has already is left out: who has read 08 has read 06. What names no other notebook begins
    after the first one. Needs that are not among ``lessons`` are left out.

    >>> demo = [Lesson(f"{n}_x", f"{n} · X", "", needs, "", None, 0, 0)
    ...         for n, needs in {"00": (), "06": (), "08": ("06",), "10": ("06", "08")}.items()]
    >>> builds_on(demo)
    {'00': [], '06': ['00'], '08': ['06'], '10': ['08']}
    """
    present, first = {lesson.number for lesson in lessons}, lessons[0].number
    needs = {lesson.number: set(lesson.needs) & present - {lesson.number} for lesson in lessons}
    needs = {number: own or {first} - {number} for number, own in needs.items()}
    before = {number: _all_before(number, needs) for number in needs}
    return {
        number: sorted(need for need in own if not any(need in before[other] for other in own - {need}))
        for number, own in needs.items()
    }


def _all_before(number: str, needs: Mapping[str, set[str]]) -> set[str]:
    found, left = set(), list(needs[number])
    while left:
        need = left.pop()
        if need not in found:
            found.add(need)
            left += needs[need]
    return found


def _read(path: Path, records: Path) -> Lesson:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    sources = [(cell["cell_type"], "".join(cell["source"]), cell["metadata"].get("tags", ())) for cell in cells]
    card = next((text for kind, text, _ in sources if kind == "markdown"), "")
    title, _, rest = card.partition("\n")
    if not re.match(rf"# {NUMBER} · \S", title):
        raise ValueError(f"{path.name} begins with {title!r}, not with a title such as '# 06 · Assembling'.")
    needs = re.search(r"^\*\*You need\*\*(.*?)(?:\n\n|\Z)", card, flags=re.MULTILINE | re.DOTALL)
    run = _run(next((text for _, text, tags in sources if "parameters" in tags), ""), path)
    record = records / f"{run}.json"
    words, lines = _size(sources)
    return Lesson(
        stem=path.stem,
        title=title.removeprefix("# ").strip(),
        aim=rest.strip().split("\n\n")[0].replace("\n", " "),
        needs=tuple(dict.fromkeys(re.findall(NUMBER, needs[1] if needs else ""))),
        run=run,
        seconds=load_record(record)["seconds"]["total"] if record.is_file() else None,
        words=words,
        lines=lines,
    )


def _run(parameters: str, path: Path) -> str:
    for node in ast.parse(parameters).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "run":
            return ast.literal_eval(node.value)
    raise ValueError(f"{path.name} has no parameter 'run', so its record cannot be found.")


def _size(sources: Sequence[tuple[str, str, Sequence[str]]]) -> tuple[int, int]:
    """Words of text and lines of code up to the exercises, which have minutes of their own."""
    words = lines = 0
    for kind, text, _ in sources:
        text, *exercises = re.split(r"^## Exercises", text, flags=re.MULTILINE)
        if kind == "markdown":
            words += len(text.split())
        else:
            lines += sum(bool(line.strip()) for line in text.splitlines())
        if exercises:
            break
    return words, lines
