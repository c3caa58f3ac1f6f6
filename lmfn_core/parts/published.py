"""The parts of the authors' published network that depart from the paper's equations (reports/decisions.md, a and b).

``lmfn-published`` is built from these, so that a reader can count and compare both; the paper's forms are in
``fusion``.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from lmfn_core.parts.layers import conv


class BlockAttention(nn.Module):
    """In ALFM's place: N x N attention between whole blocks, on (row maximum - energy), as in HAN; one parameter.

    The more two blocks' outputs are alike, the less one attends to the other: the opposite of Eq. 1.

    Args:
        blocks: number N of distillation blocks stacked in the input.

    Shapes: "b nc h w" to the same, nc a multiple of ``blocks``; energies are float32 under any autocast type.

    Raises:
        ValueError: when the channels cannot be divided into ``blocks`` equal parts.

    Source: published code; paper's [21].

    >>> BlockAttention(4)(torch.ones(1, 200, 4, 6)).shape
    torch.Size([1, 200, 4, 6])
    """

    def __init__(self, blocks: int) -> None:
        super().__init__()
        self.blocks = blocks
        self.theta = nn.Parameter(torch.zeros(()))

    def attention(self, f_g: Float[Tensor, "b nc h w"]) -> Float[Tensor, "b n n"]:
        """The N x N attention matrix; every row sums to 1.

        >>> BlockAttention(2).attention(torch.ones(1, 8, 4, 6))[0].tolist()
        [[0.5, 0.5], [0.5, 0.5]]
        """
        if f_g.shape[1] % self.blocks:
            raise ValueError(f"{f_g.shape[1]} channels cannot be divided into {self.blocks} blocks of equal width.")
        with torch.autocast(f_g.device.type, enabled=False):
            f = f_g.double() if f_g.dtype == torch.float64 else f_g.float()
            f = f.reshape(f.shape[0], self.blocks, -1)
            energy = f @ f.transpose(1, 2)
            return torch.softmax(energy.amax(dim=-1, keepdim=True) - energy, dim=-1)

    def forward(self, f_g: Float[Tensor, "b nc h w"]) -> Float[Tensor, "b nc h w"]:
        fused = self.attention(f_g).to(f_g.dtype) @ f_g.reshape(f_g.shape[0], self.blocks, -1)
        return self.theta * fused.view_as(f_g) + f_g


class VolumeAttention(nn.Module):
    """In ACFM's place: one full 3x3x3 convolution over the (C, H, W) volume, as in HAN; 29 parameters.

    Shapes: "b c h w" to the same.

    Source: published code; paper's [21], which Sec. 3.3.2 says it avoids.

    >>> VolumeAttention()(torch.ones(1, 50, 4, 6)).shape
    torch.Size([1, 50, 4, 6])
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv3d(1, 1, kernel_size=3, padding=1)
        self.alpha = nn.Parameter(torch.zeros(()))

    def forward(self, f: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        return f + self.alpha * torch.sigmoid(self.conv(f.unsqueeze(1))).squeeze(1) * f


def never_called(channels: int) -> nn.ModuleDict:
    """The two layers that the published network owns and its forward pass never calls: 23,903 parameters at width 50.

    Source: published code.

    >>> sum(p.numel() for p in never_called(50).parameters())
    23903
    """
    return nn.ModuleDict({"wide": conv(channels, channels), "to_rgb": conv(channels, 3)})
