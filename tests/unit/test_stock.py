"""Stocks of pairs: what a batch is drawn from, how often a pair serves, and that a resumed training sees the same."""

import torch

from lmfn_core.pairs import Source
from lmfn_core.stock import Stock

CPU = torch.device("cpu")


class Counting:
    """A source whose pairs carry the number of the call that made them, in the blurred image."""

    describe = "counting"

    def __init__(self):
        self.calls = []

    def train_batch(self, step, batch, crop, seed, device, augment):
        self.calls.append((step, batch, augment))
        blurred = torch.full((batch, 3, crop, crop), step / 255)
        return blurred, (blurred + 100 / 255).clamp(max=1)

    def test_pairs(self):
        return iter(())


def made_in(stock, step, batch=6):
    blurred, sharp = stock.train_batch(step, batch, 8, 0, CPU, True)
    assert torch.allclose(sharp - blurred, torch.tensor(100 / 255))
    return set((blurred[:, 0, 0, 0] * 255).round().int().tolist())


def test_a_stock_is_a_source():
    assert isinstance(Stock(Counting()), Source)


def test_the_pairs_of_many_steps_are_made_at_once_and_not_turned():
    source = Counting()
    stock = Stock(source, fresh=0.5, steps=10)
    for step in range(20):
        made_in(stock, step)
    assert source.calls == [(0, 30, False), (1, 30, False)]


def test_a_batch_comes_from_the_last_stocks_and_no_other():
    stock = Stock(Counting(), fresh=0.5, steps=2, kept=3)
    seen = {step: made_in(stock, step, batch=200) for step in range(12)}
    assert seen[0] == {0} and seen[3] == {0, 1} and seen[11] == {3, 4, 5}


def test_a_training_that_resumes_sees_the_same_pairs():
    def noise(step, batch, crop, seed, device, augment):
        pairs = torch.rand(2, batch, 3, crop, crop, generator=torch.Generator().manual_seed(seed * 1000 + step))
        return pairs[0], pairs[1]

    source = Counting()
    source.train_batch = noise
    whole, resumed = Stock(source, steps=3, kept=2), Stock(source, steps=3, kept=2)
    all_of_them = [whole.train_batch(step, 4, 8, 7, CPU, True) for step in range(12)]
    again = resumed.train_batch(10, 4, 8, 7, CPU, True)
    assert all(torch.equal(a, b) for a, b in zip(all_of_them[10], again, strict=True))
    assert not torch.equal(all_of_them[9][0], again[0])


def test_turned_pairs_of_rain_stay_upright():
    source = Counting()
    ramp = torch.linspace(0, 1, 8).view(1, 1, 8, 1).expand(1, 3, 8, 8)
    source.train_batch = lambda step, batch, *_: (ramp.repeat(batch, 1, 1, 1), ramp.repeat(batch, 1, 1, 1))
    for upright, kinds in ((True, 2), (False, 4)):
        turned = Stock(source, upright=upright).train_batch(0, 64, 8, 0, CPU, True)[0]
        assert len({tuple(image.flatten().tolist()) for image in turned}) == kinds
