"""The teachers' table of misconceptions: each is answered, by the exercise it names, in the words it quotes."""

import importlib.util
from pathlib import Path

import pytest

from lmfn_core.teaching.course import course
from lmfn_core.teaching.misconceptions import MISCONCEPTIONS, expected_in

ROOT = Path(__file__).parents[2]
LESSONS = {lesson.number: lesson for lesson in course(ROOT / "notebooks")}


def mistakes_in(lesson):
    """The typical mistakes that the tests of a lesson's exercises keep: checker, arguments, hint."""
    path = ROOT / "tests/lessons" / f"test_{lesson.stem.split('_', 1)[1]}.py"
    spec = importlib.util.spec_from_file_location(f"mistakes_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.MUTANTS


@pytest.mark.parametrize("one", MISCONCEPTIONS, ids=lambda one: f"{one.number}-{one.checker}")
def test_a_typical_mistake_gets_the_quoted_hint(one, capsys):
    if one.number not in LESSONS:
        pytest.skip(f"notebook {one.number} is not here")
    bad = [bad for check, bad, hint in mistakes_in(LESSONS[one.number]) if check.__name__ == one.checker]
    checks = {check.__name__: check for check in LESSONS[one.number].checkers}
    said = []
    for answer in bad:
        assert checks[one.checker](*(answer if isinstance(answer, tuple) else (answer,))) is False
        said.append(capsys.readouterr().out)
    assert any(one.hint in sentence for sentence in said), said


def test_every_lesson_with_exercises_has_two_and_each_belief_stands_once():
    for lesson in LESSONS.values():
        there = [one for one in MISCONCEPTIONS if one.number == lesson.number]
        assert len(there) >= 2 or not lesson.checkers, lesson.title
        assert all(one.checker in {check.__name__ for check in lesson.checkers} for one in there)
    assert len({one.belief for one in MISCONCEPTIONS}) == len(MISCONCEPTIONS)
    numbers = [one.number for one in MISCONCEPTIONS]
    assert numbers == sorted(numbers)


def test_rows_name_the_exercise_and_link_the_notebook():
    rows = expected_in(list(LESSONS.values()))
    assert len(rows) == sum(one.number in LESSONS for one in MISCONCEPTIONS)
    first = next(row for row in rows if "06_assembling.ipynb" in row["in"])
    assert first["answered by"] == "Count a convolution's parameters: “… left out the biases …”"
