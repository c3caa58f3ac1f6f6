"""Self-ensemble: a network is asked eight times, about the image mirrored and turned, and its answers are averaged."""

from collections.abc import Callable, Sequence
from itertools import compress, product

import torch
from jaxtyping import Float
from torch import Tensor, nn

Way = Sequence[int | tuple[int, int]]
"""Axes to flip, or two to exchange, in this order."""


class SelfEnsemble(nn.Module):
    """The mean of a network's answers to an image and its mirror images, each turned back: better, at 8 times the work.

    Training turns its pairs at random, so a perfect network would answer alike; what its answers differ by is error,
    and a part of it cancels in their mean.

    Args:
        network: a model or any callable, "b 3 h w" to the same shape.
        upright: only 4 ways, without quarter turns, for what has a direction: rain falls down.

    Shapes: "b 3 h w" to the same.

    Source: "geometric self-ensemble", EDSR (Lim et al., CVPR Workshops 2017, Sec. 3.4).

    >>> SelfEnsemble(lambda image: 1 - image)(torch.zeros(1, 3, 16, 24)).mean()
    tensor(1.)
    """

    def __init__(self, network: Callable[[Tensor], Tensor], upright: bool = False) -> None:
        super().__init__()
        self.network = network
        self.upright = upright

    def forward(self, image: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 3 h w"]:
        total, all_ways = torch.zeros_like(image), ways(self.upright)
        for way in all_ways:
            total += turned(self.network(turned(image, way)), way[::-1])
        return total / len(all_ways)


def ways(upright: bool = False) -> list[Way]:
    """The ways to look at an image: 4 by flips, or 8 with rows and columns exchanged; the first is as it is.

    >>> len(ways()), ways(upright=True)
    (8, [[], [-2], [-1], [-1, -2]])
    """
    steps = [-1, -2] if upright else [-1, -2, (-1, -2)]
    return [list(compress(steps, taken)) for taken in product((0, 1), repeat=len(steps))]


def turned(image: Float[Tensor, "b 3 h w"], way: Way) -> Float[Tensor, "b 3 _h _w"]:
    """An image looked at in this way; the way backwards undoes it.

    >>> turned(torch.zeros(1, 3, 16, 24), [-1, (-1, -2)]).shape
    torch.Size([1, 3, 24, 16])
    """
    for step in way:
        image = image.transpose(*step) if isinstance(step, tuple) else image.flip(step)
    return image.contiguous()
