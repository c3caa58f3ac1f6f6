"""Checkers of notebook 09: PSNR over a data set, luma, the median image, how sure a mean gain is."""

import math
import statistics
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from lmfn_core.measures.conventions import eight_bit
from lmfn_core.measures.metrics import psnr
from lmfn_core.teaching.lesson import exercise, expect


def _pairs() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    target = torch.rand(2, 3, 16, 24, generator=generator)
    strength = torch.tensor([0.02, 0.1]).view(2, 1, 1, 1) * torch.tensor([1.0, 2.0, 0.5]).view(1, 3, 1, 1)
    return target + strength * torch.randn(2, 3, 16, 24, generator=generator), target


@exercise("Score a data set with PSNR", difficulty=2, minutes=10)
def check_psnr(answer: Callable[[Tensor, Tensor], float]) -> None:
    """``answer(preds, target)``: mean over the images of PSNR on RGB, both rounded to 8 bits, peak 255."""
    preds, target = _pairs()
    truth, got = psnr(preds, target).mean().item(), float(answer(preds, target))
    x, y = eight_bit(preds), eight_bit(target)
    cut = [(image.clamp(0, 1) * 255).floor() for image in (preds, target)]
    square = (x - y).square()

    def decibel(error: Tensor, peak: float = 255.0) -> float:
        return (10 * torch.log10(peak**2 / error)).mean().item()

    for wrong, hint in [
        (decibel(square.mean((1, 2, 3)), 1.0), "Values 0..255 with a peak of 1: 48 dB are missing."),
        (decibel(square.mean()), "You averaged the errors of all images first. Take each image's PSNR, then the mean."),
        (decibel(square.mean((2, 3))), "You averaged the PSNRs of the three channels: one error over all three first."),
        (
            decibel((preds.clamp(0, 1) - target).square().mean((1, 2, 3)), 1.0),
            "Not rounded: a file holds whole numbers from 0 to 255, and those are compared.",
        ),
        (decibel((cut[0] - cut[1]).square().mean((1, 2, 3))), "You cut to 8 bits (as astype does); round instead."),
        (
            decibel(((preds * 255).round() - y).square().mean((1, 2, 3))),
            "Values below 0 and above 1 do not fit into 8 bits: clamp before you round.",
        ),
        (truth / 2, "PSNR takes the squared error: 10 log10(255*255 / mse), or 20 log10(255 / rmse)."),
        (truth * math.log(10), "That is the natural logarithm; decibels are ten times the decimal one."),
    ]:
        expect(abs(got - wrong) > 5e-4, hint)
    expect(abs(got - truth) < 5e-4, f"These two images score {truth:.3f} dB; yours is {got:.3f}.")


@exercise("Luma from RGB", difficulty=2, minutes=10)
def check_luma(answer: Callable[[Tensor], Tensor]) -> None:
    """``answer(image)``: "3 h w" in [0, 1] to Y, "h w", of MATLAB's ``rgb2ycbcr``: 16 to 235, rounded."""
    image = torch.rand(3, 40, 40, generator=torch.Generator().manual_seed(0))
    got, black, white = answer(image), answer(torch.zeros(3, 2, 2)), answer(torch.ones(3, 2, 2))
    expect(got.shape == (40, 40), f"One plane, h x w, is wanted: sum over the colours. Yours is {tuple(got.shape)}.")
    expect(abs(black[0, 0]) > 1, "Black is 16 in this form of luma, not 0: add the offset.")
    expect(white[0, 0] < 250, "White is 235: the three weights sum to 219, not to 255, before 16 is added.")
    ends = black[0, 0].item(), white[0, 0].item()
    expect(math.dist(ends, (16, 235)) < 0.1, f"Black and white are 16 and 235; yours are {ends[0]:g} and {ends[1]:g}.")
    exact = _luma(image, 65.481, 128.553, 24.966)
    sure = ((exact % 1) - 0.5).abs() > 1e-3  # elsewhere the order of the sums decides the rounding
    off = (got.double() - exact.round())[sure]
    flipped = got.double() - _luma(image, 24.966, 128.553, 65.481)
    expect(flipped.abs().mean() > 1, "Red and blue are exchanged: the channels come as R, G, B.")
    expect(off.abs().max() < 3, "The weights are not BT.601's: 65.481, 128.553, 24.966.")
    expect(torch.equal(got, got.round()), "Luma is stored in 8 bits as well: round the result.")
    expect((off < 0).double().mean() < 0.3, "You cut where you must round: about half of your values are one too low.")
    expect(not off.any(), "Some values are off by one: round the image to 8 bits before you weigh it.")


def _luma(image: Tensor, *weights: float) -> Tensor:
    return 16 + torch.einsum("chw,c->hw", eight_bit(image[None])[0].double(), torch.tensor(weights).double()) / 255


@exercise("Choose the median image", difficulty=1, minutes=5)
def check_median(answer: Callable[[Mapping[str, float]], str]) -> None:
    """``answer(gains)``: the name in the middle when sorted by gain; of two in the middle, the lower."""
    gains = {"pier": 0.9, "alley": 0.1, "cat": 4.0, "tower": 0.5, "boat": 0.3}
    before, got = dict(gains), answer(gains)
    expect(isinstance(got, str), f"The name is wanted, to look the image up; got {got!r}.")
    expect(list(gains.items()) == list(before.items()), "You changed the table you were given; sort a copy.")
    expect(got != "cat", "The middle of the table as it stands means nothing: sort first, and by gain, not by name.")
    expect(got != "pier", "That image is nearest to the mean, and one lucky image moves the mean. Sort instead.")
    expect(got == "tower", f"Sorted by gain: alley, boat, tower, pier, cat; the middle is tower, yours is {got}.")
    got = answer({"pier": 0.9, "alley": 0.1, "cat": 4.0, "boat": 0.3})
    expect(got != "pier", "Of four images two are in the middle; the lower was asked for: index (n - 1) // 2.")
    expect(got == "boat", f"Of alley, boat, pier, cat the lower middle is boat; yours is {got}.")
    expect(answer({"only": -0.2}) == "only", "A single image is its own median.")


def _three_draws(means: Mapping[str, float]) -> dict[str, float]:
    return {f"{name}-{draw}": mean + 0.01 * draw for name, mean in means.items() for draw in (1, 2, 3)}


@exercise("How sure is the mean?", difficulty=3, minutes=15)
def check_standard_error(answer: Callable[[Mapping[str, float]], float]) -> None:
    """``answer(gains)``, keys "photograph-draw": standard error of the mean gain, photographs being the sample."""
    gains = _three_draws({"a": 0.2, "b": 0.5, "c": 1.1})
    photographs, values = [0.22, 0.52, 1.12], list(gains.values())
    truth, got = statistics.stdev(photographs) / math.sqrt(3), answer(gains)
    for wrong, hint in [
        (
            statistics.stdev(values) / 3,
            "Three blurs of one photograph are not three photographs: average them first.",
        ),
        (statistics.stdev(photographs), "That is the spread of single photographs; the mean's is smaller by sqrt(n)."),
        (
            statistics.pstdev(photographs) / math.sqrt(3),
            "With so few photographs divide by n - 1, not n: statistics.stdev, not pstdev.",
        ),
        (statistics.stdev(photographs) / 3, "Divide by the square root of the number of photographs."),
    ]:
        expect(abs(got - wrong) > 1e-6, hint)
    expect(abs(got - truth) < 1e-6, f"Of photographs with 0.22, 0.52 and 1.12 it is {truth:.4f}, not {got:.4f}.")
    hyphens = _three_draws({"old-pier": 0.2, "old-boat": 0.6, "new-pier": 1.0})
    expect(
        abs(answer(hyphens) - 0.4 / math.sqrt(3)) < 1e-6,
        "A photograph may have a hyphen in its name: cut at the last one, with rpartition or rsplit.",
    )
    uneven = {"a-1": 0.0, "a-2": 0.4, "b-1": 0.6}
    expect(abs(answer(uneven) - 0.2) < 1e-6, "Photographs may have different numbers of blurs; each counts once.")
