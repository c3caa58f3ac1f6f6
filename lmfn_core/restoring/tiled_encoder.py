"""The encoders over strips: an image of any size to the features at the bridge, a quarter of its size.

No map at full or half size is ever whole; those at a quarter and below are.
"""

from functools import partial

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from lmfn_core.parts.layers import ResidualBlock
from lmfn_core.parts.mshf import MSHF, SLOPE, PlainEncoder
from lmfn_core.restoring.strips import Padded, Strips

LIVE = 2
"""Maps that a residual block holds beside its input."""


def tiled_encoder(
    encoder: MSHF | PlainEncoder, bridge: nn.Conv2d, mean_shift: nn.Module, image: Padded, strips: Strips
) -> Float[Tensor, "b c rows columns"]:
    """``bridge(encoder(mean_shift(image)))``.

    Args:
        encoder: takes the image to a quarter. bridge: the 3x3 convolution after it. mean_shift: the layer before it.
    """
    quarters, channels = image.shape[2] // 4, encoder.out_channels
    halve = partial(_quarter, encoder, encoder.down[:2], mean_shift)
    # at full, half and quarter size the width is c; the strip needs 10 rows of pixels more where each halving has two
    # convolutions: 1 for the stem, 1 + 2 for the first and 2 + 4 for the second halving
    features = strips.collect(halve, [image], quarters, live=channels * (16 + 4 + 1), halo=3)
    refine = _refined if isinstance(encoder, MSHF) else _refined_plainly
    features = refine(encoder, features, quarters, strips)
    return strips.collect(bridge, [features], quarters, live=2 * channels, halo=1)


def tiled_residual(block: ResidualBlock, x: Float[Tensor, "b c h w"], strips: Strips) -> Float[Tensor, "b c h w"]:
    """A residual block, strip by strip.

    >>> x = torch.rand(1, 8, 16, 16).contiguous(memory_format=torch.channels_last)
    >>> with torch.no_grad():
    ...     tiled_residual(ResidualBlock(8), x, Strips((1, 3, 64, 64), tile=16)).shape
    torch.Size([1, 8, 16, 16])
    """
    return strips.collect(partial(residual, block), [x], x.shape[2], live=(LIVE + 1) * x.shape[1], halo=2)


def residual(block: ResidualBlock, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
    """``block(x)`` without gradients: sums and activations write over what they were made of.

    >>> with torch.no_grad():
    ...     residual(ResidualBlock(8), torch.zeros(1, 8, 4, 4)).shape
    torch.Size([1, 8, 4, 4])
    """
    return block.conv2(F.relu_(block.conv1(x))).add_(x)


def _quarter(encoder: MSHF | PlainEncoder, down: nn.ModuleList, mean_shift: nn.Module, pixels: Tensor) -> Tensor:
    shifted = mean_shift(pixels).to(encoder.stem.weight.dtype, memory_format=torch.channels_last)
    x = F.leaky_relu_(encoder.stem(shifted), SLOPE)
    for halve in down:
        x = F.leaky_relu_(halve(x), SLOPE)
    return x


def _refined(encoder: MSHF, f2: Tensor, quarters: int, strips: Strips) -> Tensor:
    f3 = F.leaky_relu_(encoder.down[2](f2), SLOPE)
    f4 = F.leaky_relu_(encoder.down[3](f3), SLOPE)
    sixteenth = residual(encoder.refine4, f4)
    eighth = residual(encoder.refine3[1], residual(encoder.refine3[0], f3).add_(encoder.up4(sixteenth)))
    x = f2
    for block in encoder.refine2[: encoder.before_sum]:
        x = tiled_residual(block, x, strips)
    del f2, f3, f4
    for rows, enlarged in strips.over(encoder.up3, [eighth], quarters // 2, live=8 * eighth.shape[1], halo=1):
        x[:, :, rows].add_(enlarged)
    for block in encoder.refine2[encoder.before_sum :]:
        x = tiled_residual(block, x, strips)
    return x


def _refined_plainly(encoder: PlainEncoder, x: Tensor, quarters: int, strips: Strips) -> Tensor:
    for block in encoder.refine:
        x = tiled_residual(block, x, strips)
    return x
