"""Notebook 07's exercises: the reference passes, and each typical mistake is answered with a hint of its own."""

from pathlib import Path
from statistics import mean, median

from lmfn_core.teaching.exercises.profiling import (
    check_convolution_macs,
    check_fair_ratio,
    check_largest_square,
    check_stopwatch,
)

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def convolution_macs(kernel, inputs, outputs, height, width, stride=1):
    return kernel * kernel * inputs * outputs * -(-height // stride) * -(-width // stride)


def stopwatch(
    work, wait, clock, repeats, warmup, *, first_wait=True, last_wait=True, warm=True, keep_all=False, of=median
):
    seconds = []
    for _ in range(warmup if warm else 0):
        start = clock()
        work()
        wait()
        if keep_all:
            seconds.append(clock() - start)
    for _ in range(repeats):
        if first_wait:
            wait()
        start = clock()
        work()
        if last_wait:
            wait()
        seconds.append(clock() - start)
    return of(seconds)


def fair_ratio(rounds, name, reference):
    return median(r[name] / r[reference] for r in rounds)


def of_sums(of):
    return lambda rounds, name, reference: of(r[name] for r in rounds) / of(r[reference] for r in rounds)


def largest_square(free, values=131, each=4, multiple=16):
    return int((free / (values * each)) ** 0.5) // multiple * multiple


def counting_out(free):
    side = 16
    while 524 * (side + 16) ** 2 <= free + 524 * 1024:  # generous by one row
        side += 16
    return side


REFERENCES = [
    (check_convolution_macs, convolution_macs),
    (check_stopwatch, stopwatch),
    (check_fair_ratio, fair_ratio),
    (check_largest_square, largest_square),
]


def with_stopwatch(**settings):
    return lambda work, wait, clock, repeats, warmup: stopwatch(work, wait, clock, repeats, warmup, **settings)


def one_warm_up_too_many(work, wait, clock, repeats, warmup):
    return stopwatch(work, wait, clock, repeats, warmup + 1)


MUTANTS = [
    # weights only; FLOPs; biases counted; stride ignored; stride once; rounded down; a fixed 3x3
    (check_convolution_macs, lambda k, i, o, h, w, stride=1: k * k * i * o, "every output position"),
    (check_convolution_macs, lambda k, i, o, h, w, stride=1: 2 * k * k * i * o * h * w, "counted FLOPs"),
    (check_convolution_macs, lambda k, i, o, h, w, stride=1: (k * k * i + 1) * o * h * w, "biases out"),
    (check_convolution_macs, lambda k, i, o, h, w, stride=1: k * k * i * o * h * w, "every second row"),
    (check_convolution_macs, lambda k, i, o, h, w, stride=1: k * k * i * o * h * w // stride, "by it twice"),
    (check_convolution_macs, lambda k, i, o, h, w, stride=1: k * k * i * o * (h // stride) * (w // stride), "round up"),
    (check_convolution_macs, lambda k, *rest, stride=1: convolution_macs(3, *rest, stride=stride), "3 written down"),
    # no wait after; the sum; no wait before; no warm-up; one too many; warm-up counted; the mean; the fastest
    (check_stopwatch, with_stopwatch(last_wait=False), "still busy"),
    (check_stopwatch, with_stopwatch(of=sum), "all calls together"),
    (check_stopwatch, with_stopwatch(first_wait=False), "queued before yours"),
    (check_stopwatch, with_stopwatch(warm=False), "no warm-up"),
    (check_stopwatch, one_warm_up_too_many, "yours made 5"),
    (check_stopwatch, with_stopwatch(keep_all=True), "must not count"),
    (check_stopwatch, with_stopwatch(of=mean), "median, not the mean"),
    (check_stopwatch, with_stopwatch(of=min), "The median of 1, 2 and 3"),
    # means; medians; mean of ratios; upside down; fastest calls
    (check_fair_ratio, of_sums(mean), "ratio of the means"),
    (check_fair_ratio, of_sums(median), "Those medians"),
    (check_fair_ratio, of_sums(min), "fastest calls"),
    (check_fair_ratio, lambda rounds, name, reference: mean(r[name] / r[reference] for r in rounds), "A ratio in each"),
    (check_fair_ratio, lambda rounds, name, reference: fair_ratio(rounds, reference, name), "Upside down"),
    (check_fair_ratio, lambda rounds, name, reference: rounds[0][name] / rounds[0][reference], "yours is 14"),
    # one map; numbers for bytes; rounded up; no multiple of 16; a float
    (check_largest_square, lambda free: largest_square(free, values=67), "Two maps"),
    (check_largest_square, lambda free: largest_square(free, each=1), "4 bytes"),
    (check_largest_square, counting_out, "round down"),
    (check_largest_square, lambda free: largest_square(free, values=128), "3 + 64 + 64"),
    (check_largest_square, lambda free: largest_square(free, multiple=1), "multiple of 16"),
    (check_largest_square, lambda free: float(largest_square(free)), "yours is 1008.0"),
]

SHARED = {"3 + 64 + 64"}  # overshoots by as little as rounding up does; one sentence answers both
