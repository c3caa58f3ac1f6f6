"""Self-ensemble: a network is asked about the image mirrored and turned as well, and its answers are averaged."""

from collections.abc import Callable, Sequence
from itertools import compress, product

import torch
from jaxtyping import Float
from torch import Tensor, nn

from lmfn_core.images.crops import TURNS

Way = Sequence[Callable[[Tensor], Tensor]]
"""Some of ``TURNS``, one after the other."""
OF_TASK = {"deblur": TURNS, "derain": TURNS[:2]}
"""What an image of each task may be turned by: rain falls down."""


class SelfEnsemble(nn.Module):
    """The mean of a network's answers to an image in all its ways, each turned back: better, at so many times the work.

    Training turns its pairs at random, so a perfect network would answer alike; what its answers differ by is error,
    and a part of it cancels in their mean.

    Args:
        network: a model or any callable, "b 3 h w" to the same shape.
        task: "deblur" for 8 ways, "derain" for 4.

    Shapes: "b 3 h w" to the same.

    Raises:
        ValueError: for another task.

    Source: "geometric self-ensemble", EDSR (Lim et al., CVPR Workshops 2017, Sec. 3.4).

    >>> SelfEnsemble(lambda image: 1 - image)(torch.zeros(1, 3, 16, 24)).mean()
    tensor(1.)
    """

    def __init__(self, network: Callable[[Tensor], Tensor], task: str = "deblur") -> None:
        super().__init__()
        self.network = network
        self.ways = ways(task)

    def forward(self, image: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 3 h w"]:
        total = torch.zeros_like(image)
        for way in self.ways:
            total += turned(self.network(turned(image, way)), way[::-1])
        return total / len(self.ways)


def ways(task: str) -> list[Way]:
    """The ways in which a network of a task may be asked; the first leaves the image as it is.

    Raises:
        ValueError: for an unknown task.

    >>> len(ways("deblur")), len(ways("derain")), ways("derain")[0]
    (8, 4, [])
    """
    if task not in OF_TASK:
        raise ValueError(f"task is {task!r}; it can be {' or '.join(map(repr, OF_TASK))}.")
    turns = OF_TASK[task]
    return [list(compress(turns, taken)) for taken in product((0, 1), repeat=len(turns))]


def turned(image: Float[Tensor, "b 3 h w"], way: Way) -> Float[Tensor, "b 3 _h _w"]:
    """An image turned in this way; the way backwards undoes it.

    >>> turned(torch.zeros(1, 3, 16, 24), ways("deblur")[-1]).shape
    torch.Size([1, 3, 24, 16])
    """
    for turn in way:
        image = turn(image)
    return image.contiguous()
