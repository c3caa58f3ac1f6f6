"""A contest of blocks in seconds: equal budget, equal scenes, and seeds enough to see what a seed alone does."""

from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from lmfn_core.images.blur import MARGIN, blur
from lmfn_core.images.photos import dead_leaves
from lmfn_core.measures.metrics import psnr
from lmfn_core.parts.layers import conv

HELD_OUT = 32
"""Scenes that are scored and never trained on."""


def equal_widths(
    kinds: Mapping[str, Callable[[int], nn.Module]], budget: int, widths: range = range(8, 60, 2)
) -> dict[str, int]:
    """For each kind of block the width at which it comes closest to ``budget`` parameters.

    >>> equal_widths({"1x1": lambda c: nn.Conv2d(c, c, 1), "3x3": lambda c: nn.Conv2d(c, c, 3)}, budget=1_000)
    {'1x1': 32, '3x3': 10}
    """
    size = lambda kind, width: sum(p.numel() for p in kind(width).parameters())  # noqa: E731
    return {name: min(widths, key=lambda width: abs(size(kind, width) - budget)) for name, kind in kinds.items()}


class TinyDeblurrer(nn.Module):
    """One block between two convolutions, at half the size, added to the image: it starts as the identity.

    Args:
        block: keeps its shape. channels: its width.

    Shapes: "b 3 h w" to the same, both sides even.

    >>> TinyDeblurrer(nn.Identity(), 8)(torch.ones(1, 3, 8, 12)).shape
    torch.Size([1, 3, 8, 12])
    """

    def __init__(self, block: nn.Module, channels: int) -> None:
        super().__init__()
        self.enter, self.block, self.leave = conv(12, channels), block, conv(channels, 12)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def forward(self, image: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 3 h w"]:
        features = self.block(self.enter(F.pixel_unshuffle(image, 2)))
        return image + F.pixel_shuffle(self.leave(features), 2)


def blurred_scenes(count: int, size: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Procedural scenes and their blurred forms, in this order: each "count 3 size size", sRGB in [0, 1].

    >>> [tuple(images.shape) for images in blurred_scenes(2, 32)]
    [(2, 3, 32, 32), (2, 3, 32, 32)]
    """
    generator = torch.Generator().manual_seed(seed)
    tiles = dead_leaves(count, size + 2 * MARGIN, generator)
    return tiles[..., MARGIN:-MARGIN, MARGIN:-MARGIN], blur(tiles, generator, crop=MARGIN)


def contest(
    kinds: Mapping[str, Callable[[int], nn.Module]], widths: Mapping[str, int], steps: int, seeds: int
) -> dict[str, list[float]]:
    """Train every kind of block from every seed; the gain in PSNR over the blurred held-out scenes, in dB.

    All see the same 96 scenes of 32 x 32 pixels; a seed decides the start and the order, the same order for each kind.

    Args:
        widths: of each kind. steps: of Adam, eight scenes a step. seeds: how many starts.

    >>> {name: len(gains) for name, gains in contest({"none": lambda c: nn.Identity()}, {"none": 4}, 1, 2).items()}
    {'none': 2}
    """
    sharp, blurred = blurred_scenes(64 + HELD_OUT, 32)
    train, test = (blurred[:64], sharp[:64]), (blurred[64:], sharp[64:])
    return {
        name: [_gain(kind, widths[name], train, test, steps, seed) for seed in range(seeds)]
        for name, kind in kinds.items()
    }


def _gain(
    kind: Callable[[int], nn.Module],
    width: int,
    train: tuple[Tensor, Tensor],
    test: tuple[Tensor, Tensor],
    steps: int,
    seed: int,
) -> float:
    torch.manual_seed(seed)
    model = TinyDeblurrer(kind(width), width)
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
    for batch in torch.randint(len(train[0]), (steps, 8), generator=torch.Generator().manual_seed(seed)):
        optimiser.zero_grad()
        F.l1_loss(model(train[0][batch]), train[1][batch]).backward()
        optimiser.step()
    with torch.no_grad():
        restored = model(test[0]).clamp(0, 1)
    return (psnr(restored, test[1]) - psnr(test[0], test[1])).mean().item()
