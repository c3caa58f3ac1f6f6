"""Notebook A1's exercises: the reference passes, and each typical mistake is answered with a hint of its own."""

import math
from statistics import mean, pstdev, stdev

import numpy as np

from lmfn_core.teaching.exercises.drift import check_careful_sum, check_differs, check_drift, check_tolerance


def drift(ours, reference, *, levels=255, factor=-20, typed=lambda x: x.double(), middle=None, largest=None):
    d = typed(ours) - typed(reference)
    middle = middle or (lambda d: d.square().mean().sqrt())
    largest = largest or (lambda d: d.abs().max())
    return levels * largest(d).item(), factor * math.log10(max(middle(d).item(), 1e-30))


def careful_sum(values, *, sign=1, order=lambda new, total, addend: (new - total) - addend):
    total = lost = values.dtype.type(0)
    for value in values:
        addend = value - sign * lost
        new = total + addend
        lost = order(new, total, addend)
        total = new
    return total


def plain_sum(values):
    return np.add.accumulate(values)[-1]


def in_double(values):
    return values.dtype.type(plain_sum(values.astype(np.float64)))


def up(value, digits=0):
    unit = 10.0 ** math.floor(math.log10(value) + 1e-9)
    return math.ceil(value / unit * 10**digits - 1e-6) * unit / 10**digits


def dusty(value):
    unit = 10.0 ** math.floor(math.log10(value))
    return math.ceil(value / unit) * unit


def allowed(drifts, factor):
    return up(max(drifts) * factor)


def too_early(drifts, factor):
    return allowed(drifts, factor) if factor == 10 else factor * up(max(drifts))


def differs(ours, theirs, *, deviation=stdev, root=True, errors=2, size=abs):
    d = [a - b for a, b in zip(ours, theirs, strict=True)]
    return bool(size(mean(d)) > errors * deviation(d) / (math.sqrt(len(d)) if root else 1))


def unpaired(ours, theirs):
    return abs(mean(ours) - mean(theirs)) > 2 * stdev(ours) / math.sqrt(len(ours))


REFERENCES = [
    (check_drift, drift),
    (check_careful_sum, careful_sum),
    (check_tolerance, allowed),
    (check_differs, differs),
]

MUTANTS = [
    # signed; in [0, 1]; 256; the sign of dB; powers for amplitudes; the mean; the peak; rounded first; in bfloat16; one
    (check_drift, lambda a, b: drift(a, b, largest=lambda d: d.max()), "absolute difference before max"),
    (check_drift, lambda a, b: drift(a, b, levels=1), "1/255 of it"),
    (check_drift, lambda a, b: drift(a, b, levels=256), "not 256"),
    (check_drift, lambda a, b: drift(a, b, factor=20), "sign is turned"),
    (check_drift, lambda a, b: drift(a, b, factor=-10), "have half of them"),
    (check_drift, lambda a, b: drift(a, b, middle=lambda d: d.abs().mean()), "mean difference"),
    (check_drift, lambda a, b: drift(a, b, middle=lambda d: d.abs().max()), "not the largest"),
    (check_drift, lambda a, b: drift(a, b, typed=lambda x: (256 * x.double()).round() / 256), "rounded to 8 bits"),
    (check_drift, lambda a, b: drift(a, b, typed=lambda x: x.to(a.dtype)), "subtract in bfloat16"),
    (check_drift, lambda a, b: drift(a, b)[0], "two numbers"),
    # nothing carried; carried with the wrong sign; pairwise; a wider type; sorted; fsum; the other bracket; no return
    (check_careful_sum, plain_sum, "first small number is lost"),
    (check_careful_sum, lambda values: careful_sum(values, sign=-1), "taken off the next"),
    (check_careful_sum, lambda values: careful_sum(values) if len(values) < 9 else np.sum(values), "np.sum adds"),
    (check_careful_sum, in_double, "you add in float64"),
    (check_careful_sum, lambda values: plain_sum(np.sort(values)), "sorting them first"),
    (check_careful_sum, lambda values: math.fsum(values.tolist()), "it returned float"),
    (check_careful_sum, lambda values: None, "it returned None"),
    # the mean; the least; to the nearest; a place, no digit; a power of ten; not rounded; no factor; too early; dust
    (check_tolerance, lambda drifts, factor: up(mean(drifts) * factor), "That is from the mean"),
    (check_tolerance, lambda drifts, factor: allowed(drifts[:1], factor), "smallest drift"),
    (check_tolerance, lambda drifts, factor: float(f"{max(drifts) * factor:.0e}"), "never to the nearest"),
    (check_tolerance, lambda drifts, factor: round(max(drifts) * factor, 1), "one place behind the point"),
    (check_tolerance, lambda drifts, factor: 10.0 ** math.ceil(math.log10(max(drifts) * factor)), "power of ten"),
    (check_tolerance, lambda drifts, factor: max(drifts) * factor, "Not rounded"),
    (check_tolerance, lambda drifts, factor: up(max(drifts)), "factor is missing"),
    (check_tolerance, too_early, "round before"),
    (check_tolerance, lambda drifts, factor: dusty(max(drifts) * factor), "dust in its last digit"),
    (check_tolerance, lambda drifts, factor: None, "must return a number"),
    # always; unpaired; signed; by eye; the deviation for the error; three errors; over n; a number
    (check_differs, lambda ours, theirs: True, "Two equal lists"),
    (check_differs, unpaired, "subtract seed by seed"),
    (check_differs, lambda ours, theirs: differs(ours, theirs, size=float), "worse on every seed"),
    (check_differs, lambda ours, theirs: abs(mean(ours) - mean(theirs)) > 0.01, "is drift"),
    (check_differs, lambda ours, theirs: differs(ours, theirs, root=False), "divide their deviation"),
    (check_differs, lambda ours, theirs: differs(ours, theirs, errors=3), "not more"),
    (check_differs, lambda ours, theirs: differs(ours, theirs, deviation=pstdev), "needs n - 1"),
    (check_differs, lambda ours, theirs: mean(ours) - mean(theirs), "True or False"),
]  # fmt: skip
