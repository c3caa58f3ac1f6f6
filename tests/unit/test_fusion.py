import pytest
import torch

from lmfn_core.benchmark.tolerances import tolerance
from lmfn_core.parts.fusion import ACFM, ALFM, acfm_by_conv3d, acfm_by_loops, alfm_by_loops, softmax_of_gram
from lmfn_core.parts.published import BlockAttention


@pytest.mark.parametrize("shape", [(1, 2, 3, 4), (2, 6, 3, 2), (1, 1, 2, 2)])
@pytest.mark.parametrize("theta", [0.0, -0.7, 1.3])
def test_alfm_is_its_specification(shape, theta):
    torch.manual_seed(1)
    f, alfm = torch.randn(shape), ALFM()
    alfm.theta.data.fill_(theta)
    assert (alfm(f) - alfm_by_loops(f, theta)).abs().max() < tolerance("block_float32")


@pytest.mark.parametrize("temperature", [0.0, 5.0, -20.0])
def test_the_cosine_form_is_its_specification(temperature):
    torch.manual_seed(1)
    f, alfm = torch.randn(2, 6, 3, 2), ALFM(energy_scale="cosine")
    alfm.theta.data.fill_(1.3)
    alfm.temperature.data.fill_(temperature)
    assert (alfm(f) - alfm_by_loops(f, 1.3, temperature)).abs().max() < tolerance("block_float32")


def test_the_cosine_form_does_not_see_how_strong_a_channel_is_or_how_large_the_image():
    torch.manual_seed(5)
    f, alfm = torch.randn(1, 6, 4, 4), ALFM(energy_scale="cosine")
    stronger = f * torch.tensor([1.0, 50.0, 0.01, 3.0, 1.0, 7.0]).view(1, 6, 1, 1)
    for other in (stronger, f.repeat(1, 1, 8, 8)):
        assert (alfm.attention(f) - alfm.attention(other)).abs().max() < tolerance("block_float32")


def test_the_cosine_form_starts_neither_flat_nor_one_hot():
    torch.manual_seed(6)
    own = ALFM(energy_scale="cosine").attention(torch.randn(1, 200, 24, 24)).diagonal(dim1=1, dim2=2)
    assert 0.3 < own.mean() < 0.6


def test_energies_by_positions_are_means_over_the_image():
    torch.manual_seed(4)
    f = torch.randn(2, 6, 3, 4)
    expected = torch.softmax(torch.einsum("bihw,bjhw->bij", f, f) / (3 * 4), dim=-1)
    assert (ALFM("positions").attention(f) - expected).abs().max() < tolerance("block_float32")


@pytest.mark.parametrize("module", [ALFM(), ALFM("positions"), ALFM("cosine"), BlockAttention(2)])
def test_energies_have_at_least_the_precision_of_the_features(module):
    f = torch.randn(1, 8, 5, 5)
    found = [module.attention(f.to(dtype)).dtype for dtype in (torch.bfloat16, torch.float32)]
    assert found == [torch.float32, torch.float32]
    assert module.double().attention(f.double()).dtype == torch.float64


@pytest.mark.parametrize(("form", "temperature"), [("none", None), ("cosine", 5.0)])
def test_float64_is_computed_in_float64(form, temperature):
    torch.manual_seed(7)
    f, alfm = torch.randn(1, 5, 3, 4, dtype=torch.float64), ALFM(form).double()
    alfm.theta.data.fill_(0.8)
    assert (alfm(f) - alfm_by_loops(f, 0.8, temperature)).abs().max() < 1e-12


def test_a_channel_that_is_zero_everywhere_has_a_finite_gradient():
    f = torch.zeros(1, 4, 5, 5, requires_grad=True)
    alfm = ALFM(energy_scale="cosine")
    alfm.theta.data.fill_(0.5)
    alfm(f).square().sum().backward()
    assert torch.isfinite(f.grad).all()


@pytest.mark.parametrize("shape", [(1, 3, 4, 5), (2, 5, 3, 3), (1, 1, 4, 4), (1, 2, 1, 1)])
def test_acfm_is_its_specification_on_every_rung(shape):
    torch.manual_seed(2)
    f, acfm = torch.randn(shape), ACFM()
    acfm.alpha.data.fill_(0.9)
    acfm.conv1.weight.data.mul_(5)
    expected = acfm_by_loops(f, acfm)
    for form in (acfm_by_conv3d(f, acfm), acfm(f)):
        assert (form - expected).abs().max() < tolerance("block_float32")


def test_acfm_gradients_equal_those_of_the_3d_form():
    torch.manual_seed(3)
    f, acfm = torch.randn(2, 6, 5, 4, dtype=torch.float64), ACFM().double()
    acfm.alpha.data.fill_(0.5)
    fast = torch.autograd.grad(acfm(f).sin().sum(), list(acfm.parameters()))
    plain = torch.autograd.grad(acfm_by_conv3d(f, acfm).sin().sum(), list(acfm.parameters()))
    assert all(torch.allclose(a, b) for a, b in zip(fast, plain, strict=True))


@pytest.mark.parametrize("module", [ALFM(), ALFM("cosine"), ACFM(), BlockAttention(2)], ids=lambda m: type(m).__name__)
def test_both_attentions_start_as_the_identity(module):
    f = torch.randn(1, 8, 5, 5)
    assert torch.equal(module(f), f)


def test_energies_stay_float32_under_autocast():
    f = torch.full((1, 2, 300, 300), 3.0)  # energies of 810,000: far beyond half precision
    f[:, 1] *= 1.0001
    for dtype in (torch.bfloat16, torch.float16):
        with torch.autocast("cpu", dtype):
            m = ALFM().attention(f)
        assert m.dtype == torch.float32 and torch.isfinite(m).all()
    assert torch.allclose(m, ALFM().attention(f))


def test_the_papers_softmax_saturates_with_the_image_and_the_scaled_one_does_not():
    torch.manual_seed(4)
    small, large = torch.randn(1, 16, 8, 8) * 0.3, torch.randn(1, 16, 128, 128) * 0.3
    paper, scaled = ALFM(), ALFM(energy_scale="positions")
    assert paper.attention(large).amax(-1).mean() > 0.999 > paper.attention(small).amax(-1).mean()
    assert abs(scaled.attention(large).amax(-1).mean() - scaled.attention(small).amax(-1).mean()) < 0.02


def test_attention_rows_sum_to_one():
    m = softmax_of_gram(torch.randn(2, 5, 30), scale=0.1)
    assert torch.allclose(m.sum(-1), torch.ones(2, 5))


def test_published_attention_prefers_unlike_blocks():
    f = torch.stack([torch.ones(4), torch.ones(4), -torch.ones(4)]).view(1, 3, 2, 2)
    m = BlockAttention(3).attention(f)[0]
    assert m[0, 2] > m[0, 0]
    assert ALFM().attention(f)[0, 0, 0] > ALFM().attention(f)[0, 0, 2]


def test_unknown_scale_and_uneven_blocks_are_refused():
    with pytest.raises(ValueError, match="'half'"):
        ALFM(energy_scale="half")
    with pytest.raises(ValueError, match="7 channels cannot be divided into 3 blocks"):
        BlockAttention(3)(torch.zeros(1, 7, 2, 2))
