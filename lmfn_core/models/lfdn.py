"""LFDN, the second paper's network for blur and rain: LMFN with other blocks, a sum for a join, a two-step decoder.

What changed from LMFN, top to bottom: MSHF halves with two convolutions, doubles with pixel shuffle and has five
residual blocks (passed in by ``lfdn_variants``); the distillation blocks are FDNB; ALFM's result is added to ACFM's;
the features at the bridge are not added again; the image grows in two steps, a residual block before each.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from lmfn_core.models.lmfn import LEAST, STRIDE, check_image
from lmfn_core.models.pretrained import Pretrained
from lmfn_core.parts.layers import FixedMeanShift, ResidualBlock, conv, crop_to, enlarge, pad_to
from lmfn_core.parts.rfdb import SLOPE


class SumFusion(nn.Module):
    """Fuse the N block outputs with both attentions: ALFM over all of them, reduced by 1x1, plus ACFM over the last.

    Args:
        channels: C. blocks: N.
        layer_attention: on the N maps stacked to N*C channels (ALFM). channel_attention: on the last map (ACFM).

    Shapes: N maps "b c h w" to one "b c h w".

    Source: LFDN Fig. 2, whose sum needs equal widths; the 1x1 that makes them equal is LMFN's.

    >>> fusion = SumFusion(50, 4, nn.Identity(), nn.Identity())
    >>> fusion([torch.zeros(1, 50, 4, 6)] * 4).shape
    torch.Size([1, 50, 4, 6])
    """

    def __init__(self, channels: int, blocks: int, layer_attention: nn.Module, channel_attention: nn.Module) -> None:
        super().__init__()
        self.layer_attention = layer_attention
        self.channel_attention = channel_attention
        self.fuse = conv(blocks * channels, channels, kernel=1)

    def forward(self, outputs: Sequence[Float[Tensor, "b c h w"]]) -> Float[Tensor, "b c h w"]:
        layers = F.leaky_relu(self.fuse(self.layer_attention(torch.cat(list(outputs), dim=1))), SLOPE)
        return layers + self.channel_attention(outputs[-1])


class LFDN(Pretrained, nn.Module, paper_url="https://doi.org/10.3390/s21165312", tags=["deraining"]):
    """Blurred or rainy photograph in, clear photograph out: 1,539,860 parameters with the paper's parts.

    Args:
        encoder: image to features at a quarter of the size, with an attribute ``out_channels`` (MSHF).
        blocks: the N distillation blocks, each keeps the shape (FDNB).
        fusion: the N outputs to one map (SumFusion).
        channels: C, the decoder's width.
        image_skip: add the input to the output and start the last convolution at zero, so that training starts from
            the identity. No parameters; not in the paper.

    Shapes: "b 3 h w" in [0, 1] (sRGB), h and w from 16 up, to the same shape. Padded inside, cropped back.
    The output is not clamped.

    Raises:
        ValueError: when the image is not a float "b 3 h w" or a side is below 16.

    Source: LFDN Fig. 2, Sec. 3; the layers the paper leaves open are in reports/decisions.md.

    >>> from lmfn_core import build
    >>> build("lfdn")(torch.zeros(1, 3, 50, 81)).shape
    torch.Size([1, 3, 50, 81])
    """

    own_weights = "lfdn-deblur"

    def __init__(
        self,
        encoder: nn.Module,
        blocks: Sequence[nn.Module],
        fusion: nn.Module,
        channels: int = 50,
        image_skip: bool = False,
    ) -> None:
        super().__init__()
        self.subtract_mean, self.add_mean = FixedMeanShift(-1), FixedMeanShift(+1)
        self.encoder = encoder
        self.bridge = conv(encoder.out_channels, channels)
        self.blocks = nn.ModuleList(blocks)
        self.fusion = fusion
        self.refine_quarter = ResidualBlock(channels)
        self.to_half = enlarge(channels)
        self.refine_half = ResidualBlock(channels)
        self.to_image = enlarge(channels, 3)
        self.image_skip = image_skip
        if image_skip:
            nn.init.zeros_(self.to_image[0].weight)
            nn.init.zeros_(self.to_image[0].bias)

    def forward(self, image: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 3 h w"]:
        check_image(image)
        height, width = image.shape[-2:]
        return crop_to(self.core(pad_to(image, STRIDE, LEAST)), height, width)

    def core(self, padded: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 3 h w"]:
        """The network itself, for sides that are multiples of 16 and at least 64: nothing checked, padded or cropped.

        >>> from lmfn_core import build
        >>> build("lfdn").core(torch.zeros(1, 3, 64, 80)).shape
        torch.Size([1, 3, 64, 80])
        """
        shifted = self.subtract_mean(padded)
        outputs = [self.bridge(self.encoder(shifted))]
        for block in self.blocks:
            outputs.append(block(outputs[-1]))
        half = self.to_half(self.refine_quarter(self.fusion(outputs[1:])))
        restored = self.to_image(self.refine_half(half))
        if self.image_skip:
            restored = restored + shifted
        return self.add_mean(restored)
