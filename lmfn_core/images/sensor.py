"""What a camera adds after the exposure: noise, and JPEG. Whole batches, on one device, seeded.

Networks that never saw either take noise and block edges for detail and sharpen them.
"""

import functools
import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

# ITU-T T.81, Annex K.1: the tables that nearly every encoder scales by its quality setting
_LUMA = (
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
)  # fmt: skip
_CHROMA = (
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66,
) + (99,) * 38  # fmt: skip
_YCBCR = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))  # JFIF
BLOCK = 8


def add_noise(
    image: Float[Tensor, "b 3 h w"], sigma: Float[Tensor, " b"], generator: torch.Generator
) -> Float[Tensor, "b 3 h w"]:
    """White Gaussian noise of standard deviation ``sigma``, one per image, in the units of the image; not clamped.

    >>> add_noise(torch.zeros(2, 3, 8, 8), torch.tensor([0.0, 0.1]), torch.Generator().manual_seed(0))[0].sum().item()
    0.0
    """
    noise = torch.randn(image.shape, generator=generator, device=image.device, dtype=image.dtype)
    return image + noise * sigma.view(-1, 1, 1, 1)


def jpeg(image: Float[Tensor, "b 3 h w"], quality: Float[Tensor, " b"]) -> Float[Tensor, "b 3 h w"]:
    """What is left of RGB images in [0, 1] after JPEG at ``quality`` 1 to 100, one per image; 4:2:0 chroma, 8 bits.

    The lossy half of the codec: rounding of the cosine coefficients. It is the same loss that an encoder makes, up to
    its rounding of intermediate values and its filter for chroma.

    Raises:
        ValueError: when a quality is not from 1 to 100.

    Source: ITU-T T.81, Annex A.3 (transform), K.1 (tables); quality scaling as in the IJG's library.

    >>> jpeg(torch.full((1, 3, 16, 16), 0.5), torch.tensor([90.0])).round(decimals=2).unique().tolist()
    [0.5]
    """
    if not bool(((quality >= 1) & (quality <= 100)).all()):
        raise ValueError(f"JPEG quality is {quality.tolist()}; every value must be from 1 to 100.")
    height, width = image.shape[-2:]
    grid = 2 * BLOCK  # chroma has half the resolution
    padded = F.pad(image, (0, -width % grid, 0, -height % grid), mode="replicate")
    mix = torch.tensor(_YCBCR, dtype=image.dtype, device=image.device)
    planes = torch.einsum("dc,bchw->bdhw", mix, (padded.clamp(0, 1) * 255).round())
    luma = _coded(planes[:, :1] - 128, _table(_LUMA, quality)) + 128
    chroma = _coded(F.avg_pool2d(planes[:, 1:], 2), _table(_CHROMA, quality))
    # libjpeg's "fancy" upsampling: the triangle filter, which is bilinear interpolation between the centres
    chroma = F.interpolate(chroma, scale_factor=2.0, mode="bilinear", align_corners=False)
    rgb = torch.einsum("cd,bdhw->bchw", torch.linalg.inv(mix), torch.cat([luma, chroma], 1))
    return (rgb.round().clamp(0, 255) / 255)[..., :height, :width]


def _table(base: tuple[int, ...], quality: Float[Tensor, " b"]) -> Float[Tensor, "b 8 8"]:
    quality = quality.view(-1, 1, 1)
    scale = torch.where(quality < 50, 5000 / quality, 200 - 2 * quality)
    table = torch.tensor(base, dtype=quality.dtype, device=quality.device).view(1, BLOCK, BLOCK)
    return ((table * scale + 50) / 100).floor().clamp(1, 255)


def _coded(plane: Float[Tensor, "b c h w"], table: Float[Tensor, "b 8 8"]) -> Float[Tensor, "b c h w"]:
    """Cosine transform of each 8 x 8 block, its coefficients rounded to multiples of the table, and back."""
    batch, channels, height, width = plane.shape
    blocks = plane.view(batch, channels, height // BLOCK, BLOCK, width // BLOCK, BLOCK).transpose(3, 4)
    cosines = _cosines(plane.dtype, plane.device)
    steps = table[:, None, None, None]
    rounded = (cosines @ blocks @ cosines.T / steps).round() * steps
    return (cosines.T @ rounded @ cosines).transpose(3, 4).reshape(plane.shape)


@functools.lru_cache(maxsize=8)
def _cosines(dtype: torch.dtype, device: torch.device) -> Float[Tensor, "8 8"]:
    k = torch.arange(BLOCK, dtype=torch.float64)
    matrix = torch.cos(math.pi / BLOCK * (k + 0.5) * k[:, None]) * math.sqrt(2 / BLOCK)
    matrix[0] /= math.sqrt(2)
    return matrix.to(dtype=dtype, device=device)
