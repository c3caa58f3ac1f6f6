"""Graphics cards without any: who holds which, who waits, and what a run sees of them."""

import os
import subprocess
import threading

import pytest

from workflow import cards, execute, stamps


@pytest.fixture(autouse=True)
def own_folder(monkeypatch, tmp_path):
    """The locks of these tests lie in a folder of their own."""
    monkeypatch.setattr(cards.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)


def pretend(monkeypatch, count, driver=True):
    answer = subprocess.CompletedProcess([], 0, stdout=f"{count}\n")
    monkeypatch.setattr(cards.shutil, "which", lambda name: "/usr/bin/nvidia-smi" if driver else None)
    monkeypatch.setattr(cards.subprocess, "run", lambda *_, **__: answer)


@pytest.mark.parametrize(
    ("count", "chosen", "found"), [(2, None, ("0", "1")), (2, "3, 5", ("3", "5")), (0, "0", ()), (0, "", ())]
)
def test_cards_are_named_as_the_caller_chose_them(monkeypatch, count, chosen, found):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if chosen is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", chosen)
    pretend(monkeypatch, count)
    assert cards.visible() == found


def test_without_a_driver_pytorch_is_not_asked(monkeypatch):
    pretend(monkeypatch, 4, driver=False)
    assert cards.visible() == ()


def test_no_two_holders_have_the_same_card():
    with cards.claimed(("a", "b"), 1) as first, cards.claimed(("a", "b"), 1) as second:
        assert {first, second} == {("a",), ("b",)}


def test_a_holder_may_want_several_and_gets_at_most_all():
    with cards.claimed(("a", "b", "c"), 2) as taken:
        assert taken == ("a", "b")
        with cards.claimed(("a", "b", "c"), 1) as left:
            assert left == ("c",)
    with cards.claimed(("a",), 8) as taken:
        assert taken == ("a",)
    with cards.claimed(("a",), 0) as nothing, cards.claimed((), 1) as none:
        assert nothing == none == ()


def test_who_finds_none_free_waits_until_one_is():
    events, free = [], threading.Event()

    def second():
        free.wait(10)
        with cards.claimed(("a",), 1):
            events.append("second")

    waiting = threading.Thread(target=second)
    with cards.claimed(("a",), 1):
        waiting.start()
        free.set()
        waiting.join(0.5)
        events.append("first ends")
    waiting.join(10)
    assert events == ["first ends", "second"]


def test_jobs_of_slurm_count_their_cards_from_zero_each(monkeypatch):
    with cards.claimed(("0",), 1):
        monkeypatch.setenv("SLURM_JOB_ID", "17")
        with cards.claimed(("0",), 1) as taken:
            assert taken == ("0",)


@pytest.mark.parametrize(("count", "seen"), [(1, "5"), (0, "all")])
def test_a_run_sees_its_own_card_and_no_other(monkeypatch, tmp_path, count, seen):
    names = {key: str(tmp_path / key) for key in ("record", "failure", "output")}
    spec = names | {"parameters": {"run": "one", "tier": "x"}, "cards": {"cards": ["5", "6"], "count": count}}
    stamps.write_json(tmp_path / "spec.json", spec)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "all")
    met = []

    def attempt(spec):
        met.append(os.environ["CUDA_VISIBLE_DEVICES"])
        stamps.write_json(tmp_path / "record", {"schema": 1, "run": "one", "tier": "x"})
        return {}, True

    monkeypatch.setattr(execute, "_attempt", attempt)
    assert execute.main(str(tmp_path / "spec.json")) == 0 and met == [seen]
