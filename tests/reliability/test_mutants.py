"""The campaign with mutants, in small: one that is killed, one that survives, one that hangs; what its table says."""

import json
import os
import subprocess

import pytest
import yaml

from workflow import ROOT, Problem
from workflow.reliability import mutants, survivors
from workflow.reliability.__main__ import page, went_well
from workflow.reliability.judges import Judge

POSIX = pytest.mark.skipif(os.name == "nt", reason="the tests of a mutant run in forks")
SOURCE = "def double(x):\n    return 2 * x\n"
RUNS = {"tiny.py": [["test_tiny.py"], ["test_more.py"]]}


def mutant(change, source, **more):
    return {"file": "tiny.py", "line": 2, "code": "return 2 * x", "change": change, "source": source, **more}


MUTANTS = [mutant("2 → 3", SOURCE.replace("2", "3")), mutant("* → **", SOURCE.replace("*", "**"))]


@pytest.fixture
def judge(tmp_path):
    """Over a tree of one function and a test too weak for it."""
    root = tmp_path / "root"
    root.mkdir()
    (root / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    (root / "tiny.py").write_text(SOURCE)
    (root / "test_tiny.py").write_text("from tiny import double\n\n\ndef test_it():\n    assert double(0) in (0, 1)\n")
    (root / "test_more.py").write_text("from tiny import double\n\n\ndef test_it():\n    assert double(2) == 4\n")
    return Judge(root, tmp_path, loaded=["pytest"])


@POSIX
def test_one_is_killed_and_one_survives(judge, tmp_path):
    journal = tmp_path / "journal.jsonl"
    found = mutants.judged(MUTANTS, RUNS, judge, journal, lambda mutant: False)
    assert mutants.judged(MUTANTS, RUNS, None, journal, lambda mutant: True) == found  # nothing is tried again
    assert [entry["killed"] for entry in found] == [True, False]
    assert (judge.root / "tiny.py").read_text() == (judge.copy / "tiny.py").read_text() == SOURCE
    (judge.copy / "test_more.py").write_text("from tiny import double\n\n\ndef test_it():\n    assert double(3) == 6\n")
    again = mutants.judged(MUTANTS, RUNS, judge, journal, lambda mutant: False)
    assert again[0] == found[0] and again[1]["killed"]  # the first from the journal, the second by the new test
    assert [entry["late"] for entry in again] == [False, True]
    assert len(journal.read_text().splitlines()) == 3


@POSIX
def test_a_mutant_that_hangs_is_ended(judge):
    judge.mutate("tiny.py", "while True:\n    pass\n")
    code, seconds = judge.passes(["test_tiny.py"], 3)
    assert code == -9 and seconds >= 3


@POSIX
def test_no_verdict_where_the_tests_fail_or_see_another_file(judge, tmp_path):
    (judge.copy / "test_more.py").write_text("def test_it():\n    assert False\n")
    with pytest.raises(RuntimeError, match=r"test_more\.py failed without a mutant"):
        mutants.judged(MUTANTS, RUNS, judge, tmp_path / "journal.jsonl", bool)
    with pytest.raises(RuntimeError, match=r"passed although other\.py cannot be imported"):
        other = [MUTANTS[0] | {"file": "other.py"}]
        mutants.judged(other, {"other.py": RUNS["tiny.py"][:1]}, judge, tmp_path / "two", bool)


def test_the_page_lists_the_survivors_with_their_reasons(tmp_path):
    (tmp_path / "known.yaml").write_text("- {file: tiny.py, code: return 2 * x, changes: ['* → **'], reason: weak}\n")
    verdict = {"seconds": 1.0, "timed_out": False, "late": False}
    found = [one | verdict | {"killed": killed} for one, killed in zip(MUTANTS, (True, False), strict=True)]
    found.append(mutant("* → +", "", killed=False, **verdict))
    metrics = survivors.summary([*MUTANTS, found[2]], found, survivors.reasons(tmp_path / "known.yaml"))
    text = page({"mutants": {"metrics": metrics, "seconds": {"total": 60}}})
    assert "| Mutants of the core, which its tests have to kill | 3 | 1 killed | 1.0 |" in text
    assert "| tiny.py | 3 | 3 | 1 | 33.3 |" in text
    assert "| tiny.py | 2 | `return 2 * x` | * → ** | weak |" in text and f"| * → + | {survivors.UNSEEN} |" in text
    assert not went_well(metrics) and went_well(metrics | {"killed": 3})


def test_every_reason_is_about_code_that_is_there():
    for entry in yaml.safe_load(survivors.EQUIVALENT.read_text("utf-8")):
        lines = [line.strip() for line in (ROOT / entry["file"]).read_text("utf-8").splitlines()]
        assert entry["code"] in lines and entry["changes"] and entry["reason"], entry


def test_every_file_of_the_core_has_tests():
    files = [path for floor in ("parts", "measures") for path in (ROOT / "lmfn_core" / floor).glob("[!_]*.py")]
    assert {f"lmfn_core/{name}.py" for name in mutants.TESTS} == {str(path.relative_to(ROOT)) for path in files}
    for name, tests in mutants.TESTS.items():
        assert all((ROOT / file).is_file() for files in mutants._runs(name, tests) for file in files)


def test_without_its_environment_it_is_a_problem(monkeypatch, tmp_path):
    monkeypatch.setattr(mutants, "PYTHON", tmp_path / "python")
    with pytest.raises(Problem, match=r"lab\.py reliability mutants"):
        mutants.make(["lmfn_core/parts/mshf.py"])


def test_what_becomes_a_mutant(python_of, tmp_path):
    text = '"""Text with 1 + 1."""\n\n\ndef f(x: int = 3) -> "1 2":\n    return f"{x + 1} - 2" if not x else -x\n'
    (tmp_path / "some.py").write_text(text)
    command = [python_of("MUTATION"), "-m", "workflow.reliability.cosmic", str(tmp_path / "some.py")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    changes = sorted((one["line"], one["change"]) for one in found)
    expected = ["- → not", "- → nothing", "- → ~", "not → nothing", "nothing → not"]
    assert changes == [(4, "3 → 2"), (4, "3 → 4"), *((5, change) for change in expected)]
    assert all(compile(one["source"], "mutant", "exec") for one in found)
    assert len({one["source"] for one in found}) == len(found) and text not in {one["source"] for one in found}
