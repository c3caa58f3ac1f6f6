"""Checkers of notebook A1: measure a drift, add with care, derive a tolerance, tell drift from a difference."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch

from lmfn_core.teaching.lesson import exercise, expect


def _number(value: object) -> bool:
    try:
        return not isinstance(value, bool) and math.isfinite(float(value))
    except (TypeError, ValueError):
        return False


@exercise("Measure a drift", difficulty=2, minutes=10)
def check_drift(answer: Callable[[torch.Tensor, torch.Tensor], tuple[float, float]]) -> None:
    """``answer(ours, reference)`` is the largest difference in 8-bit steps, and the decibels of the RMS difference."""
    reference = torch.full((3, 4, 5), 0.5)
    below = reference.clone()
    below[0, 0, 0] -= 0.25
    got = answer(below, reference)
    pair = isinstance(got, tuple) and len(got) == 2 and all(map(_number, got))
    expect(pair, f"Called with two images, it must return two numbers, steps and decibels; it returned {got!r}.")
    steps, decibels = map(float, got)
    expect(steps > 1e-6, "One pixel is 63.75 steps too dark and you see 0: take the absolute difference before max.")
    expect(abs(steps - 0.25) > 1e-6, "0.25 is the difference of images in [0, 1]; an 8-bit step is 1/255 of it.")
    expect(abs(steps - 64) > 1e-6, "From 0 to 1 it is 255 steps, not 256: 8 bits count from 0 to 255.")
    expect(abs(steps - 63.75) < 1e-4, f"0.25 of the range is 63.75 steps; yours is {steps:g}.")
    truth = -20 * math.log10(0.25 / math.sqrt(60))
    expect(abs(decibels + truth) > 1e-3, "The sign is turned: nearer images have more decibels, as in PSNR.")
    expect(abs(decibels - truth / 2) > 1e-3, "10 goes with a mean of squares, 20 with its root: you have half of them.")
    mean = -20 * math.log10(0.25 / 60)
    expect(abs(decibels - mean) > 1e-3, "That is the mean difference. RMS: square, take the mean, then the root.")
    expect(abs(decibels + 20 * math.log10(0.25)) > 1e-3, "The decibels are of the RMS difference, not the largest.")
    expect(abs(decibels - truth) < 1e-3, f"An RMS of 0.25 / sqrt(60) is {truth:.2f} dB; yours is {decibels:.2f}.")
    tiny = torch.full((3, 4, 5), 0.5 + 2.0**-20)
    got = answer(tiny, reference)
    expect(float(got[0]) > 0, "A difference below half a step vanished: images are rounded to 8 bits too early.")
    low = torch.full((3, 4, 5), 0.75).bfloat16()
    exact = 255 * (0.75 - 0.7509765625)
    got = float(answer(low, torch.full((3, 4, 5), 0.7509765625))[0])
    expect(abs(got + exact) < 1e-6, "Of bfloat16 and float32 you subtract in bfloat16: turn both into float64 first.")


@exercise("Add with care", difficulty=3, minutes=15)
def check_careful_sum(answer: Callable[[np.ndarray], np.floating]) -> None:
    """``answer(values)`` adds float32 or float64 in their own type, and carries along what each addition loses."""
    got = answer(np.array([1.0, 2.0**-24, 2.0**-23], dtype=np.float32))
    expect(_number(got), f"Called with three float32, it must return their sum; it returned {got!r}.")
    kind = getattr(got, "dtype", type(got).__name__)
    expect(kind == np.float32, f"Called with float32, it returned {kind}: start at values.dtype.type(0), stay there.")
    expect(got != 1, "1, 2**-24 and 2**-23 became 1: what the first addition lost is taken off the next, not put on.")
    expect(got > 1 + 2.0**-23, "1, 2**-24 and 2**-23: the first small number is lost. Put on the next what one lost.")
    got, truth = float(answer(np.array([1.0] + [2.0**-24] * 4096, dtype=np.float32))), 1 + 2.0**-12
    wanted = f"1 and 4,096 times 2**-24 make {truth:.7f}; yours is {got:.7f}"
    blocks = 2e-7 < truth - got < 2e-5
    expect(not blocks, f"{wanted}: np.sum adds in blocks and loses little, but some. Add one by one, and carry it.")
    expect(abs(got - truth) < 2e-7, f"{wanted}: what is lost is (new - total) - addend, in this order.")
    equal = np.full(20_000, 0.1, dtype=np.float32)
    off = abs(float(answer(equal)) - 20_000 * float(equal[0]))
    expect(off < 1e-3, f"20,000 times 0.1 is {off:.3f} off: where all are equal, sorting them first does not help.")
    doubles = float(answer(np.array([1.0] + [2.0**-53] * 4096)))
    expect(
        abs(doubles - 1 - 2.0**-41) < 2.0**-51,
        "Right for float32 only, because you add in float64: carry what is lost.",
    )


@exercise("Derive a tolerance", difficulty=2, minutes=10)
def check_tolerance(answer: Callable[[Sequence[float], int], float]) -> None:
    """``answer(drifts, factor)``: the largest drift times the factor, rounded up to one digit."""

    def got(drifts: list[float], factor: int) -> float:
        value = answer(drifts, factor)
        expect(_number(value), f"Called with {drifts} and {factor}, it must return a number; it returned {value!r}.")
        return float(value)

    def near(a: float, b: float) -> bool:
        return math.isclose(a, b, rel_tol=1e-6)

    drifts = [1.2e-7, 6.1e-7, 4.0e-7]
    value = got(drifts, 10)
    expect(not near(value, 4e-6), "That is from the mean: half of the machines would fail. Take the largest drift.")
    expect(not near(value, 2e-6), "That is from the smallest drift, or the first: take the largest.")
    expect(not near(value, 6e-6), "6.1 became 6: a tolerance is rounded up, never to the nearest digit.")
    expect(value != 0 and value < 0.05, "Round to one digit, wherever it stands: not to one place behind the point.")
    expect(not near(value, 1e-5), "That is the next power of ten; one digit is finer: 7e-06.")
    expect(not near(value, 6.1e-6), "Not rounded: 6.1 pretends two digits that another machine would not repeat.")
    expect(not near(value, 7e-7), "The factor is missing: the next machine drifts a little further than ours.")
    expect(near(value, 7e-6), f"6.1e-07 times 10, rounded up to one digit, is 7e-06; yours is {value:g}.")
    value = got([3.4e-7], 4)
    expect(not near(value, 1.6e-6), "You round before the factor: 3.4 to 4, times 4. Factor first, then round once.")
    expect(near(value, 2e-6), f"3.4e-07 times 4 is 1.36e-06, up to 2e-06; yours is {value:g}.")
    for drift, factor, truth in [(3e-7, 10, 3e-6), (0.1, 3, 0.3), (7e-5, 10, 7e-4), (1e-6, 10, 1e-5)]:
        value = got([drift], factor)
        dust = f"{drift:g} times {factor} is {truth:g}, one digit already; yours is {value:g}"
        expect(near(value, truth), f"{dust}: {drift} * {factor} has dust in its last digit. Drop it, then round up.")


@exercise("Drift, or a difference", difficulty=3, minutes=15)
def check_differs(answer: Callable[[Sequence[float], Sequence[float]], bool]) -> None:
    """``answer(ours, theirs)``: whether the mean paired difference is over two of its standard errors from zero."""

    def says(ours: list[float], theirs: list[float]) -> bool:
        got = answer(ours, theirs)
        good = isinstance(got, bool | np.bool_)
        expect(good, f"Called with two lists of {len(ours)} scores, it must return True or False; it returned {got!r}.")
        return bool(got)

    base = [24.0, 24.6, 23.7, 24.9, 24.3, 23.5]
    small = [0.10, 0.12, 0.09, 0.11, 0.10, 0.08]
    shifted = [b + s for b, s in zip(base, small, strict=True)]
    expect(not says(base, list(base)), "Two equal lists differ by nothing, and you call it a difference.")
    expect(says(shifted, base), "0.1 dB on every seed is a difference: subtract seed by seed, their own spread goes.")
    expect(says(base, shifted), "0.1 dB worse on every seed is a difference too: take the mean's absolute value.")
    noisy = [b + s for b, s in zip(base, [0.3, -0.2, 0.1, -0.3, 0.2, 0.1], strict=True)]
    expect(not says(noisy, base), "Sometimes better, sometimes worse: 0.03 dB between seeds that part by 0.2 is drift.")
    between = [b + s for b, s in zip(base, [0.5, 0.2, 0.1, 0.4, 0.1, 0.3], strict=True)]
    steadier = "The mean of n differences is steadier than one of them: divide their deviation by sqrt(n)."
    expect(says(between, base), steadier)
    close = [b + s for b, s in zip(base[:2], [0.10, 0.28], strict=True)]
    expect(says(close, base[:2]), "0.10 and 0.28 lie 2.1 standard errors from 0: two are asked for, not more.")
    wide = [b + s for b, s in zip(base[:2], [0.10, 0.38], strict=True)]
    hint = "0.10 and 0.38 lie 1.7 errors from 0, or 2.4 if you divide by n: the deviation of few needs n - 1."
    expect(not says(wide, base[:2]), hint)
