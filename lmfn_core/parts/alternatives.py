"""Two plain attentions that can stand in ALFM's and ACFM's places: a weight per channel, or a weight per position.

Both are one multiplication by a mask in (0, 1); neither compares channels with each other, as ALFM does.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from lmfn_core.parts.layers import conv


class GlobalPooling(nn.Module):
    """Squeeze and excitation: global average of each channel, two 1x1 convolutions, one weight in (0, 1) per channel.

    Args:
        channels: width, at least ``reduction``.
        reduction: how many times fewer channels there are between the two convolutions.

    Shapes: "b c h w" to the same; 5,012 parameters at width 200, 353 at width 50.

    Raises:
        ValueError: when ``channels`` is below ``reduction``.

    Source: Hu et al., "Squeeze-and-excitation networks" (CVPR 2018).

    >>> GlobalPooling(50)(torch.ones(1, 50, 4, 6)).shape
    torch.Size([1, 50, 4, 6])
    """

    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        if channels < reduction:
            raise ValueError(f"GlobalPooling divides its channels by {reduction}: it needs as many, got {channels}.")
        self.squeeze = conv(channels, channels // reduction, kernel=1)
        self.expand = conv(channels // reduction, channels, kernel=1)

    def forward(self, f: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        return f * torch.sigmoid(self.expand(torch.relu(self.squeeze(f.mean((2, 3), keepdim=True)))))


class SpatialAttention(nn.Module):
    """Mean and maximum over the channels, one 7x7 convolution, one weight in (0, 1) per position; 99 parameters.

    Args:
        channels: accepted so that it can stand in another attention's place; its size does not depend on it.

    Shapes: "b c h w" to the same.

    Source: Woo et al., "CBAM: convolutional block attention module" (ECCV 2018), a bias in place of its batch norm.

    >>> SpatialAttention(50)(torch.ones(1, 50, 4, 6)).shape
    torch.Size([1, 50, 4, 6])
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mask = conv(2, 1, kernel=7)

    def forward(self, f: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        summary = torch.cat([f.mean(dim=1, keepdim=True), f.amax(dim=1, keepdim=True)], dim=1)
        return f * torch.sigmoid(self.mask(summary))
