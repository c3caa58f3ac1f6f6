"""Motion blur, made the way GoPro's was: the mean of 7 to 13 sharp frames of a moving camera, in linear light.

A latent frame is the sharp image from another pose (``motion.py``); objects are layers with poses of their own. The
sharp target is the middle frame. Whole batches at a time, on one device, all chance from one ``torch.Generator``.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Complex, Float, Int
from torch import Tensor

from lmfn_core.images.motion import GOPRO_LIKE, Motion, Poses, Shake, camera_path, exposures, layered

__all__ = ["MARGIN", "Shake", "blur", "camera_path", "quantise", "to_linear", "to_srgb"]

MARGIN = 16
"""Pixels to give on every side of a training crop: the default camera looks farther out once in a thousand samples."""


def to_linear(encoded: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """sRGB values in [0, 1] to linear light in [0, 1] (IEC 61966-2-1).

    >>> to_linear(torch.tensor([0.0, 0.5, 1.0])).shape
    torch.Size([3])
    """
    return torch.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055).clamp(min=0).pow(2.4))


def to_srgb(linear: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Linear light in [0, 1] to sRGB values in [0, 1]; the inverse of ``to_linear``.

    >>> round(to_srgb(torch.tensor(0.5)).item(), 3)
    0.735
    """
    return torch.where(linear <= 0.0031308, linear * 12.92, linear.clamp(min=0).pow(1 / 2.4) * 1.055 - 0.055)


def quantise(image: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Rounds to the values k/255 that an 8-bit file holds, within [0, 1].

    >>> (quantise(torch.tensor([-0.1, 0.5, 1.1])) * 255).tolist()
    [0.0, 128.0, 255.0]
    """
    return image.clamp(0, 1).mul_(255).round_().div_(255)


def _decode(sharp: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 3 h w"]:
    """Linear light by a table of the 256 values: the power of every pixel would cost as much as a few frames."""
    table = to_linear(torch.arange(256, device=sharp.device, dtype=sharp.dtype) / 255)
    return table.index_select(0, (sharp * 255).round_().clamp_(0, 255).int().flatten()).view(sharp.shape)


def _views(
    poses: Poses, size: tuple[int, int], crop: int
) -> list[tuple[Complex[Tensor, "b 1 x"], Complex[Tensor, "b y 1"]]]:
    """A row and a column for each exposure, whose outer sum is where its pixels lie in the image of size (h, w).

    In grid_sample's units, [-1, 1] from edge to edge, less ``crop`` pixels on every side. One complex addition per
    pixel costs a fiftieth of ``affine_grid``.
    """
    height, width = size
    turn, shift = (z[..., None] for z in poses)
    x = torch.arange(crop, width - crop, device=turn.device) - (width - 1) / 2
    y = torch.arange(crop, height - crop, device=turn.device) - (height - 1) / 2
    lines = (turn * x + shift, turn * (1j * y))
    across, down = (torch.complex(z.real * (2 / width), z.imag * (2 / height)) for z in lines)
    return list(zip(across[:, :, None, :].unbind(1), down[:, :, :, None].unbind(1), strict=True))


def _mean_of_exposures(
    layers: list[Float[Tensor, "b _ h w"]], poses: list[Poses], counts: Int[Tensor, "b"], crop: int
) -> Float[Tensor, "b 3 y x"]:
    """The mean over time of the layers laid over each other, back to front, in linear light.

    The back is an image; the others are images times their masks, with the mask as fourth channel. The samples come
    with falling numbers of exposures, so that exposure k warps a slice of the batch: those that have one more.
    """
    height, width = layers[0].shape[-2:]
    views = [_views(of_layer, (height, width), crop) for of_layer in poses]
    outside = "border" if crop >= MARGIN else "reflection"  # quicker, and seldom reached from within the margin
    total = layers[0].new_zeros(len(counts), 3, height - 2 * crop, width - 2 * crop)
    left = counts.tolist()
    for k in range(left[0]):
        n = sum(count > k for count in left)
        frame = None
        for layer, view in zip(layers, views, strict=True):
            across, down = view[k]
            grid = torch.view_as_real(across[:n] + down[:n]).to(layer.dtype)
            warped = F.grid_sample(layer[:n], grid, padding_mode=outside, align_corners=False)
            frame = warped if frame is None else frame.mul_(1 - warped[:, 3:]).add_(warped[:, :3])
        total[:n] += frame
    return total.div_(counts.view(-1, 1, 1, 1))


def _blobs(batch: int, size: tuple[int, int], generator: torch.Generator) -> Float[Tensor, "b 1 h w"]:
    """Masks of one object each: smooth noise on a dome at a random place, 1 inside, with an edge of a few pixels."""
    place = {"generator": generator, "device": generator.device}
    noise = F.interpolate(torch.randn(batch, 1, 6, 6, **place), size, mode="bicubic", align_corners=True)
    centre = torch.rand(2, batch, 1, 1, **place) * 1.4 - 0.7
    radius = torch.rand(2, batch, 1, 1, **place) * 0.4 + 0.3
    y = torch.linspace(-1, 1, size[0], device=generator.device)[:, None]
    x = torch.linspace(-1, 1, size[1], device=generator.device)
    dome = 1 - ((y - centre[0]) / radius[0]) ** 2 - ((x - centre[1]) / radius[1]) ** 2
    return ((dome[:, None] + 0.4 * noise) * (min(size) / 16) + 0.5).clamp_(0, 1)


def _behind(image: Float[Tensor, "b 3 h w"], mask: Float[Tensor, "b 1 h w"]) -> Float[Tensor, "b 3 h w"]:
    """The image, with a smooth guess from around it where the mask is 1: what the object uncovers as it moves."""
    seen = (mask < 1).to(image.dtype)
    small = F.avg_pool2d(torch.cat([image * seen, seen], 1), 8, ceil_mode=True)
    near = F.avg_pool2d(small, 9, stride=1, padding=4) + 1e-3 * small.mean((2, 3), keepdim=True) + 1e-6
    guess = F.interpolate(near[:, :3] / near[:, 3:], image.shape[-2:], mode="bilinear", align_corners=False)
    return image * seen + guess * (1 - seen)


def _expose(
    linear: Float[Tensor, "b 3 h w"],
    rows: Int[Tensor, "n"],
    motions: list[Motion],
    frames: Int[Tensor, "n"],
    generator: torch.Generator,
    crop: int,
) -> tuple[Int[Tensor, "n"], Float[Tensor, "n 3 y x"]]:
    """The light that some rows of the batch receive, in an order of its own; a second motion is an object's."""
    counts, times = exposures(motions, frames, (linear.shape[2], linear.shape[3]))
    order = counts.argsort(descending=True)
    poses = [(turn[order], shift[order]) for turn, shift in layered(motions, times)]
    layers = [linear[rows[order]]]
    if len(motions) > 1:
        mask = _blobs(len(rows), (linear.shape[2], linear.shape[3]), generator).to(linear.dtype)
        layers = [_behind(layers[0], mask), torch.cat([layers[0] * mask, mask], 1)]
    return order, _mean_of_exposures(layers, poses, counts[order], crop)


def blur(
    sharp: Float[Tensor, "b 3 h w"],
    generator: torch.Generator,
    shake: Shake = GOPRO_LIKE,
    crop: int = 0,
    encoded: bool = False,
) -> Float[Tensor, "b 3 y x"]:
    """Blurs sharp images by camera shake and, in some of them, an object that moves by itself.

    ``sharp`` and the result are sRGB-encoded RGB in [0, 1] with 8 bits of precision (k/255; other values are rounded).
    The exposures that ``motion.exposures`` asks for are averaged in linear light. ``sharp`` is the result's target: the
    path is the identity at the middle frame.

    ``crop`` leaves out that many pixels on every side. For a training pair give tiles that are ``MARGIN`` larger on
    every side, and crop the target alike: then what moves into the picture is real. Whole images are mirrored instead.

    ``encoded`` averages the sRGB values as they are: no lens does that, but GoPro's ``blur`` folder was made so (its
    ``blur_gamma`` was not). Around lights such a blur is darker.

    The default ``Shake`` is calibrated to GoPro's own difficulty, 25.6 dB: over 1000 draws (250 for each photograph of
    ``photos.TEST``, whole images) the mean RGB PSNR of the blurred images is 25.5 dB, the standard deviation 3.6 dB.

    Raises:
        ValueError: when the generator is on another device, or ``crop`` leaves nothing.

    Source: Nah et al., CVPR 2017, Sec. 2 (averaging frames); the paths are ours.

    >>> sharp = torch.rand(2, 3, 64, 96)
    >>> blur(sharp, torch.Generator().manual_seed(0)).shape
    torch.Size([2, 3, 64, 96])
    >>> blur(sharp, torch.Generator().manual_seed(0), crop=MARGIN).shape
    torch.Size([2, 3, 32, 64])
    """
    batch, size = len(sharp), (sharp.shape[2], sharp.shape[3])
    if sharp.device.type != generator.device.type:
        raise ValueError(f"The images are on {sharp.device}, the generator on {generator.device}; use one device.")
    if not 0 <= 2 * crop < min(size):
        raise ValueError(f"crop is {crop}, but the images are {size[0]} x {size[1]} pixels; give larger tiles.")
    place = {"generator": generator, "device": generator.device}
    camera = Motion.draw(batch, generator, shake, shake.translation)
    frames = torch.randint(shake.frames[0], shake.frames[1] + 1, (batch,), **place)
    moving = torch.rand(batch, **place) < shake.object_motion
    linear = sharp if encoded else _decode(sharp)
    light = linear.new_empty(batch, 3, size[0] - 2 * crop, size[1] - 2 * crop)
    for rows, with_object in ((~moving).nonzero()[:, 0], False), (moving.nonzero()[:, 0], True):
        if len(rows) > 0:
            motions = [camera.of(rows)]
            if with_object:
                motions.append(Motion.draw(len(rows), generator, shake, shake.object_speed))
            order, mean = _expose(linear, rows, motions, frames[rows], generator, crop)
            light[rows[order]] = mean
    return quantise(light if encoded else to_srgb(light))
