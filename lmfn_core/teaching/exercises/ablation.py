"""Checkers of notebook 10: fit blocks into a budget, draw a paired bootstrap interval, tell an effect from noise."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from lmfn_core.teaching.lesson import exercise, expect


@exercise("Fit as many blocks as a budget allows", difficulty=2, minutes=10)
def check_blocks_for_budget(answer: Callable[[int], int]) -> None:
    """``answer(budget)``: the largest N for which LMFN as published has at most that many parameters, else 0."""
    got = answer(1_210_000)
    expect(isinstance(got, int), f"Blocks come in whole numbers: divide with //, not /. Got {got!r}.")
    expect(got != 4, "Four blocks do not fit into 1,210,000, three do: round down, not to the nearest.")
    expect(answer(1_247_707) != 3, "1,247,707 is a budget for exactly four blocks: at most, not less than.")
    expect(answer(1_230_000) != 4, "That is the size by the equations; as published, 23,941 parameters come on top.")
    got = answer(1_340_000)
    expect(got != 7, "0.03 M a block is the paper's table. Count: one more block costs 96,950 parameters.")
    expect(got == 4, f"Five blocks need 1,344,657 parameters, four fit into 1,340,000; yours is {got}.")
    got = answer(1_720_000)
    expect(got != 9, "A block is more than its RFDB: the 1x1 convolution behind ALFM widens by 50 * 50 as well.")
    expect(got != 6, "Table 4 ends at 6 blocks, the formula does not.")
    expect(got == 8, f"Eight blocks fit into 1,720,000, nine need 1,732,457; yours is {got}.")
    got = answer(500_000)
    expect(got >= 0, f"There are no {got} blocks: when not even one fits, answer 0.")
    expect((got, answer(900_000), answer(956_857)) == (0, 0, 1), "One block needs 956,857 parameters; below that, 0.")


def _scores(count: int, spread: float, fall: float) -> tuple[Tensor, Tensor]:
    """Scores of two networks on the same images: the images differ by dB, the networks by ``fall`` and a little."""
    places = torch.linspace(-1, 1, count, dtype=torch.float64)
    full = 25 + 4 * torch.sin(9 * places)  # hard and easy images
    return full, full - fall + spread * (places - places.mean()) / places.std()


@exercise("Draw a paired bootstrap interval", difficulty=3, minutes=20)
def check_paired_interval(answer: Callable[..., tuple[float, float]]) -> None:
    """``answer(full, variant, generator, draws)``: 95 % interval of the mean of variant - full over resampled images.

    ``full`` and ``variant`` are float64 tensors of shape (n,), the scores of the same n images in the same order.
    """

    def ends(full: Tensor, variant: Tensor, draws: int = 4000, seed: int = 0) -> tuple[float, float]:
        low, high = answer(full, variant, torch.Generator().manual_seed(seed), draws)
        return float(low), float(high)

    low, high = ends(*_scores(12, 0.0, 0.5))
    expect(high - low < 0.01, "Every image falls by the same 0.5 dB: nothing is uncertain, yet your interval is wide. "
                              "Draw images, and take both networks' scores of each.")  # fmt: skip
    expect(low < 0, "The variant is 0.5 dB worse, so the interval lies below zero: variant less full.")
    expect(abs(low + 0.5) < 0.01, f"The mean difference is -0.5 dB; your interval lies at {low:+.2f}.")
    full, variant = _scores(12, 0.3, 0.5)
    low, high = ends(full, variant)
    expect(high > low, "Your draws are all alike: draw the images with replacement, so that some come twice.")
    wanted = 2 * 1.96 * 0.3 * (11 / 12) ** 0.5 / 12**0.5  # the bootstrap divides by n, hence 11/12
    ratio = (high - low) / wanted
    expect(ratio < 2.2, "That is the spread of single images. The mean of 12 is steadier: average in each draw first.")
    expect(ratio < 1.55, "Those are the most extreme draws, which move with their number: take the percentiles.")
    expect(ratio > 0.65, "That covers two draws in three: 95 % leaves out 2.5 % at either end.")
    expect(ratio > 0.9, "That covers nine draws in ten: 95 % leaves out 2.5 % at either end.")
    expect(ratio < 1.1, f"{ratio:.2f} times as wide as it should be: draw as many images as there are.")
    again = {ends(full, variant) for _ in range(4)}  # two calls agree by chance once in a hundred times
    expect(len(again) == 1, "The same generator gives another answer each time: pass generator to torch.randint.")
    other = ends(full, variant, draws=50, seed=1) != ends(full, variant, draws=50, seed=2)
    expect(other, "Another generator changes nothing in yours: draw with the generator you are given.")
    low, high = ends(*_scores(5, 0.3, 0.5))
    truth = 2 * 1.96 * 0.3 * (4 / 5) ** 0.5 / 5**0.5
    expect(0.75 < (high - low) / truth < 1.25, "Right for 12 images, not for 5: is a 12 written down somewhere?")


@exercise("Tell an effect from noise", difficulty=2, minutes=15)
def check_verdict_on_seeds(answer: Callable[[Sequence[float], Sequence[float], float], str]) -> None:
    """``answer(full, variant, t)``: "effect" when the means of the two lists of seeds differ by more than t standard
    errors of their difference, else "cannot tell"."""
    said = answer([0.50, 0.54, 0.46], [0.10, 0.14, 0.06], 2.78)
    expect(said in ("effect", "cannot tell"), f'Answer "effect" or "cannot tell"; got {said!r}.')
    expect(said == "effect", "0.4 dB with a spread of 0.04 within each network: the effect itself is no noise, so "
                             "take the spread of each list apart, not of both together.")  # fmt: skip
    for full, variant in (([0.5], [0.1]), ([0.5, 0.51], [0.1]), ([0.5], [0.10, 0.11])):
        expect(answer(full, variant, 2.78) == "cannot tell", "A network that was trained once has no spread to compare "
                                                             "with: cannot tell, however large the gap.")  # fmt: skip
    better = answer([0.10, 0.14, 0.06], [0.50, 0.54, 0.46], 2.78)
    expect(better == "effect", "Here the variant is better, and that is an effect as well: take the absolute value.")
    shared = answer([0.50, 0.90, 0.10], [0.50, 0.50, 0.50], 2.78)
    expect(shared == "cannot tell", "Equal means are no effect, whatever the spread.")
    wide = answer([0.50, 0.51, 0.49], [0.40, 0.90, -0.10], 2.78)
    expect(wide == "cannot tell", "The variant's seeds lie 1 dB apart: both lists have a spread, add their squares.")
    steady = answer([0.5, 0.6, 0.4] * 4, [0.38, 0.48, 0.28] * 4, 2.07)
    expect(steady == "effect", "Twelve seeds each: the mean is steadier than one seed, so divide each variance by n. "
                               "That the two ranges overlap does not matter.")  # fmt: skip
    strict = answer([0.50, 0.60], [0.30, 0.40], 4.3)
    expect(strict == "cannot tell", "0.2 dB is less than t = 4.3 errors of 0.071: t belongs into the comparison.")
    narrow = answer([0.50, 0.60], [0.30, 0.40], 2.5)  # error 0.071 with n - 1, 0.05 with n
    counted = answer([0.50, 0.60], [0.30, 0.40], 3.5)
    expect(counted == "cannot tell", "Few seeds show too little of their spread: divide by n - 1 (statistics.stdev).")
    expect(narrow == "effect", "The error of the difference is 0.071 dB here, and 2.5 of them are less than 0.2.")
