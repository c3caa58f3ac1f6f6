"""What nbval cannot see: a notebook never run compares nothing, a stale copy teaches yesterday's text."""

import re
from statistics import median

import nbformat
import pytest

from workflow import ROOT, masters, student
from workflow.graph import load, load_tier
from workflow.places import Places, tiers
from workflow.refresh import WIDGET
from workflow.words import Call, settle

MASTERS = student.masters()
IGNORED = {"nbval-ignore-output", "nbval-skip"}
CANNOT_BE_COMPARED = r"interact\(|tqdm\(|clear_output|display\(.*display_id|plt\.show\("

each_master = pytest.mark.parametrize("path", MASTERS, ids=lambda path: path.stem)


def code_cells(path):
    """The code cells that hold something, each with its tags."""
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    return [(cell, set(cell.metadata.get("tags", ()))) for cell in cells if cell.source.strip()]


@each_master
def test_executed_in_order_and_clean(path):
    book = nbformat.read(path, as_version=4)
    nbformat.validate(book)
    cells = code_cells(path)
    assert book.metadata.kernelspec.name == "python3"
    assert [cell.execution_count for cell, _ in cells] == list(range(1, len(cells) + 1)), "python3 lab.py refresh"
    outputs = [output for cell, _ in cells for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    assert not [output for output in outputs if output.get("name") == "stderr"]
    assert any(cell.outputs for cell, tags in cells if not tags & IGNORED), "no output is compared"


@each_master
def test_nothing_in_it_changes_from_run_to_run(path):
    book = nbformat.read(path, as_version=4)
    assert set(book.metadata) == {"kernelspec", "language_info"} and dict(book.metadata.language_info) == {
        "name": "python"
    }
    assert len({cell.id for cell in book.cells}) == len(book.cells)
    for cell, tags in code_cells(path):
        assert not {"execution", "papermill"} & set(cell.metadata)
        assert not [output for output in cell.outputs if WIDGET in output.get("data", {})]
        if not tags & IGNORED:
            assert not cell.source.rstrip().endswith(";"), "nbval does not honour a closing ';'"
            assert not re.search(CANNOT_BE_COMPARED, cell.source), f"tag nbval-ignore-output:\n{cell.source}"


@each_master
def test_size(path):
    assert path.stat().st_size <= 300_000
    lengths = [len(cell.source.splitlines()) for cell, _ in code_cells(path)]
    assert 15 <= len(lengths) <= 30 and max(lengths) <= 25 and median(lengths) <= 12, lengths


@each_master
def test_holds_no_photograph_and_no_folder_of_a_machine(path):
    assert str(ROOT) not in path.read_text(encoding="utf-8") and "/home/" not in path.read_text(encoding="utf-8")
    for cell, tags in code_cells(path):
        if "photograph" in tags:
            kinds = {kind for output in cell.outputs for kind in output.get("data", {})}
            assert tags & IGNORED and not [kind for kind in kinds if kind.startswith("image/")]


@each_master
def test_parameters_are_declared_used_and_left_alone(path):
    master = masters.read(path)
    master.check()
    assert master.parameters["tier"] == "lesson" and master.parameters["out"] == "scratch"
    assert any("save_record(" in source for source in master.cells)


@each_master
def test_students_copy_is_fresh_and_keeps_no_solution(path):
    assert student.is_fresh(path), "python3 -m workflow.student"
    copy = student.copy_of(path)
    assert "END SOLUTION" not in copy.read_text(encoding="utf-8")
    assert not [cell for cell, _ in code_cells(copy) if cell.outputs or cell.execution_count]


def test_every_copy_has_its_master():
    assert student.orphans() == []


@pytest.mark.parametrize("tier", tiers(ROOT))
def test_tier_fits_the_masters(tier):
    graph = load(Places(ROOT, ROOT / "reports", tier), load_tier(ROOT, tier))
    runs = graph.select(None)
    assert settle(runs, Places(ROOT, ROOT / "reports", tier), Call(tier=tier)) == runs
    masters = {path.stem for path in MASTERS}
    weights = {"08_training", "09_evaluation"}  # only trained and scored
    assert {run.notebook for run in runs} == (weights if tier == "weights" else masters)


def test_the_lesson_tier_is_the_masters_own():
    for name, values in load_tier(ROOT, "lesson")["notebooks"].items():
        defaults = masters.read(ROOT / "notebooks" / f"{name}.ipynb").parameters
        assert values == {parameter: defaults.get(parameter) for parameter in values}, name
