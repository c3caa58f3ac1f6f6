"""NAFNet, a plain modern network to compare with: a U-shape of blocks without any activation function (ECCV 2022).

Built at width 8 it has about LMFN's number of parameters and takes about its time on a CPU.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from lmfn_core.models.lmfn import SMALLEST, check_image
from lmfn_core.models.pretrained import Pretrained
from lmfn_core.parts.layers import conv, crop_to, pad_to


class LayerNorm2d(nn.Module):
    """Normalise each position over its channels, then scale and shift each channel.

    Shapes: "b c h w" to the same.

    Source: Chen et al. 2022, Sec. 3.2.

    >>> LayerNorm2d(8)(torch.rand(1, 8, 4, 6)).mean().abs().item() < 1e-5
    True
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        last = F.layer_norm(x.permute(0, 2, 3, 1), self.weight.shape, self.weight, self.bias, eps=1e-6)
        return last.permute(0, 3, 1, 2)


def simple_gate(x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c//2 h w"]:
    """The product of both halves of the channels: what this network has in place of an activation.

    >>> simple_gate(torch.tensor([2.0, 3.0]).view(1, 2, 1, 1)).item()
    6.0
    """
    first, second = x.chunk(2, dim=1)
    return first * second


class NAFBlock(nn.Module):
    """Two residual halves: depthwise 3x3 with gate and channel attention, then a pointwise one with a gate.

    The channel attention is *simplified*: the global average through one 1x1 convolution, without a sigmoid. ``beta``
    and ``gamma`` weigh the halves and start at 0, so that the block starts as the identity.

    Shapes: "b c h w" to the same.

    Source: Chen et al., "Simple baselines for image restoration" (ECCV 2022), Fig. 3c, Eq. 4-6.

    >>> NAFBlock(8)(torch.ones(1, 8, 4, 6)).shape
    torch.Size([1, 8, 4, 6])
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = LayerNorm2d(channels), LayerNorm2d(channels)
        self.widen1, self.widen2 = (conv(channels, 2 * channels, kernel=1) for _ in range(2))
        self.depthwise = nn.Conv2d(2 * channels, 2 * channels, 3, padding=1, groups=2 * channels)
        self.attend = conv(channels, channels, kernel=1)
        self.project1, self.project2 = (conv(channels, channels, kernel=1) for _ in range(2))
        self.beta, self.gamma = (nn.Parameter(torch.zeros(1, channels, 1, 1)) for _ in range(2))

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        gated = simple_gate(self.depthwise(self.widen1(self.norm1(x))))
        gated = gated * self.attend(gated.mean((2, 3), keepdim=True))
        x = x + self.beta * self.project1(gated)
        return x + self.gamma * self.project2(simple_gate(self.widen2(self.norm2(x))))


class NAFNet(Pretrained, nn.Module):
    """Blurred photograph in, sharp photograph out: a U-shape that halves four times; 1,121,883 parameters as it stands.

    Args:
        width: channels at full size; they double where the size halves.
        down: blocks at full size and after each halving but the last. middle: at the smallest size. up: on the way up.

    Shapes: "b 3 h w" in [0, 1] (sRGB), h and w from 16 up, to the same shape. Padded inside to multiples of 16, cropped
    back; not clamped. The input is added to the output; the last convolution starts at zero, unlike in the paper, so
    that a comparison starts both networks from the identity.

    Raises:
        ValueError: when the image is not a float "b 3 h w" or a side is below 16.

    Source: Chen et al. 2022, Sec. 3 and the GoPro configuration of its Sec. 5, at width 8 instead of 32 or 64.

    >>> NAFNet()(torch.zeros(1, 3, 50, 81)).shape
    torch.Size([1, 3, 50, 81])
    """

    def __init__(
        self, width: int = 8, down: Sequence[int] = (1, 1, 1, 28), middle: int = 1, up: Sequence[int] = (1, 1, 1, 1)
    ) -> None:
        super().__init__()
        widths = [width * 2**level for level in range(len(down) + 1)]
        self.first, self.last = conv(3, width), conv(width, 3)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)
        self.down = nn.ModuleList(_stage(c, blocks) for c, blocks in zip(widths, down, strict=False))
        self.reduce = nn.ModuleList(nn.Conv2d(c, 2 * c, kernel_size=2, stride=2) for c in widths[:-1])
        self.middle = _stage(widths[-1], middle)
        self.enlarge = nn.ModuleList(nn.Conv2d(c, 2 * c, kernel_size=1, bias=False) for c in reversed(widths[1:]))
        self.up = nn.ModuleList(_stage(c, blocks) for c, blocks in zip(reversed(widths[:-1]), up, strict=True))

    def forward(self, image: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 3 h w"]:
        check_image(image)
        height, width = image.shape[-2:]
        padded = pad_to(image, 2 ** len(self.down), SMALLEST)
        x, kept = self.first(padded), []
        for stage, reduce in zip(self.down, self.reduce, strict=True):
            kept.append(stage(x))
            x = reduce(kept[-1])
        x = self.middle(x)
        for enlarge, stage, skip in zip(self.enlarge, self.up, reversed(kept), strict=True):
            x = stage(F.pixel_shuffle(enlarge(x), 2) + skip)
        return crop_to(self.last(x) + padded, height, width)


def _stage(channels: int, blocks: int) -> nn.Sequential:
    return nn.Sequential(*(NAFBlock(channels) for _ in range(blocks)))
