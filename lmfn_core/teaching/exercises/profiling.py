"""Checkers of notebook 07: predict multiply-accumulates, keep time honestly, compare fairly, fit into memory."""

from collections.abc import Callable, Mapping, Sequence
from statistics import mean, median

from lmfn_core.measures.profiling import macs
from lmfn_core.parts.layers import conv
from lmfn_core.teaching.lesson import exercise, expect


@exercise("Predict a convolution's multiply-accumulates", difficulty=1, minutes=5)
def check_convolution_macs(answer: Callable[..., int]) -> None:
    """``answer(kernel, in_channels, out_channels, height, width, stride=1)``: MACs of a padded square kernel."""
    got = answer(3, 3, 64, 10, 20)
    expect(got != 1_728, "Those are the weights; each of them works again at every output position.")
    expect(got != 691_200, "You counted FLOPs: one multiply-accumulate is a multiplication and an addition together.")
    expect(got != 358_400, "Leave the biases out: they are additions without a multiplication.")
    expect(got == 345_600, f"3*3 x 3 inputs x 64 outputs x 10*20 positions are 345,600; yours is {got:,}.")
    strided = answer(3, 64, 64, 10, 20, stride=2)
    expect(strided != 7_372_800, "With stride 2 only every second row and every second column is computed.")
    expect(strided != 3_686_400, "The stride thins out rows and columns: divide by it twice.")
    expect(strided == 1_843_200, f"5 x 10 output positions make 1,843,200; yours is {strided:,}.")
    odd = answer(3, 3, 3, 11, 7, stride=2)
    expect(odd != 81 * 15, "11 rows at stride 2 give 6 rows, not 5: the padding adds the last one, so round up.")
    expect(odd == 81 * 24, f"11 x 7 at stride 2 has 6 x 4 positions, 1,944 in all; yours is {odd!r}.")
    truth, got = macs(conv(3, 8, kernel=5), 9, 9), answer(5, 3, 8, 9, 9)
    expect(got == truth, f"A 5x5 kernel, 3 to 8 channels, 9 x 9: {truth:,}; yours is {got:,}. Is a 3 written down?")


class _Device:
    """A pretend GPU with a clock of its own: work is only queued, and done while someone waits for it."""

    def __init__(self, *seconds: float, queued: float = 0.0) -> None:
        self.seconds, self.queued, self.now, self.calls = seconds, queued, 0.0, 0

    def work(self) -> None:
        self.queued += self.seconds[min(self.calls, len(self.seconds) - 1)]
        self.calls += 1
        self.now += 0.001  # the launch itself

    def wait(self) -> None:
        self.now, self.queued = self.now + self.queued, 0.0

    def clock(self) -> float:
        return self.now


@exercise("Keep time honestly", difficulty=3, minutes=15)
def check_stopwatch(answer: Callable[..., float]) -> None:
    """``answer(work, wait, clock, repeats, warmup)``: median seconds of the measured calls, each waited for."""

    def timed(device: _Device, repeats: int, warmup: int) -> float:
        return answer(device.work, device.wait, device.clock, repeats, warmup)

    got = timed(_Device(1.0), repeats=5, warmup=0)
    expect(got > 0.1, "You stopped the clock while the device was still busy: wait() after work(), then clock().")
    expect(got < 4.9, "That is the time of all calls together: one number per call, then their median.")
    got = timed(_Device(1.0, queued=7.0), repeats=1, warmup=0)
    expect(got < 8, "Work queued before yours was still running, and you paid for it: wait() before the first clock().")
    device = _Device(50.0, 50.0, 1.0)
    got = timed(device, repeats=2, warmup=2)
    expect(device.calls != 2, "There was no warm-up: call work() warmup times before you measure.")
    expect(device.calls == 4, f"2 calls to warm up and 2 to measure are 4; yours made {device.calls}.")
    expect(got < 2, f"The warm-up calls are slow and must not count: 1.0 is wanted, yours is {got:.1f}.")
    got = timed(_Device(1.0, 1.0, 1.0, 90.0, 1.0), repeats=5, warmup=0)
    expect(got < 2, f"One call in five was disturbed and made your result {got:.1f}: take the median, not the mean.")
    got = timed(_Device(3.0, 1.0, 2.0), repeats=3, warmup=0)
    expect(abs(got - 2.001) < 1e-6, f"The median of 1, 2 and 3 seconds is 2; yours is {got:.3f}.")


@exercise("Compare two networks on a busy machine", difficulty=2, minutes=10)
def check_fair_ratio(answer: Callable[[Sequence[Mapping[str, float]], str, str], float]) -> None:
    """``answer(rounds, name, reference)``: median over the rounds of name's seconds over the reference's."""
    # b takes twice as long as a; the machine is ten times slower in three rounds, and two calls are disturbed
    rounds = [{"a": a, "b": b} for a, b in [(1, 14), (10, 20), (1, 2), (10, 20), (6, 20)]]
    ratios, a, b = [r["b"] / r["a"] for r in rounds], [r["a"] for r in rounds], [r["b"] for r in rounds]
    got = answer(rounds, "b", "a")
    for value, hint in [
        (0.5, "Upside down: 2 shall mean that name takes twice as long as the reference."),
        (
            mean(b) / mean(a),
            "That is the ratio of the means, ruled by the slow rounds. Take a ratio in each round first.",
        ),
        (median(b) / median(a), "Those medians may come from different rounds. Take a ratio in each round first."),
        (mean(ratios), "A ratio in each round: good. Now their median, so that one disturbed call does not move it."),
    ]:
        expect(abs(got - value) > 1e-9, hint)
    expect(abs(got - 2) < 1e-9, f"In most rounds b takes twice as long as a: 2.0 is wanted, yours is {got:.3f}.")
    got = answer([{"a": 4, "b": 8}, {"a": 1, "b": 4}, {"a": 8, "b": 16}], "b", "a")
    expect(abs(got - 2) < 1e-9, "The fastest calls come from different rounds and forget the others: use every round.")


@exercise("Find the largest photograph that fits", difficulty=2, minutes=10)
def check_largest_square(answer: Callable[[int], int]) -> None:
    """``answer(free_bytes)``: the largest side, a multiple of 16, of a square photograph whose peak fits."""
    exactly = 524 * 1024**2
    got = answer(exactly)
    expect(got != 2048, "A float32 takes 4 bytes: you counted numbers where bytes are wanted.")
    expect(got != 1424, "Two maps of 64 channels are alive at once: the stem's output and its leaky ReLU's.")
    expect(got == 1024, f"524 bytes a pixel, and just enough of them for 1024 x 1024; yours is {got}.")
    got = answer(exactly - 1)
    expect(got != 1024, "One byte is missing for 1024 x 1024: count all 3 + 64 + 64 values, and round down.")
    expect(got != 1023, "The encoder halves the image four times: the side must be a multiple of 16.")
    expect(got == 1008 and isinstance(got, int), f"The next multiple of 16 below 1024 is 1008; yours is {got!r}.")
