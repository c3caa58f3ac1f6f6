"""What the checkers said of handed-in notebooks: a mark for each exercise, shown as lines or written as rows."""

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

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
class Mark:
    """What one checker said to one student."""

    student: str
    notebook: str
    exercise: int
    title: str
    verdict: str  # a key of MEANING
    said: str


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
