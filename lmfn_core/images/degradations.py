"""What ``Photographs`` does to sharp photographs so that there is something to restore: camera shake, or rain."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from lmfn_core.images.blur import MARGIN, Shake, blur
from lmfn_core.images.rain import LIGHT, Rain, rain


@runtime_checkable
class Degradation(Protocol):
    """A way to spoil sharp images, with the chance that it needs."""

    margin: int  # pixels that a training tile has more than its crop, on every side
    upright: bool  # whether up and sideways differ, so that pairs must not be turned by a quarter

    @property
    def describe(self) -> str:
        """What stands after "with" in a source's description."""

    def crops(
        self, tiles: Float[Tensor, "b 3 s s"], generator: torch.Generator, choice: torch.Generator
    ) -> Float[Tensor, "b 3 crop crop"]:
        """Training crops: tiles without their margin, degraded. ``choice`` lives on the CPU whatever the device."""

    def whole(self, sharp: Float[Tensor, "b 3 h w"], generator: torch.Generator) -> Float[Tensor, "b 3 h w"]:
        """Whole images, each of them degraded: what a network is scored on."""


@dataclass(frozen=True)
class Shaken:
    """Camera shake and moving objects, by ``blur``.

    >>> Shaken(still=0.1).describe
    'synthetic camera shake, 10 % left unblurred'
    """

    shake: Shake = Shake()
    encoded: float = 0.0  # share of a batch whose sRGB values are averaged, as in GoPro's ``blur``
    still: float = 0.0  # share of the pairs that are not blurred at all, so that sharp photographs stay sharp
    margin: int = MARGIN
    upright: bool = False

    @property
    def describe(self) -> str:
        return "synthetic camera shake" + (f", {100 * self.still:.0f} % left unblurred" if self.still else "")

    def crops(
        self, tiles: Float[Tensor, "b 3 s s"], generator: torch.Generator, choice: torch.Generator
    ) -> Float[Tensor, "b 3 crop crop"]:
        if not self.encoded and not self.still:
            return blur(tiles, generator, self.shake, crop=self.margin)
        lot = torch.rand(2, len(tiles), generator=choice)
        still, encoded = lot[0] < self.still, lot[1] < self.encoded
        blurred = inner(tiles, self.margin).clone()
        for rows, as_encoded in ((~still & ~encoded, False), (~still & encoded, True)):
            if rows.any():
                rows = rows.nonzero()[:, 0].to(tiles.device)
                blurred[rows] = blur(tiles[rows], generator, self.shake, crop=self.margin, encoded=as_encoded)
        return blurred

    def whole(self, sharp: Float[Tensor, "b 3 h w"], generator: torch.Generator) -> Float[Tensor, "b 3 h w"]:
        return blur(sharp, generator, self.shake)


@dataclass(frozen=True)
class Rainy:
    """Rain, by ``rain``.

    >>> Rainy(dry=0.04).describe
    'synthetic rain, 4 % left dry'
    """

    weather: Rain = LIGHT
    dry: float = 0.0  # share of the crops that it does not rain on, so that dry photographs stay as they are
    margin: int = 0
    upright: bool = True

    @property
    def describe(self) -> str:
        return "synthetic rain" + (f", {100 * self.dry:.0f} % left dry" if self.dry else "")

    def crops(
        self, tiles: Float[Tensor, "b 3 s s"], generator: torch.Generator, choice: torch.Generator
    ) -> Float[Tensor, "b 3 s s"]:
        dry = (torch.rand(len(tiles), 1, 1, 1, generator=choice) < self.dry).to(tiles.device)
        return torch.where(dry, tiles, rain(tiles, generator, self.weather))

    def whole(self, sharp: Float[Tensor, "b 3 h w"], generator: torch.Generator) -> Float[Tensor, "b 3 h w"]:
        return rain(sharp, generator, self.weather)


def inner(tiles: Float[Tensor, "b 3 s s"], margin: int) -> Float[Tensor, "b 3 crop crop"]:
    """The tiles without their margin.

    >>> inner(torch.zeros(1, 3, 12, 12), 2).shape
    torch.Size([1, 3, 8, 8])
    """
    return tiles[..., margin : tiles.shape[-2] - margin, margin : tiles.shape[-1] - margin]
