"""LMFN and LFDN on photographs larger than memory: block by block over strips, equal to the whole.

Cutting the image into tiles, restoring each and laying them side by side is wrong for these networks, however far the
tiles overlap. ALFM weighs channels by sums over the whole image, FDNB normalises by its mean and deviation, CCA weighs
by them, and the grid of ESA's pooling starts at the image's corner; a tile has other sums, other means, another
corner. Here every layer is done for the whole image before the next one that looks at all of it begins.
"""

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from lmfn_core.models.lfdn import LFDN, SumFusion
from lmfn_core.models.lmfn import LEAST, LMFN, STRIDE, AttentionFusion, ConcatFusion
from lmfn_core.parts.fdnb import FDNB, PlainBlock
from lmfn_core.parts.fusion import ACFM, ALFM
from lmfn_core.parts.layers import FixedMeanShift, ResidualBlock
from lmfn_core.parts.mshf import MSHF, PlainEncoder
from lmfn_core.parts.rfdb import RFDB
from lmfn_core.restoring.strips import BUDGET, Padded, Strips
from lmfn_core.restoring.tiled_blocks import tiled_block, tiled_fuse
from lmfn_core.restoring.tiled_encoder import residual, tiled_encoder

BLOCKS = (RFDB, FDNB, ResidualBlock, PlainBlock)


def can_tile(model: nn.Module) -> bool:
    """Whether every part of the network has a form over strips: both papers' networks and most of their variants.

    >>> from lmfn_core import build
    >>> [can_tile(build(name)) for name in ("lmfn", "lfdn", "lmfn-published", "nafnet-small")]
    [True, True, False, False]
    """
    if type(model) not in (LMFN, LFDN) or not isinstance(model.subtract_mean, FixedMeanShift):
        return False
    fusion = model.fusion
    fuses = isinstance(fusion, ConcatFusion) or (
        isinstance(fusion, AttentionFusion | SumFusion)
        and isinstance(fusion.layer_attention, ALFM | nn.Identity)
        and isinstance(fusion.channel_attention, ACFM)
    )
    blocks = all(isinstance(block, BLOCKS) for block in model.blocks)
    return fuses and blocks and isinstance(model.encoder, MSHF | PlainEncoder)


@torch.inference_mode()
def restore_tensor(
    model: nn.Module,
    image: Shaped[Tensor, "b 3 h w"],
    out: Shaped[Tensor, "b 3 h w"] | None = None,
    tile: int | None = None,
    budget: int = BUDGET,
) -> Shaped[Tensor, "b 3 h w"]:
    """``model(image)`` without gradients, strip by strip.

    Args:
        model: one that ``can_tile``, its convolutions in ``channels_last``, float32 or bfloat16.
        image: floats in [0, 1], or bytes; a side has at least 16 pixels.
        out: where the result goes. A tensor of bytes is given the clamped and rounded result. None: new float32.
        tile: pixel rows of a strip; None: as the budget allows; 0: all of the image at once.
        budget: bytes that the maps of one strip may take.

    >>> from lmfn_core import build
    >>> restore_tensor(build("lmfn"), torch.rand(1, 3, 70, 81), tile=32).shape
    torch.Size([1, 3, 70, 81])
    """
    padded = Padded(image, STRIDE, LEAST)
    strips = Strips(tuple(padded.shape), tile, model.bridge.weight.element_size(), budget)
    x, outputs = tiled_encoder(model.encoder, model.bridge, model.subtract_mean, padded, strips), []
    bridged = x if isinstance(model, LMFN) else None  # LFDN does not come back to it
    for block in model.blocks:
        x = tiled_block(block, x, strips)
        outputs.append(x)
    layers = tiled_fuse(model.fusion, outputs, strips)
    if isinstance(model, LMFN):
        decode, maps, halo, live = _lmfn_end, [layers, x, bridged], 3, 8
    else:
        decode, maps, halo, live = _lfdn_end, [layers, x], 6, 20
    del outputs, layers, bridged, x
    return _written(partial(decode, model), [padded, *maps], strips, live * maps[0].shape[1], halo, out)


def _written(
    decode: Callable[..., Tensor],
    sources: list[Tensor | Padded],
    strips: Strips,
    live: int,
    halo: int,
    out: Tensor | None,
) -> Tensor:
    image = sources[0].image
    height, width = image.shape[2:]
    out = torch.empty(image.shape, dtype=torch.float32, device=image.device) if out is None else out
    for rows, part in strips.over(decode, sources, sources[1].shape[2], live, halo):
        part = part[:, :, : max(0, height - rows.start), :width]
        if out.dtype == torch.uint8:
            part = part.clamp(0, 1).mul(255).round_()
        out[:, :, rows.start : rows.start + part.shape[2]] = part
    return out


def _fused(model: LMFN | LFDN, layers: Tensor, last: Tensor) -> Tensor:
    """The fusion after its 1x1 convolution."""
    if isinstance(model.fusion, ConcatFusion):
        return layers
    channels = model.fusion.channel_attention(last)
    if isinstance(model.fusion, SumFusion):
        return channels.add_(layers)
    return model.fusion.join(torch.cat([layers, channels], dim=1))


def _lmfn_end(model: LMFN, pixels: Tensor, layers: Tensor, last: Tensor, bridged: Tensor) -> Tensor:
    fused = _fused(model, layers, last) + bridged
    return _shifted_back(model, F.pixel_shuffle(model.reconstruct(fused), 4), pixels)


def _lfdn_end(model: LFDN, pixels: Tensor, layers: Tensor, last: Tensor) -> Tensor:
    half = model.to_half(residual(model.refine_quarter, _fused(model, layers, last)))
    return _shifted_back(model, model.to_image(residual(model.refine_half, half)), pixels)


def _shifted_back(model: LMFN | LFDN, restored: Tensor, pixels: Float[Tensor, "b 3 H W"]) -> Tensor:
    """Add the mean. With an image skip, what is subtracted before and added after is not: the image itself is added."""
    return restored.float() + (pixels if model.image_skip else model.add_mean.mean.float())
