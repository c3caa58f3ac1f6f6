"""Mixed sources: the shares are kept, a share is spoilt, pairs come back turned, and all of it depends on the step."""

import pytest
import torch

from lmfn_core.datasets.opening import open_data
from lmfn_core.images.degradations import Shaken
from lmfn_core.images.mixture import Mixture, Replay, spoil
from lmfn_core.images.pairs import Photographs, Source

CPU = torch.device("cpu")


class Flat:
    """Pairs of one grey value, darker by a fiftieth where blurred; counts what it was asked for."""

    def __init__(self, value):
        self.value, self.asked, self.describe = value, [], f"grey {value}"

    def train_batch(self, step, batch, crop, seed, device, augment):
        self.asked.append((step, batch))
        sharp = torch.full((batch, 3, crop, crop), self.value)
        return sharp - 0.02, sharp

    def test_pairs(self):
        yield self.value


def batch(source, step=0, size=8, seed=0, augment=False):
    return source.train_batch(step, size, 16, seed, CPU, augment)


def test_shares_of_many_batches_are_those_asked_for():
    mixed = Mixture(((3.0, Flat(0.25)), (1.0, Flat(0.75))))
    values = torch.cat([batch(mixed, step)[1][:, 0, 0, 0] for step in range(200)])
    assert (values == 0.25).double().mean().item() == pytest.approx(0.75, abs=0.04)
    assert mixed.describe.startswith("75 % grey 0.25; 25 % grey 0.75")
    assert list(mixed.test_pairs()) == [0.25, 0.75]


def test_a_batch_is_a_function_of_its_step_and_seed():
    mixed = Replay(Mixture(((1.0, open_data("bundled")),), spoilt=0.5), depth=4)
    again = Replay(Mixture(((1.0, open_data("bundled")),), spoilt=0.5), depth=4)
    walked = [batch(mixed, step, augment=True) for step in range(6)]
    jumped = batch(again, 5, augment=True)  # a resumed run starts here
    for one, other in zip(walked[5], jumped, strict=True):
        assert torch.equal(one, other)
    assert not torch.equal(walked[4][1], walked[5][1]) and not torch.equal(batch(again, 5, seed=1)[1], jumped[1])


def test_only_the_blurred_image_is_spoilt_and_only_in_a_share():
    mixed = Mixture(((1.0, Flat(0.5)),), spoilt=0.25)
    pairs = [batch(mixed, step) for step in range(100)]
    touched = torch.cat([(blurred != 0.48).flatten(1).any(1) for blurred, _ in pairs])
    assert touched.double().mean().item() == pytest.approx(0.25, abs=0.04)
    assert all((sharp == 0.5).all() for _, sharp in pairs)


def test_spoilt_images_have_8_bits_and_keep_their_mean():
    image = torch.full((16, 3, 32, 32), 0.5)
    spoilt = spoil(image, torch.Generator().manual_seed(0))
    assert torch.equal((spoilt * 255).round() / 255, spoilt)
    assert (spoilt.mean((1, 2, 3)) - 0.5).abs().max() < 0.01
    assert (spoilt.flatten(1).std(1) > 0).sum() >= 5  # noise in two thirds of them


def test_replay_makes_a_share_and_uses_the_rest_again():
    source = Flat(0.5)
    replay = Replay(source, fresh=0.25, depth=4)
    for step in range(20):
        assert batch(replay, step)[0].shape == (8, 3, 16, 16)
    assert sorted(source.asked) == [(step, 2) for step in range(20)]  # each step's new pairs once, two of eight


def test_replayed_pairs_are_those_of_the_steps_before():
    replay = Replay(open_data("bundled"), fresh=0.5, depth=2)
    made = {row.sum().item() for step in (5, 6, 7) for row in open_data().train_batch(step, 4, 16, 0, CPU, False)[1]}
    assert {row.sum().item() for row in batch(replay, 7)[1]} <= made


def test_photographs_left_as_they_are_and_averaged_as_encoded():
    base = open_data("bundled")
    still = Photographs(base.train, {}, "a", Shaken(still=1.0))
    assert torch.equal(*batch(still))
    linear, encoded = (batch(Photographs(base.train, {}, "a", Shaken(encoded=share))) for share in (0.0, 1.0))
    assert torch.equal(linear[1], encoded[1]) and not torch.equal(linear[0], encoded[0])
    assert encoded[0].mean() < linear[0].mean()  # the mean of encoded values is the darker one


def test_scenes_alone_are_a_source():
    blurred, sharp = batch(Photographs({}, {}, "scenes", procedural=1.0))
    assert sharp.shape == (8, 3, 16, 16) and not torch.equal(blurred, sharp)


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


def test_what_is_used_again_is_a_source():
    assert isinstance(Replay(Counting()), Source)


def test_the_pairs_of_many_steps_are_made_at_once_and_not_turned():
    source = Counting()
    stock = Replay(source, fresh=0.5, at_once=10)
    for step in range(20):
        made_in(stock, step)
    assert source.calls == [(0, 30, False), (1, 30, False)]


def test_a_batch_comes_from_the_last_stocks_and_no_other():
    stock = Replay(Counting(), fresh=0.5, at_once=2, depth=3)
    seen = {step: made_in(stock, step, batch=200) for step in range(12)}
    assert seen[0] == {0} and seen[3] == {0, 1} and seen[11] == {3, 4, 5}


def test_a_training_that_resumes_sees_the_same_pairs():
    def noise(step, batch, crop, seed, device, augment):
        pairs = torch.rand(2, batch, 3, crop, crop, generator=torch.Generator().manual_seed(seed * 1000 + step))
        return pairs[0], pairs[1]

    source = Counting()
    source.train_batch = noise
    whole, resumed = Replay(source, at_once=3, depth=2), Replay(source, at_once=3, depth=2)
    all_of_them = [whole.train_batch(step, 4, 8, 7, CPU, True) for step in range(12)]
    again = resumed.train_batch(10, 4, 8, 7, CPU, True)
    assert all(torch.equal(a, b) for a, b in zip(all_of_them[10], again, strict=True))
    assert not torch.equal(all_of_them[9][0], again[0])


def test_turned_pairs_of_rain_stay_upright():
    source = Counting()
    ramp = torch.linspace(0, 1, 8).view(1, 1, 8, 1).expand(1, 3, 8, 8)
    source.train_batch = lambda step, batch, *_: (ramp.repeat(batch, 1, 1, 1), ramp.repeat(batch, 1, 1, 1))
    for upright, kinds in ((True, 2), (False, 4)):
        turned = Replay(source, upright=upright).train_batch(0, 64, 8, 0, CPU, True)[0]
        assert len({tuple(image.flatten().tolist()) for image in turned}) == kinds
