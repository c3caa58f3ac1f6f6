"""Damaged files of every kind, few and always the same; and the fuzzer notices what it is there to notice."""

import sys
from random import Random

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits of time and memory are Linux's")
if sys.platform == "linux":
    from workflow.reliability import fuzz
    from workflow.reliability.targets import TARGETS, Target

    READERS = tuple(TARGETS)
else:
    READERS = ()
INPUTS = 50


@pytest.mark.parametrize("reader", READERS)
def test_damaged_files_are_read_or_refused_in_a_sentence(reader, tmp_path):
    result = fuzz.run(INPUTS, 0, (reader,), tmp_path)
    assert result["survived"] == result["tried"] == INPUTS, "\n".join(p.read_text() for p in tmp_path.glob("*.txt"))
    row = result["rows"][0]
    assert row["read"] + row["refused"] == INPUTS and row["read"] > 0
    assert row["refused"] > 0 or not TARGETS[reader].allowed


@pytest.mark.parametrize("reader", READERS)
def test_seeds_are_valid(reader, tmp_path):
    for number, data in enumerate(TARGETS[reader].seeds()):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert fuzz.attack(TARGETS[reader], data, folder) == "read"


def test_an_input_can_be_made_again():
    assert fuzz.make("graph", 7, 1) == fuzz.make("graph", 7, 1)
    assert len({fuzz.make("graph", number, seed) for number in range(4) for seed in range(4)}) > 12
    assert Random("0/graph/7").random() == Random("0/graph/7").random()


def never(data, folder):
    while True:
        pass


def hungry(data, folder):
    return bytearray(fuzz.MEMORY + 2**30)


def wrong(data, folder):
    raise KeyError("metrics")


def two_lines(data, folder):
    raise ValueError("one\ntwo")


def mute(data, folder):
    raise ValueError


@pytest.mark.parametrize(
    ("read", "said"),
    [(never, "Hang"), (hungry, "MemoryError"), (wrong, "KeyError"), (two_lines, "no sentence"), (mute, "no sentence")],
)
def test_what_must_not_happen_is_noticed_and_kept(read, said, tmp_path, monkeypatch):
    monkeypatch.setattr(fuzz, "PATIENCE", 0.1)
    target = Target(lambda: [b"seed"], read, (ValueError,))
    monkeypatch.setattr(fuzz, "TARGETS", {"bad: one": target})
    result = fuzz.run(2, 3, ("bad: one",), tmp_path)
    assert (result["tried"], result["survived"], result["seed"]) == (2, 0, 3)
    assert said in (tmp_path / "bad-one-3-1.txt").read_text()
    assert (tmp_path / "bad-one-3-1").read_bytes() == fuzz.make("bad: one", 1, 3)


def test_shares_divide_the_inputs(monkeypatch, tmp_path):
    easy = {name: Target(lambda: [b"seed"], lambda *_: None, (), share=s) for name, s in (("a", 1), ("b", 3))}
    monkeypatch.setattr(fuzz, "TARGETS", easy)
    rows = fuzz.run(40, 0, ("a", "b"), tmp_path)["rows"]
    assert rows == [{"reader": n, "inputs": i, "read": i, "refused": 0} for n, i in (("a", 10), ("b", 30))]
