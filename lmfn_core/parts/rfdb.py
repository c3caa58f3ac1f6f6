"""RFDB, the distillation block of the decoder, with its spatial attention ESA (paper Sec. 3.3.1; RFDN, [16])."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from lmfn_core.parts.layers import conv

SLOPE = 0.05
"""Negative slope of the leaky ReLUs inside RFDB."""


class ESA(nn.Module):
    """Enhanced spatial attention: a mask in (0, 1) computed on a coarse grid and multiplied onto the input.

    A strided convolution and a 7x7 pooling with stride 3 look far around each position at little cost.

    Args:
        channels: channels of the input.
        reduced: channels inside the attention; RFDN uses ``channels // 4``, 12 for 50.

    Shapes: "b c h w" to the same, h and w at least 15 (the pooling needs a 7 x 7 grid after the strided convolution).

    Raises:
        RuntimeError: by torch, when h or w is below 15.

    Source: RFDN (the paper's [16]), as in the published code.

    >>> ESA(50, 12)(torch.zeros(1, 50, 16, 24)).shape
    torch.Size([1, 50, 16, 24])
    """

    def __init__(self, channels: int, reduced: int) -> None:
        super().__init__()
        self.squeeze = conv(channels, reduced, kernel=1)
        self.shortcut = conv(reduced, reduced, kernel=1)
        self.stride = nn.Conv2d(reduced, reduced, kernel_size=3, stride=2)
        self.coarse = nn.ModuleList(conv(reduced, reduced) for _ in range(3))
        self.expand = conv(reduced, channels, kernel=1)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        squeezed = self.squeeze(x)
        return x * torch.sigmoid(self.expand(self.spread(squeezed) + self.shortcut(squeezed)))

    def spread(self, squeezed: Float[Tensor, "b r h w"]) -> Float[Tensor, "b r h w"]:
        """The squeezed map seen on the coarse grid and enlarged to its size again.

        The grid is laid over the whole map, from its corner: a part of the map gives other numbers.

        >>> ESA(50, 12).spread(torch.zeros(1, 12, 16, 24)).shape
        torch.Size([1, 12, 16, 24])
        """
        coarse = F.max_pool2d(self.stride(squeezed), kernel_size=7, stride=3)
        coarse = F.relu(self.coarse[0](coarse))
        coarse = F.relu(self.coarse[1](coarse))
        coarse = self.coarse[2](coarse)
        return F.interpolate(coarse, size=squeezed.shape[-2:], mode="bilinear", align_corners=False)


class RFDB(nn.Module):
    """Residual feature distillation block: keep half of the channels three times, refine the rest; 94,450 parameters.

    Each step keeps ``c/2`` channels by a 1x1 convolution and refines the whole input by a 3x3 convolution with an
    identity path; the last refinement gives ``c/2`` channels more. The four kept parts are joined by a 1x1
    convolution and weighted by ``ESA``.

    Args:
        channels: width, 50 in the paper's network; must be even and at least 4.

    Shapes: "b c h w" to the same, h and w at least 15 (see ``ESA``).

    Raises:
        ValueError: when ``channels`` is odd or below 4.

    Source: RFDN (the paper's [16]); activation and ESA's width from the published code.

    >>> RFDB(50)(torch.zeros(1, 50, 16, 16)).shape
    torch.Size([1, 50, 16, 16])
    """

    def __init__(self, channels: int = 50) -> None:
        super().__init__()
        if channels < 4 or channels % 2:
            raise ValueError(f"RFDB keeps half of its channels: channels must be even and at least 4, got {channels}.")
        kept = channels // 2
        self.keep = nn.ModuleList(conv(channels, kept, kernel=1) for _ in range(3))
        self.refine = nn.ModuleList(conv(channels, channels) for _ in range(3))
        self.last = conv(channels, kept)
        self.join = conv(4 * kept, channels, kernel=1)
        self.attention = ESA(channels, channels // 4)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        parts = []
        for keep, refine in zip(self.keep, self.refine, strict=True):
            parts.append(F.leaky_relu(keep(x), SLOPE))
            x = F.leaky_relu(refine(x) + x, SLOPE)
        parts.append(F.leaky_relu(self.last(x), SLOPE))
        return self.attention(self.join(torch.cat(parts, dim=1)))
