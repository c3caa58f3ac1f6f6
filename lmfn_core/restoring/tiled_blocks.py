"""The distillation blocks and the fusion over strips: what they ask of the whole map is gathered between two rounds.

RFDB's ESA and FDNB's norms and CCA look at the whole map, ALFM at all block outputs at once. Each takes two rounds: the
first runs the convolutions and gathers what the attention asks, the second applies it.
"""

from functools import partial

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from lmfn_core.parts.fdnb import FDNB, PlainBlock
from lmfn_core.parts.fusion import ALFM
from lmfn_core.parts.layers import ResidualBlock
from lmfn_core.parts.rfdb import RFDB, SLOPE
from lmfn_core.restoring.folded import Moments, attention_of, folded_alfm, folded_fdnb, gram, project
from lmfn_core.restoring.strips import Strips
from lmfn_core.restoring.tiled_encoder import tiled_residual

REACH = 4
"""Rows that the four 3x3 convolutions of a distillation block look away."""


def tiled_block(block: nn.Module, x: Float[Tensor, "b c h w"], strips: Strips) -> Float[Tensor, "b c h w"]:
    """``block(x)`` for an RFDB, an FDNB, a residual or a plain block; ``x`` is kept.

    Raises:
        TypeError: for any other block.

    >>> x = torch.rand(1, 50, 16, 16).contiguous(memory_format=torch.channels_last)
    >>> with torch.no_grad():
    ...     tiled_block(RFDB(50), x, Strips((1, 3, 64, 64), tile=16)).shape
    torch.Size([1, 50, 16, 16])
    """
    if isinstance(block, RFDB):
        return _rfdb(block, x, strips)
    if isinstance(block, FDNB):
        return _fdnb(block, x, strips)
    if isinstance(block, ResidualBlock):
        return tiled_residual(block, x, strips)
    if isinstance(block, PlainBlock):
        return strips.collect(block, [x], x.shape[2], live=3 * x.shape[1], halo=REACH)
    raise TypeError(f"{type(block).__name__} has no form over strips.")


def _rfdb(block: RFDB, x: Tensor, strips: Strips) -> Tensor:
    height, esa = x.shape[2], block.attention
    y = strips.collect(partial(_distilled, block), [x], height, live=7 * x.shape[1], halo=REACH)
    # the grid of the pooling is laid over the whole map, which has a quarter of the channels here: no strips
    squeezed = esa.squeeze(y)
    mask = lambda spread, squeezed: torch.sigmoid_(esa.expand(spread + esa.shortcut(squeezed)))  # noqa: E731
    for rows, part in strips.over(mask, [esa.spread(squeezed), squeezed], height, live=2 * x.shape[1]):
        y[:, :, rows].mul_(part)
    return y


def _distilled(block: RFDB, x: Tensor) -> Tensor:
    parts = []
    for keep, refine in zip(block.keep, block.refine, strict=True):
        parts.append(keep(x))
        x = F.leaky_relu_(refine(x).add_(x), SLOPE)
    parts.append(block.last(x))
    return block.join(F.leaky_relu_(torch.cat(parts, dim=1), SLOPE))


def _fdnb(block: FDNB, x: Tensor, strips: Strips) -> Tensor:
    height, channels = x.shape[2], x.shape[1]
    halves, moments = (
        [torch.empty_like(x), torch.empty_like(x)],
        Moments(),
    )  # apart, so that one can go before the other
    for rows, parts in strips.over(partial(_parts, block), [x], height, live=14 * channels, halo=REACH):
        moments.add(parts)
        for half, part in zip(halves, parts.chunk(2, dim=1), strict=True):
            half[:, :, rows] = part
    weight, bias = folded_fdnb(block, moments)
    finish = lambda f_in, *parts: project(torch.cat(parts, dim=1), weight, bias).add_(f_in)  # noqa: E731
    return strips.collect(finish, [x, *halves], height, live=5 * channels, into=halves[0])


def _parts(block: FDNB, x: Tensor) -> Tensor:
    parts = []
    for keep, refine in zip(block.keep, block.refine, strict=True):
        parts.append(keep(x))
        x = F.relu_(refine(x).add_(x))
    return torch.cat([*parts, block.last(x)], dim=1)


def tiled_fuse(fusion: nn.Module, outputs: list[Float[Tensor, "b c h w"]], strips: Strips) -> Float[Tensor, "b c h w"]:
    """``leaky_relu(fuse(alfm(outputs)))``. Written over the first of several outputs: it is not needed after this.

    >>> from lmfn_core import build
    >>> outputs = [torch.rand(1, 50, 16, 16).contiguous(memory_format=torch.channels_last) for _ in range(4)]
    >>> with torch.no_grad():
    ...     tiled_fuse(build("lmfn").fusion, outputs, Strips((1, 3, 64, 64), tile=16)).shape
    torch.Size([1, 50, 16, 16])
    """
    height, width = outputs[0].shape[2:]
    stacked = sum(f.shape[1] for f in outputs)
    alfm, fuse = getattr(fusion, "layer_attention", None), fusion.fuse
    weight, bias = fuse.weight.flatten(1)[None].expand(len(outputs[0]), -1, -1), fuse.bias.expand(len(outputs[0]), -1)
    if isinstance(alfm, ALFM):
        stack = lambda *f: torch.cat(f, dim=1)  # noqa: E731
        energies = sum(gram(f) for _, f in strips.over(stack, outputs, height, live=4 * stacked))
        weight, bias = folded_alfm(alfm, fuse, attention_of(alfm, energies, height * width))
    mix = lambda *f: F.leaky_relu_(project(torch.cat(f, dim=1), weight, bias), SLOPE)  # noqa: E731
    into = outputs[0] if len(outputs) > 1 else None
    return strips.collect(mix, outputs, height, live=2 * stacked, into=into)
