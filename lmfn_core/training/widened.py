"""Channels in multiples of 8 while a card trains: the kernels for its matrix units take them so.

With 50, 25 and 12 channels cuDNN pads and copies what goes into every convolution, or takes a slower kernel. Here zeros
stand in the added channels, and in the weights that meet them: nothing comes into these channels or out of them, and no
gradient, so the numbers are the same and the parameters stay as they are.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from lmfn_core.parts.rfdb import RFDB

MULTIPLE = 8
"""Channels: sixteen bytes of bfloat16."""


@contextmanager
def widened(model: nn.Module) -> Iterator[None]:
    """Inside the ``with``, the model computes on widened maps; parameters, their names and results are the same.

    Meant for compiling: the padding is then part of kernels that run anyway.

    >>> import torch
    >>> model = nn.Sequential(RFDB(50))
    >>> with widened(model):
    ...     model(torch.zeros(1, 50, 16, 16)).shape, type(model[0].join).__name__
    (torch.Size([1, 50, 16, 16]), 'JoinConv2d')
    """
    kinds = {module: type(module) for module in model.modules()}
    try:
        for module, kind in kinds.items():
            if kind is nn.Conv2d and module.groups == 1 and any(map(_lacking, module.weight.shape[:2])):
                module.__class__ = WideConv2d
        for module in [module for module, kind in kinds.items() if kind is RFDB]:
            for inner in module.modules():
                inner.__class__ = InnerConv2d if isinstance(inner, nn.Conv2d) else type(inner)
            module.join.__class__, module.__class__ = JoinConv2d, WideRFDB
        yield
    finally:
        for module, kind in kinds.items():
            module.__class__ = kind


class WideConv2d(nn.Conv2d):
    """A convolution that widens what it is given and gives back as many channels as it says.

    >>> import torch
    >>> layer = WideConv2d(3, 5, 1)
    >>> torch.equal(layer(torch.ones(1, 3, 4, 4)), nn.Conv2d.forward(layer, torch.ones(1, 3, 4, 4)))
    True
    """

    parts = 1  # equal parts of the input, each of them widened

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d H W"]:
        return self.widely(_widen(x))[:, : self.out_channels]

    def widely(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d H W"]:
        """From a map that is wide already to one that stays wide."""
        weight = _widen(self.weight.unflatten(1, (self.parts, -1)), axis=2).flatten(1, 2)
        more = _lacking(self.out_channels)
        return self._conv_forward(x, F.pad(weight, (0, 0) * 3 + (0, more)), F.pad(self.bias, (0, more)))


class InnerConv2d(WideConv2d):
    """A convolution between two widened maps.

    >>> import torch
    >>> InnerConv2d(3, 5, 1)(torch.zeros(1, 8, 4, 4)).shape
    torch.Size([1, 8, 4, 4])
    """

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d H W"]:
        return self.widely(x)


class JoinConv2d(InnerConv2d):
    """The one that joins the four kept parts of an RFDB, each of them wide.

    >>> import torch
    >>> JoinConv2d(100, 50, 1)(torch.zeros(1, 4 * 32, 4, 4)).shape
    torch.Size([1, 56, 4, 4])
    """

    parts = 4


class WideRFDB(RFDB):
    """An RFDB that is widened once, where it begins; every map inside is wide.

    >>> WideRFDB.__mro__[1].__name__
    'RFDB'
    """

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        return super().forward(_widen(x))[:, : x.shape[1]]


def _lacking(channels: int) -> int:
    return -channels % MULTIPLE


def _widen(x: Float[Tensor, "*shape"], axis: int = 1) -> Float[Tensor, "*wide"]:
    lacking = _lacking(x.shape[axis])
    return F.pad(x, (0, 0) * (x.ndim - 1 - axis) + (0, lacking)) if lacking else x
