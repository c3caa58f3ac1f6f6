"""How long candidates take, measured against each other in one run."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Latency:
    """Seconds per call of one candidate, over the rounds of one ``latency`` run.

    >>> Latency(median=2.0, minimum=1.0, lower=1.5, upper=2.5, ratio=1.0, seconds=(1.0, 2.0, 3.0)).median
    2.0
    """

    median: float  # seconds
    minimum: float  # seconds; closest to an undisturbed machine
    lower: float  # first quartile, seconds
    upper: float  # third quartile, seconds
    ratio: float  # median over the rounds of own time / first candidate's time in that round
    seconds: tuple[float, ...]  # every measured call, in order


def latency(candidates: Mapping[str, Callable[[], object]], repeats: int = 20, warmup: int = 3) -> dict[str, Latency]:
    """Time candidates against each other in one run, round by round, so that a busy machine slows all of them alike.

    Every round calls each candidate once and starts one further down the list than the round before. The GPU, where
    there is one, is waited for before and after each call. Compare the ratios; seconds hold for one machine only.

    Args:
        candidates: name to a function without arguments (that does its own ``torch.no_grad()``).
        repeats: measured rounds. warmup: rounds before them that do not count.

    Raises:
        ValueError: for no candidates, ``repeats`` below 1 or ``warmup`` below 0.

    >>> list(latency({"small": lambda: sum(range(9)), "large": lambda: sum(range(99))}, repeats=3))
    ['small', 'large']
    """
    if not candidates or repeats < 1 or warmup < 0:
        raise ValueError(
            "latency needs at least one candidate, repeats from 1 and warmup from 0; "
            f"got candidates {list(candidates)}, repeats={repeats}, warmup={warmup}."
        )
    names = list(candidates)
    rounds = [_round(candidates, names[i % len(names) :] + names[: i % len(names)]) for i in range(warmup + repeats)]
    first = torch.tensor([seconds[names[0]] for seconds in rounds[warmup:]], dtype=torch.float64)
    return {name: _summary([seconds[name] for seconds in rounds[warmup:]], first) for name in names}


def _round(candidates: Mapping[str, Callable[[], object]], order: list[str]) -> dict[str, float]:
    seconds = {}
    for name in order:
        _finish()
        start = time.perf_counter()
        candidates[name]()
        _finish()
        seconds[name] = time.perf_counter() - start
    return seconds


def _finish() -> None:
    """A GPU call returns before its work is done; wait for it, or the clock measures the launch."""
    if torch.accelerator.is_available():
        torch.accelerator.synchronize()


def _summary(seconds: list[float], first: Tensor) -> Latency:
    values = torch.tensor(seconds, dtype=torch.float64)
    lower, median, upper = values.quantile(values.new_tensor([0.25, 0.5, 0.75])).tolist()
    ratio = (values / first).quantile(0.5).item()
    return Latency(median, min(seconds), lower, upper, ratio, tuple(seconds))
