"""Each folded form against its plain form."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from lmfn_core.benchmark.tolerances import tolerance
from lmfn_core.parts.fdnb import FDNB
from lmfn_core.parts.fusion import ALFM
from lmfn_core.restoring.folded import Moments, attention_of, folded_alfm, folded_fdnb, gram, project


def parts_of(block, x):
    """What FDNB joins, before it is normalised."""
    parts = []
    for keep, refine in zip(block.keep, block.refine, strict=True):
        parts.append(keep(x))
        x = F.relu(refine(x) + x)
    return torch.cat([*parts, block.last(x)], dim=1)


@pytest.mark.parametrize("scale", ["none", "positions", "cosine"])
@torch.no_grad()
def test_alfm_and_the_1x1_behind_it_are_one_1x1(scale):
    torch.manual_seed(0)
    f, alfm, fuse = 0.3 * torch.randn(2, 24, 9, 7), ALFM(scale), nn.Conv2d(24, 6, 1)
    alfm.theta.fill_(0.7)
    m = attention_of(alfm, gram(f[:, :, :4]) + gram(f[:, :, 4:]), positions=63)
    assert (m - alfm.attention(f)).abs().max() < tolerance("block_float32")
    assert (m[0] - m[1]).abs().max() > 1e-3  # each image has its own
    assert (project(f, *folded_alfm(alfm, fuse, m)) - fuse(alfm(f))).abs().max() < tolerance("block_float32")


def test_moments_of_strips_are_those_of_the_whole_even_far_from_zero():
    torch.manual_seed(0)
    f = torch.randn(2, 5, 12, 7) + 1000  # the mean of squares less the square of the mean would lose all digits
    moments = Moments()
    for strip in f.split([1, 4, 7], dim=2):
        moments.add(strip)
    wanted = torch.stack([torch.cov(image.flatten(1).double(), correction=0) for image in f])
    assert torch.allclose(moments.mean, f.mean((2, 3)), rtol=1e-6)
    assert torch.allclose(moments.covariance, wanted.float(), atol=1e-3)


@torch.no_grad()
def test_fdnb_after_its_convolutions_is_one_1x1(scattered):
    torch.manual_seed(0)
    block, x = scattered(FDNB(16)), torch.randn(2, 16, 9, 7)
    moments, parts = Moments(), parts_of(block, x)
    for strip in parts.split([2, 3, 4], dim=2):
        moments.add(strip)
    change = block(x) - x
    assert change.abs().max() > 0.1
    assert (project(parts, *folded_fdnb(block, moments)) - change).abs().max() < tolerance("block_float32")


@torch.no_grad()
def test_a_flat_channel_is_not_divided_by_zero():
    moments = Moments()
    moments.add(torch.zeros(1, 32, 4, 4))
    assert all(torch.isfinite(folded).all() for folded in folded_fdnb(FDNB(16), moments))
