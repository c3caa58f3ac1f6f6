"""The conventions under which PSNR and SSIM are computed, and the planes (RGB, luma, grey) that they compare.

Images are float "b 3 h w": RGB, sRGB-encoded, range [0, 1]. Planes are floats on a 0..255 scale. Rounding to 8 bits is
part of a convention: it costs a good restoration about 0.01 dB, cutting instead of rounding up to 0.1 dB.
"""

import difflib
import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

PEAK = 255.0
"""Largest value of an 8-bit image."""
GAUSSIAN = tuple(math.exp(-(t**2) / (2 * 1.5**2)) for t in range(-5, 6))
"""11 taps, sigma 1.5; divided by their sum where used."""
UNIFORM = (1.0,) * 7


def eight_bit(image: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 3 h w"]:
    """What an 8-bit file would hold: clamped to [0, 1], times 255, rounded half up. Values 0..255, still floats.

    >>> eight_bit(torch.tensor([-0.1, 0.5, 2.0]).view(1, 3, 1, 1)).flatten().tolist()
    [0.0, 128.0, 255.0]
    """
    return (image.clamp(0, 1) * PEAK + 0.5).floor()


def luma(image: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 1 h w"]:
    """Y of MATLAB's ``rgb2ycbcr`` on the 8-bit image: studio swing, black 16, white 235, rounded. Values 16..235.

    Source: ITU-R BT.601.

    >>> luma(torch.ones(1, 3, 1, 1)).item(), luma(torch.zeros(1, 3, 1, 1)).item()
    (235.0, 16.0)
    """
    return (16 + _weighted(eight_bit(image), 65.481, 128.553, 24.966) / PEAK + 0.5).floor()


def grey(image: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 1 h w"]:
    """Full-swing grey of the 8-bit image, 0.299 R + 0.587 G + 0.114 B, rounded. Values 0..255.

    Source: ITU-R BT.601.

    >>> grey(torch.ones(1, 3, 2, 2)).shape
    torch.Size([1, 1, 2, 2])
    """
    return (_weighted(eight_bit(image), 0.299, 0.587, 0.114) + 0.5).floor()


def _weighted(rgb: Tensor, *weights: float) -> Tensor:
    return (rgb * rgb.new_tensor(weights).view(1, 3, 1, 1)).sum(dim=1, keepdim=True)


def _downsampled_grey(image: Tensor) -> Tensor:
    """Grey, averaged over f x f and sampled at every f-th pixel, f = round(shorter side / 256): Wang's suggestion."""
    planes = grey(image)
    factor = max(1, math.floor(min(planes.shape[-2:]) / 256 + 0.5))
    for axis in (-2, -1):
        side = planes.shape[axis]
        at = torch.arange(-((factor - 1) // 2), side + factor // 2, device=planes.device)
        mirrored = torch.where(at < 0, -1 - at, torch.where(at >= side, 2 * side - 1 - at, at))
        planes = planes.index_select(axis, mirrored).unfold(axis, factor, factor).mean(dim=-1)
    return planes


@dataclass(frozen=True)
class Convention:
    """How one number is computed.

    >>> SSIM["luma"].planes is luma
    True
    """

    sentence: str  # the definition, for tables and cards
    planes: Callable[[Tensor], Tensor]  # image in [0, 1] to the planes compared, on a 0..255 scale
    window: tuple[float, ...] = GAUSSIAN  # SSIM: weights along one axis of the window
    volume: bool = False  # SSIM: the window spans the channels too, and borders are replicated
    sample: bool = False  # SSIM: variances with n - 1 instead of n


PSNR = {
    "rgb": Convention("8-bit rounded RGB, peak 255, one mean squared error over the three channels.", eight_bit),
    "luma": Convention("Y of MATLAB's rgb2ycbcr on the 8-bit image (16..235, rounded), peak 255.", luma),
    "rgb-float": Convention("RGB clamped to [0, 1] and not rounded, peak 1.", lambda image: image.clamp(0, 1) * PEAK),
    "rgb-truncated": Convention(
        "RGB cut, not rounded, to 8 bits (astype uint8), peak 255.",
        lambda image: (image.clamp(0, 1) * PEAK).floor(),
    ),
}
"""The names that ``psnr`` knows. "rgb" is the one this project's tables use; "luma" is printed beside it."""

SSIM = {
    "per-channel": Convention(
        "8-bit RGB, 2-D 11x11 Gaussian window (sigma 1.5) at valid positions, per channel, then averaged.", eight_bit
    ),
    "matlab-rgb": Convention(
        "MATLAB's ssim on the 8-bit RGB array: a 3-D 11x11x11 Gaussian window (sigma 1.5) across rows, columns and "
        "channels, borders replicated.",
        eight_bit,
        volume=True,
    ),
    "uniform-7x7": Convention(
        "scikit-image's default: 8-bit RGB, 7x7 uniform window at valid positions, sample variance, per channel.",
        eight_bit,
        window=UNIFORM,
        sample=True,
    ),
    "luma": Convention("Y (16..235, rounded), 2-D 11x11 Gaussian window (sigma 1.5) at valid positions.", luma),
    "grey": Convention("8-bit grey, 2-D 11x11 Gaussian window (sigma 1.5) at valid positions.", grey),
    "grey-downsampled": Convention(
        "8-bit grey, first averaged and sampled down to about 256 pixels, then as 'grey' (Wang's script).",
        _downsampled_grey,
    ),
}
"""The names that ``ssim`` knows. "per-channel" is the one this project's tables use; "matlab-rgb" is printed beside."""


def key(measure: str, name: str) -> str:
    """The name of a measure in records and tables.

    >>> key("ssim", "matlab-rgb")
    'ssim_matlab_rgb'
    """
    return f"{measure}_{name}".replace("-", "_")


CONVENTIONS = {
    **{key("psnr", name): f"PSNR in dB: {convention.sentence}" for name, convention in PSNR.items()},
    **{key("ssim", name): f"SSIM: {convention.sentence}" for name, convention in SSIM.items()},
}
"""Every measure by the name that records and tables use (``psnr_rgb``, ``ssim_matlab_rgb``), defined in a sentence."""


def look_up(measure: str, name: str) -> Convention:
    """The convention ``name`` of ``measure`` ("psnr" or "ssim").

    Raises:
        ValueError: for an unknown name, with the nearest known one.

    >>> look_up("ssim", "uniform-7x7").sample
    True
    """
    table = {"psnr": PSNR, "ssim": SSIM}[measure]
    if name not in table:
        close = difflib.get_close_matches(name, table, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ValueError(f"Unknown {measure.upper()} convention {name!r}.{hint} Known: {', '.join(table)}.")
    return table[name]
