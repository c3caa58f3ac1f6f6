"""LMFN: encoder, distillation blocks, attention fusion, reconstruction, each passed in by ``variants``.

Symbols: C = 50 the decoder's width, N = 4 the number of distillation blocks (paper Fig. 1).
"""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from lmfn_core.models.pretrained import Pretrained
from lmfn_core.parts.layers import FixedMeanShift, conv, crop_to, pad_to
from lmfn_core.parts.rfdb import SLOPE

STRIDE = 16
"""The encoder halves the image four times."""
LEAST = 64
"""ESA needs 15 x 15 positions at a quarter of the size; the next multiple of the stride is 64 pixels."""
SMALLEST = 16
"""Smallest image side accepted."""


class AttentionFusion(nn.Module):
    """Fuse the N block outputs with both attentions: ALFM over all of them, ACFM over the last, joined by 3x3.

    Args:
        channels: C. blocks: N.
        layer_attention: on the N maps stacked to N*C channels (ALFM). channel_attention: on the last map (ACFM).

    Shapes: N maps "b c h w" to one "b c h w".

    Source: paper Fig. 1, Sec. 3.3.2; the 1x1 after ALFM and the 3x3 join from the published code.

    >>> fusion = AttentionFusion(50, 4, nn.Identity(), nn.Identity())
    >>> fusion([torch.zeros(1, 50, 4, 6)] * 4).shape
    torch.Size([1, 50, 4, 6])
    """

    def __init__(self, channels: int, blocks: int, layer_attention: nn.Module, channel_attention: nn.Module) -> None:
        super().__init__()
        self.layer_attention = layer_attention
        self.channel_attention = channel_attention
        self.fuse = conv(blocks * channels, channels, kernel=1)
        self.join = conv(2 * channels, channels)

    def forward(self, outputs: Sequence[Float[Tensor, "b c h w"]]) -> Float[Tensor, "b c h w"]:
        layers = F.leaky_relu(self.fuse(self.layer_attention(torch.cat(list(outputs), dim=1))), SLOPE)
        return self.join(torch.cat([layers, self.channel_attention(outputs[-1])], dim=1))


class ConcatFusion(nn.Module):
    """Table 3, row 3: "a standard concatenation" of the block outputs and one 1x1 convolution, no attention, no join.

    Shapes: N maps "b c h w" to one "b c h w".

    Source: paper Sec. 4.3; dropping the join is the reading whose size is the published 1.20 M.

    >>> ConcatFusion(50, 4)([torch.zeros(1, 50, 4, 6)] * 4).shape
    torch.Size([1, 50, 4, 6])
    """

    def __init__(self, channels: int, blocks: int) -> None:
        super().__init__()
        self.fuse = conv(blocks * channels, channels, kernel=1)

    def forward(self, outputs: Sequence[Float[Tensor, "b c h w"]]) -> Float[Tensor, "b c h w"]:
        return F.leaky_relu(self.fuse(torch.cat(list(outputs), dim=1)), SLOPE)


class LMFN(Pretrained, nn.Module):
    """Blurred photograph in, sharp photograph out: 1,223,766 parameters with the paper's parts.

    Args:
        encoder: image to features at a quarter of the size, with an attribute ``out_channels`` (MSHF).
        blocks: the N distillation blocks, each keeps the shape (RFDB).
        fusion: the N outputs to one map (AttentionFusion).
        channels: C, the decoder's width.
        mean_shift: called with -1 and +1, subtracts and adds the RGB mean.
        image_skip: add the input to the output and start the last convolution at zero, so that training starts from
            the identity. No parameters; not in the paper.

    Shapes: "b 3 h w" in [0, 1] (sRGB), h and w from 16 up, to the same shape. Padded inside, cropped back.
    The output is not clamped.

    Raises:
        ValueError: when the image is not a float "b 3 h w" or a side is below 16.

    Source: paper Fig. 1, Sec. 3; the layers the paper leaves open are in reports/decisions.md.

    >>> from lmfn_core import build
    >>> build("lmfn")(torch.zeros(1, 3, 50, 81)).shape
    torch.Size([1, 3, 50, 81])
    """

    own_weights = "lmfn"

    def __init__(
        self,
        encoder: nn.Module,
        blocks: Sequence[nn.Module],
        fusion: nn.Module,
        channels: int = 50,
        mean_shift: Callable[[int], nn.Module] = FixedMeanShift,
        image_skip: bool = False,
    ) -> None:
        super().__init__()
        self.subtract_mean, self.add_mean = mean_shift(-1), mean_shift(+1)
        self.encoder = encoder
        self.bridge = conv(encoder.out_channels, channels)
        self.blocks = nn.ModuleList(blocks)
        self.fusion = fusion
        self.reconstruct = conv(channels, 3 * 4 * 4)
        self.image_skip = image_skip
        if image_skip:
            nn.init.zeros_(self.reconstruct.weight)
            nn.init.zeros_(self.reconstruct.bias)

    def forward(self, image: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 3 h w"]:
        check_image(image)
        height, width = image.shape[-2:]
        return crop_to(self.core(pad_to(image, STRIDE, LEAST)), height, width)

    def core(self, padded: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 3 h w"]:
        """The network itself, for sides that are multiples of 16 and at least 64: nothing checked, padded or cropped.

        >>> from lmfn_core import build
        >>> build("lmfn").core(torch.zeros(1, 3, 64, 80)).shape
        torch.Size([1, 3, 64, 80])
        """
        shifted = self.subtract_mean(padded)
        bridged = self.bridge(self.encoder(shifted))
        outputs = [bridged]
        for block in self.blocks:
            outputs.append(block(outputs[-1]))
        fused = self.fusion(outputs[1:]) + bridged
        restored = F.pixel_shuffle(self.reconstruct(fused), 4)
        if self.image_skip:
            restored = restored + shifted
        return self.add_mean(restored)


def check_image(image: Tensor) -> None:
    """Refuse what the networks cannot take.

    Raises:
        ValueError: when the image is not floating-point, not (batch, 3, height, width), the batch is empty, or a side
            is below 16.

    >>> check_image(torch.zeros(1, 3, 16, 16))
    """
    shape = tuple(image.shape)
    if image.ndim != 4 or shape[1] != 3:
        raise ValueError(f"The network takes images as (batch, 3, height, width); got shape {shape}.")
    if not image.is_floating_point():
        raise ValueError(f"The network takes floats in [0, 1]; got {image.dtype}: divide by 255 first.")
    if shape[0] == 0:
        raise ValueError(f"The batch is empty, {shape}: pass at least one image.")
    if min(shape[2:]) < SMALLEST:
        raise ValueError(f"The image is {shape[3]} x {shape[2]}; each side must be at least {SMALLEST} pixels.")
