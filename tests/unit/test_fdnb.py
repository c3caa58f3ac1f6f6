"""FDNB and its parts: equal to the loops, golden numbers, gradients, half precision, flat maps, bad widths."""

import pytest
import torch
from torch import nn

from lmfn_core.benchmark.tolerances import tolerance
from lmfn_core.parts.fdnb import CCA, FDNB, PlainBlock
from lmfn_core.parts.fdnb_loops import cca_by_loops, fdnb_by_loops, instance_norm_by_loops
from lmfn_core.parts.rfdb import RFDB


def wave(*shape):
    return torch.sin(torch.arange(torch.Size(shape).numel(), dtype=torch.float64) * 0.11).float().view(shape)


def count(module):
    return sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize("shape", [(1, 16, 3, 4), (2, 16, 1, 2), (1, 16, 5, 1)])
def test_every_part_is_its_specification(shape):
    torch.manual_seed(1)
    f = torch.randn(shape) + 0.5
    cca, fdnb = CCA(16), FDNB(16)
    for affine in (norm := nn.InstanceNorm2d(16, affine=True), *fdnb.normalise):
        nn.init.normal_(affine.weight)
        nn.init.normal_(affine.bias)
    for part, by_loops in [(norm, instance_norm_by_loops), (cca, cca_by_loops), (fdnb, fdnb_by_loops)]:
        assert (part(f) - by_loops(f, part)).abs().max() < tolerance("block_float32")


@pytest.mark.parametrize(
    ("module", "parameters"),
    [(CCA(50), 353), (FDNB(50), 88_303), (PlainBlock(50), 90_200)],
    ids=lambda value: type(value).__name__,
)
def test_parameter_count(module, parameters):
    assert count(module) == parameters


def test_fdnb_is_rfdb_with_norms_in_and_cca_for_esa():
    rfdb, fdnb = RFDB(50), FDNB(50)
    assert count(fdnb) == count(rfdb) - count(rfdb.attention) + count(fdnb.attention) + 3 * 50


GOLDEN = [  # mean, standard deviation and the eighth number of the output
    (CCA(50), (0.00050619, 0.34097970, 0.26918569)),
    (FDNB(50), (-0.02525477, 0.83802277, 0.99068260)),
    (PlainBlock(50), (0.08573566, 0.17204042, 0.0)),
]


@pytest.mark.parametrize(("module", "expected"), GOLDEN, ids=lambda value: type(value).__name__)
def test_golden_numbers(module, expected, scattered):
    y = scattered(module)(wave(1, 50, 16, 20)).detach()
    assert torch.allclose(torch.stack([y.mean(), y.std(), y.flatten()[7]]), torch.tensor(expected), atol=2e-5)


def test_every_parameter_gets_a_gradient_but_biases_that_the_norm_takes_away(scattered):
    fdnb, f = scattered(FDNB(50)).double(), wave(1, 50, 16, 20).double()
    fdnb(f).square().mean().backward()
    silent = [name for name, p in fdnb.named_parameters() if p.grad.abs().max() < 1e-12]
    assert silent == [f"keep.{step}.bias" for step in range(3)]
    before = fdnb(f)
    for keep in fdnb.keep:
        nn.init.normal_(keep.bias)
    assert torch.allclose(fdnb(f), before)


def test_without_its_join_only_the_long_skip_is_left():
    fdnb, f = FDNB(50), torch.randn(1, 50, 6, 5)
    nn.init.zeros_(fdnb.join.weight)
    nn.init.zeros_(fdnb.join.bias)
    assert torch.equal(fdnb(f), f)


def test_contrast_tells_a_flat_channel_from_a_busy_one_of_equal_mean():
    cca, flat = CCA(16), torch.ones(1, 16, 8, 8)
    busy = flat + 0.5 * torch.tensor([1.0, -1.0]).repeat(4)
    for layer in (cca.squeeze, cca.expand):
        nn.init.constant_(layer.weight, 1 / 16)
        nn.init.zeros_(layer.bias)
    weights = [(cca(f) / f).unique() for f in (flat, busy)]  # sigmoid of a sixteenth of the contrast, 1 or 1.5
    assert torch.allclose(weights[0], torch.tensor(1.0 / 16).sigmoid(), atol=1e-3)
    assert torch.allclose(weights[1], torch.tensor(1.5 / 16).sigmoid(), atol=1e-3)


@pytest.mark.parametrize("module", [CCA(50), FDNB(50)], ids=lambda m: type(m).__name__)
def test_a_flat_map_has_finite_outputs_and_gradients(module):
    f = torch.full((1, 50, 4, 4), 0.3, requires_grad=True)
    out = module(f)
    out.square().sum().backward()
    assert torch.isfinite(out).all() and torch.isfinite(f.grad).all()
    assert all(torch.isfinite(p.grad).all() for p in module.parameters())


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_stays_close_where_variances_are_beyond_it(dtype):
    torch.manual_seed(2)
    fdnb, f = FDNB(50), 400 * torch.randn(1, 50, 32, 32)
    with torch.autocast("cpu", dtype):
        contrast = fdnb.attention(f.to(dtype))
        low = fdnb(f)
    assert torch.isfinite(contrast).all()
    full = fdnb(f)
    assert (low.float() - full).abs().max() <= 0.02 * full.abs().max()


def test_each_image_is_normalised_by_itself_in_training_and_after():
    torch.manual_seed(3)
    fdnb, f = FDNB(16), torch.randn(3, 16, 5, 6)
    each = torch.cat([fdnb(image.unsqueeze(0)) for image in f])
    assert (fdnb.train()(f) - each).abs().max() < tolerance("block_float32")
    assert torch.equal(fdnb.eval()(f), fdnb.train()(f))
    assert not list(fdnb.buffers())


def test_plain_blocks_keep_a_signal_as_strong_as_it_was():
    torch.manual_seed(4)
    f = torch.randn(1, 50, 64, 64).relu()
    out = nn.Sequential(*(PlainBlock(50) for _ in range(4)))(f)
    assert 0.05 < out.square().mean() / f.square().mean() < 20


@pytest.mark.parametrize(("width", "words"), [(51, "even, got 51"), (14, "divides its channels by 16.*got 14")])
def test_fdnb_refuses_a_width_in_a_sentence(width, words):
    with pytest.raises(ValueError, match=words):
        FDNB(width)
