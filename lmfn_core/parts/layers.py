"""The small parts that every block uses: convolution helpers, the residual block, the mean shift, padding.

Axes, everywhere in this package: ``b`` images, ``c`` channels, ``h`` rows, ``w`` columns.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

RGB_MEAN = (0.4488, 0.4371, 0.4040)
"""Mean colour that the network subtracts from its input, range [0, 1] (DIV2K's mean, as in the published code)."""


def conv(in_channels: int, out_channels: int, kernel: int = 3, stride: int = 1) -> nn.Conv2d:
    """A biased convolution that keeps the size (divided by ``stride``).

    >>> conv(3, 64, stride=2)(torch.zeros(1, 3, 32, 48)).shape
    torch.Size([1, 64, 16, 24])
    """
    return nn.Conv2d(in_channels, out_channels, kernel, stride, padding=kernel // 2)


class ResidualBlock(nn.Module):
    """``x + conv(relu(conv(x)))``: no batch norm, Kaiming initialisation scaled by 0.1 so that it starts near identity.

    Source: the "resblock [4]" of the paper's Sec. 3.2; scale and initialisation as in the published code.

    >>> ResidualBlock(64)(torch.zeros(1, 64, 8, 8)).shape
    torch.Size([1, 64, 8, 8])
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = conv(channels, channels)
        self.conv2 = conv(channels, channels)
        for layer in (self.conv1, self.conv2):
            nn.init.kaiming_normal_(layer.weight)
            nn.init.zeros_(layer.bias)
            with torch.no_grad():
                layer.weight.mul_(0.1)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        return x + self.conv2(F.relu(self.conv1(x)))


def enlarge(in_channels: int, out_channels: int | None = None) -> nn.Sequential:
    """Pixel-shuffle up-sampling: a 3x3 convolution to four times the channels, laid out as twice the height and width.

    Args:
        out_channels: channels of the result; None: as many as came in.

    Source: LFDN Sec. 3.2, its [41] (Shi et al., CVPR 2016).

    >>> enlarge(64, 3)(torch.zeros(1, 64, 8, 12)).shape
    torch.Size([1, 3, 16, 24])
    """
    return nn.Sequential(conv(in_channels, 4 * (out_channels or in_channels)), nn.PixelShuffle(2))


class FixedMeanShift(nn.Module):
    """Add ``sign`` times the RGB mean: no parameters. Input and output are sRGB in [0, 1] or that minus its mean.

    >>> FixedMeanShift(-1)(torch.ones(1, 3, 1, 1)).shape
    torch.Size([1, 3, 1, 1])
    """

    def __init__(self, sign: int) -> None:
        super().__init__()
        self.register_buffer("mean", sign * torch.tensor(RGB_MEAN).view(1, 3, 1, 1), persistent=False)

    def forward(self, x: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 3 h w"]:
        return x + self.mean


class TrainableMeanShift(nn.Conv2d):
    """The published code's mean shift: a 1x1 convolution that starts as the shift and is trained, 12 parameters.

    Source: published code. It sets ``requires_grad`` on the module, not on its parameters, so they do train.

    >>> sum(p.numel() for p in TrainableMeanShift(-1).parameters())
    12
    """

    def __init__(self, sign: int) -> None:
        super().__init__(3, 3, kernel_size=1)
        with torch.no_grad():
            self.weight.copy_(torch.eye(3).view(3, 3, 1, 1))
            self.bias.copy_(sign * torch.tensor(RGB_MEAN))


def pad_to(x: Float[Tensor, "b c h w"], multiple: int, least: int) -> Float[Tensor, "b c H W"]:
    """Pad right and bottom so that both sides are multiples of ``multiple`` and at least ``least`` pixels.

    Reflects the image where reflection can reach (padding smaller than the side), else repeats the edge.

    >>> pad_to(torch.zeros(1, 3, 100, 16), multiple=16, least=64).shape
    torch.Size([1, 3, 112, 64])
    """
    if _exporting():
        return pad_by_index(x, multiple, least)
    height, width = x.shape[-2:]
    down = max(least, -(-height // multiple) * multiple) - height
    right = max(least, -(-width // multiple) * multiple) - width
    if not (down or right):
        return x
    mode = "reflect" if down < height and right < width else "replicate"
    return F.pad(x, (0, right, 0, down), mode=mode)


def pad_by_index(x: Float[Tensor, "b c h w"], multiple: int, least: int) -> Float[Tensor, "b c H W"]:
    """``pad_to`` without a branch in Python, which an export would freeze as it fell for the example's size.

    Its gradient is slower; ``least`` counts as the next multiple of ``multiple``.

    >>> pad_by_index(torch.zeros(1, 3, 100, 16), multiple=16, least=64).shape
    torch.Size([1, 3, 112, 64])
    """
    sides = x.shape[-2:]
    # a multiple as it is written: what comes after divides it, and the exporter can see that this leaves no rest
    padded = [multiple * torch.sym_max(-(-least // multiple), (side + multiple - 1) // multiple) for side in sides]
    places = [torch.arange(side, device=x.device) for side in padded]
    too_far = torch.stack([(at > 2 * side - 2).any() for at, side in zip(places, sides, strict=True)]).any()
    for axis, at, side in zip((-2, -1), places, sides, strict=True):
        beyond = torch.where(too_far, side - 1, 2 * (side - 1) - at)  # repeat the edge, or reflect
        x = x.index_select(axis, torch.where(at < side, at, beyond))
    return x


def crop_to(x: Float[Tensor, "b c H W"], height: int, width: int) -> Float[Tensor, "b c h w"]:
    """The upper left corner, a view; in an export a copy, which needs no comparison of the two sizes.

    >>> crop_to(torch.zeros(1, 3, 112, 64), 100, 16).shape
    torch.Size([1, 3, 100, 16])
    """
    if not _exporting():
        return x[..., :height, :width]
    down, right = torch.arange(height, device=x.device), torch.arange(width, device=x.device)
    return x.index_select(-2, down).index_select(-1, right)


def _exporting() -> bool:
    return getattr(torch.compiler, "is_exporting", lambda: False)()  # PyTorch 2.6 lacks it, and cannot export ours


def use_channels_last(model: nn.Module) -> nn.Module:
    """Put the 2-D convolutions, and only those, into ``channels_last``: the whole-module call fails on 3-D weights.

    >>> use_channels_last(nn.Sequential(conv(3, 8)))[0].weight.is_contiguous(memory_format=torch.channels_last)
    True
    """
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            module.to(memory_format=torch.channels_last)
    return model
