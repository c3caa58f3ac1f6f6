import pytest
import torch
from torch import nn

from lmfn_core.parts.fusion import ACFM
from lmfn_core.parts.layers import (
    FixedMeanShift,
    ResidualBlock,
    TrainableMeanShift,
    crop_to,
    pad_by_index,
    pad_to,
    use_channels_last,
)


def test_residual_block_starts_near_the_identity():
    torch.manual_seed(0)
    x = torch.randn(1, 64, 12, 12)
    change = (ResidualBlock(64)(x) - x).std()
    assert 0 < change < 0.05 * x.std()


def test_mean_shifts_undo_each_other_and_agree():
    x = torch.rand(2, 3, 5, 4)
    assert torch.allclose(FixedMeanShift(+1)(FixedMeanShift(-1)(x)), x, atol=1e-6)
    assert torch.allclose(TrainableMeanShift(-1)(x), FixedMeanShift(-1)(x), atol=1e-6)
    assert not list(FixedMeanShift(1).parameters()) and not FixedMeanShift(1).state_dict()


@pytest.mark.parametrize(("size", "padded"), [((16, 16), (64, 64)), ((64, 80), (64, 80)), ((65, 100), (80, 112))])
def test_pad_to_keeps_the_image_in_the_corner(size, padded):
    x = torch.rand(1, 2, *size)
    out = pad_to(x, 16, 64)
    assert out.shape[2:] == padded
    assert torch.equal(out[..., : size[0], : size[1]], x)


def test_pad_to_reflects_where_it_can_and_repeats_the_edge_where_it_cannot():
    wide, tiny = torch.rand(1, 1, 70, 70), torch.rand(1, 1, 16, 16)
    assert torch.equal(pad_to(wide, 16, 64)[0, 0, 70, :70], wide[0, 0, 68])
    assert torch.equal(pad_to(tiny, 16, 64)[0, 0, 40, :16], tiny[0, 0, 15])


@pytest.mark.parametrize("side", range(1, 9))
def test_padding_by_index_is_padding_where_reflection_just_reaches(side):
    tall = torch.rand(1, 2, side, 10)  # 2 to 3 is the longest reflection there is, 5 to 10 is just too long
    for x in (tall, tall.mT):
        assert torch.equal(pad_by_index(x, 3, 3), pad_to(x, 3, 3))
        assert torch.equal(pad_by_index(x, 5, 10), pad_to(x, 5, 10))


def test_nothing_is_copied_where_nothing_is_added():
    x = torch.rand(1, 3, 64, 80)
    assert pad_to(x, 16, 64) is x
    assert crop_to(x, 60, 70).data_ptr() == x.data_ptr()


def test_channels_last_leaves_3d_convolutions_alone():
    model = use_channels_last(nn.ModuleList([nn.Conv2d(4, 4, 3), ACFM()]))
    assert model[0].weight.is_contiguous(memory_format=torch.channels_last)
    assert model[1].conv1.weight.is_contiguous()
