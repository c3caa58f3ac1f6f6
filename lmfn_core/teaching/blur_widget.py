"""A hand on the camera: sliders for the streak that it leaves, on ipywidgets; works without a browser too."""

import math
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from jaxtyping import Float, Shaped
from torch import Tensor

from lmfn_core.images.blur import quantise, to_linear, to_srgb
from lmfn_core.measures.metrics import psnr, ssim
from lmfn_core.teaching.widgets import jpeg, pixels

if TYPE_CHECKING:  # importing ipywidgets takes a while, and only a notebook needs it
    from ipywidgets import VBox

LONGEST = 41
"""Pixels of the longest streak that the slider allows."""


def streak(length: int, angle: float) -> Float[Tensor, "k k"]:
    """The picture of a bright point in the middle while the camera moves straight and evenly: a kernel, its sum 1.

    Args:
        length: pixels; 1 is a camera that stands still. angle: degrees from the horizontal, counter-clockwise.

    Raises:
        ValueError: when ``length`` is below 1.

    >>> streak(4, 90)[:, 2].tolist()
    [0.125, 0.25, 0.25, 0.25, 0.125]
    """
    if length < 1:
        raise ValueError(f"length is {length}; a streak is at least 1 pixel long.")
    reach = length // 2
    along = torch.arange(length, dtype=torch.float64) - (length - 1) / 2  # one exposure per pixel
    at, turn = torch.arange(-reach, reach + 1, dtype=torch.float64), math.radians(angle)
    # an exposure between pixels is shared among its neighbours, the nearer the more
    columns = (1 - (at - math.cos(turn) * along[:, None]).abs()).clamp(min=0)
    rows = (1 - (at + math.sin(turn) * along[:, None]).abs()).clamp(min=0)
    return (rows.T @ columns / length).float()


def streaked(sharp: Float[Tensor, "3 h w"], length: int, angle: float, encoded: bool = False) -> Float[Tensor, "3 h w"]:
    """The image that such a camera takes, in 8 bits; what lies outside the picture continues its border.

    Args:
        sharp: sRGB-encoded RGB in [0, 1]. length, angle: as of ``streak``. encoded: average the file's values as they
            are, which no lens does, in place of light.

    >>> streaked(torch.rand(3, 20, 30), length=5, angle=45).shape
    torch.Size([3, 20, 30])
    """
    kernel = streak(length, angle).to(sharp)
    light = sharp if encoded else to_linear(sharp)
    wide = F.pad(light[:, None], [len(kernel) // 2] * 4, mode="replicate")
    mean = F.conv2d(wide, kernel.flip(0, 1)[None, None])[:, 0]  # flipped: conv2d is a correlation
    return quantise(mean if encoded else to_srgb(mean))


def blur_slider(image: Shaped[Tensor, "3 h w"]) -> "VBox":
    """A picture under sliders for the length and the angle of its streaks, with its PSNR and SSIM below.

    Args:
        image: 8-bit, or floats in [0, 1]; RGB, at least 11 x 11 pixels, which is SSIM's window.

    >>> box = blur_slider(torch.zeros(3, 32, 48))
    >>> [type(child).__name__ for child in box.children]
    ['IntSlider', 'IntSlider', 'Checkbox', 'Image', 'HTML']
    """
    import ipywidgets

    style = {"style": {"description_width": "initial"}, "continuous_update": False}
    length = ipywidgets.IntSlider(value=9, min=1, max=LONGEST, description="streak, pixels", **style)
    angle = ipywidgets.IntSlider(value=20, min=-90, max=90, step=5, description="angle, degrees", **style)
    encoded = ipywidgets.Checkbox(value=False, description="average file values, not light", indent=False)
    sharp = image.float() if image.is_floating_point() else image.float().div(255)
    width = max(sharp.shape[2], 320)
    picture = ipywidgets.Image(format="jpeg", width=width, layout={"max_width": "100%"})
    says = ipywidgets.HTML()

    def redraw(change: object = None) -> None:
        blurred = streaked(sharp, length.value, angle.value, encoded.value)
        picture.value = jpeg(pixels(blurred))
        says.value = _scores(blurred, sharp)

    for control in (length, angle, encoded):
        control.observe(redraw, names="value")
    redraw()
    return ipywidgets.VBox([length, angle, encoded, picture, says])


def _scores(preds: Float[Tensor, "3 h w"], target: Float[Tensor, "3 h w"]) -> str:
    decibels = psnr(preds[None], target[None]).item()
    written = f"{decibels:.1f}" if math.isfinite(decibels) else "∞"
    return f"PSNR {written} dB, SSIM {ssim(preds[None], target[None]).item():.3f}"
