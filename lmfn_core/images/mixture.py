"""Several sources in one training: the shares of a batch, noise and JPEG in a part of it, pairs used more than once."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from lmfn_core.images.blur import quantise
from lmfn_core.images.crops import generator_of, turn
from lmfn_core.images.pairs import Pair, Source
from lmfn_core.images.sensor import add_noise, jpeg

NOISE = 6 / 255
"""Largest standard deviation of the noise: a phone's picture of a dim room, after its own processing."""
QUALITY = (60.0, 98.0)
"""Lowest and highest JPEG quality: what cameras and messengers write."""


@dataclass(frozen=True)
class Mixture:
    """A batch drawn from several sources; in a share of the pairs the blurred image has noise, JPEG or both.

    >>> from lmfn_core.datasets.opening import open_data
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
    """A source whose pairs are kept on the device and used several times, turned anew each time.

    Making a pair costs more than learning from it again; and ten pairs take a card as long as a thousand, since it is
    the hundreds of small kernels that cost. So the new pairs of ``at_once`` steps are made together, and a batch is
    drawn from the last ``depth`` such stocks. Still a function of the step: a resumed training makes the stocks again
    that it needs.
    """

    source: Source
    fresh: float = 0.25  # share of a batch that is made anew; each pair serves 1 / fresh times on average
    depth: int = 64  # stocks that a batch is drawn from
    at_once: int = 1  # steps whose new pairs are made together
    upright: bool = False  # whether pairs must not be turned by a quarter
    _made: dict[tuple, UInt8[Tensor, "n 6 s s"]] = field(default_factory=dict, init=False, repr=False)
    _shelf: tuple[tuple, UInt8[Tensor, "n 6 s s"]] | None = field(default=None, init=False, repr=False)

    @property
    def describe(self) -> str:
        return self.source.describe

    def train_batch(
        self, step: int, batch: int, crop: int, seed: int, device: torch.device, augment: bool
    ) -> tuple[Float[Tensor, "b 3 crop crop"], Float[Tensor, "b 3 crop crop"]]:
        size = max(1, round(batch * self.fresh * self.at_once))
        shelf = self._shelf_at(step // self.at_once, size, crop, seed, device)
        choice = generator_of(seed ^ 0x5245504C, step, device)
        rows = torch.randint(len(shelf), (batch,), generator=choice, device=device)
        pairs = shelf[rows].float().div(255).split(3, dim=1)
        return turn(pairs, choice, self.upright) if augment else tuple(pair.contiguous() for pair in pairs)

    def test_pairs(self) -> Iterator[Pair]:
        return self.source.test_pairs()

    def _shelf_at(self, number: int, *asked: object) -> UInt8[Tensor, "n 6 s s"]:
        if self._shelf is None or self._shelf[0] != (number, *asked):
            wanted = [(n, *asked) for n in range(max(0, number - self.depth + 1), number + 1)]
            self._made = {key: self._made[key] if key in self._made else self._new(*key) for key in wanted}
            self._shelf = (wanted[-1], torch.cat(list(self._made.values())))
        return self._shelf[1]

    def _new(self, number: int, *asked: object) -> UInt8[Tensor, "n 6 s s"]:
        both = torch.cat(self.source.train_batch(number, *asked, False), dim=1)
        return both.mul_(255).round_().to(torch.uint8)
