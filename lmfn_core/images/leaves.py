"""Endless sharp scenes: dead leaves, opaque discs and polygons of every size that lie over each other.

Their radii follow r^-3, the law that makes a scene look alike at every distance, as photographs do: power falls with
about the square of the frequency. They are drawn front to back: a pixel is settled by the first leaf over it and never
looked at again, so that forty layers cost as much as four. Complex numbers are points of the plane, ``x + iy``.
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Complex, Float, Int
from torch import Tensor

LEAVES = 1 << 14
"""Leaves to choose from, drawn anew at each call."""
LAYERS = 40
"""What they leave open, a few pixels in 100,000, becomes one more leaf: the ground."""
SMALLEST = 6.0
"""Pixels, the side of the finest cells; a leaf is at most as wide as its cell."""
PRIMES = (73856093, 19349663, 83492791, 15485863)
"""Scatter the leaves over the cells."""
TAU = 2 * math.pi


def _between(low: float, high: float, shape: tuple[int, ...], generator: torch.Generator) -> Float[Tensor, "..."]:
    return torch.rand(shape, generator=generator, device=generator.device) * (high - low) + low


def _points(low: float, high: float, n: int, generator: torch.Generator) -> Complex[Tensor, "n"]:
    return torch.complex(*_between(low, high, (2, n), generator))


def _directions(n: int, generator: torch.Generator) -> Complex[Tensor, "n"]:
    angle = _between(0.0, TAU, (n,), generator)
    return torch.polar(torch.ones_like(angle), angle)


def _normal(shape: tuple[int, ...], generator: torch.Generator) -> Float[Tensor, "..."]:
    return torch.randn(shape, generator=generator, device=generator.device)


def _in_polygon(w: Complex[Tensor, "p"], slants: Float[Tensor, "4 p"]) -> Bool[Tensor, "p"]:
    """Whether places on a leaf lie on the right side of its four edges; one out of reach leaves a triangle."""
    x, y, lean = w.real, w.imag, 0.3 * w.real
    edges = (x * slants[0], -x * slants[1], y * slants[2] + lean, lean - y * slants[3])
    return torch.maximum(torch.maximum(edges[0], edges[1]), torch.maximum(edges[2], edges[3])) < 1


def _fall(count: int, side: int, generator: torch.Generator) -> tuple[Int[Tensor, "p"], Complex[Tensor, "p"]]:
    """The leaf that each pixel of all images shows, and the place on it: 0 is its centre, 1 about its rim."""
    line = torch.arange(side, device=generator.device, dtype=torch.float32)
    z = torch.complex(line.repeat(side), line.repeat_interleave(side)).repeat(count)
    image = torch.arange(count, device=z.device).repeat_interleave(side * side)
    pixel = torch.arange(len(z), device=z.device)
    radius = _between(4.0, 25.0, (LEAVES,), generator).rsqrt()  # 0.2 to 0.5 of a cell, by r^-3
    centre = (0.5 - radius) * _points(-1.0, 1.0, LEAVES, generator) + complex(0.5, 0.5)
    to_unit_disc = _directions(LEAVES, generator) / radius
    slants = _between(0.6, 2.4, (4, LEAVES), generator)
    shown, place = torch.zeros_like(pixel), z / side
    for layer in range(LAYERS):
        # cells of log-uniform size, a leaf in each: every octave of radii covers the same area, again r^-3
        cell = SMALLEST * (2 * side / SMALLEST) ** _between(0.0, 1.0, (count,), generator)
        grid, offset = _directions(count, generator) / cell, _points(0.0, 1000.0, count, generator)
        u = z * grid.index_select(0, image) + offset.index_select(0, image)
        column, row = u.real.floor(), u.imag.floor()
        key = column.long() * PRIMES[0] ^ row.long() * PRIMES[1] ^ image * PRIMES[2] ^ layer * PRIMES[3]
        leaf = key & (LEAVES - 1)
        # index_select: brackets do the same four times slower on a CPU
        w = u - torch.complex(column, row) - centre.index_select(0, leaf)
        w = w * to_unit_disc.index_select(0, leaf)
        polygons = layer % 2 == 1
        covered = _in_polygon(w, slants.index_select(1, leaf)) if polygons else w.real.square() + w.imag.square() < 1
        hit, open_ = covered.nonzero()[:, 0], (~covered).nonzero()[:, 0]
        settled = pixel.index_select(0, hit)
        shown.index_copy_(0, settled, leaf.index_select(0, hit))
        place.index_copy_(0, settled, w.index_select(0, hit))
        z, image, pixel = (old.index_select(0, open_) for old in (z, image, pixel))
    return shown, place


def _noise(count: int, size: int, generator: torch.Generator) -> Float[Tensor, "b h w"]:
    """Periodic noise whose power falls as 1/f^2, as in natural textures; mean 0, variance 1."""
    white = torch.fft.rfft2(_normal((count, size, size), generator))
    y = torch.fft.fftfreq(size, device=generator.device)[:, None]
    f = torch.hypot(y, torch.fft.rfftfreq(size, device=generator.device)).clamp(min=2 / size)
    noise = torch.fft.irfft2(white / f, s=(size, size))
    return (noise - noise.mean((1, 2), keepdim=True)) / noise.std((1, 2), keepdim=True)


def _texture(
    shown: Int[Tensor, "p"], place: Complex[Tensor, "p"], count: int, size: int, generator: torch.Generator
) -> Float[Tensor, "p"]:
    """What makes a leaf more than a flat colour: a piece of noise, on one in three stripes, and shading across it."""
    side = size + 1
    line = torch.arange(side, device=shown.device)
    x, y = line.repeat(side).repeat(count), line.repeat_interleave(side).repeat(count)
    image = torch.arange(count, device=shown.device).repeat_interleave(side * side)
    left, top = torch.randint(size, (2, LEAVES), generator=generator, device=shown.device)
    column, row = (x + left.index_select(0, shown)) % size, (y + top.index_select(0, shown)) % size
    roughness = 0.6 * _between(0.0, 1.0, (LEAVES,), generator).square()
    texture = _noise(count, size, generator).flatten().index_select(0, (image * size + row) * size + column)
    texture *= roughness.index_select(0, shown)
    wave = TAU / 3 * 10 ** -_between(0.0, 1.0, (LEAVES,), generator) * _directions(LEAVES, generator)  # 3 to 30 pixels
    contrast = _between(-2.0, 1.0, (LEAVES,), generator).clamp(min=0)
    phase = x * wave.real.index_select(0, shown) + y * wave.imag.index_select(0, shown)
    texture.addcmul_(phase.sin_(), contrast.index_select(0, shown))
    return texture + (place * _points(-0.5, 0.5, LEAVES, generator).index_select(0, shown)).real


def dead_leaves(count: int, size: int, generator: torch.Generator) -> Float[Tensor, "b 3 size size"]:
    """Draws ``count`` scenes of ``size`` x ``size`` pixels on the generator's device; sRGB-encoded RGB in [0, 1].

    Raises:
        ValueError: when ``count`` is below 1 or ``size`` below 8.

    Source: the model of Lee, Mumford and Huang, IJCV 2001 ("Occlusion models for natural images"); textures and colours
    are ours.

    >>> dead_leaves(2, 64, torch.Generator().manual_seed(0)).shape
    torch.Size([2, 3, 64, 64])
    """
    if count < 1 or size < 8:
        raise ValueError(f"{count} scenes of {size} pixels cannot be drawn; ask for at least 1 of at least 8 pixels.")
    shown, place = _fall(count, size + 1, generator)
    texture = _texture(shown, place, count, size, generator)
    grey = _between(0.02, 0.98, (LEAVES,), generator)
    colour = grey + 0.1 * _normal((3, LEAVES), generator)
    tint = 0.3 * colour + 0.05 * _normal((3, LEAVES), generator)  # a texture is mostly brighter and darker
    planes = [c.index_select(0, shown) + t.index_select(0, shown) * texture for c, t in zip(colour, tint, strict=True)]
    scene = torch.stack(planes).clamp_(0, 1).view(3, count, size + 1, size + 1).transpose(0, 1)
    return F.avg_pool2d(scene, 2, stride=1)  # pixels have an area: softens the stairs of the edges
