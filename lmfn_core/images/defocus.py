"""Photographs whose background is out of focus, to be left as they are: blurred by the lens on purpose, not by motion.

Without them a network that learnt to sharpen sharpens these backgrounds too, above all their bright discs.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from lmfn_core.images.album import tiles
from lmfn_core.images.blur import quantise, to_linear, to_srgb
from lmfn_core.images.crops import generator_of, turn
from lmfn_core.images.pairs import Pair

RADII = (1.5, 14.0)
"""Pixels: smallest and largest radius of the disc that a point becomes."""
LAMP, GLARE = 0.5, 4.0
"""Linear light above which a background shines up to ``GLARE`` times as bright as a file can say: discs of light."""


@dataclass(frozen=True)
class OutOfFocus:
    """Blurred and sharp alike: photographs with a part that is out of focus, where the mask of ``_background`` says.

    >>> source = OutOfFocus({"a": torch.rand(3, 80, 90).mul(255).byte()}, "noise", stream=1)
    >>> blurred, sharp = source.train_batch(0, 2, 64, 0, torch.device("cpu"), True)
    >>> torch.equal(blurred, sharp), list(source.test_pairs())
    (True, [])
    """

    train: Mapping[str, Path | Tensor]
    name: str
    stream: int = 0  # added to the seed: two sources of the same photographs would cut the same crops from one
    test: Mapping[str, Path | Tensor] = field(default_factory=dict)  # nothing is held out

    @property
    def describe(self) -> str:
        return f"{self.name} with backgrounds out of focus, left as they are"

    def train_batch(
        self, step: int, batch: int, crop: int, seed: int, device: torch.device, augment: bool
    ) -> tuple[Float[Tensor, "b 3 crop crop"], Float[Tensor, "b 3 crop crop"]]:
        choice = generator_of(seed + self.stream, step, "cpu")
        photographs = {name: (image,) for name, image in self.train.items()}
        images = defocused(tiles(photographs, batch, crop, choice, device).float().div(255), choice)
        return turn((images, images), choice) if augment else (images, images.clone())

    def test_pairs(self) -> Iterator[Pair]:
        return iter(())


def defocused(images: Float[Tensor, "b 3 h w"], choice: torch.Generator) -> Float[Tensor, "b 3 h w"]:
    """The images with a random part out of focus, each by a disc of its own; ``choice`` lives on the CPU.

    >>> defocused(torch.rand(2, 3, 40, 50), torch.Generator().manual_seed(0)).shape
    torch.Size([2, 3, 40, 50])
    """
    light, reach = to_linear(images), int(RADII[1]) + 1
    size, glare = torch.rand(2, len(images), generator=choice).to(images.device)
    glare = glare**3  # most backgrounds shine no more than they are
    radius = RADII[0] * (RADII[1] / RADII[0]) ** size
    shining = light * torch.where(light > LAMP, 1 + (GLARE - 1) * glare.view(-1, 1, 1, 1), 1.0)
    around = F.pad(shining, (reach,) * 4, mode="reflect" if min(images.shape[-2:]) > reach else "replicate")
    # as many groups as images: each has a disc of its own
    discs = _discs(radius, reach).repeat_interleave(3, dim=0).unsqueeze(1)
    lens = F.conv2d(around.flatten(0, 1).unsqueeze(0), discs, groups=len(discs)).view_as(images)
    return quantise(to_srgb(torch.lerp(light, lens, _background(images, choice)).clamp(0, 1)))


def _discs(radius: Float[Tensor, " b"], reach: int) -> Float[Tensor, "b s s"]:
    """Discs of these radii with soft rims, each of sum 1, on squares of ``2 * reach + 1``."""
    line = torch.arange(-reach, reach + 1, device=radius.device)
    away = (line[:, None] ** 2 + line**2).sqrt()
    discs = (radius.view(-1, 1, 1) + 0.5 - away).clamp(0, 1)
    return discs / discs.sum(dim=(1, 2), keepdim=True)


def _background(images: Float[Tensor, "b 3 h w"], choice: torch.Generator) -> Float[Tensor, "b 1 h w"]:
    """1 where an image is out of focus: blots of any size with borders of a few pixels."""
    coarse = torch.rand(len(images), 1, 4, 4, generator=choice).to(images.device)
    level = torch.rand(len(images), 1, 1, 1, generator=choice).to(images.device)
    fine = F.interpolate(coarse, size=images.shape[-2:], mode="bicubic", align_corners=False)
    return ((fine - 0.8 * level) * 25).clamp(0, 1)
