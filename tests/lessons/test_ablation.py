"""Notebook 10's exercises: the reference passes, and each typical mistake is answered with a hint of its own."""

import math
from statistics import mean, pstdev, stdev

import torch

from lmfn_core.teaching.exercises.ablation import check_blocks_for_budget, check_paired_interval, check_verdict_on_seeds


def blocks(budget, base=859_907, each=96_950):
    return max(0, (budget - base) // each)


def paired(full, variant, generator, draws, *, level=0.95, size=None, replace=True, sign=1):
    differences = sign * (variant - full)
    n = size or len(differences)
    if replace:
        drawn = torch.randint(len(differences), (draws, n), generator=generator)
    else:
        drawn = torch.stack([torch.randperm(len(differences), generator=generator) for _ in range(draws)])
    means = differences[drawn].mean(1)
    low, high = means.quantile(means.new_tensor([(1 - level) / 2, (1 + level) / 2])).tolist()
    return (low, low) if not replace else (low, high)


def unpaired(full, variant, generator, draws):
    n = len(full)
    left, right = (s[torch.randint(n, (draws, n), generator=generator)].mean(1) for s in (full, variant))
    return tuple((right - left).quantile(torch.tensor([0.025, 0.975], dtype=torch.float64)).tolist())


def of_images(full, variant, generator, draws):
    return tuple((variant - full).quantile(torch.tensor([0.025, 0.975], dtype=torch.float64)).tolist())


def extremes(full, variant, generator, draws):
    n = len(full)
    means = (variant - full)[torch.randint(n, (draws, n), generator=generator)].mean(1)
    return means.min(), means.max()


def twelve(full, variant, generator, draws):
    return paired(full, variant, generator, draws, size=12)


def own_generator(full, variant, generator, draws):
    return paired(full, variant, torch.Generator().manual_seed(0), draws)


def no_generator(full, variant, generator, draws):
    return paired(full, variant, None, draws)


def decide(full, variant, t, *, sd=stdev, root=True, both=True, absolute=True, lone="cannot tell"):
    if min(len(full), len(variant)) < 2:
        return lone
    squares = [sd(s) ** 2 / (len(s) if root else 1) for s in (full, variant)]
    error = math.sqrt(sum(squares) if both else squares[0])
    difference = mean(variant) - mean(full)
    difference = abs(difference) if absolute else -difference
    return "effect" if difference > t * error else "cannot tell"


def pooled(full, variant, t):
    if min(len(full), len(variant)) < 2:
        return "cannot tell"
    return "effect" if abs(mean(full) - mean(variant)) > t * stdev([*full, *variant]) else "cannot tell"


def by_ranges(full, variant, t):
    if min(len(full), len(variant)) < 2:
        return "cannot tell"
    return "effect" if max(variant) < min(full) or max(full) < min(variant) else "cannot tell"


REFERENCES = [
    (check_blocks_for_budget, blocks),
    (check_paired_interval, paired),
    (check_verdict_on_seeds, decide),
]

MUTANTS = [
    # to the nearest; less than; by the equations; the paper's step; without the 1x1; only Table 4; negative; a fraction
    (check_blocks_for_budget, lambda b: max(0, round((b - 859_907) / 96_950)), "round down"),
    (check_blocks_for_budget, lambda b: max(0, (b - 1 - 859_907) // 96_950), "at most, not less than"),
    (check_blocks_for_budget, lambda b: blocks(b, base=835_966), "by the equations"),
    (check_blocks_for_budget, lambda b: blocks(b, base=1_120_000, each=30_000), "the paper's table"),
    (check_blocks_for_budget, lambda b: blocks(b, base=1_247_707 - 4 * 94_450, each=94_450), "widens by 50 * 50"),
    (check_blocks_for_budget, lambda b: min(6, blocks(b)), "ends at 6"),
    (check_blocks_for_budget, lambda b: (b - 859_907) // 96_950, "answer 0"),
    (check_blocks_for_budget, lambda b: b / 96_950, "whole numbers"),
    # each network's images drawn apart; full less variant; no replacement; images, not means; extremes; 68 %; 90 %
    (check_paired_interval, unpaired, "both networks' scores"),
    (check_paired_interval, lambda *a: paired(*a, sign=-1), "variant less full"),
    (check_paired_interval, lambda *a: paired(*a, replace=False), "with replacement"),
    (check_paired_interval, of_images, "spread of single images"),
    (check_paired_interval, extremes, "most extreme draws"),
    (check_paired_interval, lambda *a: paired(*a, level=0.68), "two draws in three"),
    (check_paired_interval, lambda *a: paired(*a, level=0.9), "nine draws in ten"),
    (check_paired_interval, lambda *a: paired(*a, size=9), "as many images as there are"),
    (check_paired_interval, no_generator, "pass generator"),
    (check_paired_interval, own_generator, "generator you are given"),
    (check_paired_interval, twelve, "a 12 written down"),
    # one seed is enough; no absolute value; one side's spread; spread of one seed; population; both together; t lost
    (check_verdict_on_seeds, lambda f, v, t: decide(f, v, t, lone="effect"), "trained once"),
    (check_verdict_on_seeds, lambda f, v, t: decide(f, v, t, absolute=False), "absolute value"),
    (check_verdict_on_seeds, lambda f, v, t: decide(f, v, t, both=False), "both lists have a spread"),
    (check_verdict_on_seeds, lambda f, v, t: decide(f, v, t, root=False), "divide each variance by n"),
    (check_verdict_on_seeds, lambda f, v, t: decide(f, v, t, sd=pstdev), "n - 1"),
    (check_verdict_on_seeds, pooled, "each list apart"),
    (check_verdict_on_seeds, lambda f, v, t: decide(f, v, 1.0), "t belongs"),
    (check_verdict_on_seeds, lambda f, v, t: decide(f, v, t) == "effect", "got True"),
]


def test_overlapping_ranges_are_no_argument(capsys):
    assert check_verdict_on_seeds(by_ranges) is False
    assert "ranges overlap does not matter" in capsys.readouterr().out
