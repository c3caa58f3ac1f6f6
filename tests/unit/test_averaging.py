"""The running average of weights against its formula, step by step, and through a saved state."""

import pytest
import torch
from torch import nn

from lmfn_core.training.averaging import Average, along


def test_it_follows_its_formula_and_a_saved_one_goes_on():
    model, expected = nn.Linear(1, 1, bias=False), None
    average = Average(model, decay=0.5)
    for step, value in enumerate([4.0, 8.0, -2.0, 1.0, 3.0, 7.0, 5.0, 0.0, 2.0, 9.0]):
        nn.init.constant_(model.weight, value)
        decay = min(0.5, (1 + step) / (10 + step))
        expected = value if step == 0 else decay * expected + (1 - decay) * value
        average.update(model)
        assert average.module.weight.item() == pytest.approx(expected, rel=1e-5)
        resumed = Average(nn.Linear(1, 1, bias=False), decay=0.5)
        resumed.load_state_dict(average.state_dict())
        average = resumed


def test_it_is_a_copy_that_no_gradient_reaches():
    model = nn.Linear(2, 2)
    average = Average(model, decay=0.9)
    assert not any(p.requires_grad for p in average.parameters())
    before = average.module.weight.clone()
    with torch.no_grad():
        model.weight.add_(1)
    assert torch.equal(average.module.weight, before)


def test_a_line_goes_through_both_ends_and_refuses_another_network():
    start, end = ({"w": torch.tensor([value])} for value in (1.0, 3.0))
    places = {share: along(start, end, share)["w"].item() for share in (0, 0.5, 1, 1.25)}
    assert places == {0: 1.0, 0.5: 2.0, 1: 3.0, 1.25: 3.5}
    with pytest.raises(ValueError, match="weights of one network"):
        along(start, {"v": torch.tensor([1.0])}, 0.5)
