"""What the benchmark is run on: a scene of any size to time, the middle of held-out pairs to score."""

import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from torch import Tensor

from lmfn_core.benchmark.footprint import Size
from lmfn_core.images.pairs import Pair

CROP = 256
"""Side of the middle of each held-out pair that the quality is measured on: one size, so that one compilation does."""


def scene(size: Size, batch: int = 1) -> Float[Tensor, "b 3 h w"]:
    """Smooth random images in [0, 1], the same everywhere: larger than noise's grain, as photographs are.

    >>> scene((32, 16)).shape
    torch.Size([1, 3, 16, 32])
    """
    width, height = size
    coarse = torch.rand(batch, 3, -(-height // 8), -(-width // 8), generator=torch.Generator().manual_seed(0))
    return F.interpolate(coarse, (height, width), mode="bilinear", align_corners=False)


def middle(pair: Pair, side: int = CROP) -> tuple[UInt8[Tensor, "3 s s"], UInt8[Tensor, "3 s s"]]:
    """The middle of both images of a pair.

    >>> [image.shape for image in middle(Pair("a", *torch.zeros(2, 3, 300, 400, dtype=torch.uint8)))]
    [torch.Size([3, 256, 256]), torch.Size([3, 256, 256])]
    """
    top, left = ((length - side) // 2 for length in pair.sharp.shape[1:])
    return tuple(image[:, top : top + side, left : left + side] for image in (pair.blurred, pair.sharp))
