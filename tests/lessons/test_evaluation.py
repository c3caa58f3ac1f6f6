"""Notebook 09's exercises: the reference passes, and each typical mistake is answered with a hint of its own."""

import math
import statistics

import torch

from lmfn_core.teaching.exercises.evaluation import check_luma, check_median, check_psnr, check_standard_error

BT601, BT709 = (65.481, 128.553, 24.966), (46.559, 156.629, 15.812)


def eight_bit(image):
    return (image.clamp(0, 1) * 255).round()


def mean_psnr(preds, target, *, planes=eight_bit, axes=(1, 2, 3), peak=255, log=torch.log10, times=10):
    error = (planes(preds) - planes(target)).square().mean(axes)
    return float((times * log(peak**2 / error)).mean())


def y(image, *, weights=BT601, offset=16, planes=eight_bit, whole=torch.round, swing=255, total=lambda p: p.sum(0)):
    weighted = planes(image) * torch.tensor(weights).view(3, 1, 1) / swing
    return whole(offset + total(weighted))


def median(gains, *, key=lambda pair: pair[1], at=lambda n: (n - 1) // 2):
    return sorted(gains.items(), key=key)[at(len(gains))][0]


def destructive(gains):
    middle = median(gains)
    ordered = sorted(gains.items(), key=lambda pair: pair[1])
    gains.clear()
    gains.update(ordered)
    return middle


def nearest_to_mean(gains):
    return min(gains, key=lambda name: abs(gains[name] - statistics.mean(gains.values())))


def standard_error(gains, *, name=lambda k: k.rpartition("-")[0], spread=statistics.stdev, root=math.sqrt):
    draws = {}
    for key, gain in gains.items():
        draws.setdefault(name(key), []).append(gain)
    means = [statistics.mean(values) for values in draws.values()]
    return spread(means) / root(len(means))


def always_as_many(gains):
    """Divides by the largest number of blurs, whatever each photograph has."""
    draws = {}
    for key, gain in gains.items():
        draws.setdefault(key.rpartition("-")[0], []).append(gain)
    most = max(map(len, draws.values()))
    return statistics.stdev(sum(values) / most for values in draws.values()) / math.sqrt(len(draws))


REFERENCES = [
    (check_psnr, mean_psnr),
    (check_luma, y),
    (check_median, median),
    (check_standard_error, standard_error),
]

MUTANTS = [
    # the wrong peak; one error for all; a PSNR per channel; no rounding; cut; no clamp; the logarithm's factor and base
    (check_psnr, lambda p, t: mean_psnr(p, t, peak=1), "48 dB are missing"),
    (check_psnr, lambda p, t: mean_psnr(p, t, axes=(0, 1, 2, 3)), "all images first"),
    (check_psnr, lambda p, t: mean_psnr(p, t, axes=(2, 3)), "three channels"),
    (check_psnr, lambda p, t: mean_psnr(p, t, planes=lambda x: x.clamp(0, 1), peak=1), "Not rounded"),
    (check_psnr, lambda p, t: mean_psnr(p, t, planes=lambda x: (x.clamp(0, 1) * 255).floor()), "You cut"),
    (check_psnr, lambda p, t: mean_psnr(p, t, planes=lambda x: (x * 255).round()), "clamp before"),
    (check_psnr, lambda p, t: mean_psnr(p, t, times=5), "squared error"),
    (check_psnr, lambda p, t: mean_psnr(p, t, log=torch.log), "natural logarithm"),
    (check_psnr, lambda p, t: mean_psnr(p[:1], t[:1]), "These two images score"),
    # three planes; no offset; full swing; another divisor; BGR; BT.709; no rounding; cut; the image not rounded
    (check_luma, lambda x: y(x, total=lambda p: p), "One plane"),
    (check_luma, lambda x: y(x, offset=0), "add the offset"),
    (check_luma, lambda x: y(x, weights=(76.245, 149.685, 29.07)), "219"),
    (check_luma, lambda x: y(x, swing=256), "yours are 16 and 234"),
    (check_luma, lambda x: y(x.flip(0)), "exchanged"),
    (check_luma, lambda x: y(x, weights=BT709), "BT.601"),
    (check_luma, lambda x: y(x, whole=lambda v: v), "round the result"),
    (check_luma, lambda x: y(x, whole=lambda v: (v + 1e-3).floor()), "You cut"),
    (check_luma, lambda x: y(x, planes=lambda x: x * 255), "before you weigh it"),
    # the value; the table changed; not sorted; by name; nearest to the mean; the upper middle; largest
    (check_median, lambda g: statistics.median_low(g.values()), "The name is wanted"),
    (check_median, destructive, "sort a copy"),
    (check_median, lambda g: list(g)[(len(g) - 1) // 2], "means nothing"),
    (check_median, nearest_to_mean, "nearest to the mean"),
    (check_median, lambda g: median(g, at=lambda n: n // 2), "the lower was asked for"),
    (check_median, lambda g: median(g, at=lambda n: 0), "the middle is tower"),
    # every blur counts; no root; n for n - 1; n for its root; the first hyphen; as many blurs for all; range
    (check_standard_error, lambda g: statistics.stdev(g.values()) / math.sqrt(len(g)), "not three photographs"),
    (check_standard_error, lambda g: standard_error(g, root=lambda n: 1), "smaller by sqrt"),
    (check_standard_error, lambda g: standard_error(g, spread=statistics.pstdev), "n - 1, not n"),
    (check_standard_error, lambda g: standard_error(g, root=lambda n: n), "square root of the number"),
    (check_standard_error, lambda g: standard_error(g, name=lambda k: k.split("-")[0]), "cut at the last"),
    (check_standard_error, always_as_many, "each counts once"),
    (check_standard_error, lambda g: standard_error(g, spread=lambda m: max(m) - min(m)), "Of photographs with"),
]
