"""Several sources in one training: the shares of a batch, noise and JPEG in a part of it, pairs used more than once."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from lmfn_core.blur import quantise
from lmfn_core.crops import generator_of, turn
from lmfn_core.pairs import Pair, Source
from lmfn_core.sensor import add_noise, jpeg

NOISE = 6 / 255
"""Largest standard deviation of the noise: a phone's picture of a dim room, after its own processing."""
QUALITY = (60.0, 98.0)
"""Lowest and highest JPEG quality: what cameras and messengers write."""


@dataclass(frozen=True)
class Mixture:
    """A batch drawn from several sources; in a share of the pairs the blurred image has noise, JPEG or both.

    >>> from lmfn_core.datasets import open_data
    >>> mixed = Mixture(((1.0, open_data()),), spoilt=0.5)
    >>> mixed.train_batch(0, 2, 32, 0, torch.device("cpu"), True)[0].shape
    torch.Size([2, 3, 32, 32])
    """

    parts: tuple[tuple[float, Source], ...]  # share of the samples and where they come from
    spoilt: float = 0.0  # share of the pairs whose blurred image gets noise, JPEG or both

    @property
    def describe(self) -> str:
        total = sum(share for share, _ in self.parts)
        shares = "; ".join(f"{100 * share / total:.0f} % {source.describe}" for share, source in self.parts)
        return f"{shares}; noise and JPEG in {100 * self.spoilt:.0f} % of the pairs"

    def train_batch(
        self, step: int, batch: int, crop: int, seed: int, device: torch.device, augment: bool
    ) -> tuple[Float[Tensor, "b 3 crop crop"], Float[Tensor, "b 3 crop crop"]]:
        choice = generator_of(seed ^ 0x4D495854, step, "cpu")  # a stream of its own: the sources draw from theirs
        shares = torch.tensor([share for share, _ in self.parts], dtype=torch.float64)
        counts = torch.multinomial(shares, batch, replacement=True, generator=choice).bincount(minlength=len(shares))
        batches = [
            source.train_batch(step, count, crop, seed, device, augment)
            for (_, source), count in zip(self.parts, counts.tolist(), strict=True)
            if count
        ]
        blurred, sharp = (torch.cat(images) for images in zip(*batches, strict=True))
        spoilt = torch.rand(batch, generator=choice) < self.spoilt
        if spoilt.any():
            rows = spoilt.nonzero()[:, 0].to(device)
            blurred = blurred.index_copy(0, rows, spoil(blurred[rows], choice))
        return blurred, sharp

    def test_pairs(self) -> Iterator[Pair]:
        for _, source in self.parts:
            yield from source.test_pairs()


def spoil(image: Float[Tensor, "b 3 h w"], choice: torch.Generator) -> Float[Tensor, "b 3 h w"]:
    """Noise (a third), JPEG (a third) or both, of random strength, on images in [0, 1]; the result has 8 bits.

    >>> spoil(torch.full((4, 3, 16, 16), 0.5), torch.Generator().manual_seed(0)).shape
    torch.Size([4, 3, 16, 16])
    """
    kind, strength, quality = torch.rand(3, len(image), generator=choice).to(image.device)
    generator = generator_of(int(torch.randint(2**31, (), generator=choice)), 0, image.device)
    noisy = quantise(add_noise(image, torch.where(kind < 2 / 3, strength * NOISE, 0.0), generator))
    coded = jpeg(noisy, QUALITY[0] + quality * (QUALITY[1] - QUALITY[0]))
    return torch.where((kind > 1 / 3).view(-1, 1, 1, 1), coded, noisy)


@dataclass
class Replay:
    """A source whose pairs are used several times, turned anew each time: making them costs a fraction.

    Of every batch a share is new; the rest was new in one of the ``depth`` steps before. Still a function of the step:
    a resumed training makes the old pairs again as it needs them.
    """

    source: Source
    fresh: float = 0.25  # share of a batch that is made anew; each pair serves 1 / fresh times on average
    depth: int = 64  # steps after which a pair is forgotten
    upright: bool = False  # whether pairs must not be turned by a quarter
    _made: dict[tuple, Tensor] = field(default_factory=dict, repr=False)  # what the last steps made, uint8

    @property
    def describe(self) -> str:
        return self.source.describe

    def train_batch(
        self, step: int, batch: int, crop: int, seed: int, device: torch.device, augment: bool
    ) -> tuple[Float[Tensor, "b 3 crop crop"], Float[Tensor, "b 3 crop crop"]]:
        new = min(batch, max(1, round(batch * self.fresh)))
        choice = generator_of(seed ^ 0x5245504C, step, "cpu")
        ages = torch.randint(1, self.depth + 1, (batch - new,), generator=choice).tolist()
        rows = torch.randint(new, (batch - new,), generator=choice).tolist()
        asked = (new, crop, seed, device)
        old = [self._pairs_of(max(0, step - age), *asked)[row] for age, row in zip(ages, rows, strict=True)]
        both = torch.cat([self._pairs_of(step, *asked), *(pair[None] for pair in old)]).float().div(255)
        return turn(both.split(3, dim=1), choice, self.upright) if augment else tuple(both.split(3, dim=1))

    def test_pairs(self) -> Iterator[Pair]:
        return self.source.test_pairs()

    def _pairs_of(self, step: int, *asked: object) -> UInt8[Tensor, "new 6 crop crop"]:
        key = (step, *asked)
        if key not in self._made:
            both = torch.cat(self.source.train_batch(step, *asked, False), dim=1)
            self._made[key] = both.mul(255).round().to(torch.uint8)
            while len(self._made) > 2 * self.depth:  # a resume asks backwards: keep more than one window
                del self._made[next(iter(self._made))]
        return self._made[key]
