"""Checkers of notebook 01: the open shutter, the kernel of a path, decibels in grey levels, the number's convention."""

import math
from collections.abc import Callable, Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from lmfn_core.images.blur import to_linear, to_srgb
from lmfn_core.teaching.lesson import exercise, expect


def _expect_image(got: object, shape: tuple[int, ...], called: str) -> Tensor:
    """The answer, when it is a floating-point tensor of this shape."""
    expect(isinstance(got, Tensor), f"{called} is to return a tensor; it returned {type(got).__name__}.")
    wanted = f"{called} returned a tensor of shape {tuple(got.shape)}; {shape} is wanted."
    expect(got.is_floating_point(), f"{called} returned {got.dtype}; its values lie between 0 and 1: use floats.")
    expect(got.shape == shape, wanted)
    return got


def _near(got: Tensor, other: Tensor) -> bool:
    return torch.allclose(got.double(), other.double(), atol=2e-4)


@exercise("Open the shutter", difficulty=2, minutes=10)
def check_shutter(answer: Callable[[Tensor], Tensor]) -> None:
    """``answer(frames)``: sRGB frames "t 3 h w" in [0, 1] to their mean in linear light, sRGB again, "3 h w"."""
    frames = torch.rand(5, 3, 8, 9, generator=torch.Generator().manual_seed(0))
    before, called = frames.clone(), "Called with frames of shape (5, 3, 8, 9), your function"
    got = answer(frames)
    expect(torch.equal(frames, before), f"{called} changed the frames it was given; work on a copy.")
    if isinstance(got, Tensor) and got.shape == frames.shape:
        expect(False, f"{called} returned five images: take the mean over the first axis, time.")
    got = _expect_image(got, (3, 8, 9), called)
    light = to_linear(frames)
    for wrong, hint in [
        (frames.mean(0), "You averaged the file's values. The sensor adds light: undo the curve first, to_linear."),
        (light.mean(0), "That is the right amount of light, not yet a picture: encode it, to_srgb."),
        (to_linear(to_srgb(frames).mean(0)), "The curves are exchanged: to_linear before the mean, to_srgb after it."),
        (to_srgb(light[:-1].mean(0)), "The last frame is missing: a slice ends before its second number."),
        (to_srgb(light[1:].mean(0)), "The first frame is missing: count from 0."),
        (to_srgb(light.sum(0)), "You added the light of all frames; divide by their number."),
        (to_srgb(light.sum(0)).clamp(0, 1), "You added the light of all frames; divide by their number."),
        (to_srgb(light.sum(0) / 13), "You divide by 13 whatever comes; these are 5 frames."),
        (
            frames.pow(2.2).mean(0).pow(1 / 2.2),
            "A power of 2.2 only comes near: sRGB is a straight line in the shadows. Use to_linear and to_srgb.",
        ),
        (
            to_srgb(light.sum(0).clamp(0, 1) / 5),
            "You clip the sum before you divide it: five frames add up to more than 1, and that is right.",
        ),
    ]:
        expect(not _near(got, wrong), hint)
    truth = to_srgb(light.mean(0))
    off = (got.double() - truth.double()).abs().max().item() * 255
    expect(_near(got, truth), f"{called} is off by up to {off:.1f} grey levels: decode, take the mean, encode.")
    one = answer(frames[:1])
    expect(_near(_expect_image(one, (3, 8, 9), "Of a single frame"), frames[0]), "A single frame stays as it is.")


@exercise("Draw the kernel of a path", difficulty=3, minutes=15)
def check_kernel(answer: Callable[[Sequence[tuple[int, int]], int], Tensor]) -> None:
    """``answer(path, reach)``: window moves (dx, dy) to the kernel, side 2 reach + 1, with which ``conv2d`` blurs."""
    path, reach = [(-2, 0), (-1, 0), (0, 0), (0, 0), (0, 1), (1, 2)], 3
    called = "Called with a path of 6 moves and reach 3, your function"
    k = _expect_image(answer(list(path), reach), (7, 7), called)
    truth = torch.zeros(7, 7)
    for dx, dy in path:
        truth[reach + dy, reach + dx] += 1 / 6
    corner = truth.roll((-reach, -reach), (0, 1))
    for wrong, hint in [
        (truth * 6, "Each move counts for 1 and the sum is 6: the picture gets six times too bright. Divide."),
        ((truth > 0) / 6, "The camera rests at (0, 0) for two frames, so this place counts twice: += and not =."),
        ((truth > 0) / 5, "You divide by the number of different places; the rest at (0, 0) counts twice."),
        (
            truth.flip(0, 1),
            "That is the streak of a point. conv2d does not turn its kernel round, so it wants the moves as they are.",
        ),
        (truth.T, "x and y are exchanged: a tensor is indexed by the row first, kernel[y, x]."),
        (truth.T.flip(0, 1), "x and y are exchanged, and the kernel is turned round: kernel[reach + dy, reach + dx]."),
        (truth.flip(0), "Up and down are exchanged: dy counts downwards, like the rows of a tensor."),
        (corner, "The move (0, 0) lies in a corner of your kernel; it belongs into the middle: add reach."),
    ]:
        expect(not _near(k, wrong), hint)
    expect(abs(k.sum().item() - 1) < 1e-4, f"A kernel that keeps the light sums to 1; yours sums to {k.sum():.3g}.")
    scene = torch.rand(1, 1, 20, 22, generator=torch.Generator().manual_seed(0))
    mean = sum(scene[..., 3 + dy : 17 + dy, 3 + dx : 19 + dx] for dx, dy in path) / 6
    same = torch.allclose(F.conv2d(scene, k[None, None].float()), mean, atol=1e-4)
    expect(same, "conv2d with your kernel is not the mean of the moved windows: kernel[reach + dy, reach + dx].")
    still = _expect_image(answer([(0, 0)] * 4, 1), (3, 3), "For a camera that rests, with reach 1, your function")
    expect(abs(still[1, 1].item() - 1) < 1e-4, "A camera that rests has a kernel with a single 1 in the middle.")


@exercise("From decibels back to grey levels", difficulty=1, minutes=5)
def check_levels(answer: Callable[..., float]) -> None:
    """``answer(decibels, peak=255)``: the root mean squared error of a picture with this PSNR."""
    got = answer(20.0)
    expect(isinstance(got, (int, float, Tensor)), f"One number is wanted for 20 dB; got {type(got).__name__}.")
    got = float(got)
    for wrong, hint in [
        (255 / 10**2, "You divided by 10 ** (dB / 10); the error itself, not its square, goes with dB / 20."),
        (255**2 / 10**2, "That is the mean squared error; take its square root."),
        (255 * 10, "More decibels are fewer errors: divide by the power of ten."),
        (255 / math.e, "Decibels count in powers of 10, not of e."),
        (255 / math.e**2, "Decibels count in powers of 10, not of e; and 10 log10 belongs to the squared error."),
        (20 * math.log10(255 / 20), "That is the way from an error to its decibels; here it goes back."),
        (0.1, "0.1 of what? Of the peak: multiply by it."),
    ]:
        expect(abs(got - wrong) > 1e-3, hint)
    expect(abs(got - 25.5) < 1e-3, f"At 20 dB a picture is off by a tenth of the peak, 25.5; yours is {got:.4g}.")
    unit = float(answer(20.0, 1))
    expect(abs(unit - 25.5) > 1e-3, "With peak 1 you still answer for 255: use the argument.")
    expect(abs(unit - 0.1) < 1e-5, f"At 20 dB and peak 1 the error is 0.1; yours is {unit:.4g}.")
    double = float(answer(31.0)) / float(answer(31.0 + 20 * math.log10(2)))
    expect(abs(double - 2) < 1e-3, f"6.02 dB more halve the error; yours goes down by a factor of {double:.3g}.")


CARD = {
    "psnr_rgb": 25.592, "psnr_luma": 27.275, "psnr_rgb_float": 25.604, "psnr_rgb_truncated": 25.659,
    "ssim_per_channel": 0.9029, "ssim_matlab_rgb": 0.9413, "ssim_luma": 0.9122, "ssim_grey": 0.9041,
}  # fmt: skip


@exercise("Which convention was it?", difficulty=2, minutes=10)
def check_convention(answer: Callable[[str, Mapping[str, float]], list[str]]) -> None:
    """``answer(printed, card)``: the names in ``card`` whose value is printed so, with as many decimals, in order."""
    got = answer("25.6", dict(CARD))
    called = 'Called with "25.6" and a card of scores, your function'
    expect(not isinstance(got, str), f"{called} returned one name; several may fit: return a list.")
    expect(isinstance(got, list), f"{called} is to return a list of names; it returned {type(got).__name__}.")
    texts = all(isinstance(name, str) for name in got)
    expect(texts, f"{called} returned {got[:1]}: the names are wanted, not the values.")
    expect(got != [], "Nothing fits? A printed number is rounded: round the card's values too before you compare.")
    more = "psnr_rgb_truncated" in got
    expect(not more or "psnr_rgb" in got, "25.659 is printed as 25.7 and 25.592 as 25.6: round, do not cut.")
    expect(not more, "That is too tolerant: what is printed as 25.6 lies within half of its last digit.")
    expect(len(got) > 1, "A second convention prints 25.6 as well, and the number cannot tell them apart: keep both.")
    expect(got == ["psnr_rgb", "psnr_rgb_float"], f"25.592 and 25.604 are printed as 25.6; you returned {got}.")
    got = answer("0.904", dict(CARD))
    expect(got != [], 'Right for "25.6", nothing for "0.904": take as many decimals as are printed, here three.')
    expect(got == ["ssim_grey"], f'Of "0.904" only ssim_grey is left; you returned {got}.')
    got = answer("0.90", dict(CARD))
    expect(got != [], '"0.90" has two decimals: count them in the text; as a number it is 0.9.')
    expect(len(got) < 3, '"0.90" says more than "0.9": 0.912 is printed as 0.91. Count the decimals in the text.')
    expect(got == ["ssim_per_channel", "ssim_grey"], f'"0.90" is what two of them print; you returned {got}.')
    expect(answer("31.54", dict(CARD)) == [], "Where no convention fits, return an empty list.")
