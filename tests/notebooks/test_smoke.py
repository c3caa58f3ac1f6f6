"""The whole graph at the smoke tier through papermill, in a folder of its own; then what its records say."""

import json
import subprocess
import sys

import pytest

from workflow import ROOT
from workflow.graph import load, load_tier
from workflow.places import Places

TRAINING = "08_training"


@pytest.fixture(scope="session")
def smoke(tmp_path_factory):
    """Where the results lie, and the runs of the tier."""
    out = tmp_path_factory.mktemp("smoke")
    words = ["TIER=smoke", f"OUT={out}", "JOBS=2"]  # one thread each (conftest.py): more would wait for each other
    done = subprocess.run(
        [sys.executable, "-m", "workflow.reproduce", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    places = Places(ROOT, out, "smoke")
    return places, {run.name: run for run in load(places, load_tier(ROOT, "smoke")).select(None)}


@pytest.fixture(scope="session")
def records(smoke):
    """The records by run."""
    places, _ = smoke
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in places.records.glob("*.json")}


def test_every_run_left_its_record(smoke, records):
    _, runs = smoke
    assert set(records) == set(runs)
    for name, record in records.items():
        assert (record["schema"], record["run"], record["tier"]) == (1, name, "smoke")
        assert record["notebook"] == runs[name].notebook
        assert record["metrics"] and record["seconds"]["total"] > 0


def test_records_carry_the_parameters_they_were_given(smoke, records):
    _, runs = smoke
    for name, run in runs.items():
        plumbing = {"tier", "run", "out", "records", "checkpoint", "tables", "figures", "readme"}
        given = {key: value for key, value in run.parameters.items() if key not in plumbing}
        assert given.items() <= records[name]["parameters"].items(), name


def test_training_records_state_steps_and_seed(smoke, records):
    _, runs = smoke
    trained = [name for name, run in runs.items() if run.notebook == TRAINING]
    assert len(trained) == 26
    for name in trained:
        assert (records[name]["steps"], records[name]["seed"]) == (4, 0), name


def test_a_lesion_is_scored_before_its_first_step(records):
    whole, without = (records[f"lesion-lmfn{part}"]["metrics"] for part in ("", "-without-attention"))
    assert whole["first_gain"] > without["first_gain"] + 0.5, "the trained network misses its attentions"
    assert records["train-lmfn"]["metrics"]["first_gain"] is None
    rows = records["ablation"]["metrics"]["lesions"]
    assert [row["taken out"] for row in rows] == ["nothing", "ALFM and ACFM"]


def test_rivals_begin_where_the_trained_network_has_its_place(records):
    paper, other = (records[f"anew-blocks-lmfn{part}"] for part in ("", "-without-distillation"))
    assert paper["parameters"]["anew"] == other["parameters"]["anew"] == "blocks"
    assert paper["metrics"]["first_gain"] < records["lesion-lmfn"]["metrics"]["first_gain"], "random blocks"
    rows = records["ablation"]["metrics"]["rivals"]
    assert [row["learnt there"] for row in rows] == ["RFDB", "residual blocks"]


def test_counts_are_exact_at_every_tier(records):
    networks = records["assembling"]["metrics"]["networks"]
    assert networks["lmfn"]["parameters"] == 1_223_766
    assert networks["lmfn"]["parameters_published"] == 1_247_707


def test_every_target_is_rendered(smoke):
    places, _ = smoke
    tables = {path.name for path in (places.out / "tables/smoke").iterdir()}
    names = ["table1", "table2", "table3", "table4", "costs", "conventions", "claims"]
    names += [f"lfdn-table{n}" for n in range(1, 10)]
    assert {f"{name}.{kind}" for name in names for kind in ("md", "csv")} <= tables
    assert list((places.out / "figures/smoke").glob("*.svg"))


def test_a_smoke_score_fills_no_row_of_the_paper(smoke):
    places, _ = smoke
    claims = (places.out / "tables/smoke/claims.csv").read_text(encoding="utf-8")
    assert "not attempted here" in claims


def test_results_name_no_folder_of_this_machine(smoke):
    places, _ = smoke
    for path in [*(places.out / "tables").rglob("*.*"), *(places.out / "figures").rglob("*.*")]:
        assert str(ROOT) not in path.read_text(encoding="utf-8"), path.name
