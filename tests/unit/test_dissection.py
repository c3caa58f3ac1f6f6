"""The dissection of a distillation block, and the contest of blocks, of notebook 03."""

import pytest
import torch
from torch import nn

from lmfn_core.parts.rfdb import RFDB
from lmfn_core.teaching.contest import TinyDeblurrer, blurred_scenes, contest, equal_widths
from lmfn_core.teaching.dissection import given_to, parts_see, percent_left, percent_of_best, silent


def test_percent_left_is_what_least_squares_leaves():
    x = torch.randn(2, 4, 8, 9, generator=torch.Generator().manual_seed(0))
    noise = torch.randn(2, 4, 8, 9, generator=torch.Generator().manual_seed(1))
    assert percent_left(x[:, :1], x) == pytest.approx(100 * (x[:, 0].var() / x.var((0, 2, 3)).sum()).item(), abs=4)
    assert percent_left(torch.cat([x, x], 1), x) == pytest.approx(100)  # dependent columns are no trouble
    assert percent_left(noise, x) < 10


def test_the_best_mixtures_hold_more_than_any_others():
    x = torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(0)).cumsum(1)
    assert percent_left(x[:, :2], x) < percent_of_best(x, 2) < percent_of_best(x, 3) == pytest.approx(100)


def test_hooks_are_removed_after_a_failure():
    layer = nn.Conv2d(3, 3, 1)
    with pytest.raises(RuntimeError):
        given_to([layer], layer, torch.zeros(1, 4, 2, 2))
    assert not layer._forward_pre_hooks


def test_looking_leaves_the_block_as_it_was():
    block = RFDB(8)
    before = [p.clone() for p in block.parameters()]
    parts_see(block, 8)
    assert all(torch.equal(p, old) for p, old in zip(block.parameters(), before, strict=True))


def test_a_silent_part_is_one_whose_layer_gives_zero():
    block, x = RFDB(8), torch.randn(1, 8, 16, 16, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        whole = block(x)
        with silent([block.join], slice(4, 8)):
            without = block(x)
        assert torch.equal(block(x), whole) and not torch.allclose(without, whole)
        block.keep[1].weight.zero_()
        block.keep[1].bias.zero_()
        assert torch.allclose(block(x), without, atol=1e-6)


def test_the_weights_come_back_when_the_body_fails():
    join = nn.Conv2d(4, 2, 1)
    before = join.weight.clone()
    with pytest.raises(KeyError), silent([join], slice(None)):
        raise KeyError
    assert torch.equal(join.weight, before)


def test_a_new_deblurrer_gives_the_image_back():
    image = torch.rand(1, 3, 32, 34, generator=torch.Generator().manual_seed(0))
    assert torch.equal(TinyDeblurrer(RFDB(8), 8)(image), image)


def test_scenes_are_pairs():
    sharp, blurred = blurred_scenes(4, 32)
    assert torch.equal(sharp, blurred_scenes(4, 32)[0]) and not torch.equal(sharp, blurred_scenes(4, 32, seed=1)[0])
    apart = (sharp - blurred).square().mean((1, 2, 3))
    strange = (sharp - blurred.roll(1, 0)).square().mean((1, 2, 3))
    assert (apart < strange).all()


def test_the_contest_trains_and_repeats():
    kinds = {"3x3": lambda c: nn.Conv2d(c, c, 3, padding=1), "none": lambda c: nn.Identity()}
    widths = equal_widths(kinds, 2_500) | {"none": 8}
    first = contest(kinds, widths, steps=12, seeds=2)
    assert first == contest(kinds, widths, steps=12, seeds=2)
    assert widths["3x3"] == 16 and first["3x3"][0] != first["3x3"][1]
    assert contest(kinds, widths, steps=0, seeds=1) == {"3x3": [0.0], "none": [0.0]}
