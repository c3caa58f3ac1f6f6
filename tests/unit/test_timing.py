"""The clock, against a fake one: no test here measures time."""

from dataclasses import FrozenInstanceError, asdict

import pytest
import torch

from lmfn_core.measures.timing import latency


class Clock:
    """A clock that only the candidates move."""

    def __init__(self) -> None:
        self.now, self.calls = 0.0, []

    def candidate(self, name: str, *seconds: float):
        def call() -> None:
            self.calls.append(name)
            self.now += seconds[min(self.calls.count(name), len(seconds)) - 1]

        return call


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("lmfn_core.measures.timing.time.perf_counter", lambda: clock.now)
    return clock


def test_latency_interleaves_the_candidates(clock):
    latency({name: clock.candidate(name, 1.0) for name in "abc"}, repeats=3, warmup=1)
    assert "".join(clock.calls) == "abcbcacababc"


def test_latency_leaves_out_the_warmup_and_summarises(clock):
    slow_start = clock.candidate("a", 99.0, 1.0, 2.0, 3.0, 4.0, 5.0)
    uneven = clock.candidate("b", 99.0, 2.0, 4.0, 9.0, 8.0, 10.0)
    measured = latency({"a": slow_start, "b": uneven}, repeats=5, warmup=1)
    a, b = measured["a"], measured["b"]
    assert a.seconds == (1.0, 2.0, 3.0, 4.0, 5.0)
    assert (a.minimum, a.lower, a.median, a.upper, a.ratio) == (1.0, 2.0, 3.0, 4.0, 1.0)
    assert b.seconds == (2.0, 4.0, 9.0, 8.0, 10.0) and b.ratio == 2.0  # round by round 2, 2, 3, 2, 2; of medians 8/3
    assert asdict(b)["median"] == 8.0


def test_latency_waits_for_the_accelerator(clock, monkeypatch):
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: True)
    monkeypatch.setattr(torch.accelerator, "synchronize", clock.candidate("wait", 0.5))
    measured = latency({"a": clock.candidate("a", 1.0)}, repeats=1, warmup=0)
    assert clock.calls == ["wait", "a", "wait"] and measured["a"].seconds == (1.5,)


@pytest.mark.parametrize(
    ("candidates", "repeats", "warmup", "message"),
    [({}, 3, 0, r"candidates \[\]"), ({"a": int}, 0, 0, "repeats=0"), ({"a": int}, 1, -1, "warmup=-1")],
)
def test_latency_refuses_nothing_to_measure(candidates, repeats, warmup, message):
    with pytest.raises(ValueError, match=message):
        latency(candidates, repeats=repeats, warmup=warmup)


def test_a_measurement_stays_what_it_is(clock):
    with pytest.raises(FrozenInstanceError):
        latency({"a": clock.candidate("a", 1.0)}, repeats=1)["a"].median = 0.5
