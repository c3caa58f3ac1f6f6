"""The campaigns' own logic: what counts as growth, as a clock, as a difference; the page that shows them."""

import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from workflow import Problem
from workflow.environment import requirements
from workflow.reliability import growth, ranges, twice, versions
from workflow.reliability.__main__ import CAMPAIGNS, main, page, renew


def test_a_clock_is_no_difference_and_a_number_is():
    one = {"psnr": 25.0, "seconds": {"total": 1.0}, "rows": [1, 2], "name": "a", "latency_ms": {"x": 3}}
    two = {"psnr": 25.0, "seconds": {"total": 2.0}, "rows": [1, 2], "name": "a", "latency_ms": {"x": 4}}
    assert twice.differences(one, two) == {}
    found = twice.differences(one, two | {"rows": [1, 5], "name": "b", "new": 1})
    assert found == {"rows.1": 3, "name": float("inf"), "new": float("inf")}


def test_growth_compares_the_last_quarter_with_the_second():
    start_up = [50.0] * 25 + [100.0] * 75
    assert growth.grown(start_up) == 0
    assert growth.grown([100.0 + i for i in range(100)]) == pytest.approx(50 / 137, abs=0.01)


@pytest.mark.slow
def test_memory_stays_level_over_some_work():
    found = growth.run(frames=200, steps=200)
    assert found["survived"] == found["tried"] == 2, found["rows"]


@pytest.mark.slow
def test_a_notebook_twice_gives_the_same_numbers():
    found = twice.run(only="blur")
    assert found["survived"] == found["tried"] == 1, found["rows"]


def test_a_report_of_pytest_is_counted(tmp_path):
    (tmp_path / "test_three.py").write_text(
        "import pytest, warnings\n\ndef test_a(): pass\n\ndef test_b(): warnings.warn('old', DeprecationWarning)\n\n"
        "@pytest.mark.skip\ndef test_c(): pass\n\n@pytest.fixture\ndef broken():\n    yield\n    raise OSError\n\n"
        "def test_d(broken): pass\n",
        encoding="utf-8",
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n", encoding="utf-8")
    words = [sys.executable, "-m", "pytest", "-q", "-c", "pytest.ini", "--junitxml=report.xml", "test_three.py"]
    subprocess.run(words, cwd=tmp_path, capture_output=True, check=False)
    found = versions.outcomes_of((tmp_path / "report.xml").read_text(encoding="utf-8"))
    outcomes = {"a": "passed", "b": "failed", "c": "skipped", "d": "failed"}
    assert found == {f"test_three::test_{name}": how for name, how in outcomes.items()}


def test_the_rows_name_what_either_environment_has(monkeypatch, tmp_path):
    told = {"low": {"torch": "2.6.0", "tomli": "2.0"}, "new": {"torch": "2.15.0"}}
    report = {"low": '<t><testcase classname="m" name="a"><failure/></testcase></t>',
              "new": '<t><testcase classname="m" name="a"/></t>'}  # fmt: skip
    monkeypatch.setattr(versions, "pythons", lambda: ("low", "new"))
    monkeypatch.setattr(versions, "installed", lambda venv, python, bounds: python)
    monkeypatch.setattr(versions, "versions", told.get)
    monkeypatch.setattr(versions, "_report", lambda python, tests: report[python])
    found = versions.run(tmp_path)
    assert (found["tried"], found["survived"], found["failures"]) == (2, 1, {"oldest": ["m::a"], "newest": []})
    rows = {row["what"]: (row["oldest"], row["newest"]) for row in found["rows"]}
    assert rows["torch"] == ("2.6.0", "2.15.0") and rows["tomli"] == ("2.0", None)
    assert rows["tests passed"] == (0, 1) and rows["tests failed"] == (1, 0)


def test_every_requirement_has_a_lower_bound_alone():
    for line in requirements():
        bound = Requirement(ranges.lower_bound(line))
        assert str(bound.specifier).startswith("==") and Requirement(line).specifier.contains(str(bound.specifier)[2:])
    with pytest.raises(Problem, match="'torch<3' in pyproject.toml is no lower bound alone"):
        ranges.lower_bound("torch<3")


def test_the_oldest_python_is_looked_for_and_asked_for(monkeypatch, tmp_path):
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "python3.10").write_text("no program", encoding="utf-8")
    with pytest.raises(Problem, match="Python 3.10, the oldest that is supported, is not on this machine"):
        ranges.pythons()
    for place in (tmp_path / "python3.10", tmp_path / "pyenv/versions/3.12.1/bin/python3.12"):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        place.symlink_to("/bin/true")
    assert [path.name for path in ranges.pythons()] == ["python3.10", "python3.12"]


def test_an_environment_is_made_once_and_anew_for_other_bounds(monkeypatch, tmp_path):
    calls = []

    def call(words, **_):
        calls.append([str(word) for word in words])
        (tmp_path / "venv").mkdir(exist_ok=True)
        return subprocess.CompletedProcess(words, int("pip" in words and "no==1" in limits.read_text()), "", "No such")

    limits = tmp_path / "venv" / "bounds.txt"
    monkeypatch.setattr(ranges.subprocess, "run", call)
    for bounds in (["torch==2.6"], ["torch==2.6"], []):
        ranges.installed(tmp_path / "venv", Path("python3.10"), bounds)
    assert sum("venv" in words for words in calls) == 2 and limits.read_text() == ""
    with pytest.raises(Problem, match="pip could not make .*venv: No such"):
        ranges.installed(tmp_path / "venv", Path("python3.10"), ["no==1"])


def test_the_page_has_a_part_for_each_record(tmp_path):
    metrics = {"tried": 3, "survived": 2, "rows": [{"what": "a"}], "caption": "Three."}
    record = {"metrics": metrics, "seconds": {"total": 90}}
    text = page({"growth": record, "kills": record})
    assert text.index(CAMPAIGNS["kills"]) < text.index(CAMPAIGNS["growth"]) and "growth.svg" in text
    assert "| Memory over long work | 3 | 2 survived | 1.5 |" in text
    with pytest.raises(FileNotFoundError, match="no folder of run records"):
        renew(tmp_path)


def test_a_misspelt_campaign_gets_a_sentence(capsys, tmp_path):
    assert main(["growht"], tmp_path) == 2
    assert "no campaign 'growht'" in capsys.readouterr().err
