"""LMFN and LFDN in the operators that other runtimes run fast: the same function, other arithmetic.

Two attentions are written anew, each exactly: ALFM's product with all stacked features is folded into the 1x1
convolution behind it, and ACFM's sum over neighbouring channels becomes a 1x1 convolution with a banded matrix.
"""

import copy
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from lmfn_core.models.lfdn import LFDN, SumFusion
from lmfn_core.models.lmfn import LEAST, LMFN, STRIDE, AttentionFusion
from lmfn_core.parts.fusion import ACFM, ALFM
from lmfn_core.parts.layers import pad_by_index
from lmfn_core.parts.rfdb import SLOPE
from lmfn_core.restoring.folded import folded_alfm


class Portable(nn.Module):
    """A copy of the network for export: any image from 16 x 16 up, padded and cropped inside the graph.

    Args:
        model: LMFN, LFDN or one of their variants.
        whole: False: without padding and crop, for sides that are multiples of 16 and at least 64.

    Shapes: "b 3 h w" in [0, 1] to the same.

    Raises:
        ValueError: when the model is another network.

    >>> from lmfn_core import build
    >>> Portable(build("lmfn"))(torch.zeros(1, 3, 50, 81)).shape
    torch.Size([1, 3, 50, 81])
    """

    def __init__(self, model: nn.Module, whole: bool = True) -> None:
        super().__init__()
        if not isinstance(model, LMFN | LFDN):
            raise ValueError(f"Only LMFN and LFDN can be exported; this network is {type(model).__name__}.")
        self.whole = whole
        self.network = copy.deepcopy(model).float().cpu().eval().requires_grad_(False)
        fusion = self.network.fusion
        if isinstance(getattr(fusion, "channel_attention", None), ACFM):
            fusion.channel_attention = BandedACFM(fusion.channel_attention, self.network.bridge.out_channels)
        if isinstance(getattr(fusion, "layer_attention", None), ALFM):
            self.network.fusion = FoldedFusion(fusion)

    def forward(self, image: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 3 h w"]:
        if not self.whole:
            return self.network.core(image)
        height, width = image.shape[-2:]
        return self.network.core(pad_by_index(image, STRIDE, LEAST))[..., :height, :width]


class BandedACFM(nn.Module):
    """ACFM as a depthwise 3x3 and a 1x1 convolution whose matrix has three diagonals.

    Shapes: "b c h w" to the same.

    Source: paper Eq. 3; ``fusion.ACFM`` is the form that is trained.

    >>> BandedACFM(ACFM(), 50)(torch.ones(1, 50, 4, 6)).shape
    torch.Size([1, 50, 4, 6])
    """

    def __init__(self, acfm: ACFM, channels: int) -> None:
        super().__init__()
        self.space = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.depth = nn.Conv2d(channels, channels, 1)
        self.alpha = acfm.alpha.item()
        below, here, above = acfm.conv2.weight.flatten().tolist()
        band = here * torch.eye(channels)
        band += below * torch.eye(channels).roll(-1, 1).tril(-1) + above * torch.eye(channels).roll(1, 1).triu(1)
        with torch.no_grad():
            self.space.weight.copy_(acfm.conv1.weight[:, 0].expand_as(self.space.weight))
            self.space.bias.copy_(acfm.conv1.bias.expand(channels))
            self.depth.weight.copy_(band[:, :, None, None])
            self.depth.bias.copy_(acfm.conv2.bias.expand(channels))
        self.requires_grad_(False)

    def forward(self, f: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        return f * (1 + self.alpha * torch.sigmoid(self.depth(self.space(f))))


class FoldedFusion(nn.Module):
    """A fusion whose ALFM and 1x1 convolution are one product: ``fuse(theta m f + f) = (W theta m + W) f + bias``.

    The NC x WH product ``m f`` is never formed; for C of NC channels it costs a quarter.

    Shapes: N maps "b c h w" to one "b c h w".

    Source: paper Eq. 1-2; ``lmfn.AttentionFusion`` and ``lfdn.SumFusion`` are the forms that are trained.

    >>> FoldedFusion(AttentionFusion(50, 4, ALFM(), nn.Identity()))([torch.zeros(1, 50, 4, 6)] * 4).shape
    torch.Size([1, 50, 4, 6])
    """

    def __init__(self, fusion: AttentionFusion | SumFusion) -> None:
        super().__init__()
        self.plain = fusion

    def forward(self, outputs: Sequence[Float[Tensor, "b c h w"]]) -> Float[Tensor, "b c h w"]:
        last, alfm, fuse = outputs[-1], self.plain.layer_attention, self.plain.fuse
        stacked = torch.cat(list(outputs), dim=1)
        weight, bias = folded_alfm(alfm, fuse, alfm.attention(stacked))
        layers = (weight @ stacked.flatten(2) + bias[:, :, None]).view_as(last)
        layers, channels = F.leaky_relu(layers, SLOPE), self.plain.channel_attention(last)
        if isinstance(self.plain, SumFusion):
            return layers + channels
        return self.plain.join(torch.cat([layers, channels], dim=1))
