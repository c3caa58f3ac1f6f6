"""MSHF, the encoder: four small scales, refined by residual blocks, fused from the smallest up (paper Sec. 3.2).

LMFN and LFDN share it; they differ in how it halves, how it doubles, and in the residual blocks at a quarter.
Symbols: ``f_0`` the stem's features at full size, ``f_i`` those after i downblocks (1 / 2**i), ``f_M_out`` the result.
"""

from collections.abc import Callable

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from lmfn_core.parts.layers import ResidualBlock, conv

SLOPE = 0.1
"""Negative slope of the leaky ReLUs of both encoders."""


def strided(channels: int) -> nn.Conv2d:
    """LMFN's halving: one strided 3x3 convolution.

    >>> import torch
    >>> strided(64)(torch.zeros(1, 64, 8, 12)).shape
    torch.Size([1, 64, 4, 6])
    """
    return conv(channels, channels, stride=2)


def downblock(channels: int) -> nn.Sequential:
    """LFDN's halving: a strided 3x3 convolution and a second one that "resamples" its result.

    Source: LFDN Sec. 3.2; the leaky ReLU between them is LMFN's.

    >>> import torch
    >>> downblock(64)(torch.zeros(1, 64, 8, 12)).shape
    torch.Size([1, 64, 4, 6])
    """
    return nn.Sequential(strided(channels), nn.LeakyReLU(SLOPE), conv(channels, channels))


def bilinear(channels: int) -> Callable[[Tensor], Tensor]:
    """LMFN's doubling, without parameters and so no module: the same function for any number of channels.

    >>> import torch
    >>> bilinear(64)(torch.zeros(1, 64, 4, 6)).shape
    torch.Size([1, 64, 8, 12])
    """
    return _twice


def _twice(x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c H W"]:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


class MSHF(nn.Module):
    """Multi-scale hierarchical fusion: image to ``f_M_out`` at a quarter of its size; 740,352 parameters in LMFN.

    The 1/16 branch is refined once, enlarged and added to the refined 1/8 branch; that sum is refined, enlarged
    and added to the refined 1/4 branch; more residual blocks give ``f_M_out``.

    Args:
        channels: width of every feature map, 64 in both papers.
        down: what halves a map of that width, called four times: ``strided`` (LMFN) or ``downblock`` (LFDN).
        up: what doubles one, called twice: ``bilinear`` (LMFN) or ``layers.enlarge`` (LFDN).
        quarter: residual blocks on the 1/4 branch before and after the addition: 2 and 3 in LMFN, 1 and 1 in LFDN.

    Shapes: image "b 3 h w" with h and w multiples of 16, mean-subtracted, to "b c h//4 w//4".

    Raises:
        RuntimeError: by torch, when h or w is no multiple of 16 (``LMFN`` pads its input so that it is).

    Source: paper Fig. 1 and Sec. 3.2; how many residual blocks stand where: published code (EDVR's pre-deblur module).
    LFDN Sec. 3.2 and Fig. 3, which draws its five residual blocks.

    >>> import torch
    >>> MSHF()(torch.zeros(1, 3, 64, 96)).shape
    torch.Size([1, 64, 16, 24])
    """

    def __init__(
        self,
        channels: int = 64,
        down: Callable[[int], nn.Module] = strided,
        up: Callable[[int], Callable[[Tensor], Tensor]] = bilinear,
        quarter: tuple[int, int] = (2, 3),
    ) -> None:
        super().__init__()
        self.out_channels = channels
        self.before_sum = quarter[0]
        self.stem = conv(3, channels)
        self.down = nn.ModuleList(down(channels) for _ in range(4))
        self.refine4 = ResidualBlock(channels)
        self.refine3 = nn.ModuleList(ResidualBlock(channels) for _ in range(2))
        self.refine2 = nn.ModuleList(ResidualBlock(channels) for _ in range(sum(quarter)))
        self.up4, self.up3 = up(channels), up(channels)

    def pyramid(self, image: Float[Tensor, "b 3 h w"]) -> list[Float[Tensor, "b c _ _"]]:
        """The features ``[f_0, f_1, f_2, f_3, f_4]``, each half the size of the one before.

        >>> import torch
        >>> [tuple(f.shape[2:]) for f in MSHF().pyramid(torch.zeros(1, 3, 32, 64))]
        [(32, 64), (16, 32), (8, 16), (4, 8), (2, 4)]
        """
        features = [F.leaky_relu(self.stem(image), SLOPE)]
        for down in self.down:
            features.append(F.leaky_relu(down(features[-1]), SLOPE))
        return features

    def forward(self, image: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b c h//4 w//4"]:
        _, _, f2, f3, f4 = self.pyramid(image)
        eighth = self.refine3[1](self.refine3[0](f3) + self.up4(self.refine4(f4)))
        quarter = f2
        for block in self.refine2[: self.before_sum]:
            quarter = block(quarter)
        quarter = quarter + self.up3(eighth)
        for block in self.refine2[self.before_sum :]:
            quarter = block(quarter)
        return quarter


class PlainEncoder(nn.Module):
    """What stands in MSHF's place in Table 3, row 1: "The stride of convolution is set as 2 and two residual models".

    A stem, two stride-2 convolutions and two residual blocks, all at one width; 223,360 parameters. LFDN's Table 6 has
    the same row in the same words.

    >>> import torch
    >>> PlainEncoder()(torch.zeros(1, 3, 64, 96)).shape
    torch.Size([1, 64, 16, 24])
    """

    def __init__(self, channels: int = 64) -> None:
        super().__init__()
        self.out_channels = channels
        self.stem = conv(3, channels)
        self.down = nn.ModuleList(conv(channels, channels, stride=2) for _ in range(2))
        self.refine = nn.Sequential(ResidualBlock(channels), ResidualBlock(channels))

    def forward(self, image: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b c h//4 w//4"]:
        x = F.leaky_relu(self.stem(image), SLOPE)
        for down in self.down:
            x = F.leaky_relu(down(x), SLOPE)
        return self.refine(x)
