"""Weights of one network in another that is a part of it: what a trained network is without a block or an attention."""

from collections.abc import Mapping

from torch import Tensor


def inherited(weights: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of ``wanted``, by their names out of another network's weights.

    Where a dimension is longer there, its leading part is taken: the 1x1 convolution behind ALFM reads N*C channels,
    block after block, so the first of its inputs belong to the first blocks.

    Args:
        weights: of the larger network. wanted: of the network to fill; only names and shapes are read.

    Raises:
        ValueError: when the larger network has no such tensor, or a smaller one.

    >>> import torch
    >>> inherited({"a": torch.arange(6).view(2, 3), "b": torch.zeros(1)}, {"a": torch.zeros(2, 2)})
    {'a': tensor([[0, 1],
            [3, 4]])}
    """
    found = {}
    for name, tensor in wanted.items():
        given = weights.get(name)
        fits = given is not None and given.ndim == tensor.ndim
        if not (fits and all(have >= want for have, want in zip(given.shape, tensor.shape, strict=True))):
            there = "is missing" if given is None else f"is {tuple(given.shape)}"
            raise ValueError(f"{name!r} {there} in the start, and should be {tuple(tensor.shape)}.")
        found[name] = given[tuple(slice(want) for want in tensor.shape)]
    return found
