"""The map of the course: a box per notebook, arrows from what it builds on, read from left to right."""

import textwrap
from collections.abc import Sequence

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from lmfn_core.evidence.figures import MUTED, OURS, PAPER
from lmfn_core.teaching.course import Lesson, builds_on

LINE = 17
"""Letters in a line of a box."""


def columns(lessons: Sequence[Lesson]) -> list[list[Lesson]]:
    """Lessons by how many others have to come before, one after the other; a column is what can be read next.

    >>> columns([Lesson("01_x", "01 · X", "", (), "", None, 0, 0)])[0][0].number
    '01'
    """
    needs = builds_on(lessons)
    depth: dict[str, int] = {}
    for lesson in lessons:  # a lesson builds on earlier ones only
        depth[lesson.number] = 1 + max((depth[need] for need in needs[lesson.number]), default=-1)
    found = [[] for _ in range(1 + max(depth.values()))]
    for lesson in lessons:
        found[depth[lesson.number]].append(lesson)
    return found


def draw_map(lessons: Sequence[Lesson]) -> Figure:
    """Draw the map. A box with a broken edge has no exercises.

    >>> figure = draw_map([Lesson("01_x", "01 · X", "", (), "", None, 0, 0)])
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['01 · X']
    """
    placed = columns(lessons)
    tallest = max(map(len, placed))
    figure, axis = plt.subplots(figsize=(2.05 * len(placed) + 0.3, 0.92 * tallest + 0.3))
    places = {
        lesson.number: (x, (len(column) - 1) / 2 - y)
        for x, column in enumerate(placed)
        for y, lesson in enumerate(column)
    }
    for number, needs in builds_on(lessons).items():
        for need in needs:
            (x0, y0), (x1, y1) = places[need], places[number]
            arrow = {"arrowstyle": "->", "color": PAPER if x1 - x0 > 1 else MUTED, "shrinkA": 0, "shrinkB": 0}
            axis.annotate("", (x1 - 0.4, y1), (x0 + 0.4, y0), arrowprops=arrow, zorder=1)
    for lesson in lessons:
        box = {"boxstyle": "square,pad=0", "fc": "white", "ec": "none"}
        x, y = places[lesson.number]
        edge = "-" if lesson.checkers else "--"
        axis.add_patch(plt.Rectangle((x - 0.4, y - 0.4), 0.8, 0.8, fc="white", ec=OURS, lw=1.3, ls=edge, zorder=2))
        short = textwrap.shorten(lesson.title, 3 * LINE, placeholder=" …")
        axis.text(x, y, textwrap.fill(short, LINE), ha="center", va="center", fontsize=9, zorder=3, bbox=box)
    axis.set(xlim=(-0.5, len(placed) - 0.5), ylim=(-tallest / 2, tallest / 2))
    axis.axis("off")
    return figure
