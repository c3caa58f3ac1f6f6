"""Windows by gradients, and clocks around parts."""

import pytest
import torch

from lmfn_core.parts.mshf import MSHF
from lmfn_core.teaching.part_times import part_times
from lmfn_core.teaching.reach import heard_within, touched


@pytest.mark.parametrize(
    ("layers", "positions"),
    [
        ([(37, 1, 1)], 37 * 37),
        ([(3, 1, 1)] * 18, 37 * 37),
        ([(3, 1, d) for d in (1, 2, 5, 10)], 37 * 37),
        ([(3, 1, 8), (3, 1, 8), (3, 1, 2)], 15 * 15),  # gridding
    ],
)
def test_a_window_has_the_positions_that_the_layers_reach(layers, positions):
    window = touched(layers)
    assert int((window > 0).sum()) == positions
    assert torch.allclose(window.sum(), torch.ones(())) and torch.allclose(window, window.flip(0, 1), atol=1e-7)


def test_going_down_and_up_again_leaves_no_hole_and_is_not_centred():
    window = touched([(3, 2, 1), (3, 2, 1), (3, 1, 1), (2, 0.5, 1), (2, 0.5, 1)]) > 0
    rows = window.any(1).nonzero()[:, 0]
    assert bool(window[rows[0] : rows[-1] + 1, rows[0] : rows[-1] + 1].all())
    assert rows[0] + rows[-1] < 2 * 22, "the doubled map lies to the upper left of the strided one"


def test_shares_grow_with_the_square_and_end_at_one():
    image = torch.rand(1, 3, 64, 64, requires_grad=True)
    share = heard_within(MSHF()(image)[0, :, 8, 8], image, 32, 32)
    assert bool((share.diff() >= -1e-6).all()) and share[-1].item() == pytest.approx(1.0)
    alone = heard_within(5 * image[0, :, 20, 40], image, 20, 40)
    assert alone[0].item() == 1.0


def test_clocks_leave_the_model_as_it_was():
    model = MSHF()
    times = part_times(model, ["stem", "down.0", "refine2.4"], torch.zeros(1, 3, 32, 32), repeats=2)
    assert list(times) == ["stem", "down.0", "refine2.4"] and min(times.values()) > 0
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in model.modules())
