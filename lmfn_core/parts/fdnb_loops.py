"""FDNB one number at a time: the specification that ``fdnb`` is tested against (LFDN Eq. 1-8, Fig. 4). Slow on purpose.

Inside, a map is a list of channels, a channel a list of rows, a row a list of numbers.
"""

import math

from jaxtyping import Float
from torch import Tensor, nn

from lmfn_core.parts.fdnb import CCA, FDNB, FLOOR

Map = list[list[list[float]]]


def instance_norm_by_loops(f: Float[Tensor, "b c h w"], norm: nn.InstanceNorm2d) -> Float[Tensor, "b c h w"]:
    """Each channel less its mean, over its standard deviation; then ``norm``'s scale and shift.

    >>> import torch
    >>> instance_norm_by_loops(torch.ones(1, 1, 2, 2), nn.InstanceNorm2d(1, affine=True)).flatten().tolist()
    [0.0, 0.0, 0.0, 0.0]
    """
    return f.new_tensor([_normalised(image, norm) for image in f.tolist()])


def cca_by_loops(f: Float[Tensor, "b c h w"], cca: CCA) -> Float[Tensor, "b c h w"]:
    """Mean plus deviation of every channel, two matrices with a ReLU between, a sigmoid, and the product with ``f``.

    >>> import torch
    >>> cca_by_loops(torch.ones(1, 16, 2, 2), CCA(16)).shape
    torch.Size([1, 16, 2, 2])
    """
    return f.new_tensor([_weighted(image, cca) for image in f.tolist()])


def fdnb_by_loops(f_in: Float[Tensor, "b c h w"], fdnb: FDNB) -> Float[Tensor, "b c h w"]:
    """Eq. 1-8 in their order, with ``fdnb``'s weights.

    Positions outside the map count as zero before each 3x3 convolution.

    Source: LFDN Eq. 1-8, Fig. 4.

    >>> import torch
    >>> fdnb_by_loops(torch.ones(1, 16, 2, 2), FDNB(16)).shape
    torch.Size([1, 16, 2, 2])
    """
    return f_in.new_tensor([_block(image, fdnb) for image in f_in.tolist()])


def _block(f_in: Map, fdnb: FDNB) -> Map:
    x, parts = f_in, []
    for keep, norm, refine in zip(fdnb.keep, fdnb.normalise, fdnb.refine, strict=True):
        parts += _normalised(_convolved(x, keep), norm)
        refined = _added(_convolved(x, refine), x)
        x = [[[max(value, 0.0) for value in row] for row in channel] for channel in refined]
    parts += _convolved(x, fdnb.last)
    return _added(f_in, _weighted(_convolved(parts, fdnb.join), fdnb.attention))


def _convolved(f: Map, layer: nn.Conv2d) -> Map:
    weight, bias, reach = layer.weight.tolist(), layer.bias.tolist(), layer.kernel_size[0] // 2
    height, width, near = len(f[0]), len(f[0][0]), range(-reach, reach + 1)

    def at(o: int, y: int, x: int) -> float:
        return bias[o] + sum(
            weight[o][c][dy + reach][dx + reach] * channel[y + dy][x + dx]
            for c, channel in enumerate(f) for dy in near for dx in near
            if 0 <= y + dy < height and 0 <= x + dx < width
        )  # fmt: skip

    return [[[at(o, y, x) for x in range(width)] for y in range(height)] for o in range(len(weight))]


def _normalised(f: Map, norm: nn.InstanceNorm2d) -> Map:
    out = []
    for channel, scale, shift in zip(f, norm.weight.tolist(), norm.bias.tolist(), strict=True):
        mean, deviation = _moments(channel)
        out.append([[scale * (value - mean) / deviation + shift for value in row] for row in channel])
    return out


def _weighted(f: Map, cca: CCA) -> Map:
    contrast = [[[sum(_moments(channel))]] for channel in f]
    squeezed = [[[max(channel[0][0], 0.0)]] for channel in _convolved(contrast, cca.squeeze)]
    weights = [1 / (1 + math.exp(-channel[0][0])) for channel in _convolved(squeezed, cca.expand)]
    return [[[m * value for value in row] for row in channel] for m, channel in zip(weights, f, strict=True)]


def _moments(channel: list[list[float]]) -> tuple[float, float]:
    """Mean and standard deviation over all positions."""
    values = [value for row in channel for value in row]
    mean = sum(values) / len(values)
    return mean, math.sqrt(sum((value - mean) ** 2 for value in values) / len(values) + FLOOR)


def _added(f: Map, g: Map) -> Map:
    return [[[a + b for a, b in zip(*rows, strict=True)] for rows in zip(*channels, strict=True)]
            for channels in zip(f, g, strict=True)]  # fmt: skip
