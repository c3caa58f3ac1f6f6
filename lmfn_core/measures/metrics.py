"""PSNR and SSIM under named conventions: one number without its convention says little.

At 31 dB one pair of photographs scores 0.03 more in SSIM with MATLAB's 3-D window than with 2-D windows, and 1.4 dB
more in PSNR on luma than on RGB: as much as separates methods. Every table of this project uses ``psnr_rgb`` with
``ssim_per_channel``, and prints ``psnr_luma`` and ``ssim_matlab_rgb`` beside them; ``CONVENTIONS`` defines each name.

All functions take float images "b 3 h w" (RGB, sRGB-encoded, range [0, 1]), compute in float64 on the images' device,
and return one value per image; the mean over a data set is the caller's. ``preds`` are clamped to [0, 1] first.
"""

import functools
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from lmfn_core.measures.conventions import CONVENTIONS, PEAK, PSNR, SSIM, Convention, key, look_up

__all__ = ["CONVENTIONS", "psnr", "score", "score_card", "ssim"]
MEASURES = ("psnr_rgb", "psnr_luma", "ssim_per_channel", "ssim_matlab_rgb")
"""The four measures of every table here; ``CONVENTIONS`` says what each is."""
ON_LUMA = ("psnr_luma", "ssim_luma", "psnr_rgb", "ssim_per_channel")
"""Those of deraining, whose literature scores luma; the same on RGB beside them."""
C1, C2 = (0.01 * PEAK) ** 2, (0.03 * PEAK) ** 2


def psnr(
    preds: Float[Tensor, "b 3 h w"], target: Float[Tensor, "b 3 h w"], convention: str = "rgb"
) -> Float[Tensor, " b"]:
    """Peak signal-to-noise ratio in dB, one per image, float64. Identical images give ``inf``.

    Args:
        preds: images in [0, 1]; values outside are clamped.
        target: images in [0, 1].
        convention: a key of ``PSNR``.

    Raises:
        ValueError: for an unknown convention, unequal shapes, values that are no finite images in [0, 1].

    >>> psnr(torch.zeros(2, 3, 8, 8), torch.full((2, 3, 8, 8), 0.2)).round(decimals=2).tolist()
    [13.98, 13.98]
    """
    planes = look_up("psnr", convention).planes
    preds, target = _checked(preds, target)
    error = (planes(preds) - planes(target)).square().mean(dim=(1, 2, 3))
    return 10 * torch.log10(PEAK**2 / error)


def ssim(
    preds: Float[Tensor, "b 3 h w"], target: Float[Tensor, "b 3 h w"], convention: str = "per-channel"
) -> Float[Tensor, " b"]:
    """Structural similarity, one per image, float64, at most 1 (identical images).

    Args:
        preds: images in [0, 1]; values outside are clamped.
        target: images in [0, 1].
        convention: a key of ``SSIM``.

    Raises:
        ValueError: for an unknown convention, unequal shapes, values that are no finite images in [0, 1], or images
            smaller than the window.

    Source: Wang et al. 2004, Eq. 13, with K1 = 0.01, K2 = 0.03.

    >>> ssim(torch.zeros(2, 3, 16, 16), torch.zeros(2, 3, 16, 16), "matlab-rgb").tolist()
    [1.0, 1.0]
    """
    form = look_up("ssim", convention)
    preds, target = _checked(preds, target)
    if min(target.shape[-2:]) < len(form.window):
        height, width = target.shape[-2:]
        raise ValueError(
            f"The image is {width} x {height}, smaller than the {len(form.window)} x {len(form.window)} window of SSIM "
            f"{convention!r}; compare larger images."
        )
    return torch.stack([_mean_ssim(form, *pair) for pair in zip(form.planes(preds), form.planes(target), strict=True)])


def _mean_ssim(form: Convention, x: Float[Tensor, "c h w"], y: Float[Tensor, "c h w"]) -> Float[Tensor, ""]:
    size = len(form.window) ** 2
    scale = size / (size - 1) if form.sample else 1.0
    mean_x, mean_y = _local_mean(form, x), _local_mean(form, y)
    # E[x^2] - E[x]^2 cancels; float64 keeps eleven digits of it, float32 would keep two
    var_x = scale * (_local_mean(form, x * x) - mean_x**2)
    var_y = scale * (_local_mean(form, y * y) - mean_y**2)
    covariance = scale * (_local_mean(form, x * y) - mean_x * mean_y)
    luminance = (2 * mean_x * mean_y + C1) / (mean_x**2 + mean_y**2 + C1)
    return (luminance * (2 * covariance + C2) / (var_x + var_y + C2)).mean()


def _local_mean(form: Convention, planes: Float[Tensor, "c h w"]) -> Float[Tensor, "c H W"]:
    """Weighted mean over the window around each position. Adding shifted copies is ten times faster than conv2d."""
    weights = [weight / sum(form.window) for weight in form.window]
    reach = len(weights) // 2
    if form.volume:
        planes = F.pad(torch.einsum("cd,dhw->chw", _across_channels(planes, weights), planes), [reach] * 4, "replicate")
    for axis in (-2, -1):
        length = planes.shape[axis] - 2 * reach
        total = planes.narrow(axis, 0, length) * weights[0]
        for shift, weight in enumerate(weights[1:], start=1):
            total.add_(planes.narrow(axis, shift, length), alpha=weight)
        planes = total
    return planes


def _across_channels(planes: Float[Tensor, "c h w"], weights: list[float]) -> Float[Tensor, "c c"]:
    """The window along the channel axis, borders replicated, as a matrix: three channels under eleven weights."""
    last, reach = len(planes) - 1, len(weights) // 2
    matrix = [[0.0] * len(planes) for _ in planes]
    for channel, row in enumerate(matrix):
        for tap, weight in enumerate(weights):
            row[min(max(channel + tap - reach, 0), last)] += weight
    return planes.new_tensor(matrix)


def score(
    preds: Float[Tensor, "b 3 h w"], target: Float[Tensor, "b 3 h w"], measures: Sequence[str] = MEASURES
) -> dict[str, Float[Tensor, " b"]]:
    """The numbers of this project's tables, one value per image each, under their ``CONVENTIONS`` names.

    Raises:
        KeyError: for a name that is none of ``CONVENTIONS``.
        ValueError: as ``psnr`` and ``ssim``.

    >>> scores = score(torch.zeros(2, 3, 16, 16), torch.ones(2, 3, 16, 16))
    >>> {name: tuple(values.shape) for name, values in scores.items()}
    {'psnr_rgb': (2,), 'psnr_luma': (2,), 'ssim_per_channel': (2,), 'ssim_matlab_rgb': (2,)}
    """
    return {name: _FUNCTIONS[name](preds, target) for name in measures}


def score_card(preds: Float[Tensor, "3 h w"], target: Float[Tensor, "3 h w"]) -> dict[str, float]:
    """One pair of images under every convention, in the order of ``CONVENTIONS``.

    Raises:
        ValueError: as ``psnr`` and ``ssim``.

    >>> list(score_card(torch.zeros(3, 16, 16), torch.ones(3, 16, 16))) == list(CONVENTIONS)
    True
    """
    return {name: value.item() for name, value in score(preds[None], target[None], tuple(CONVENTIONS)).items()}


_FUNCTIONS = {
    **{key("psnr", name): functools.partial(psnr, convention=name) for name in PSNR},
    **{key("ssim", name): functools.partial(ssim, convention=name) for name in SSIM},
}


def check_finite(name: str, images: Tensor) -> None:
    """Refuse images with values that are no numbers.

    Raises:
        ValueError: naming how many of them there are, and the first.

    >>> check_finite("preds", torch.tensor([0.5, float("nan")]))
    Traceback (most recent call last):
    ValueError: preds holds 1 values that are not finite, the first is nan.
    """
    if not images.isfinite().all():
        bad = images[~images.isfinite()]
        raise ValueError(f"{name} holds {bad.numel()} values that are not finite, the first is {bad[0].item()}.")


def _checked(preds: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    if preds.shape != target.shape or preds.ndim != 4 or preds.shape[1] != 3:
        raise ValueError(
            "preds and target are images of one shape (batch, 3, height, width); "
            f"got {tuple(preds.shape)} and {tuple(target.shape)}."
        )
    for name, image in (("preds", preds), ("target", target)):
        _check_values(name, image.detach())
    return tuple(image.detach().to("cpu" if image.is_mps else image.device, torch.float64) for image in (preds, target))


def _check_values(name: str, image: Tensor) -> None:
    if not image.is_floating_point():
        raise ValueError(f"{name} is {image.dtype}; images are floats in [0, 1]: divide 8-bit values by 255.")
    if image.numel() == 0:
        raise ValueError(f"{name} is empty, shape {tuple(image.shape)}; there is nothing to compare.")
    check_finite(name, image)
    low, high = image.min().item(), image.max().item()
    # a network's output may leave [0, 1] and is clamped; a mean magnitude above 2 is another scale, not an overshoot
    wrong = image.abs().mean(dim=(1, 2, 3)).max() > 2 if name == "preds" else low < -1e-3 or high > 1 + 1e-3
    if wrong:
        raise ValueError(
            f"{name} holds values from {low:g} to {high:g}; images are floats in [0, 1]: divide 8-bit values by 255."
        )
