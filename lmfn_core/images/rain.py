"""Rain, made the way the synthetic sets were: bright streaks laid over a sharp photograph.

A layer of streaks is thresholded noise on a lattice whose columns lie along the streaks: summed along them, sampled at
an angle, clipped to a plateau. Whole batches at a time, on one device, all chance from one ``torch.Generator``.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from lmfn_core.images.blur import quantise

__all__ = ["HEAVY", "LIGHT", "Rain", "rain", "streaks"]

CELLS = 6
"""Cells of the lattice along one streak: a drop is one cell of noise, its streak the path of so many."""


@dataclass(frozen=True)
class Rain:
    """How it rains: the ranges from which each image, and each layer of streaks in it, draws.

    The draws' logarithms are uniform (the draws themselves where a range begins at 0).

    >>> LIGHT.layers, HEAVY.layers
    (2, 5)
    """

    layers: int = 2  # of streaks, laid over each other
    tilt: float = 25.0  # largest angle of the first layer to the vertical, in degrees
    spread: float = 2.0  # largest angle of the other layers to the first, in degrees
    length: tuple[float, float] = (14.0, 45.0)  # of a layer's streaks, in pixels
    width: tuple[float, float] = (0.8, 2.6)  # of a layer's streaks, in pixels
    cover: tuple[float, float] = (0.04, 0.15)  # share of the picture under a layer's streaks, overlaps counted twice
    hardness: tuple[float, float] = (1.0, 1.2)  # of a layer: so much brighter, then clipped to a plateau
    opacity: tuple[float, float] = (0.19, 1.0)  # what an image's brightest streaks add to its values in [0, 1]
    others: tuple[float, float] = (0.5, 1.0)  # opacity of each layer but the first, as a share of the first one's
    veil: tuple[float, float] = (0.0, 0.0)  # what the drops too far away to be seen add to all of an image
    screen: bool = False  # light adds up to white, 1 - (1 - a)(1 - b), in place of a + b clipped


LIGHT = Rain()
"""As Rain100L: one direction, few streaks."""
HEAVY = Rain(
    layers=5,
    tilt=15.0,
    spread=30.0,
    length=(30.0, 110.0),
    width=(1.0, 3.5),
    cover=(0.1, 0.5),
    hardness=(3.0, 10.0),
    opacity=(0.24, 0.58),
    others=(0.15, 0.8),
    veil=(0.0, 0.03),
)
"""As Rain100H: five directions, whose streaks add up to a veil."""


def rain(
    sharp: Float[Tensor, "b 3 h w"], generator: torch.Generator, weather: Rain = LIGHT
) -> Float[Tensor, "b 3 h w"]:
    """Lets it rain on sharp images: streaks of white light are added to all three channels alike.

    ``sharp`` and the result are sRGB-encoded RGB in [0, 1]; the result has 8 bits of precision (k/255). The encoded
    values are added as they are and clipped, as the differences of Rain100's pairs show; ``weather.screen`` lets
    streaks fade on bright ground instead.

    The two weathers are calibrated to the inputs of Rain100L and Rain100H, which average 26.90 and 13.55 dB on luma.

    Raises:
        ValueError: when the generator is on another device.

    Source: Yang et al., CVPR 2017, Sec. 3 (streaks in one and in several directions, added up); the streaks are ours.

    >>> sharp = torch.rand(2, 3, 64, 96)
    >>> rain(sharp, torch.Generator().manual_seed(0), HEAVY).shape
    torch.Size([2, 3, 64, 96])
    """
    if sharp.device.type != generator.device.type:
        raise ValueError(f"The images are on {sharp.device}, the generator on {generator.device}; use one device.")
    light = streaks(len(sharp), (sharp.shape[2], sharp.shape[3]), generator, weather).to(sharp.dtype)
    return quantise(sharp + light * (1 - sharp) if weather.screen else sharp + light)


def streaks(batch: int, size: tuple[int, int], generator: torch.Generator, weather: Rain) -> Float[Tensor, "b 1 h w"]:
    """The light of the streaks and the veil alone, from 0 up: what is added to the images.

    >>> streaks(2, (48, 64), torch.Generator().manual_seed(0), LIGHT).shape
    torch.Size([2, 1, 48, 64])
    """
    layers = weather.layers
    tilt = weather.tilt * (2 * _rand(generator, batch, 1) - 1)
    turned = weather.spread * (2 * _rand(generator, batch, layers) - 1)
    ranges = (weather.length, weather.width, weather.cover, weather.hardness)
    length, width, cover, hardness = (_between(generator, ends, batch, layers).flatten() for ends in ranges)
    opacity, share = _between(generator, weather.opacity, batch, 1), _between(generator, weather.others, batch, layers)
    turned[:, 0], share[:, 0] = 0, 1
    paths = _paths(cover, size, generator, weather)
    places = _places((tilt + turned).flatten(), width, length / CELLS, size, (paths.shape[2], paths.shape[3]))
    bright = F.grid_sample(paths, places, align_corners=False).mul_(hardness.view(-1, 1, 1, 1)).clamp_(max=1)
    fallen = torch.einsum("blhw,bl->bhw", bright.view(batch, layers, *size), share * opacity)
    return fallen[:, None] + _between(generator, weather.veil, batch, 1, 1, 1)


def _rand(generator: torch.Generator, *shape: int) -> Tensor:
    return torch.rand(shape, generator=generator, device=generator.device)


def _between(generator: torch.Generator, ends: tuple[float, float], *shape: int) -> Tensor:
    low, high = ends
    at = _rand(generator, *shape)
    return low * (high / low) ** at if low > 0 else high * at


def _paths(
    cover: Float[Tensor, "n"], size: tuple[int, int], generator: torch.Generator, weather: Rain
) -> Float[Tensor, "n 1 rows columns"]:
    """Brightness on the lattice: drops are the noise above a threshold, few of them bright; each leaves its path.

    The lattice reaches under every corner of the picture however it is turned. The path's two ends fade.
    """
    reach = math.hypot(*size)
    rows, columns = (math.ceil(reach / cell) + 2 for cell in (weather.length[0] / CELLS, weather.width[0]))
    share = (cover / CELLS).view(-1, 1, 1)
    noise = _rand(generator, len(cover), rows + CELLS + 1, columns)
    fallen = noise.sub_(1 - share).clamp_(min=0).div_(share).square_().cumsum(1)
    path = fallen[:, CELLS - 1 :] - fallen[:, : 1 - CELLS]
    return (path[:, 1:] + path[:, :-1]).mul_(0.5)[:, None]


def _places(
    angle: Float[Tensor, "n"],
    width: Float[Tensor, "n"],
    cell: Float[Tensor, "n"],
    size: tuple[int, int],
    lattice: tuple[int, int],
) -> Float[Tensor, "n h w 2"]:
    """Where each pixel lies in its layer's lattice, whose cells are so wide and long, in grid_sample's units."""
    turn = torch.polar(torch.ones_like(angle), torch.deg2rad(angle))[:, None]
    y, x = (torch.arange(n, device=angle.device) - (n - 1) / 2 for n in size)
    units = (2 / (width * lattice[1]))[:, None], (2 / (cell * lattice[0]))[:, None]
    across, down = (torch.complex(z.real * units[0], z.imag * units[1]) for z in (turn * x, turn * (1j * y)))
    return torch.view_as_real(across[:, None, :] + down[:, :, None])  # one complex addition per pixel is quick
