"""The plan: what would run and how long it would take, from earlier records, with nothing run and nothing written."""

import json

import pytest

from workflow import plan, stamps
from workflow.selection import select
from workflow.words import parse


@pytest.fixture
def sized(project):
    """The small repository with a training's parameters on its notebook, and a second tier that ran before."""
    project.notebook(
        "count", "value = start + steps * batch * crop", parameters="steps = 3\nbatch = 2\ncrop = 8\nstart = 0"
    )
    project.write("notebooks/params/smoke.yaml", "notebooks: {count: {steps: 30, crop: 16}}\n")
    return project


def finish(project, seconds, *words):
    """Leave what a run leaves that took so long, without running it."""
    selection = select(parse(words), project.root)
    for run in selection.runs:
        folder, stamp = selection.places.work / run.name, stamps.key(run, selection.places)
        stamps.begin(folder, stamp)
        record(folder, run.name, seconds)
        stamps.publish(run, selection.places)
        stamps.finish(folder, stamp, run, seconds)


def record(folder, name, seconds, train=None, **more):
    folder.mkdir(parents=True, exist_ok=True)
    parts = {"total": seconds} | ({"train": train} if train else {})
    content = {"schema": 1, "run": name, "notebook": "count", "seconds": parts} | more
    (folder / f"{name}.json").write_text(json.dumps(content))


def rows(project, capsys, *words):
    """The plan's lines by run, with single spaces, and its last line."""
    assert plan.main(list(words), project.root) == 0
    lines = capsys.readouterr().out.splitlines()
    return {line.split()[0]: " ".join(line.split()[1:]) for line in lines[1:-2]}, lines[-1]


def files(project):
    return {path: path.stat().st_mtime_ns for path in project.root.rglob("*")}


def test_nothing_is_written_and_the_unknown_is_called_so(project, capsys):
    before = files(project)
    lines, total = rows(project, capsys, "JOBS=3")
    assert lines["one"] == "count to do unknown" and lines["two"] == "count to do unknown start=10"
    assert lines["sum"] == "sum waits for one, two unknown"
    assert total.startswith("lesson tier: 3 of 3 runs to do, 3 at a time on") and "unknown (3)" in total
    assert files(project) == before


def test_what_is_done_is_up_to_date_and_has_its_own_time(project, capsys):
    finish(project, 75.0, "ONLY=one")
    lines, total = rows(project, capsys, "JOBS=1")
    assert lines["one"] == "count up to date 1:15 measured"
    assert lines["two"] == "count to do 1:15 one start=10"  # from the run of the same notebook
    assert lines["sum"] == "sum waits for two unknown"
    assert "2 of 3 runs to do" in total and "about 1:15 besides" in total


def test_a_lost_record_that_would_be_put_back_makes_nothing_stale(project, capsys):
    finish(project, 5.0)
    (project.root / "reports/runs/lesson/one.json").write_text("{}")
    assert rows(project, capsys)[1].startswith("lesson tier: 0 of 3 runs to do")


def test_a_changed_parameter_makes_stale_what_depends_on_it(project, capsys):
    finish(project, 5.0)
    assert rows(project, capsys)[1].startswith("lesson tier: 0 of 3 runs to do")
    project.write("workflow/graph.yaml", (project.root / "workflow/graph.yaml").read_text().replace("10", "20"))
    lines, _ = rows(project, capsys)
    assert [line.split("count ")[-1][:10] for line in (lines["one"], lines["two"])] == ["up to date", "to do 0:05"]
    assert lines["sum"].startswith("sum waits for two")


def test_the_committed_record_of_the_tier_counts_wherever_results_go(project, capsys, tmp_path):
    record(project.root / "reports/runs/lesson", "one", 30.0)
    lines, _ = rows(project, capsys, "ONLY=one", f"OUT={tmp_path / 'else'}")
    assert lines["one"] == "count to do 0:30 recorded"
    assert not (tmp_path / "else").exists()


def test_another_tiers_training_is_scaled_by_steps_batch_and_crop_squared(sized, capsys):
    sizes = {"steps": 3, "batch": 2, "crop": 8, "start": 0}
    record(sized.root / "reports/runs/lesson", "one", 100.0, parameters=sizes, environment={"cpu": "abacus"})
    lines, _ = rows(sized, capsys, "TIER=smoke", "ONLY=one")
    assert lines["one"] == "count to do 1:06:40 lesson tier x 40, abacus"  # 10 times the steps, 4 times the pixels


def test_setting_up_and_scoring_do_not_grow_with_the_steps(sized, capsys):
    sizes = {"steps": 3, "batch": 2, "crop": 8}
    record(sized.root / "reports/runs/lesson", "one", 100.0, parameters=sizes, train=10.0)
    lines, _ = rows(sized, capsys, "TIER=smoke", "ONLY=one")
    assert lines["one"].startswith("count to do 8:10 ")  # 90 and 40 times 10


def test_of_other_tiers_the_run_most_like_it_is_the_judge(sized, capsys):
    sizes = {"steps": 3, "batch": 2, "crop": 8}
    folder = sized.root / "reports/runs/lesson"
    record(folder, "one", 100.0, parameters=sizes | {"start": 0})
    record(folder, "two", 10.0, parameters=sizes | {"start": 10})
    lines, _ = rows(sized, capsys, "TIER=smoke")
    assert lines["one"].startswith("count to do 1:06:40") and lines["two"].startswith("count to do 6:40")


def test_a_record_of_other_sizes_that_do_not_scale_says_nothing(project, capsys):
    project.write("notebooks/params/smoke.yaml", "notebooks: {count: {steps: 30}}\n")
    record(project.root / "reports/runs/lesson", "one", 100.0, parameters={"steps": 3})
    assert rows(project, capsys, "TIER=smoke", "ONLY=one")[0]["one"] == "count to do unknown"
    assert (
        rows(project, capsys, "TIER=smoke", "ONLY=one", "steps=3")[0]["one"]
        == "count to do 1:40 lesson tier x 1, another machine steps=3"
    )


def test_a_mistake_in_the_call_is_one_sentence(project, capsys):
    assert plan.main(["ONLY=tabel1"], project.root) == 2
    said = capsys.readouterr()
    assert said.out == "" and "did you mean table1?" in said.err and len(said.err.splitlines()) == 1
