"""Who may run when, what is expected to take how long, and how a run is judged, without papermill."""

import subprocess
import sys
import time

import pytest

from workflow import execute, stamps
from workflow.graph import Run
from workflow.places import Places
from workflow.pool import Pool, Running, environment
from workflow.progress import Forecast


class Instant(Pool):
    """A pool whose runs are processes that sleep; it notes who ran beside whom."""

    def __init__(self, places, jobs, failing=()):
        super().__init__(places, jobs, cores=2)
        self.failing, self.beside = failing, {}

    def _launch(self, run, stamp):
        self.beside[run.name] = {other.run.name for other in self.running}
        (self.places.work / run.name).mkdir(parents=True)
        (self.places.work / run.name / f"{run.name}.json").write_text("{}")
        code = f"import time; time.sleep(0.2); raise SystemExit({int(run.name in self.failing)})"
        process = subprocess.Popen([sys.executable, "-S", "-c", code], stdin=subprocess.PIPE)
        return Running(run, stamp, process, open(self.places.work / run.name / "log.txt", "wb"), time.monotonic())


@pytest.fixture
def places(tmp_path, build_project):
    return Places(build_project(tmp_path).root, tmp_path / "reports", "lesson")


def run(name, **settings):
    return Run(name, "count", {"run": name}, **settings)


def execute_all(pool, runs):
    ends = []
    pool.execute(runs, ends.append, lambda: None)
    return [end.run.name for end in ends]


def test_at_most_so_many_jobs_and_needs_first(places):
    pool = Instant(places, jobs=2)
    order = execute_all(pool, [run("a"), run("b"), run("c"), run("d", needs=("a", "b")), run("e", after=("d",))])
    assert sorted(order) == list("abcde") and order[-2:] == ["d", "e"]
    assert max(len(others) for others in pool.beside.values()) == 1
    assert not pool.beside["d"] & {"a", "b"} and pool.beside["e"] == set()


def test_nothing_runs_beside_an_exclusive_run(places):
    pool = Instant(places, jobs=3)
    execute_all(pool, [run("a"), run("clock", exclusive=True), run("b"), run("c")])
    assert pool.beside["clock"] == set()
    assert all("clock" not in others for others in pool.beside.values())


def test_a_run_that_waits_for_others_lets_free_ones_pass(places):
    pool = Instant(places, jobs=2)
    execute_all(pool, [run("a"), run("b", needs=("a",)), run("c")])
    assert pool.beside["c"] == {"a"}


def test_after_a_failure_running_ones_end_and_nothing_starts(places):
    pool = Instant(places, jobs=2, failing=("a",))
    ends = []
    pool.execute([run("a"), run("b"), run("c")], ends.append, lambda: None)
    assert sorted(end.run.name for end in ends) == ["a", "b"]
    (failed,) = [end for end in ends if end.failure]
    assert pool.failed and "notebook count.ipynb" in failed.failure and "log: " in failed.failure


def test_threads_are_shared_out_and_the_backend_is_the_notebooks_own(monkeypatch, tmp_path):
    monkeypatch.setenv("MPLBACKEND", "TkAgg")
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    made = environment(3, tmp_path)
    assert made["OMP_NUM_THREADS"] == made["MKL_NUM_THREADS"] == "3"
    assert "MPLBACKEND" not in made and made["JUPYTER_PREFER_ENV_PATH"] == "1"
    assert made["PYTHONPATH"] == str(tmp_path)


@pytest.mark.parametrize(("limit", "given"), [("1", "1"), ("8", "3"), ("", "3"), ("many", "3")])
def test_a_limit_on_threads_set_by_the_caller_holds(monkeypatch, tmp_path, limit, given):
    monkeypatch.setenv("OMP_NUM_THREADS", limit)
    assert environment(3, tmp_path)["OMP_NUM_THREADS"] == given


def test_forecast_scales_earlier_records(places):
    runs = [run("a"), run("b"), run("c"), run("clock", exclusive=True)]
    places.records.mkdir(parents=True)
    for name, seconds in {"a": 10.0, "b": 20.0, "clock": 6.0}.items():
        stamps.write_json(places.records / f"{name}.json", {"seconds": {"total": seconds, "setup": 99.0}})
    forecast = Forecast(runs, places)
    assert forecast.expected == {"a": 10.0, "b": 20.0, "clock": 6.0, "c": 12.0}  # c: the mean of its notebook
    assert forecast.remaining(runs, {}, jobs=2) == pytest.approx(6 + (10 + 20 + 12) / 2)
    forecast.seen.append((10.0, 30.0))  # this machine takes three times as long
    assert forecast.remaining(runs[1:3], {}, jobs=2) == pytest.approx(60)  # b alone is longer than half of both
    assert forecast.remaining([], {"b": 50.0}, jobs=2) == pytest.approx(10)


def test_no_forecast_without_anything_to_go_by(places):
    forecast = Forecast([run("a")], places)
    assert forecast.remaining([run("a")], {}, jobs=2) is None


def spec_in(folder):
    names = {"record": "one.json", "failure": "failure.json", "output": "count.ipynb"}
    spec = {key: str(folder / name) for key, name in names.items()} | {"parameters": {"run": "one", "tier": "lesson"}}
    stamps.write_json(folder / "spec.json", spec)
    return str(folder / "spec.json")


def attempts(monkeypatch, tmp_path, outcomes, record):
    """Let execute.main meet the given outcomes of its attempts; how many it made, and its exit code."""
    made = []

    def attempt(spec):
        made.append(spec)
        stamps.write_json(tmp_path / "one.json", record)
        return outcomes[len(made) - 1]

    monkeypatch.setattr(execute, "_attempt", attempt)
    return execute.main(spec_in(tmp_path)), len(made), stamps.read_json(tmp_path / "failure.json")


GOOD = {"schema": 1, "run": "one", "tier": "lesson"}
LOST = {"error": "RuntimeError: Kernel didn't respond in 120 seconds"}


def test_a_kernel_that_did_not_start_is_tried_once_more(monkeypatch, tmp_path):
    assert attempts(monkeypatch, tmp_path, [(LOST, False), ({}, True)], GOOD) == (0, 2, {})
    assert attempts(monkeypatch, tmp_path, [(LOST, False), (LOST, False)], GOOD) == (1, 2, LOST)


def test_a_failing_cell_is_not_tried_again(monkeypatch, tmp_path):
    failure = {"cell": 3, "line": "train()", "error": "ValueError: no"}
    assert attempts(monkeypatch, tmp_path, [(failure, True)], GOOD) == (1, 1, failure)


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        ({"schema": 1, "run": "two", "tier": "lesson"}, "the record one.json says run = 'two' instead of 'one'"),
        ({"schema": 1, "run": "one", "tier": "smoke"}, "the record one.json says tier = 'smoke' instead of 'lesson'"),
        ({"schema": 2, "run": "one", "tier": "lesson"}, "the record one.json says schema = 2 instead of 1"),
        ({}, "the notebook wrote no record one.json"),
    ],
)
def test_the_record_must_be_this_runs_own(monkeypatch, tmp_path, record, sentence):
    code, _, failure = attempts(monkeypatch, tmp_path, [({}, True)], record)
    assert code == 1 and sentence in failure["error"]
