"""Which files an interrupted call is taken to have written, and which not."""

import os
from pathlib import Path

import pytest

from lmfn_core.restoring.errands import Errand
from lmfn_core.restoring.unfinished import KEPT, notes_folder, unfinished


@pytest.fixture
def plan(tmp_path, monkeypatch):
    """Two photographs, a and b, that become new/a and new/b."""
    monkeypatch.setenv("LMFN_CACHE", str(tmp_path / "cache"))
    (tmp_path / "new").mkdir()
    for name in "ab":
        (tmp_path / name).write_text("blurred")
    return [Errand(tmp_path / name, tmp_path / "new" / name) for name in "ab"]


def test_what_was_written_since_the_notes_is_done(plan):
    assert not unfinished(plan, "deblur").done
    plan[0].target.write_text("sharp")
    assert unfinished(plan, "deblur").done == unfinished(plan, "deblur").done == {plan[0]}
    unfinished(plan, "deblur").forget()
    assert not unfinished(plan, "deblur").done and len(list(notes_folder().iterdir())) == 1


def test_what_was_there_before_is_not(plan):
    plan[0].target.write_text("mine")
    assert not unfinished(plan, "deblur").done
    plan[0].target.write_text("mine, changed")
    assert not unfinished(plan, "deblur").done


@pytest.mark.parametrize("change", ["source", "task", "network"])
def test_nor_what_another_call_wrote(plan, tmp_path, change):
    network = tmp_path / "weights"
    network.write_text("before")
    unfinished(plan, "deblur", str(network))
    plan[0].target.write_text("sharp")
    if change == "source":
        plan[0].source.write_text("another photograph")
    if change == "network":
        network.write_text("trained for longer")
    assert not unfinished(plan, "derain" if change == "task" else "deblur", str(network)).done


def test_a_photograph_restored_in_place_is_not_restored_twice(plan):
    within = [Errand(errand.source, errand.source) for errand in plan]
    assert not unfinished(within, True).done
    plan[1].source.write_text("sharp")
    assert unfinished(within, True).done == {within[1]}


@pytest.mark.parametrize("text", ["", "[[", "[]", "{}"])
def test_damaged_notes_are_none(plan, text):
    notes = unfinished(plan)
    plan[0].target.write_text("sharp")
    notes.file.write_text(text)
    assert not unfinished(plan).done


def test_where_no_notes_can_be_kept_the_work_is_done_all_the_same(plan, monkeypatch):
    monkeypatch.setenv("LMFN_CACHE", os.devnull)
    notes = unfinished(plan)
    assert not notes.done and Path(os.devnull) in notes.file.parents
    notes.forget()


@pytest.mark.parametrize(("days", "kept"), [(KEPT - 1, True), (KEPT + 1, False)])
def test_notes_that_nobody_came_back_for_are_swept(plan, days, kept):
    old = unfinished(plan, "deblur").file
    then = old.stat().st_mtime - days * 24 * 3600
    os.utime(old, (then, then))
    unfinished(plan, "derain")
    assert old.exists() is kept and len(list(notes_folder().iterdir())) == 1 + kept
