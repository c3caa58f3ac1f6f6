"""The runner on a small repository: it resumes, skips what is current, refuses what is misspelt, reports what fails."""

import json
import os
import random
import shutil
import signal
import time
from pathlib import Path

import psutil
import pytest

from workflow import lock


@pytest.fixture(scope="module")
def finished_once(tmp_path_factory, build_project):
    project = build_project(tmp_path_factory.mktemp("finished"))
    code, text = project.reproduce("JOBS=2")
    assert code == 0, text
    return project, text


@pytest.fixture
def finished(finished_once, tmp_path, build_project):
    """A repository whose runs are all done: a copy, so that each test may spoil it."""
    original, _ = finished_once
    project = object.__new__(type(original))
    project.root = tmp_path / "moved repository"
    shutil.copytree(original.root, project.root)
    return project


def test_first_call_runs_everything(finished_once):
    project, text = finished_once
    assert sorted(project.executed(text)) == ["one", "sum", "two"]
    assert project.executed(text)[-1] == "sum"
    assert (project.value("one"), project.value("two"), project.value("sum")) == (6, 26, 64)
    assert (project.root / "reports/tables/lesson/sum.md").read_text() == "| sum | 32 |"
    assert "[3/3] sum  done in" in text and "| elapsed" in text


def test_records_name_no_folder_of_this_machine(finished_once):
    project, _ = finished_once
    spec = json.loads((project.root / "reports/executed/lesson/sum/spec.json").read_text())
    assert spec["parameters"]["out"] == "../reports/executed/lesson/sum"
    assert spec["parameters"]["records"] == "../reports/runs/lesson"


def test_nothing_to_do(finished):
    code, text = finished.reproduce()
    assert code == 0 and finished.executed(text) == []
    assert text.startswith(
        "Nothing to do: all 3 runs are up to date at the lesson tier. Results: reports/tables/lesson"
    )


def test_texts_do_not_count(finished):
    finished.write(
        "lmfn_core/part.py", '"""Reworded."""\n# a comment\ndef factor():\n    """Twice."""\n\n    return 2\n'
    )
    finished.write("lmfn_core/other.py", "unused = 2\n")
    path = finished.root / "notebooks/count.ipynb"
    book = json.loads(path.read_text())
    book["cells"].insert(0, {"cell_type": "markdown", "metadata": {}, "source": "A new title", "id": "title"})
    book["cells"][1]["execution_count"] = 7
    path.write_text(json.dumps(book))
    code, text = finished.reproduce()
    assert code == 0 and "Nothing to do" in text, text


def test_code_of_the_package_counts(finished):
    finished.write(
        "lmfn_core/part.py", "from lmfn_core import other\n\ndef factor():\n    return 1 + 2 * other.unused\n"
    )
    code, text = finished.reproduce("ONLY=first")
    assert code == 0 and finished.executed(text) == ["one"], text
    assert finished.value("one") == 9
    finished.write("lmfn_core/other.py", "unused = 2\n")  # imported only through part.py
    code, text = finished.reproduce("ONLY=one")
    assert code == 0 and finished.executed(text) == ["one"], text
    assert finished.value("one") == 15


def test_code_of_a_notebook_counts(finished):
    path = finished.root / "notebooks/sum.ipynb"
    path.write_text(path.read_text().replace("| sum |", "| total |"))
    code, text = finished.reproduce("TIER=lesson", "ONLY=table1")
    assert code == 0 and finished.executed(text) == ["sum"], text
    assert "up to date: one, two" in text
    assert (finished.root / "reports/tables/lesson/sum.md").read_text() == "| total | 32 |"


def test_lost_results_are_put_back_without_a_run(finished):
    (finished.root / "reports/tables/lesson/sum.md").unlink()
    (finished.root / "reports/runs/lesson/one.json").write_text("{}")
    code, text = finished.reproduce()
    assert code == 0 and "Nothing to do" in text, text
    assert (finished.root / "reports/tables/lesson/sum.md").exists()
    assert finished.value("one") == 6


def test_records_that_the_graph_does_not_name_are_set_aside(finished):
    records = finished.root / "reports/runs/lesson"
    ours, foreign = records / "three.json", records / "notes.json"
    ours.write_text(json.dumps({"schema": 1, "run": "three"}))
    foreign.write_text(json.dumps({"author": "somebody"}))
    code, text = finished.reproduce()
    assert code == 0 and "three is no run of the graph any more" in text
    assert not ours.exists() and foreign.exists()
    assert (finished.root / "reports/executed/lesson/set-aside/three.json").exists()


def test_parameter_and_folder_of_the_call(finished, tmp_path):
    out = tmp_path / "else where"
    code, text = finished.reproduce("ONLY=first", "steps=5", f"OUT={out}")
    assert code == 0 and finished.executed(text) == ["one"], text
    assert json.loads((out / "runs/lesson/one.json").read_text())["metrics"]["value"] == 10
    assert finished.value("one") == 6


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("TEIR=smoke", "TEIR= is unknown; did you mean TIER?"),
        ("smoke", "'smoke' is not of the form KEY=value"),
        ("TIER=lessn", "TIER=lessn does not exist; did you mean lesson? Known: lesson, paper."),
        ("TIER=paper", "The paper tier needs GoPro: add DATA=/path"),
        ("ONLY=tabel1", "ONLY=tabel1 is neither a target nor a run; did you mean table1? Known: table1, first, one"),
        ("JOBS=0", "JOBS=0 must be a whole number from 1 up"),
        ("DATA=/no/such/folder", "DATA=/no/such/folder is not a folder."),
        ("DATA=/", "none of the selected notebooks reads images"),
        ("OUT=/dev/null", "Nothing can be written into /dev/null"),
        ("stepz=4", "stepz= is a parameter of no selected notebook; did you mean steps?"),
        ("steps=many", "steps=many does not fit: steps is a whole number (3) by default."),
        ("out=/folder", "out=/folder: write OUT=/folder instead."),
        ("records=here", "records=here: workflow/graph.yaml sets records for these runs"),
    ],
)
def test_a_mistake_in_the_call_is_one_sentence(finished, word, sentence):
    code, text = finished.reproduce(word)
    assert code == 2 and sentence in text and len(text.splitlines()) == 1, text


@pytest.mark.parametrize(
    ("file", "old", "new", "sentence"),
    [
        (
            "notebooks/params/lesson.yaml",
            "{steps: 3}",
            "{stepz: 3}",
            "one (count.ipynb): there is no parameter 'stepz'",
        ),
        ("notebooks/params/lesson.yaml", "{steps: 3}", "{steps: few}", "steps = 'few' does not fit"),
        ("notebooks/params/lesson.yaml", "count:", "cuont:", "a notebook of no run; did you mean count?"),
        ("notebooks/params/lesson.yaml", "notebooks:", "notebook:", "unknown key 'notebook'; did you mean notebooks?"),
        ("notebooks/params/lesson.yaml", "3}", "3", "lesson.yaml is not valid YAML"),
        ("workflow/graph.yaml", "needs: [one", "needs: [oen", "no run 'oen' stands before it; did you mean one?"),
        ("workflow/graph.yaml", "first: [one]", "first: [oen]", "target first: no run 'oen'; did you mean one?"),
        ("workflow/graph.yaml", "notebook: sum", "notebook: som", "som.ipynb does not exist, but the graph names it"),
        ("notebooks/count.ipynb", "start + steps", "3", "declares the parameter 'steps' but no cell uses it"),
        ("notebooks/count.ipynb", "value = ", "steps = 4; value = ", "overwrites its parameter 'steps'"),
        ("notebooks/count.ipynb", "steps = 3", "steps = 1 + 2", "holds only 'name = literal' lines"),
        ("notebooks/count.ipynb", '"parameters"', '"parameter"', "has 0 cells tagged 'parameters'"),
    ],
)
def test_a_mistake_in_the_files_stops_before_anything_runs(finished, file, old, new, sentence):
    text = (finished.root / file).read_text()
    assert old in text
    (finished.root / file).write_text(text.replace(old, new))
    code, text = finished.reproduce()
    assert code == 2 and sentence in text and "done in" not in text, text


def test_failing_runs_are_named_and_nothing_new_starts(project):
    project.notebook("raises", "x = 1", "# why\nraise ValueError('bad value 17')")
    project.notebook("leaves", "import sys", "print('so far')\nsys.exit(0)", "x = 1")
    project.notebook("dies", "os._exit(1)")
    project.notebook("silent", finish="print(tier, run)")
    project.write(
        "workflow/graph.yaml",
        """
        runs: {raises: {notebook: raises}, leaves: {notebook: leaves}, dies: {notebook: dies},
               silent: {notebook: silent}, one: {notebook: count, after: ["*"]}}
        targets: {}
        """,
    )
    code, text = project.reproduce("JOBS=4")
    assert code == 1 and text.count("FAILED after") == 4 and ", 1 not started." in text, text
    assert "notebook raises.ipynb, cell 4: raise ValueError('bad value 17')" in text
    assert "ValueError: bad value 17" in text
    assert "notebook leaves.ipynb, cell 4: print('so far')" in text and "the cell called sys.exit()" in text
    assert "notebook dies.ipynb, cell 3: os._exit(1)" in text and "the kernel died in this cell" in text
    assert "the notebook wrote no record silent.json" in text
    assert "log: reports/executed/lesson/raises/log.txt" in text
    assert "bad value 17" in (project.root / "reports/executed/lesson/raises/log.txt").read_text()
    assert not (project.root / "reports/runs/lesson").exists()


def test_killed_runner_leaves_nothing_running_and_resumes(project):
    project.slow(60)
    process = project.start("JOBS=2")
    work = project.root / "reports/executed/lesson"
    project.wait_for(lambda: (work / "one/checkpoint").exists() and (work / "two/checkpoint").exists())
    processes = project.family(process)
    assert len(processes) >= 5  # the runner, two runs, two kernels
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    project.wait_for(lambda: not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in processes), 10)
    assert not (project.root / "reports/runs/lesson").exists()
    code, text = project.reproduce("JOBS=2")
    assert code == 0 and len(project.executed(text)) == 3, text
    assert project.value("sum") == 64


def test_stopped_runner_says_so_and_leaves_nothing_running(project):
    project.slow(60)
    process = project.start("ONLY=one")
    project.wait_for(lambda: (project.root / "reports/executed/lesson/one/checkpoint").exists())
    processes = project.family(process)
    process.send_signal(signal.SIGINT)
    text, _ = process.communicate(timeout=20)
    assert process.returncode == 130 and "the same command goes on from there" in text
    assert not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in processes)


def check_killed_at(project, moment, *words):
    """Kill the runner after so many seconds, then let the same command finish."""
    process = project.start(*words)
    time.sleep(moment)
    process.kill()
    process.communicate()
    for path in project.root.glob("reports/runs/lesson/*.json"):
        assert json.loads(path.read_text())["run"] == path.stem
    code, text = project.reproduce(*words)
    assert code == 0, f"killed after {moment:.2f} s:\n{text}"


def test_killed_at_a_random_moment(project):
    check_killed_at(project, random.uniform(0.2, 3.0), "ONLY=one")
    assert project.value("one") == 6


@pytest.mark.slow
@pytest.mark.parametrize("attempt", range(20))
def test_killed_at_many_moments(project, attempt):
    check_killed_at(project, random.uniform(0.1, 8.0), "JOBS=2")
    assert [project.value(name) for name in ("one", "two", "sum")] == [6, 26, 64]


def test_a_second_runner_waits_for_the_first(finished):
    with lock.held(finished.root / "reports/executed/.lock", announce=lambda path: None):
        process = finished.start()
        line = process.stdout.readline()
        assert line.startswith("Another process is at work in reports; waiting until it ends")
        assert process.poll() is None
    text, _ = process.communicate(timeout=30)
    assert process.returncode == 0 and "Nothing to do" in text


def test_a_lock_of_a_dead_process_holds_nobody_up(tmp_path):
    path = Path(tmp_path / "folder" / ".lock")
    path.parent.mkdir()
    path.write_text("left behind")
    announced = []
    with lock.held(path, announced.append):
        assert announced == []
