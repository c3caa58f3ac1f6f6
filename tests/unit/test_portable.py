"""The network as other runtimes get it: the same numbers as the trained form, at every size."""

import pytest
import torch
from torch import nn

from lmfn_core import build
from lmfn_core.benchmark.tolerances import tolerance
from lmfn_core.models.lmfn import AttentionFusion
from lmfn_core.parts.fusion import ACFM, ALFM
from lmfn_core.parts.layers import pad_to
from lmfn_core.restoring.portable import BandedACFM, FoldedFusion, Portable, pad_by_index


def lively(module: nn.Module) -> nn.Module:
    """With every parameter drawn anew, biases and the scalars that start at zero too."""
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_(std=0.05)
    return module.eval()


@pytest.mark.parametrize("height", [16, 17, 31, 32, 33, 63, 64, 65, 100])
@pytest.mark.parametrize("width", [16, 33, 80, 201])
def test_padding_by_index_is_padding(height, width):
    x = torch.rand(2, 3, height, width)
    assert torch.equal(pad_by_index(x, 16, 64), pad_to(x, 16, 64))


def test_a_banded_matrix_is_a_sum_over_neighbouring_channels():
    acfm = lively(ACFM())
    with torch.no_grad():
        acfm.alpha.fill_(0.7)
    f = torch.randn(2, 50, 9, 7)
    torch.testing.assert_close(BandedACFM(acfm, 50)(f), acfm(f), rtol=0, atol=tolerance("block_float32"))


@pytest.mark.parametrize("energy_scale", ["none", "positions", "cosine"])
def test_the_fold_of_attention_and_convolution_is_exact(energy_scale):
    fusion = lively(AttentionFusion(8, 3, ALFM(energy_scale), nn.Identity()))
    with torch.no_grad():
        fusion.layer_attention.theta.fill_(1.5)
    outputs = [torch.randn(2, 8, 6, 5) for _ in range(3)]
    within = tolerance("block_float32")
    torch.testing.assert_close(FoldedFusion(fusion)(outputs), fusion(outputs), rtol=0, atol=within)
    with torch.no_grad():
        plain = fusion(outputs)
        fusion.layer_attention.theta.zero_()
        assert (plain - fusion(outputs)).abs().max() > 1e-3  # the attention was no bystander


@pytest.mark.parametrize("name", ["lmfn", "lmfn-without-attention", "lmfn-published", "lfdn", "lfdn-n1"])
@pytest.mark.parametrize("image_skip", [False, True])
def test_the_portable_network_is_the_network(name, image_skip):
    model = lively(build(name, image_skip=image_skip))
    image = torch.rand(2, 3, 37, 90)
    with torch.no_grad():
        within = tolerance("network_float32")
        torch.testing.assert_close(Portable(model)(image), model(image), rtol=0, atol=within)


def test_the_model_itself_stays_as_it_was():
    model = build("lmfn")
    before = {name: p.clone() for name, p in model.named_parameters()}
    Portable(model)
    assert model.training and type(model.fusion) is AttentionFusion
    assert all(p.requires_grad and torch.equal(p, before[name]) for name, p in model.named_parameters())


def test_other_networks_are_refused():
    with pytest.raises(ValueError, match="Only LMFN and LFDN can be exported; this network is NAFNet"):
        Portable(build("nafnet-small"))
