"""The score of Köhler's benchmark: the best over a trajectory's reference frames, after scale and shift are taken out.

A photograph of a shaken camera has no single right position: any frame of the trajectory may be the restored one. Plain
PSNR against one frame scores the position (19 dB where this protocol gives 27), so never mix the two in a table.
Images are 8-bit RGB; arithmetic is float64 on a scale of 0..255. Source: Köhler et al., ECCV 2012, and its scripts.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice

import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from lmfn_core.measures.conventions import PEAK
from lmfn_core.measures.multiscale import multiscale_ssim

CHUNK = 8
"""Frames compared at a time: at 800 x 800 they take 400 MB."""
LUMINANCE = (0.299, 0.587, 0.114)


@dataclass(frozen=True)
class Score:
    """One restored image under the benchmark's protocol."""

    psnr: float  # dB on luminance, peak 255: the best over the frames
    mssim: float  # multi-scale SSIM on luminance: the best over the frames
    frame: int  # which frame gave the best PSNR, counted from 0 among those given
    shift: tuple[int, int]  # rows and columns that the restored image was moved by for it
    frames: int  # how many frames were compared


def best(preds: UInt8[Tensor, "3 h w"], frames: Iterable[UInt8[Tensor, "3 y x"]]) -> Score:
    """Score one restored image against every reference frame of its trajectory.

    Args:
        preds: the restored image, 8-bit RGB, at least 176 pixels a side. frames: all the reference frames; one that is
            missing is left out.

    Raises:
        ValueError: when there is no frame, or one of another size than ``preds``, or an image is not 8-bit.

    >>> image = torch.randint(256, (3, 180, 176), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    >>> best(image, [image, image.flip(2)]).frame
    0
    """
    stream, parts = iter(frames), []
    while chunk := list(islice(stream, CHUNK)):
        for frame in chunk:
            if frame.shape != preds.shape:
                raise ValueError(f"A reference frame has shape {tuple(frame.shape)}, the restored image "
                                 f"{tuple(preds.shape)}; restore Köhler's images at their own size.")  # fmt: skip
            for image in (preds, frame):
                if image.dtype != torch.uint8:
                    raise ValueError(f"Köhler's score is of 8-bit images, 0 to 255; got {image.dtype}: multiply floats "
                                     f"in [0, 1] by 255 and round them to uint8.")  # fmt: skip
        parts.append(compare(preds, torch.stack(chunk)))
    if not parts:
        raise ValueError("There is no reference frame to compare the restored image with.")
    psnr, mssim, shifts = (torch.cat(part) for part in zip(*parts, strict=True))
    at = int(psnr.argmax())
    return Score(float(psnr[at]), float(mssim.max()), at, tuple(shifts[at].tolist()), len(psnr))


def compare(
    preds: UInt8[Tensor, "3 h w"], frames: UInt8[Tensor, "n 3 h w"]
) -> tuple[Float[Tensor, " n"], Float[Tensor, " n"], Int[Tensor, "n 2"]]:
    """PSNR in dB, multi-scale SSIM and shift (rows, columns) of one image against each of some frames, after alignment.

    >>> image = torch.randint(256, (3, 180, 176), dtype=torch.uint8)
    >>> [tuple(values.shape) for values in compare(image, torch.stack([image, image]))]
    [(2,), (2,), (2, 2)]
    """
    estimate, truth = preds.double(), frames.double()
    # a zero image has no scale to take out, and stays zero
    scale = (truth * estimate).sum(dim=(1, 2, 3)) / estimate.square().sum().clamp(min=1)
    shifts = shifts_between(estimate.mean(dim=0), truth.mean(dim=1))
    grey, grey_truth = _luminance(estimate), _luminance(truth)
    moved = torch.stack([s * _move(grey, shift) for s, shift in zip(scale, shifts.tolist(), strict=True)])
    masks = torch.stack([_move(torch.ones_like(grey), shift) for shift in shifts.tolist()])
    masked = grey_truth * masks
    # the hidden part counts as equal: the benchmark divides by all pixels
    error = (moved - masked).square().mean(dim=(1, 2))
    return 10 * torch.log10(PEAK**2 / error), multiscale_ssim(moved, masked), shifts


def shifts_between(image: Float[Tensor, "h w"], frames: Float[Tensor, "n h w"]) -> Int[Tensor, "n 2"]:
    """Rows and columns by which to move ``image`` so that it lies on each frame: the peak of the cross-correlation.

    >>> image = torch.rand(32, 48, generator=torch.Generator().manual_seed(0))
    >>> shifts_between(image, image.roll((3, -5), (0, 1))[None]).tolist()
    [[3, -5]]
    """
    height, width = image.shape
    spectrum = torch.fft.rfft2(frames) * torch.fft.rfft2(image).conj()
    peak = torch.fft.irfft2(spectrum, s=(height, width)).flatten(1).argmax(dim=1)
    rows, columns = peak // width, peak % width
    rows = torch.where(rows > height // 2, rows - height, rows)
    columns = torch.where(columns > width // 2, columns - width, columns)
    return torch.stack([rows, columns], dim=1)


def benchmark(
    restore: Callable[[UInt8[Tensor, "3 h w"]], UInt8[Tensor, "3 h w"]],
    shots: Iterable[tuple[str, UInt8[Tensor, "3 h w"], Iterable[UInt8[Tensor, "3 y x"]]]],
) -> dict[str, object]:
    """Score a restorer over the benchmark: the mean over its images of each one's best.

    Args:
        restore: blurred image to restored image, 8-bit RGB. shots: (name, blurred image, its reference frames).

    Returns:
        ``psnr`` in dB and ``mssim``: the means; ``count``; ``images``: a list of {name, psnr, mssim, frame, frames}.

    Raises:
        ValueError: when there are no shots, and from ``best``.

    >>> image = torch.randint(256, (3, 176, 176), dtype=torch.uint8)
    >>> benchmark(lambda blurred: blurred, [("1_1", image, [image])])["count"]
    1
    """
    images = []
    for name, blurred, frames in shots:
        score = best(restore(blurred), frames)
        images.append({"name": name, "psnr": score.psnr, "mssim": score.mssim, "frame": score.frame,
                       "frames": score.frames})  # fmt: skip
    if not images:
        raise ValueError("There are no shots to score.")
    means = {key: math.fsum(image[key] for image in images) / len(images) for key in ("psnr", "mssim")}
    return {**means, "count": len(images), "images": images}


def _luminance(images: Float[Tensor, "*n 3 h w"]) -> Float[Tensor, "*n h w"]:
    return torch.einsum("...chw,c->...hw", images, images.new_tensor(LUMINANCE))


def _move(image: Float[Tensor, "h w"], shift: list[int]) -> Float[Tensor, "h w"]:
    """Moved by (rows, columns); what comes in from outside is zero."""
    moved = torch.zeros_like(image)
    (to_y, from_y), (to_x, from_x) = (
        (slice(max(s, 0), n + min(s, 0)), slice(max(-s, 0), n - max(s, 0)))
        for s, n in zip(shift, image.shape, strict=True)
    )
    moved[to_y, to_x] = image[from_y, from_x]
    return moved
