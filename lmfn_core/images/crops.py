"""Random crops that depend on nothing but the seed and the step, so that a resumed training sees the same batches."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Shaped
from torch import Tensor


def generator_of(seed: int, step: int, device: torch.device | str) -> torch.Generator:
    """One independent stream of random numbers per step.

    >>> a, b = (torch.rand((), generator=generator_of(0, 7, "cpu")) for _ in range(2))
    >>> bool(a == b)
    True
    """
    # the golden ratio's multiples spread the seeds over 63 bits
    return torch.Generator(device).manual_seed((seed * 0x9E3779B97F4A7C15 + step) % 2**63)


def draw(kinds: int, count: int, generator: torch.Generator) -> list[int]:
    """``count`` of the numbers below ``kinds``, with replacement; nothing is drawn from nothing.

    >>> draw(0, 0, generator_of(0, 0, "cpu"))
    []
    """
    return torch.randint(kinds, (count,), generator=generator).tolist() if count else []


def random_window(
    image: Shaped[Tensor, "c h w"], size: int, name: str, generator: torch.Generator
) -> tuple[slice, slice, slice]:
    """Where in the image a square of ``size`` pixels lies, at random: an index, so that a pair is cut alike.

    Raises:
        ValueError: when the image is smaller than the square, naming the image.

    >>> image = torch.zeros(3, 40, 50)
    >>> image[random_window(image, 32, "a", generator_of(0, 0, "cpu"))].shape
    torch.Size([3, 32, 32])
    """
    height, width = image.shape[-2:]
    if min(height, width) < size:
        raise ValueError(f"The image {name!r} is {width} x {height}, smaller than the {size} pixels that a crop takes "
                         f"(with its margin); use a smaller crop, or leave the image out.")  # fmt: skip
    top = int(torch.randint(height - size + 1, (), generator=generator))
    left = int(torch.randint(width - size + 1, (), generator=generator))
    return slice(None), slice(top, top + size), slice(left, left + size)


TURNS = (lambda x: x.flip(-1), lambda x: x.flip(-2), lambda x: x.transpose(-1, -2))
"""Ways to lay an image, each its own way back; together eight. Without the last, which exchanges rows and columns, it
stays upright, and they are four."""


def turn(
    pairs: Sequence[Float[Tensor, "b 3 s s"]], generator: torch.Generator, upright: bool = False
) -> tuple[Float[Tensor, "b 3 s s"], ...]:
    """Random flips and quarter turns of square crops: each sample its own, blurred and sharp alike.

    ``upright`` leaves the quarter turns out: rain falls down.

    >>> len(turn([torch.zeros(2, 3, 8, 8), torch.zeros(2, 3, 8, 8)], generator_of(0, 0, "cpu")))
    2
    """
    both = torch.cat(list(pairs), dim=1)
    for turned in TURNS[:2] if upright else TURNS:
        chosen = torch.randint(2, (len(both), 1, 1, 1), generator=generator, device=generator.device).bool()
        chosen = chosen.to(both.device, non_blocking=True)
        both = torch.where(chosen, turned(both), both)
    return tuple(part.contiguous() for part in both.split(3, dim=1))
