"""Training crops cut from images: one by one from mapped files, or a thousand in one go from images on the card.

A loop over a thousand images takes a tenth of a second, in which a card trains ten steps. So all images of a source lie
on it side by side, in one tensor, as long as they fill no more than half of its memory.
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Int, UInt8
from torch import Tensor

from lmfn_core.images.crops import draw, generator_of, random_window
from lmfn_core.images.decoded import decoded

Images = Mapping[str, tuple[Path | Tensor, ...]]
"""What is cut alike, by name: a sharp image, or a blurred one and its sharp original."""
Groups = tuple[tuple[str | Path | Tensor, ...], ...]
"""The same with its name in front, in the order of the names."""
ROOM = 0.5
"""Share of a card's memory that the images of one source may fill."""


@dataclass(frozen=True)
class Album:
    """Images of any sizes, side by side in one tensor.

    >>> album = Album.of([torch.zeros(3, 20, 30, dtype=torch.uint8)] * 2, torch.device("cpu"))
    >>> which = torch.tensor([1, 0, 1])
    >>> album.cut(which, *album.corners(which, 8, torch.Generator()), 8).shape
    torch.Size([3, 3, 8, 8])
    """

    pixels: UInt8[Tensor, " n"]  # "3 h w" of every image, one after the other
    start: Int[Tensor, " i"]  # of each image in ``pixels``
    height: Int[Tensor, " i"]
    width: Int[Tensor, " i"]

    @classmethod
    def of(cls, images: Sequence[UInt8[Tensor, "3 _h _w"]], device: torch.device) -> "Album":
        height, width = (torch.tensor([image.shape[axis] for image in images]) for axis in (1, 2))
        start = (3 * height * width).cumsum(0) - 3 * height * width
        pixels = torch.cat([image.flatten() for image in images])
        return cls(*(tensor.to(device) for tensor in (pixels, start, height, width)))

    def corners(
        self, which: Int[Tensor, " b"], size: int, generator: torch.Generator
    ) -> tuple[Int[Tensor, " b"], Int[Tensor, " b"]]:
        """Top and left of a random square of ``size`` pixels in each of the images ``which``."""
        lot = torch.rand(2, len(which), generator=generator, device=generator.device, dtype=torch.float64)
        top, left = (lot * (torch.stack([self.height, self.width])[:, which] - size + 1)).long()
        return top, left

    def cut(
        self, which: Int[Tensor, " b"], top: Int[Tensor, " b"], left: Int[Tensor, " b"], size: int
    ) -> UInt8[Tensor, "b 3 {size} {size}"]:
        """Squares of the images ``which``."""
        line = torch.arange(size, device=self.pixels.device)
        width = self.width[which].view(-1, 1, 1)
        corner = (self.start[which] + top * self.width[which] + left).view(-1, 1, 1)
        first = corner + line[:, None] * width + line  # where the red plane's pixels are
        plane = self.height[which].view(-1, 1, 1) * width
        return torch.stack([self.pixels[first + colour * plane] for colour in range(3)], dim=1)


def tiles(
    images: Images, count: int, size: int, choice: torch.Generator, device: torch.device
) -> UInt8[Tensor, "{count} c {size} {size}"]:
    """``count`` random squares of random images, on the device; what belongs to one name is cut alike and stacked.

    ``choice`` lives on the CPU whatever the device.

    Raises:
        ValueError: when an image is smaller than the square, naming it, or the images of a name differ in size.

    >>> image = torch.zeros(3, 20, 30, dtype=torch.uint8)
    >>> tiles({"a": (image, image)}, 2, 8, torch.Generator(), torch.device("cpu")).shape
    torch.Size([2, 6, 8, 8])
    """
    names = sorted(images)
    groups = tuple((name, *images[name]) for name in names)
    albums = albums_of(groups, str(device)) if count and in_one_go(device) else None
    if albums is None:
        return _one_by_one(groups, draw(len(names), count, choice), size, choice).to(device, non_blocking=True)
    small = (torch.minimum(albums[0].height, albums[0].width) < size).nonzero()[:, 0].tolist()
    for index in small:
        random_window(image_of(groups[index][1]), size, names[index], choice)  # refuses it, by its name
    generator = generator_of(int(torch.randint(2**31, (), generator=choice)), 0, device)
    which = torch.randint(len(names), (count,), generator=generator, device=device)
    corners = albums[0].corners(which, size, generator)
    return torch.cat([album.cut(which, *corners, size) for album in albums], dim=1)


def in_one_go(device: torch.device) -> bool:
    """Whether images are kept and cut on the device: a CPU reads them from mapped files as it needs them.

    >>> in_one_go(torch.device("cpu"))
    False
    """
    return device.type != "cpu"


def _one_by_one(groups: Groups, chosen: list[int], size: int, choice: torch.Generator) -> UInt8[Tensor, "b c s s"]:
    cut = []
    for name, *images in (groups[i] for i in chosen):
        decoded_ones = alike(name, images)
        window = random_window(decoded_ones[0], size, name, choice)
        cut.append(torch.cat([image[window] for image in decoded_ones]))
    return torch.stack(cut) if cut else torch.zeros(0, 3, size, size, dtype=torch.uint8)


@functools.lru_cache(maxsize=16)
def albums_of(groups: Groups, device: str) -> tuple[Album, ...] | None:
    """An album of the first image of every group, one of the second, ...; None where they do not fit on the card.

    Raises:
        ValueError: when the images of a group differ in size.

    >>> len(albums_of((("a", *[torch.zeros(3, 8, 8, dtype=torch.uint8)] * 2),), "cpu"))
    2
    """
    images = [alike(name, group) for name, *group in groups]
    if device.startswith("cuda"):
        room = ROOM * torch.cuda.mem_get_info(torch.device(device))[1]
        if sum(image.numel() for group in images for image in group) > room:
            return None
    return tuple(Album.of(column, torch.device(device)) for column in zip(*images, strict=True))


def alike(name: str, group: Sequence[Path | Tensor]) -> list[UInt8[Tensor, "3 h w"]]:
    """The images of one name, decoded.

    Raises:
        ValueError: when they differ in size.

    >>> [tuple(image.shape) for image in alike("a", [torch.zeros(3, 8, 9, dtype=torch.uint8)] * 2)]
    [(3, 8, 9), (3, 8, 9)]
    """
    images = [image_of(image) for image in group]
    if any(image.shape != images[0].shape for image in images):
        sizes = [f"{image.shape[2]} x {image.shape[1]}" for image in images]
        raise ValueError(f"The pair {name!r} does not match: blurred is {sizes[0]}, sharp is {sizes[1]}.")
    return images


def image_of(image: Path | Tensor) -> UInt8[Tensor, "3 h w"]:
    """The image itself, or that of a file, decoded once and mapped into memory.

    >>> image_of(torch.zeros(3, 8, 9, dtype=torch.uint8)).shape
    torch.Size([3, 8, 9])
    """
    return decoded(image) if isinstance(image, Path) else image
