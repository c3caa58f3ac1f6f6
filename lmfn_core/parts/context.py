"""Two other ways to see far at a quarter of the size, in MSHF's place: ASPP (dilation) and pyramid pooling (averages).

MSHF sees far because it goes down to 1/16. These stay at 1/4 and take their context there, between residual blocks
whose number brings the encoder to MSHF's size.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from lmfn_core.parts.layers import ResidualBlock, conv

RATES = (2, 4, 8)
"""ASPP's dilations: 8 positions at 1/4 are 2 at 1/16, as far as the residual block there reaches in MSHF."""
BINS = (1, 2, 3, 6)
"""Pyramid pooling's grids, as in its paper."""
SLOPE = 0.1
"""Negative slope of the leaky ReLUs, as in MSHF."""


class ASPP(nn.Module):
    """Atrous spatial pyramid pooling: a 1x1, three dilated 3x3 and the global average side by side, joined by 1x1.

    Args:
        channels: width of every branch and of the result.

    Shapes: "b c h w" to the same; 139,648 parameters at width 64.

    Source: Chen et al., "Rethinking atrous convolution for semantic image segmentation" (2017), without its batch norm.

    >>> ASPP(64)(torch.zeros(1, 64, 16, 24)).shape
    torch.Size([1, 64, 16, 24])
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.near = conv(channels, channels, kernel=1)
        self.far = nn.ModuleList(nn.Conv2d(channels, channels, 3, padding=rate, dilation=rate) for rate in RATES)
        self.everywhere = conv(channels, channels, kernel=1)
        self.join = conv((len(RATES) + 2) * channels, channels, kernel=1)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        branches = [self.near(x), *(far(x) for far in self.far)]
        branches.append(self.everywhere(x.mean((2, 3), keepdim=True)).expand_as(x))
        return F.leaky_relu(self.join(F.leaky_relu(torch.cat(branches, dim=1), SLOPE)), SLOPE)


class PyramidPooling(nn.Module):
    """Averages over grids of 1, 2, 3 and 6 cells a side, each to c/4 channels by 1x1, enlarged, joined with the input.

    Args:
        channels: width, a multiple of 4.

    Shapes: "b c h w" to the same; 77,952 parameters at width 64.

    Source: Zhao et al., "Pyramid scene parsing network" (CVPR 2017), without its batch norm.

    >>> PyramidPooling(64)(torch.zeros(1, 64, 16, 24)).shape
    torch.Size([1, 64, 16, 24])
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.levels = nn.ModuleList(conv(channels, channels // len(BINS), kernel=1) for _ in BINS)
        self.join = conv(2 * channels, channels)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        parts = [x]
        for cells, level in zip(BINS, self.levels, strict=True):
            pooled = F.leaky_relu(level(F.adaptive_avg_pool2d(x, cells)), SLOPE)
            parts.append(F.interpolate(pooled, size=x.shape[2:], mode="bilinear", align_corners=False))
        return F.leaky_relu(self.join(torch.cat(parts, dim=1)), SLOPE)


class ContextEncoder(nn.Module):
    """MSHF's stem and two of its strided convolutions, then residual blocks at 1/4 with a context module among them.

    Args:
        context: ``ASPP`` or ``PyramidPooling``, called with the width.
        before, after: residual blocks on either side of it. MSHF has 740,352 parameters; with 2 and 5 around ASPP
            there are 732,288, with 2 and 6 around pyramid pooling 744,448.
        channels: width of every feature map.

    Shapes: image "b 3 h w" with h and w multiples of 4, mean-subtracted, to "b c h//4 w//4".

    Source: none; the comparison is one that a review of the paper asks for.

    >>> ContextEncoder(ASPP, before=2, after=5)(torch.zeros(1, 3, 64, 96)).shape
    torch.Size([1, 64, 16, 24])
    """

    def __init__(self, context: Callable[[int], nn.Module], before: int, after: int, channels: int = 64) -> None:
        super().__init__()
        self.out_channels = channels
        self.stem = conv(3, channels)
        self.down = nn.ModuleList(conv(channels, channels, stride=2) for _ in range(2))
        self.before = nn.Sequential(*(ResidualBlock(channels) for _ in range(before)))
        self.context = context(channels)
        self.after = nn.Sequential(*(ResidualBlock(channels) for _ in range(after)))

    def forward(self, image: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b c h//4 w//4"]:
        x = F.leaky_relu(self.stem(image), SLOPE)
        for down in self.down:
            x = F.leaky_relu(down(x), SLOPE)
        return self.after(self.context(self.before(x)))
