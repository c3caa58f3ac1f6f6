"""The map of the course: every notebook in a box, every arrow from left to right."""

from pathlib import Path

from matplotlib.patches import Rectangle

from lmfn_core.teaching.course import Lesson, builds_on, course
from lmfn_core.teaching.course_map import columns, draw_map

LESSONS = course(Path(__file__).parents[2] / "notebooks")


def test_a_lesson_stands_right_of_all_that_it_builds_on():
    at = {lesson.number: x for x, column in enumerate(columns(LESSONS)) for lesson in column}
    assert set(at) == {lesson.number for lesson in LESSONS}
    for number, needs in builds_on(LESSONS).items():
        assert at[number] == 1 + max((at[need] for need in needs), default=-1)


def test_every_notebook_has_a_box_and_no_title_leaves_it():
    figure = draw_map(LESSONS)
    (axis,) = figure.axes
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    boxes = {
        (round(p.get_x() + 0.4, 3), round(p.get_y() + 0.4, 3)): p for p in axis.patches if isinstance(p, Rectangle)
    }
    titles = [text for text in axis.texts if text.get_text()]
    assert [text.get_text()[:2] for text in titles] == [lesson.number for lesson in LESSONS]
    for text in titles:
        inner, outer = text.get_window_extent(renderer), boxes[text.get_position()].get_window_extent(renderer)
        assert outer.x0 <= inner.x0 and inner.x1 <= outer.x1 and outer.y0 <= inner.y0 and inner.y1 <= outer.y1, text
    arrows = sum(map(len, builds_on(LESSONS).values()))
    assert len(axis.texts) == len(titles) + arrows


def test_what_has_no_exercises_has_a_broken_edge():
    figure = draw_map(
        [LESSONS[-2] if LESSONS[-1].checkers == () else LESSONS[-1], Lesson("99_x", "A9 · X", "", (), "", None, 0, 0)]
    )
    styles = [patch.get_linestyle() for patch in figure.axes[0].patches if isinstance(patch, Rectangle)]
    assert styles == ["-", "--"]
