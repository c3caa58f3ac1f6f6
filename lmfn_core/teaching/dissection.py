"""What a distillation block keeps: how much of its input its parts hold, how far they see, what goes without them."""

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from jaxtyping import Float
from torch import Tensor, nn


def percent_left(features: Float[Tensor, "b k h w"], x: Float[Tensor, "b c h w"]) -> float:
    """How much of the variance of ``x`` a linear map of the features rebuilds, position by position: 0 to 100.

    >>> x = torch.randn(1, 4, 16, 16)
    >>> round(percent_left(2 * x + 1, x)), round(percent_left(x[:, :0], x))
    (100, 0)
    """
    a, b = (f.detach().transpose(0, 1).flatten(1).T.double() for f in (features, x))
    a = torch.cat([a, torch.ones_like(b[:, :1])], dim=1)
    rest = b - a @ torch.linalg.lstsq(a, b, driver="gelsd").solution
    return 100 - 100 * (rest.var(0).sum() / b.var(0).sum()).item()


def percent_of_best(x: Float[Tensor, "b c h w"], count: int) -> float:
    """How much of the variance of ``x`` its ``count`` best mixtures of channels hold, the principal components.

    >>> x = torch.randn(1, 1, 16, 16)
    >>> round(percent_of_best(torch.cat([x, 2 * x], 1), 1))
    100
    """
    spectrum = torch.linalg.eigvalsh(x.detach().transpose(0, 1).flatten(1).double().cov()).flip(0)
    return 100 * (spectrum[:count].sum() / spectrum.sum()).item()


def given_to(layers: Sequence[nn.Module], module: nn.Module, x: Float[Tensor, "b c h w"]) -> list[Tensor]:
    """What each of the layers inside ``module`` is given when ``module`` is given ``x``.

    >>> scale = nn.Upsample(scale_factor=2)
    >>> [tuple(f.shape) for f in given_to([scale], nn.Sequential(nn.Conv2d(3, 5, 1), scale), torch.ones(1, 3, 4, 6))]
    [(1, 5, 4, 6)]
    """
    given: dict[nn.Module, Tensor] = {}
    hooks = [layer.register_forward_pre_hook(lambda layer, args: given.update({layer: args[0]})) for layer in layers]
    try:
        module(x)
    finally:
        for hook in hooks:
            hook.remove()
    return [given[layer] for layer in layers]


def parts_see(block: nn.Module, channels: int, parts: int = 4, side: int = 33) -> list[int]:
    """How many pixels across each part of what ``block.join`` is given can see.

    All weights of a copy become one positive constant, so that nothing cancels: a part depends on an input position
    exactly where its gradient is positive.

    >>> from lmfn_core.parts.rfdb import RFDB
    >>> parts_see(RFDB(8), 8)
    [1, 3, 5, 9]
    """
    block = copy.deepcopy(block)
    for p in block.parameters():
        p.data.fill_(0.01)
    x = torch.ones(1, channels, side, side, requires_grad=True)
    (joined,) = given_to([block.join], block, x)
    seen = []
    for part in joined.chunk(parts, dim=1):
        (gradient,) = torch.autograd.grad(part[..., side // 2, side // 2].sum(), x, retain_graph=True)
        seen.append(int((gradient[0].sum(0) > 0).any(0).sum()))
    return seen


@contextmanager
def silent(joins: Sequence[nn.Conv2d], columns: slice) -> Iterator[None]:
    """Inside the ``with``, these inputs of the joins count for nothing; afterwards the weights are back.

    >>> join = nn.Conv2d(4, 2, 1)
    >>> with silent([join], slice(0, 2)):
    ...     print(join.weight[:, :2].any().item(), join.weight[:, 2:].any().item())
    False True
    >>> join.weight[:, :2].any().item()
    True
    """
    saved = [join.weight.detach().clone() for join in joins]
    try:
        for join in joins:
            join.weight.data[:, columns] = 0
        yield
    finally:
        for join, weight in zip(joins, saved, strict=True):
            join.weight.data.copy_(weight)
