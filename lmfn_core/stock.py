"""Pairs made in stocks of thousands: how a card is kept busy with training instead of with making pairs."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from lmfn_core.crops import generator_of, turn
from lmfn_core.pairs import Pair, Source


@dataclass
class Stock:
    """A source whose pairs are made thousands at a time, kept on the device and used several times, turned anew.

    Ten pairs take a card as long as a thousand: it is the hundreds of small kernels that cost. So the new pairs of
    ``steps`` steps are made at once, and a batch is drawn from the last ``kept`` such stocks. Still a function of the
    step: a resumed training makes the stocks again that it needs.

    >>> from lmfn_core.datasets import open_data
    >>> stock = Stock(open_data(), steps=4)
    >>> stock.train_batch(3, 2, 32, 0, torch.device("cpu"), True)[0].shape
    torch.Size([2, 3, 32, 32])
    """

    source: Source
    fresh: float = 1 / 6  # share of a batch that is made anew; each pair serves 1 / fresh times on average
    steps: int = 256  # whose new pairs are made at once
    kept: int = 4  # stocks that a batch is drawn from
    upright: bool = False  # whether pairs must not be turned by a quarter
    _made: dict[tuple, UInt8[Tensor, "n 6 s s"]] = field(default_factory=dict, repr=False)
    _shelf: tuple[tuple, UInt8[Tensor, "n 6 s s"]] | None = field(default=None, repr=False)  # the stocks now drawn from

    @property
    def describe(self) -> str:
        return self.source.describe

    def train_batch(
        self, step: int, batch: int, crop: int, seed: int, device: torch.device, augment: bool
    ) -> tuple[Float[Tensor, "b 3 crop crop"], Float[Tensor, "b 3 crop crop"]]:
        size = max(1, round(batch * self.fresh * self.steps))
        shelf = self._shelf_at(step // self.steps, size, crop, seed, device)
        choice = generator_of(seed ^ 0x53544F43, step, device)
        rows = torch.randint(len(shelf), (batch,), generator=choice, device=device)
        pairs = shelf[rows].float().div(255).split(3, dim=1)
        return turn(pairs, choice, self.upright) if augment else tuple(pair.contiguous() for pair in pairs)

    def test_pairs(self) -> Iterator[Pair]:
        return self.source.test_pairs()

    def _shelf_at(self, number: int, *asked: object) -> UInt8[Tensor, "n 6 s s"]:
        key = (number, *asked)
        if self._shelf is None or self._shelf[0] != key:
            wanted = [(n, *asked) for n in range(max(0, number - self.kept + 1), number + 1)]
            self._made = {k: self._made[k] if k in self._made else self._new(*k) for k in wanted}
            self._shelf = (key, torch.cat(list(self._made.values())))
        return self._shelf[1]

    def _new(self, number: int, *asked: object) -> UInt8[Tensor, "n 6 s s"]:
        both = torch.cat(self.source.train_batch(number, *asked, False), dim=1)
        return both.mul_(255).round_().to(torch.uint8)
