"""Where the seconds of a forward pass go: one clock around each part, while the whole network runs."""

from collections.abc import Sequence
from statistics import median
from time import perf_counter

import torch
from jaxtyping import Float
from torch import Tensor, nn


def part_times(
    model: nn.Module, parts: Sequence[str], image: Float[Tensor, "b 3 h w"], repeats: int = 3
) -> dict[str, float]:
    """Median seconds inside each named part (``get_submodule``'s names), without gradients, on the CPU.

    >>> from lmfn_core.parts.mshf import MSHF
    >>> sorted(part_times(MSHF(), ["stem", "refine4"], torch.zeros(1, 3, 32, 32), repeats=1))
    ['refine4', 'stem']
    """
    seconds: dict[str, list[float]] = {name: [] for name in parts}
    hooks = []
    for name in parts:
        part, clock = model.get_submodule(name), [0.0]

        def enter(module: nn.Module, inputs: object, clock: list[float] = clock) -> None:
            clock[0] = perf_counter()

        def leave(
            module: nn.Module, inputs: object, output: object, clock: list[float] = clock, name: str = name
        ) -> None:
            seconds[name].append(perf_counter() - clock[0])

        hooks += [part.register_forward_pre_hook(enter), part.register_forward_hook(leave)]
    with torch.no_grad():
        for _ in range(repeats + 1):
            model(image)
    for hook in hooks:
        hook.remove()
    return {name: median(each[1:]) for name, each in seconds.items()}  # the first pass warms up
