"""The graph through Snakemake itself, which the first of these tests installs beside this environment (slow)."""

import json
import os
import signal
import subprocess
import sys

import psutil
import pytest

from workflow import ROOT
from workflow.graph import load, load_tier
from workflow.places import Places

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("snakemake")]

ALONE = """
beside = sorted(path.name for path in Path(out).parent.glob("*.busy"))
(Path(out).parent / f"{run}.busy").touch()
time.sleep(2)
(Path(out).parent / f"{run}.busy").unlink()
(Path(out) / "beside").write_text(" ".join(beside))
value = start + steps
"""


def done(text):
    """Names of the runs that a call really executed, from Snakemake's output."""
    return [line.split()[0] for line in text.splitlines() if "  done in " in line]


def check_all_done(project, values):
    assert [project.value(name) for name in ("one", "two", "sum")] == values
    code, text = project.reproduce()
    assert code == 0 and "Nothing to do: all 3 runs are up to date" in text, text


def test_it_runs_all_then_nothing_then_only_what_is_stale(project):
    code, text = project.snakemake("-n")
    assert code == 0 and "run          3" in text and not (project.root / "reports").exists(), text
    code, text = project.snakemake("--cores", "2")
    assert code == 0 and sorted(done(text)) == ["one", "sum", "two"] and done(text)[-1] == "sum", text
    check_all_done(project, [6, 26, 64])
    code, text = project.snakemake("--cores", "2")
    assert code == 0 and done(text) == [] and "run " not in text.split("Job stats")[1].split("total")[0], text
    graph = project.root / "workflow/graph.yaml"
    graph.write_text(graph.read_text().replace("start: 10", "start: 20"))
    code, text = project.snakemake("--cores", "2")
    assert code == 0 and done(text) == ["two", "sum"], text
    check_all_done(project, [6, 46, 104])


def test_killed_it_leaves_nothing_running_and_resumes(project):
    project.slow(60)
    process = project.start("--cores", "2", module="engine")
    work = project.root / "reports/executed/lesson"
    project.wait_for(lambda: (work / "one/checkpoint").exists() and (work / "two/checkpoint").exists(), 60)
    processes = project.family(process)
    assert sum("ipykernel" in " ".join(p.cmdline()) for p in processes) == 2
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    project.wait_for(lambda: not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in processes), 10)
    assert not (project.root / "reports/runs/lesson").exists()
    code, text = project.snakemake("--cores", "2")
    assert code == 0 and len(done(text)) == 3, text
    check_all_done(project, [6, 26, 64])  # from the marks of the first attempt: both would sleep a minute else


def test_a_failure_is_told_and_what_was_done_is_kept(project):
    project.notebook(
        "sum", "raise ValueError('bad value 17')", parameters='records = "scratch"', finish="print(records, tier, run)"
    )
    code, text = project.snakemake("--cores", "2")
    assert code == 1 and "sum  FAILED after" in text and "ValueError: bad value 17" in text, text
    assert project.value("two") == 26
    code, text = project.snakemake("--cores", "2")
    assert code == 1 and done(text) == [], text


@pytest.mark.parametrize("limit", [1, 2])
def test_gpu_runs_are_side_by_side_only_where_there_are_two_cards(project, limit):
    project.notebook("count", ALONE, parameters="steps = 3\nstart = 0")
    graph = project.root / "workflow/graph.yaml"
    graph.write_text(graph.read_text().replace("notebook: count", "notebook: count, gpu: 1"))
    code, text = project.snakemake("ONLY=one,two", "JOBS=2", "--cores", "2", "--resources", f"gpu={limit}")
    assert code == 0 and sorted(done(text)) == ["one", "two"], text
    beside = [(project.root / f"reports/executed/lesson/{name}/beside").read_text() for name in ("one", "two")]
    assert any(beside) == (limit == 2)


def test_the_whole_smoke_matrix_on_two_cores(tmp_path):
    places = Places(ROOT, tmp_path, "smoke")
    runs = load(places, load_tier(ROOT, "smoke")).runs
    words = ["TIER=smoke", f"OUT={tmp_path}", "--cores", "2"]
    command = [sys.executable, "-m", "workflow.engine", *words]
    first = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert first.returncode == 0 and sorted(done(first.stdout + first.stderr)) == sorted(runs), first.stderr[-3000:]
    found = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in places.records.glob("*.json")}
    assert set(found) == set(runs) and all(record["tier"] == "smoke" for record in found.values())
    embedded = [sys.executable, "-m", "workflow.reproduce", *words[:2]]
    second = subprocess.run(embedded, cwd=ROOT, capture_output=True, text=True, check=False)
    assert second.returncode == 0 and f"all {len(runs)} runs are up to date" in second.stdout, second.stdout
