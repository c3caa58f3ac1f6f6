"""Checkers of notebook 11: size an FDNB, weigh channels by their contrast, lay a layer of streaks."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from lmfn_core.parts.fdnb import FDNB, FLOOR
from lmfn_core.teaching.lesson import exercise, expect


@exercise("Size any FDNB without building it", difficulty=2, minutes=10)
def check_fdnb_size(answer: Callable[[int], int]) -> None:
    """``answer(channels)`` is what ``FDNB(channels)`` owns."""
    size = answer(50)
    expect(isinstance(size, int), f"Parameters come in whole numbers: halve with //, not /. Got {size!r}.")
    for wrong, hint in {
        88_303 - 150: "The normalisations learn a scale and a shift for each kept channel, three times.",
        88_303 - 75: "A normalisation learns two numbers a channel, its scale and its shift.",
        88_303 + 150: "Only the kept half is normalised, not all channels.",
        88_303 - 353: "The attention is missing: two 1x1 convolutions, to C // 16 channels and back.",
        88_303 - 353 + 6_650: "That is ESA, which RFDB has. FDNB has CCA: two 1x1 convolutions and nothing else.",
        88_303 - 3 * 11_275: "You refine half of the channels. A 3x3 refinement goes from C to C, three times.",
        88_303 + 11_275 + 1_250: "The last 3x3 convolution goes from C to C / 2, as a kept part does.",
    }.items():
        expect(size != wrong, hint)
    expect(size == 88_303, f"At C = 50 an FDNB owns 88,303 numbers; you are off by {size - 88_303:+,}.")
    for channels in (48, 32, 64, 20):
        truth, got = sum(p.numel() for p in FDNB(channels).parameters()), answer(channels)
        why = "is a 25 or a 3 written down? CCA works inside with C // 16 channels"
        expect(got == truth, f"Right for C = 50, off by {got - truth:+,} for C = {channels}: {why}.")


@exercise("Weigh channels by their contrast", difficulty=2, minutes=10)
def check_contrast(answer: Callable[[Tensor], Tensor]) -> None:
    """``answer(f)``: mean plus standard deviation of every channel of every image, "b c h w" to "b c 1 1"."""
    f = 2 + 3 * torch.randn(2, 4, 3, 5, generator=torch.Generator().manual_seed(0))
    got, variance, mean = answer(f), f.var((2, 3), correction=0, keepdim=True), f.mean((2, 3), keepdim=True)
    expect(got.shape != (2, 4), "Keep the two axes of the map, with length 1, so that the result multiplies a map.")
    expect(got.shape == (2, 4, 1, 1), f"A number for each channel of each image, (2, 4, 1, 1); got {tuple(got.shape)}.")
    alone = torch.cat([answer(image[None]) for image in f])
    expect(torch.allclose(got, alone, rtol=1e-4), "Your number for one image depends on the others in its batch.")
    for wrong, hint in [
        (mean, "That is the mean alone: a flat channel and a textured one of equal brightness would get one weight."),
        (variance.sqrt(), "That is the deviation alone; its mean belongs to it."),
        (mean + variance, "You added the variance; the standard deviation is its root."),
        (mean + f.std((2, 3), keepdim=True), "Divide by the number of positions, h * w, not by one less."),
        (mean - variance.sqrt(), "The two are added."),
    ]:
        expect(not torch.allclose(got, wrong, rtol=1e-3), hint)
    expect(torch.allclose(got, mean + variance.sqrt(), rtol=1e-3), "It is neither of the usual mistakes, nor right.")
    flat = torch.ones(1, 2, 4, 4, requires_grad=True)
    answer(flat).sum().backward()
    expect(torch.isfinite(flat.grad).all(), f"A flat channel: the root of 0 has no gradient. Add {FLOOR} under it.")
    large = answer((400 * torch.randn(1, 2, 16, 16, generator=torch.Generator().manual_seed(0))).half())
    expect(torch.isfinite(large).all(), "In half precision a variance above 65,504 overflows: go to float32 first.")


def _streaks(noise: Tensor, share: float, length: int, slant: float) -> Tensor:
    drops = (noise > 1 - share).float()
    light, (height, width) = torch.zeros_like(drops), drops.shape
    for k in range(length):
        aside = round(k * slant)
        reach = abs(aside)
        light += F.pad(drops, (reach, reach, k, 0))[:height, reach - aside : reach - aside + width]
    return light.clamp(max=1)


def _one(row: int, column: int, height: int = 10, width: int = 12) -> Tensor:
    noise = torch.zeros(height, width)
    noise[row, column] = 0.99
    return noise


def _lit(light: Tensor) -> list[tuple[int, ...]]:
    return [tuple(place) for place in light.nonzero().tolist()]


@exercise("Lay a layer of streaks", difficulty=3, minutes=15)
def check_streaks(answer: Callable[[Tensor, float, int, float], Tensor]) -> None:
    """``answer(noise, share, length, slant)``: light in [0, 1], in the shape "h w" of the noise."""
    noise = torch.rand(64, 64, generator=torch.Generator().manual_seed(0))
    before, dots = noise.clone(), answer(noise, 0.1, 1, 0.0)
    expect(dots.shape == noise.shape, f"The light has the shape of the noise, (64, 64); yours is {tuple(dots.shape)}.")
    expect(torch.equal(noise, before), "You changed the noise that you were given; make a new tensor.")
    expect((dots > 0).float().mean() < 0.5, "Nearly everything is wet: a drop is noise above 1 - share.")
    expect((dots > 0)[noise > 0.91].all(), "A drop is noise above 1 - share; yours is noise below share.")
    expect(dots.max() > 0.99, "A drop is as bright as light can be, 1, however far its noise is above 1 - share.")
    lit = _lit(answer(_one(2, 5), 0.05, 4, 0.0))
    expect(not lit or lit[0][0] == 2, "Rain falls: a streak starts at its drop and goes on in the rows below.")
    expect(len(lit) == 4, f"A streak of length 4 lights 4 pixels, its drop among them; yours lights {len(lit)}.")
    expect(lit == [(row, 5) for row in (2, 3, 4, 5)], f"A drop at (2, 5) lights rows 2 to 5 of column 5; yours {lit}.")
    lit = _lit(answer(_one(1, 5), 0.05, 8, 0.4))
    expect(len({column for _, column in lit}) > 1, "The slant changes nothing: move each row of the streak sideways.")
    expect(lit[-1][1] > 5, "With a slant above 0 the rain drifts to the right; yours drifts to the left.")
    expect(lit[2][1] == 6, "0.8 of a pixel is nearer to 1 than to 0: round k * slant instead of cutting it.")
    for place, slant in (((8, 5), 0.0), ((2, 10), 0.4), ((2, 1), -0.4)):
        ours = _lit(_streaks(_one(*place), 0.05, 8, slant))
        why = "comes in again on the other side: what leaves the picture is lost"
        expect(_lit(answer(_one(*place), 0.05, 8, slant)) == ours, f"A streak from {place} {why}.")
    light = answer(noise, 0.2, 12, -0.4)
    expect(light.max() <= 1, "Where streaks cross, the light adds up beyond 1: clip it.")
    expect(torch.allclose(light, _streaks(noise, 0.2, 12, -0.4)), "One streak is right, many are not: add them up.")
