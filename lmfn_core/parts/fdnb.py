"""FDNB, LFDN's distillation block, with its channel attention CCA (LFDN Sec. 3.3.1, Fig. 4, Eq. 1-8).

What changed from RFDB: the kept parts are normalised, CCA stands in ESA's place, and the block's input is added at the
end. Each stands beside a specification of itself in plain loops in ``fdnb_loops``.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from lmfn_core.parts.layers import conv

FLOOR = 1e-5
"""Added to every variance: the root of 0 has no gradient, and a flat channel must not be divided by 0."""


class CCA(nn.Module):
    """Contrast-aware channel attention: mean plus standard deviation of a channel decide its weight in (0, 1).

    Args:
        channels: width, at least ``reduction``.
        reduction: how many times fewer channels there are between the two 1x1 convolutions.

    Shapes: "b c h w" to the same; 353 parameters at width 50.

    Raises:
        ValueError: when ``channels`` is below ``reduction``.

    Source: LFDN Fig. 4; the reduction and the ReLU from IMDN, its [37].

    >>> CCA(50)(torch.ones(1, 50, 4, 6)).shape
    torch.Size([1, 50, 4, 6])
    """

    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        if channels < reduction:
            raise ValueError(f"CCA divides its channels by {reduction}: it needs as many, got {channels}.")
        self.squeeze = conv(channels, channels // reduction, kernel=1)
        self.expand = conv(channels // reduction, channels, kernel=1)

    def forward(self, f: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        precise = f if f.dtype == torch.float64 else f.float()  # float16 holds no variance above 65,504
        variance, mean = torch.var_mean(precise, dim=(2, 3), correction=0, keepdim=True)
        contrast = (mean + torch.sqrt(variance + FLOOR)).to(f.dtype)
        return f * torch.sigmoid(self.expand(F.relu(self.squeeze(contrast))))


class FDNB(nn.Module):
    """Feature distillation normalization block: RFDB's shape, normalised; 88,303 parameters.

    Three times ``c/2`` channels are kept by a 1x1 convolution and normalised while a 3x3 convolution with an identity
    path refines the whole; the last refinement gives ``c/2`` channels more. The four parts are joined by a 1x1
    convolution, weighted by ``CCA`` and added to the input. The normalisation is instance norm with a learnt scale and
    shift: each channel of each image by its own mean and variance, in training and after.

    Args:
        channels: width, 50 in the paper's network; must be even and at least 16.

    Shapes: "b c h w" to the same, with at least two positions.

    Raises:
        ValueError: when ``channels`` is odd or below 16; by torch, when the map is 1 x 1.

    Source: LFDN Fig. 4, Eq. 1-8.

    >>> FDNB(50)(torch.zeros(1, 50, 4, 6)).shape
    torch.Size([1, 50, 4, 6])
    """

    def __init__(self, channels: int = 50) -> None:
        super().__init__()
        if channels % 2:
            raise ValueError(f"FDNB keeps half of its channels: channels must be even, got {channels}.")
        kept = channels // 2
        self.keep = nn.ModuleList(conv(channels, kept, kernel=1) for _ in range(3))
        self.normalise = nn.ModuleList(nn.InstanceNorm2d(kept, eps=FLOOR, affine=True) for _ in range(3))
        self.refine = nn.ModuleList(conv(channels, channels) for _ in range(3))
        self.last = conv(channels, kept)
        self.join = conv(4 * kept, channels, kernel=1)
        self.attention = CCA(channels)

    def forward(self, f_in: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        x, parts = f_in, []
        for keep, normalise, refine in zip(self.keep, self.normalise, self.refine, strict=True):
            parts.append(normalise(keep(x)))
            x = F.relu(refine(x) + x)
        parts.append(self.last(x))
        return f_in + self.attention(self.join(torch.cat(parts, dim=1)))


class PlainBlock(nn.Module):
    """What stands in FDNB's place in LFDN's Table 6, "replaced by CNN": its four 3x3 convolutions and nothing else.

    All four at full width, a ReLU after each, no identity path; initialised so that a signal keeps its strength.

    Shapes: "b c h w" to the same; 90,200 parameters at width 50.

    Source: LFDN Sec. 4.4, which says no more than "CNNs".

    >>> PlainBlock(50)(torch.zeros(1, 50, 4, 6)).shape
    torch.Size([1, 50, 4, 6])
    """

    def __init__(self, channels: int = 50) -> None:
        super().__init__()
        self.layers = nn.ModuleList(conv(channels, channels) for _ in range(4))
        for layer in self.layers:
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)

    def forward(self, f: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        for layer in self.layers:
            f = F.relu(layer(f))
        return f
