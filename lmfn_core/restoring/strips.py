"""A large map, one full-width strip of rows after the other, each with the rows around it that a layer looks at.

The borders stay exact: a strip at the edge of the image has no rows beyond it, so the layers pad it as they pad the
image; elsewhere the rows that padding has spoilt are the halo, which is cut off.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

BUDGET = 48 * 2**20
"""Bytes that the maps of one strip may take while it is worked on."""


class Padded:
    """An image as ``layers.pad_to`` would give it, cut out by rows: the padded image is never written.

    Args:
        image: "b 3 h w", bytes in 0..255 or floats in [0, 1].
        multiple: both sides become multiples of it. least: and at least this long, in pixels.

    >>> Padded(torch.zeros(1, 3, 50, 81), multiple=16, least=64).rows(48, 64).shape
    torch.Size([1, 3, 16, 96])
    """

    def __init__(self, image: Shaped[Tensor, "b 3 h w"], multiple: int, least: int) -> None:
        self.image = image
        sides = image.shape[-2:]
        padded = [max(least, -(-side // multiple) * multiple) for side in sides]
        reflects = all(long < 2 * side for long, side in zip(padded, sides, strict=True))
        self.shape = torch.Size((*image.shape[:2], *padded))
        self.down, self.right = (
            _places(side, long, reflects, image.device) for side, long in zip(sides, padded, strict=True)
        )

    def rows(self, first: int, last: int) -> Float[Tensor, "b 3 _ W"]:
        """Rows ``first`` to before ``last`` of the padded image, float32 in [0, 1]."""
        height, width = self.image.shape[-2:]
        strip = self.image[:, :, first:last] if last <= height else self.image.index_select(2, self.down[first:last])
        strip = strip if width == self.shape[-1] else strip.index_select(3, self.right)
        return strip.float() / 255 if strip.dtype == torch.uint8 else strip.float()


def _places(side: int, padded: int, reflects: bool, device: torch.device) -> Tensor:
    at = torch.arange(padded, device=device)
    return torch.where(at < side, at, 2 * (side - 1) - at if reflects else side - 1)


@dataclass(frozen=True)
class Strips:
    """How an image is cut, and the loop over its strips.

    Sources and results may have different sizes: their rows are counted in units, a whole number of rows of each.

    >>> strips = Strips((1, 3, 8, 8), tile=2)
    >>> doubled = strips.collect(lambda x: 2 * x, [torch.ones(1, 5, 8, 8)], units=8, live=5)
    >>> doubled.shape, doubled.sum().item()
    (torch.Size([1, 5, 8, 8]), 640.0)
    """

    shape: tuple[int, ...]  # of the padded image, "b 3 h w"
    tile: int | None = None  # pixel rows of a strip; None: as the budget allows; 0: the whole image
    itemsize: int = 4  # bytes of one number of a map
    budget: int = BUDGET  # bytes

    def height(self, units: int, live: int) -> int:
        """Units in a strip, for ``live`` numbers that are held at once for each square unit of the image."""
        pixels = self.shape[2] // units
        if self.tile == 0:
            return units
        if self.tile is not None:
            return max(1, self.tile // pixels)
        row = live * self.itemsize * self.shape[0] * self.shape[3] // pixels
        count = max(1, -(-units * row // self.budget))  # strips, all of about the same height
        return -(-units // count)

    def over(
        self, stage: Callable[..., Tensor], sources: Sequence[Tensor | Padded], units: int, live: int, halo: int = 0
    ) -> Iterator[tuple[slice, Tensor]]:
        """Call ``stage`` with the same strip of each source; give the rows of the result and the result in turn.

        Args:
            units: rows of the image, counted in the unit. live: numbers held at once for each square unit.
            halo: units above and below that ``stage`` looks at.
        """
        step = self.height(units, live)
        for first in range(0, units, step):
            last = min(first + step, units)
            low, high = max(first - halo, 0), min(last + halo, units)
            result = stage(*(_cut(source, low, high, units) for source in sources))
            per = result.shape[2] // (high - low)
            yield slice(first * per, last * per), result[:, :, (first - low) * per : (last - low) * per]

    def collect(
        self,
        stage: Callable[..., Tensor],
        sources: Sequence[Tensor | Padded],
        units: int,
        live: int,
        halo: int = 0,
        into: Tensor | None = None,
    ) -> Float[Tensor, "b c H W"]:
        """What ``over`` gives, as one map; written over ``into``, which may be a source only where ``halo`` is 0."""
        for rows, part in self.over(stage, sources, units, live, halo):
            if into is None and self.height(units, live) >= units:
                return part
            if into is None:
                per = part.shape[2] // self.height(units, live)
                shape = (*part.shape[:2], units * per, part.shape[3])
                into = torch.empty(shape, dtype=part.dtype, device=part.device, memory_format=torch.channels_last)
            into[:, :, rows] = part
        return into


def _cut(source: Tensor | Padded, low: int, high: int, units: int) -> Tensor:
    per = source.shape[2] // units
    return source.rows(low * per, high * per) if isinstance(source, Padded) else source[:, :, low * per : high * per]
