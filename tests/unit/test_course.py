"""The course read from its notebooks: what stands in their files, and what their records and checkers say."""

import json
import re
from pathlib import Path

import nbformat
import pytest

from lmfn_core.teaching.course import Lesson, builds_on, course

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
LESSONS = course(NOTEBOOKS)
CARD = """# 03 · Distillation, step by step

You take a block
apart.

**You will be able to**

- say 11 things.

**You need** [02](02_parts.ipynb), or 01
and a little time; A1 if you must.

**This notebook writes** 07 records."""


def write(folder, card=CARD, parameters='tier = "lesson"\nrun = "third"', stem="03_nothing"):
    new = nbformat.v4
    cells = [
        new.new_markdown_cell(card),
        new.new_code_cell(parameters, metadata={"tags": ["parameters"]}),
        new.new_markdown_cell("Three more words."),
        new.new_code_cell("x = 1\n\nprint(x)"),
        new.new_markdown_cell("Last words.\n\n## Exercises\n\n**1 · Not counted** (●○○○○, 5 minutes)."),
        new.new_code_cell("not_counted = 1"),
    ]
    nbformat.write(new.new_notebook(cells=cells), folder / f"{stem}.ipynb")
    return folder


def test_a_notebook_says_what_it_is(tmp_path):
    (lesson,) = course(write(tmp_path))
    assert (lesson.number, lesson.name) == ("03", "Distillation, step by step")
    assert lesson.title == f"{lesson.number} · {lesson.name}"
    assert lesson.aim == "You take a block apart." and lesson.run == "third"
    assert lesson.needs == ("02", "01", "A1"), "only what stands under You need, links and all"
    assert lesson.words == len(CARD.split()) + 3 + 2 and lesson.lines == 4
    assert lesson.seconds is None and lesson.checkers == () and lesson.exercise_minutes == 0


def test_seconds_are_those_of_its_record(tmp_path):
    record = json.loads((NOTEBOOKS / "examples/records/report.json").read_text(encoding="utf-8"))
    record["seconds"]["total"] = 12.5
    write(tmp_path)
    (tmp_path / "third.json").write_text(json.dumps(record), encoding="utf-8")
    assert course(tmp_path, tmp_path)[0].seconds == 12.5


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"card": "# Distillation"}, "03_nothing.ipynb begins with '# Distillation'"),
        ({"parameters": 'tier = "lesson"'}, "no parameter 'run'"),
    ],
)
def test_a_notebook_that_does_not_say_it_is_refused(changed, says, tmp_path):
    with pytest.raises(ValueError, match=says):
        course(write(tmp_path, **changed))


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="give the folder notebooks/"):
        course(tmp_path)


def test_needs_that_others_have_already_are_left_out():
    def made(number, *needs):
        return Lesson(f"{number}_x", f"{number} · X", "", needs, "", None, 0, 0)

    lessons = [made("00"), made("01"), made("06", "01", "00"), made("08", "06", "01", "99"), made("A1", "08", "06")]
    assert builds_on(lessons) == {"00": [], "01": ["00"], "06": ["01"], "08": ["06"], "A1": ["08"]}


def test_the_real_ones_have_runs_of_the_graph_and_build_on_earlier_ones():
    graph = (NOTEBOOKS.parent / "workflow/graph.yaml").read_text(encoding="utf-8")
    for lesson in LESSONS:
        assert re.search(rf"^  {lesson.run}:.*\n    notebook: {lesson.stem}$", graph, re.MULTILINE), lesson.run
        assert lesson.aim.endswith(".") and len(lesson.aim) < 300 and lesson.words > 100 < lesson.lines + 60
    present = {lesson.number for lesson in LESSONS}
    for number, needs in builds_on(LESSONS).items():
        assert set(needs) <= present and all(need < number for need in needs)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.stem)
def test_checkers_stand_in_the_order_of_the_notebook(lesson):
    text = "\n".join(c.source for c in nbformat.read(NOTEBOOKS / f"{lesson.stem}.ipynb", 4).cells)
    announced = re.findall(r"^\*\*\d+ · (.+?)\*\* \([●○]{5}, (\d+) minutes\)", text, flags=re.MULTILINE)
    assert announced == [(check.title, str(check.minutes)) for check in lesson.checkers]
