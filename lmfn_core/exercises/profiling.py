"""Checkers of notebook 07: predict multiply-accumulates, build a stopwatch, compare fairly, fit a photograph in memory."""

from collections.abc import Callable, Mapping, Sequence
from statistics import mean, median

import torch

from lmfn_core.layers import conv
from lmfn_core.lesson import exercise, expect
from lmfn_core.profiling import macs


@exercise("Predict a convolution's multiply-accumulates", difficulty=1, minutes=5)
def check_convolution_macs(answer: Callable[..., int]) -> None:
    """``answer(kernel, in_channels, out_channels, height, width, stride=1)``: MACs of a padded k x k convolution."""
    got = answer(3, 3, 64, 10, 20)
    expect(
        got != 2 * 345_600, "You counted FLOPs: a multiply-accumulate is one multiplication and one addition together."
    )
    expect(got != 345_600 + 64 * 200, "Leave the biases out: they are additions without a multiplication.")
    expect(got != 1_728, "Those are the weights; each is used again at every output position.")
    expect(got == 345_600, f"3*3 x 3 inputs x 64 outputs x 10*20 positions are 345,600; yours is {got:,}.")
    strided = answer(3, 64, 64, 10, 20, stride=2)
    expect(strided != 7_372_800, "With stride 2 only every second row and every second column is computed.")
    expect(strided != 3_686_400, "The stride applies to rows and to columns: divide by it twice.")
    expect(strided == 1_843_200, f"5 x 10 output positions: 1,843,200 are wanted; yours is {strided:,}.")
    odd = answer(3, 3, 3, 11, 7, stride=2)
    expect(odd != 81 * 15, "11 rows at stride 2 give 6 output rows, not 5: round up, the padding adds the last one.")
    for kernel, outputs, height, width, stride in [(1, 48, 9, 9, 1), (5, 8, 11, 7, 2)]:
        truth, got = (
            macs(conv(3, outputs, kernel, stride), height, width),
            answer(kernel, 3, outputs, height, width, stride),
        )
        expect(
            got == truth, f"{kernel}x{kernel}, 3 to {outputs}, {height} x {width}, stride {stride}: {truth}, not {got}."
        )


class _Device:
    """A pretend GPU with its own clock: work is queued, runs only while someone waits, and its first call is slow."""

    def __init__(self, durations: Sequence[float]) -> None:
        self.now, self.queued, self.calls, self.durations = 0.0, 0.0, 0, list(durations)

    def work(self) -> None:
        self.queued += self.durations[min(self.calls, len(self.durations) - 1)]
        self.calls += 1
        self.now += 0.001  # what the launch itself costs

    def wait(self) -> None:
        self.now, self.queued = self.now + self.queued, 0.0

    def clock(self) -> float:
        return self.now


@exercise("Build an honest stopwatch", difficulty=3, minutes=15)
def check_stopwatch(answer: Callable[..., float]) -> None:
    """``answer(work, wait, clock, repeats, warmup)`` is the median of the measured calls, each waited for."""
    device = _Device([1.0])
    got = answer(device.work, device.wait, device.clock, repeats=5, warmup=0)
    expect(
        got > 0.1, "You stopped the clock before the device was done: wait() after work(), before the second clock()."
    )
    expect(
        abs(got - 1.001) < 1e-6,
        f"Five calls of one second each: 1.0 is wanted, yours is {got:.3f}. One call's time, please.",
    )
    device = _Device([1.0])
    device.queued = 7.0
    got = answer(device.work, device.wait, device.clock, repeats=1, warmup=0)
    expect(
        abs(got - 8.001) > 1e-6,
        "Somebody else's work was still queued, and you paid for it: wait() before the first clock().",
    )
    device = _Device([50.0, 50.0, 1.0])
    got = answer(device.work, device.wait, device.clock, repeats=3, warmup=2)
    expect(device.calls != 3, "You skipped the warm-up: call work() warmup times before you measure.")
    expect(device.calls == 5, f"3 repeats and 2 for warm-up are 5 calls; yours made {device.calls}.")
    expect(
        abs(got - 1.001) < 1e-6, f"The warm-up calls are slow and must not count: 1.0 is wanted, yours is {got:.3f}."
    )
    device = _Device([1.0, 1.0, 1.0, 90.0, 1.0])
    got = answer(device.work, device.wait, device.clock, repeats=5, warmup=0)
    expect(got < 2, f"One call in five was disturbed and your result is {got:.1f}: take the median, not the mean.")
    expect(abs(got - 1.001) < 1e-6, f"The median of 1, 1, 1, 90, 1 is 1; yours is {got:.3f}.")


@exercise("Compare two networks on a busy machine", difficulty=2, minutes=10)
def check_fair_ratio(answer: Callable[[Sequence[Mapping[str, float]], str, str], float]) -> None:
    """``answer(rounds, name, reference)``: median over the rounds of name's seconds by the reference's."""
    # "b" takes twice as long as "a"; the machine is up to ten times slower in some rounds, and one call is disturbed
    slow = [1.0, 10.0, 1.0, 10.0, 10.0]
    rounds = [{"a": 1.0 * s, "b": 2.0 * s} for s in slow]
    rounds[4]["a"] = 6.0
    rounds[0]["b"] = 14.0
    got = answer(rounds, "b", "a")
    ratios = [r["b"] / r["a"] for r in rounds]
    wrong = {
        mean(r["b"] for r in rounds) / mean(r["a"] for r in rounds):
            "That is the ratio of the means: one disturbed call moves it. Take a ratio in each round first.",
        median(r["b"] for r in rounds) / median(r["a"] for r in rounds):
            "That is the ratio of the medians, from two different rounds. Take a ratio in each round first.",
        min(r["b"] for r in rounds) / min(r["a"] for r in rounds):
            "The two minima come from different rounds, and a minimum forgets the rest. Take a ratio in each round first.",
        mean(ratios): "Ratios round by round: good. Now their median, so that one disturbed round does not move it.",
        0.5: "Upside down: a ratio of 2 says that name takes twice as long as the reference.",
    }  # fmt: skip
    for value, hint in wrong.items():
        expect(abs(got - value) > 1e-9, hint)
    expect(
        abs(got - median(ratios)) < 1e-9,
        f"In most rounds b takes twice as long as a: 2.0 is wanted, yours is {got:.3f}.",
    )
    even = [{"a": 1.0, "b": 3.0}, {"a": 2.0, "b": 2.0}]
    expect(abs(answer(even, "b", "a") - 2.0) < 1e-9, "With two rounds the median lies halfway: (3 + 1) / 2.")


BYTES_PER_PIXEL = 524
"""What LMFN holds at its peak for each pixel in float32: 3 shifted values and the stem's 64, twice, 4 bytes each."""


@exercise("The largest photograph that fits", difficulty=2, minutes=10)
def check_largest_square(answer: Callable[[int], int]) -> None:
    """``answer(free_bytes)``: largest side, a multiple of 16, of a square photograph whose peak fits."""
    got = answer(BYTES_PER_PIXEL * 1024**2)
    one_map = int((1024**2 * 524 / (4 * 67)) ** 0.5) // 16 * 16
    expect(got != one_map, "At its peak two maps of 64 channels are alive: the stem's output and its leaky ReLU.")
    without_bytes = int((1024**2 * 524 / 131) ** 0.5) // 16 * 16
    expect(got != without_bytes, "A float32 takes 4 bytes: you counted numbers, not bytes.")
    expect(
        got == 1024, f"524 bytes a pixel and exactly enough of them for 1024 x 1024: 1024 is wanted, yours is {got}."
    )
    got = answer(BYTES_PER_PIXEL * 1024**2 - 1)
    expect(got != 1024, "One byte too few for 1024 x 1024: round down, never to the nearest.")
    expect(got != 1023, "The encoder halves the image four times: the side must be a multiple of 16.")
    expect(got == 1008, f"One byte too few for 1024 x 1024: the next multiple of 16 below is 1008; yours is {got}.")
    expect(isinstance(got, int), "A side is a whole number of pixels: return an int.")
    expect(
        torch.tensor([answer(n * 10**9) for n in (1, 4)]).tolist() == [1376, 2752],
        "Check 1 GB and 4 GB: 1376 and 2752.",
    )
