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
LOOKS = {task: tuple(2**n for n in range(len(turns) + 1)) for task, turns in OF_TASK.items()}
"""How often a network of each task may be asked: 1, 2, 4 or 8 times; about rain 1, 2 or 4 times."""


class SelfEnsemble(nn.Module):
    """The mean of a network's answers to an image in several ways, each turned back: better, at so many times the work.

    Training turns its pairs at random, so a perfect network would answer alike; what its answers differ by is error,
    and a part of it cancels in their mean. The first looks cancel most: each further one has less of its own to say.

    Args:
        network: a model or any callable, "b 3 h w" to the same shape.
        task: "deblur" or "derain".
        looks: how often the network is asked, one of ``LOOKS[task]``.

    Shapes: "b 3 h w" to the same.

    Raises:
        ValueError: for another task or number.

    Source: "geometric self-ensemble", EDSR (Lim et al., CVPR Workshops 2017, Sec. 3.4), there with all eight.

    >>> SelfEnsemble(lambda image: 1 - image, "deblur", 4)(torch.zeros(1, 3, 16, 24)).mean()
    tensor(1.)
    """

    def __init__(self, network: Callable[[Tensor], Tensor], task: str, looks: int) -> None:
        super().__init__()
        self.network = network
        self.ways = ways(task, looks)

    def forward(self, image: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 3 h w"]:
        total = torch.zeros_like(image)
        for way in self.ways:
            total += turned(self.network(turned(image, way)), way[::-1])
        return total / len(self.ways)


def ways(task: str, looks: int) -> list[Way]:
    """The ways in which a network of a task is asked: first as the image lies, then mirrored, then on its side too.

    Raises:
        ValueError: for an unknown task, or a number of looks that it does not have.

    >>> len(ways("deblur", 8)), len(ways("derain", 4)), ways("derain", 1)
    (8, 4, [[]])
    """
    if task not in OF_TASK:
        raise ValueError(f"task is {task!r}; it can be {' or '.join(map(repr, OF_TASK))}.")
    if looks not in LOOKS[task]:
        *most, last = LOOKS[task]
        raise ValueError(f"looks is {looks}; to {task} it can be {', '.join(map(str, most))} or {last}.")
    turns = OF_TASK[task]  # sideways, upside down, and across where the task has it
    all_ways = sorted(product((0, 1), repeat=len(turns)), key=lambda taken: (taken[1], taken[2:], taken[0]))
    return [list(compress(turns, taken)) for taken in all_ways[:looks]]


def turned(image: Float[Tensor, "b 3 h w"], way: Way) -> Float[Tensor, "b 3 _h _w"]:
    """An image turned in this way; the way backwards undoes it.

    >>> turned(torch.zeros(1, 3, 16, 24), ways("deblur", 8)[-1]).shape
    torch.Size([1, 3, 24, 16])
    """
    for turn in way:
        image = turn(image)
    return image.contiguous()
