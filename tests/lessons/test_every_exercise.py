"""What holds for the exercises of every notebook; the answers and typical mistakes stand in the file of each."""

import importlib.util
from pathlib import Path

import pytest
import torch

HERE = Path(__file__).parent
NOTEBOOKS = HERE.parent.parent / "notebooks"


def load(path: Path) -> object:
    spec = importlib.util.spec_from_file_location(f"lesson_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def tupled(answer: object) -> tuple:
    return answer if isinstance(answer, tuple) else (answer,)


LESSONS = {p.stem.removeprefix("test_"): load(p) for p in sorted(HERE.glob("test_*.py")) if p != Path(__file__)}
CHECKS = [(check, tupled(answer)) for lesson in LESSONS.values() for check, answer in lesson.REFERENCES]
MUTANTS = [(check, tupled(bad), hint) for lesson in LESSONS.values() for check, bad, hint in lesson.MUTANTS]
SHARED = set().union(*(getattr(lesson, "SHARED", ()) for lesson in LESSONS.values()))
NAMES = [check.__name__ for check, _ in CHECKS]


def test_every_notebook_has_exercises():
    masters = {path.stem.split("_", 1)[1] for path in NOTEBOOKS.glob("*.ipynb")}
    assert set(LESSONS) == masters - {"start", "teaching"}
    assert all(len(lesson.REFERENCES) >= 3 for lesson in LESSONS.values())


@pytest.mark.parametrize(("check", "answer"), CHECKS, ids=NAMES)
def test_the_reference_passes(check, answer, capsys):
    assert check(*answer) is True
    assert capsys.readouterr().out == f"✓ {check.title}: right.\n"


@pytest.mark.parametrize(("check", "mutant", "hint"), MUTANTS, ids=[f"{m[0].__name__}-{m[2]}" for m in MUTANTS])
def test_each_typical_mistake_gets_its_hint(check, mutant, hint, capsys):
    assert check(*mutant) is False
    said = capsys.readouterr().out
    assert said.startswith("✗") and hint in said and "stopped with" not in said, said


@pytest.mark.parametrize("check", [check for check, _ in CHECKS], ids=NAMES)
def test_mistakes_of_one_exercise_get_different_sentences(check, capsys):
    said = []
    for mutant in [mutant for other, mutant, hint in MUTANTS if other is check and hint not in SHARED]:
        check(*mutant)
        said.append(capsys.readouterr().out)
    assert len(set(said)) == len(said) >= 3


@pytest.mark.parametrize(("check", "answer"), CHECKS, ids=NAMES)
def test_a_missing_answer_gets_its_difficulty_and_minutes(check, answer, capsys):
    def missing(*_, **__):
        raise NotImplementedError("your turn")

    assert check(*[missing for _ in answer]) is False
    said = capsys.readouterr().out
    assert "your turn" in said and f"{check.minutes} minutes" in said and "●" * check.difficulty in said


RETURNED = [None, "text", [], object(), torch.ones(3, dtype=torch.int64), float("nan"), torch.nn.Linear]


@pytest.mark.parametrize(("check", "answer"), CHECKS, ids=NAMES)
def test_a_wrong_kind_of_answer_gets_one_sentence(check, answer, capsys):
    for bad in [None, 3, "text", *[lambda *_, bad=bad, **__: bad for bad in RETURNED], torch.nn.Identity, object]:
        assert check(*[bad for _ in answer]) is False
        said = capsys.readouterr().out
        assert said.startswith("✗") and said.count("\n") == 1 and "your code stopped" not in said, said


@pytest.mark.parametrize("name", LESSONS)
def test_the_notebook_announces_each_exercise_as_its_checker_does(name):
    text = next(NOTEBOOKS.glob(f"*_{name}.ipynb")).read_text(encoding="utf-8")
    for number, (check, _) in enumerate(LESSONS[name].REFERENCES, start=1):
        stars = "●" * check.difficulty + "○" * (5 - check.difficulty)
        assert f"**{number} · {check.title}** ({stars}, {check.minutes} minutes)" in text
