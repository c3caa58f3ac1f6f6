"""What a position of a map can see of the image, and what it listens to: windows by gradients."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def touched(layers: Sequence[tuple[int, float, int]], reach: int = 22, side: int = 96) -> Float[Tensor, "n n"]:
    """How strongly the positions within ``reach`` of the middle are heard there, through layers of equal weights.

    Args:
        layers: (kernel, stride, dilation) of each; a stride of 1/2 stands for bilinear doubling.

    >>> touched([(3, 1, 2)], reach=2)[2].count_nonzero().item()
    3
    """
    field = x = torch.ones(1, 1, side, side, requires_grad=True)
    for kernel, stride, dilation in layers:
        if stride < 1:
            x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        else:
            weight, padding = torch.full((1, 1, kernel, kernel), 1 / kernel**2), kernel // 2 * dilation
            x = F.conv2d(x, weight, stride=int(stride), padding=padding, dilation=dilation)
    middle = side // 2
    x[0, 0, middle, middle].backward()
    near = slice(middle - reach, middle + reach + 1)
    return field.grad[0, 0, near, near]


def heard_within(
    features: Float[Tensor, " c"], image: Float[Tensor, "1 3 h w"], row: int, column: int, mixtures: int = 2
) -> Float[Tensor, " k"]:
    """Share of the gradient's magnitude within squares of 1, 3, 5, ... pixels around a pixel.

    Args:
        features: what one position says, computed from ``image``, which requires a gradient. mixtures: of the
            features, at random but always the same, whose gradients are added up.

    >>> image = torch.rand(1, 3, 9, 9, requires_grad=True)
    >>> share = heard_within(image[0, :, 3:6, 3:6].sum((1, 2)), image, 4, 4)
    >>> (9 * share[:2]).round().tolist()  # one of nine pixels, then all
    [1.0, 9.0]
    """
    directions = torch.randn(mixtures, len(features), generator=torch.Generator().manual_seed(0))
    gradients = (torch.autograd.grad(said, image, retain_graph=True)[0] for said in directions @ features)
    felt = sum(gradient.abs().sum((0, 1)) for gradient in gradients)
    down, right = ((torch.arange(side) - at).abs() for side, at in zip(felt.shape, (row, column), strict=True))
    aside = torch.maximum(down[:, None], right)
    return torch.stack([felt[aside <= k].sum() for k in range(int(aside.max()) + 1)]) / felt.sum()
