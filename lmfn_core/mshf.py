"""MSHF, the encoder: four small scales, refined by residual blocks, fused from the smallest up (paper Sec. 3.2).

Symbols: ``f_0`` the stem's features at full size, ``f_i`` those after i downblocks (1 / 2**i), ``f_M_out`` the result.
"""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from lmfn_core.layers import ResidualBlock, conv


def _up(x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c H W"]:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


class MSHF(nn.Module):
    """Multi-scale hierarchical fusion: image to ``f_M_out`` at a quarter of its size; 740,352 parameters.

    The 1/16 branch is refined once, enlarged and added to the refined 1/8 branch; that sum is refined, enlarged
    and added to the twice refined 1/4 branch; three more residual blocks give ``f_M_out``.

    Args:
        channels: width of every feature map, 64 in the paper.

    Shapes: image "b 3 h w" with h and w multiples of 16, mean-subtracted, to "b c h//4 w//4".

    Raises:
        RuntimeError: by torch, when h or w is no multiple of 16 (``LMFN`` pads its input so that it is).

    Source: paper Fig. 1 and Sec. 3.2; how many residual blocks stand where: published code (EDVR's pre-deblur module).

    >>> import torch
    >>> MSHF()(torch.zeros(1, 3, 64, 96)).shape
    torch.Size([1, 64, 16, 24])
    """

    def __init__(self, channels: int = 64) -> None:
        super().__init__()
        self.out_channels = channels
        self.stem = conv(3, channels)
        self.down = nn.ModuleList(conv(channels, channels, stride=2) for _ in range(4))
        self.refine4 = ResidualBlock(channels)
        self.refine3 = nn.ModuleList(ResidualBlock(channels) for _ in range(2))
        self.refine2 = nn.ModuleList(ResidualBlock(channels) for _ in range(5))

    def pyramid(self, image: Float[Tensor, "b 3 h w"]) -> list[Float[Tensor, "b c _ _"]]:
        """The features ``[f_0, f_1, f_2, f_3, f_4]``, each half the size of the one before.

        >>> import torch
        >>> [tuple(f.shape[2:]) for f in MSHF().pyramid(torch.zeros(1, 3, 32, 64))]
        [(32, 64), (16, 32), (8, 16), (4, 8), (2, 4)]
        """
        features = [F.leaky_relu(self.stem(image), 0.1)]
        for down in self.down:
            features.append(F.leaky_relu(down(features[-1]), 0.1))
        return features

    def forward(self, image: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b c h//4 w//4"]:
        _, _, f2, f3, f4 = self.pyramid(image)
        eighth = self.refine3[1](self.refine3[0](f3) + _up(self.refine4(f4)))
        quarter = self.refine2[1](self.refine2[0](f2)) + _up(eighth)
        for block in self.refine2[2:]:
            quarter = block(quarter)
        return quarter


class PlainEncoder(nn.Module):
    """What stands in MSHF's place in Table 3, row 1: "The stride of convolution is set as 2 and two residual models".

    A stem, two stride-2 convolutions and two residual blocks, all at one width; 223,360 parameters.

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
        x = F.leaky_relu(self.stem(image), 0.1)
        for down in self.down:
            x = F.leaky_relu(down(x), 0.1)
        return self.refine(x)
