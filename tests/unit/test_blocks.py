"""Every block: exact counts, golden numbers under fixed weights, and a gradient for every parameter."""

import pytest
import torch
from torch import nn

from lmfn_core import build
from lmfn_core.models.nafnet import LayerNorm2d, NAFBlock, NAFNet
from lmfn_core.parts.alternatives import GlobalPooling, SpatialAttention
from lmfn_core.parts.context import ASPP, ContextEncoder, PyramidPooling
from lmfn_core.parts.fusion import ACFM, ALFM
from lmfn_core.parts.layers import ResidualBlock
from lmfn_core.parts.mshf import MSHF, PlainEncoder
from lmfn_core.parts.published import BlockAttention, VolumeAttention, never_called
from lmfn_core.parts.rfdb import ESA, RFDB


def fixed(module: nn.Module) -> nn.Module:
    """The same weights on every machine and torch version: a cosine over each tensor, no random generator."""
    for parameter in module.parameters():
        angles = torch.arange(parameter.numel(), dtype=torch.float64) * 0.37
        parameter.data = (torch.cos(angles) / parameter.numel() ** 0.5).float().view_as(parameter)
    return module


def wave(*shape: int) -> torch.Tensor:
    return torch.sin(torch.arange(torch.Size(shape).numel(), dtype=torch.float64) * 0.11).float().view(shape)


COUNTS = [
    (ResidualBlock(64), 73_856), (MSHF(), 740_352), (PlainEncoder(), 223_360), (ESA(50, 12), 6_650),
    (RFDB(50), 94_450), (ALFM(), 1), (ACFM(), 15), (BlockAttention(4), 1), (VolumeAttention(), 29),
    (never_called(50), 23_903), (ALFM("cosine"), 2), (ASPP(64), 139_648), (PyramidPooling(64), 77_952),
    (ContextEncoder(ASPP, 2, 5), 732_288), (ContextEncoder(PyramidPooling, 2, 6), 744_448),
    (GlobalPooling(200), 5_012), (GlobalPooling(50), 353), (SpatialAttention(50), 99), (LayerNorm2d(8), 16),
    (NAFBlock(8), 712), (NAFNet(), 1_121_883),
]  # fmt: skip
GOLDEN = [  # mean, standard deviation and the eighth number of the output
    (ResidualBlock(8), wave(1, 8, 16, 16), (0.06249350, 0.74703479, 1.00114965)),
    (MSHF(), wave(1, 3, 32, 48), (0.06701802, 0.85845397, 1.37501966)),
    (PlainEncoder(), wave(1, 3, 32, 48), (0.02521548, 0.22705255, 0.37515095)),
    (RFDB(50), wave(1, 50, 16, 20), (0.00148615, 0.05021066, 0.08510129)),
    (ALFM(), wave(1, 12, 4, 6) * 0.3, (0.00050151, 0.31299355, 0.32141717)),
    (ACFM(), wave(1, 12, 4, 6), (-0.00234856, 1.35517267, 1.31149223)),
    (BlockAttention(4), wave(1, 12, 4, 6) * 0.3, (0.00021542, 0.02931681, -0.01088963)),
    (VolumeAttention(), wave(1, 12, 4, 6), (0.01720118, 1.21471226, 1.32075787)),
    (ALFM("cosine"), wave(1, 12, 4, 6) * 0.3, (0.00042810, 0.30659288, 0.30443692)),
    (ASPP(16), wave(1, 16, 12, 20), (0.06727617, 0.10854453, 0.35201216)),
    (PyramidPooling(16), wave(1, 16, 12, 20), (0.06087186, 0.10683828, 0.29374894)),
    (ContextEncoder(ASPP, 2, 5), wave(1, 3, 32, 48), (0.01227630, 0.49363768, 0.76057833)),
    (ContextEncoder(PyramidPooling, 2, 6), wave(1, 3, 32, 48), (0.00802132, 0.58229494, 0.87206978)),
    (GlobalPooling(50), wave(1, 50, 4, 6) + 0.2, (0.09999351, 0.35351202, 0.50470209)),
    (SpatialAttention(50), wave(1, 50, 4, 6), (-0.00000293, 0.51211131, 0.55555695)),
    (LayerNorm2d(8), wave(1, 8, 4, 6), (0.06903356, 0.35195035, 0.68380708)),
    (NAFBlock(8), wave(1, 8, 4, 6), (0.19326311, 0.72748429, 0.93907028)),
    (NAFNet(), wave(1, 3, 48, 64) / 2 + 0.5, (1.02411985, 0.37196794, 1.49547732)),
    (build("lmfn"), wave(1, 3, 48, 64) / 2 + 0.5, (0.42363268, 0.10306926, 0.51605699)),
    (build("lmfn-published"), wave(1, 3, 48, 64) / 2 + 0.5, (0.51333193, 0.09059847, 0.66688759)),
]


def name(value: object) -> str | None:
    return type(value).__name__ if isinstance(value, nn.Module) else ""


@pytest.mark.parametrize(("module", "expected"), COUNTS, ids=name)
def test_parameter_count(module, expected):
    assert sum(p.numel() for p in module.parameters()) == expected


@pytest.mark.parametrize(("module", "x", "expected"), GOLDEN, ids=name)
def test_golden_numbers(module, x, expected):
    y = fixed(module)(x).detach()
    assert torch.allclose(torch.stack([y.mean(), y.std(), y.flatten()[7]]), torch.tensor(expected), atol=2e-5)


@pytest.mark.parametrize(("module", "x"), [row[:2] for row in GOLDEN], ids=name)
def test_every_parameter_but_the_unused_ones_gets_a_gradient(module, x):
    fixed(module)(x).square().mean().backward()
    silent = [n for n, p in module.named_parameters() if p.grad is None or not p.grad.abs().max() > 0]
    assert all(n.startswith("never_called.") for n in silent), silent
    unused = sum(p.numel() for n, p in module.named_parameters() if n in silent)
    assert unused == (23_903 if hasattr(module, "never_called") else 0)


def test_rfdb_refuses_an_odd_width():
    with pytest.raises(ValueError, match="got 51"):
        RFDB(51)


def test_mshf_halves_four_times_and_keeps_a_quarter():
    pyramid = MSHF().pyramid(torch.zeros(1, 3, 64, 96))
    assert [tuple(f.shape[2:]) for f in pyramid] == [(64, 96), (32, 48), (16, 24), (8, 12), (4, 6)]


def test_the_smallest_scale_reaches_the_output():
    """Without its 1/16 branch MSHF gives another result: the fusion is really there."""
    encoder, image = MSHF(), torch.rand(1, 3, 64, 64)
    whole = encoder(image)
    nn.init.zeros_(encoder.down[3].weight)
    nn.init.zeros_(encoder.down[3].bias)
    assert not torch.allclose(whole, encoder(image))


@pytest.mark.parametrize("size", [(15, 15), (27, 40), (41, 58)])
def test_esa_pools_seven_by_seven_with_stride_three(size):
    torch.manual_seed(0)
    esa, squeezed = ESA(8, 4), torch.randn(1, 4, *size)
    strided = nn.functional.conv2d(squeezed, esa.stride.weight, esa.stride.bias, stride=2)
    coarse = strided.unfold(2, 7, 3).unfold(3, 7, 3).amax((-2, -1))
    for convolution in esa.coarse[:2]:
        coarse = torch.relu(convolution(coarse))
    expected = nn.functional.interpolate(esa.coarse[2](coarse), size=size, mode="bilinear")
    torch.testing.assert_close(esa.spread(squeezed), expected)


@pytest.mark.parametrize("size", [(14, 20), (20, 14)])
def test_esa_refuses_what_its_pooling_cannot_cover(size):
    with pytest.raises(RuntimeError, match="smaller than kernel size|too small"):
        ESA(8, 4)(torch.zeros(1, 8, *size))


def test_the_narrowest_rfdb_has_four_channels():
    assert RFDB(4)(torch.zeros(1, 4, 15, 16)).shape == (1, 4, 15, 16)
    for channels in (0, 2, 5):
        with pytest.raises(ValueError, match=f"even and at least 4, got {channels}"):
            RFDB(channels)
