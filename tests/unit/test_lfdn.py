"""LFDN: its parts and their cost, golden numbers, gradients, any size, image skip, half precision, saved weights."""

import copy
import pickle

import pytest
import torch
from torch import nn

from lmfn_core import LFDN, LMFN, build
from lmfn_core.benchmark.tolerances import tolerance
from lmfn_core.measures.profiling import layer_costs, macs, parameters
from lmfn_core.models.lfdn_variants import LFDNParts
from lmfn_core.parts.layers import use_channels_last


def count(model):
    return sum(p.numel() for p in model.parameters())


def photograph(height, width):
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(0))


def test_the_parts_are_as_large_as_they_are_drawn():
    parts = {name: count(part) for name, part in build("lfdn").named_children() if count(part)}
    assert parts == {
        "encoder": 1_792 + 4 * 2 * 36_928 + 5 * 73_856 + 2 * 147_712,
        "bridge": 28_850,
        "blocks": 4 * 88_303,
        "fusion": 10_050 + 1 + 15,
        "refine_quarter": 45_100,
        "to_half": 90_200,
        "refine_half": 45_100,
        "to_image": 5_412,
    }


def test_multiply_accumulates_by_hand():
    """Convolutions and ALFM's two products, of a 64 x 96 image; positions are counted at a quarter, ``p``."""
    p = 16 * 24
    conv = lambda kernel, i, o, places: kernel**2 * i * o * places  # noqa: E731
    residual = lambda channels, places: 2 * conv(3, channels, channels, places)  # noqa: E731
    by_hand = {
        "encoder": conv(3, 3, 64, 16 * p)
        + sum(2 * conv(3, 64, 64, places) for places in (4 * p, p, p // 4, p // 16))
        + 2 * residual(64, p) + 2 * residual(64, p // 4) + residual(64, p // 16)
        + conv(3, 64, 256, p // 4) + conv(3, 64, 256, p // 16),
        "bridge": conv(3, 64, 50, p),
        "fusion": 2 * 200 * 200 * p + conv(1, 200, 50, p) + 9 * 50 * p,
        "refine_quarter": residual(50, p),
        "to_half": conv(3, 50, 200, p),
        "refine_half": residual(50, 4 * p),
        "to_image": conv(3, 50, 12, 4 * p),
    }  # fmt: skip
    block = (3 * (conv(1, 50, 25, p) + conv(3, 50, 50, p)) + conv(3, 50, 25, p) + conv(1, 100, 50, p)
             + 2 * 3 * 50)  # fmt: skip
    by_hand |= {f"blocks.{place}": block for place in range(4)}
    assert {cost.name: cost.macs for cost in layer_costs(build("lfdn"), 64, 96) if cost.macs} == by_hand
    assert macs(build("lfdn"), 64, 96) == sum(by_hand.values())
    assert parameters(build("lfdn")).unused == 0


GOLDEN = {  # mean, standard deviation and the eighth number of the output
    "lfdn": (0.11438625, 6.52624512, -1.36491048),
    "lfdn-without-all": (0.07645229, 0.74594432, -0.30302021),
    "lfdn-without-mshf": (-0.02461603, 4.87574482, -2.93255877),
    "lfdn-theta-0p002": (-0.15844294, 7.34665871, -1.37329197),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_numbers(name, scattered):
    with torch.inference_mode():
        y = scattered(build(name))(photograph_wave())
    assert torch.allclose(torch.stack([y.mean(), y.std(), y.flatten()[7]]), torch.tensor(GOLDEN[name]), atol=1e-4)


def photograph_wave():
    places = torch.arange(3 * 48 * 64, dtype=torch.float64)
    return (torch.sin(places * 0.11) / 2 + 0.5).float().view(1, 3, 48, 64)


def test_golden_numbers_of_the_encoder(scattered):
    with torch.inference_mode():
        y = scattered(LFDNParts().encoder())(photograph_wave())
    expected = (0.02124097, 1.58892107, -0.82633352)
    assert y.shape == (1, 64, 12, 16)
    assert torch.allclose(torch.stack([y.mean(), y.std(), y.flatten()[7]]), torch.tensor(expected), atol=1e-4)


@pytest.mark.parametrize("name", ["lfdn", "lfdn-without-all", "lfdn-rfdb", "lfdn-without-attention"])
def test_every_parameter_gets_a_gradient_but_biases_that_the_norm_takes_away(name, scattered):
    model = scattered(build(name)).double()
    for block in model.blocks:
        if hasattr(block, "attention") and hasattr(block.attention, "squeeze"):
            block.attention.squeeze.bias.data += 5  # CCA squeezes to 3 channels: chance may switch all of them off
    model(photograph_wave().double()).square().mean().backward()
    silent = [n for n, p in model.named_parameters() if p.grad is None or p.grad.abs().max() < 1e-9]
    cancelled = [n for n, _ in model.named_parameters() if ".keep." in n and n.endswith(".bias")]
    assert silent == ([] if name in ("lfdn-without-all", "lfdn-rfdb") else cancelled)


@pytest.mark.parametrize("size", [(16, 16), (16, 200), (17, 31), (64, 64), (65, 130), (101, 161)])
def test_any_size_from_16_up(size):
    with torch.inference_mode():
        restored = build("lfdn-n1").train()(photograph(*size))
    assert restored.shape[2:] == size and torch.isfinite(restored).all()


@pytest.mark.parametrize("name", ["lfdn", "lfdn-without-all", "lfdn-rfdb"])
def test_image_skip_starts_as_the_identity_and_costs_no_parameter(name):
    model, x = build(name, image_skip=True), photograph(50, 40)
    assert (model(x) - x).abs().max() < tolerance("forward_float32")
    assert count(model) == count(build(name))
    model(x).sum().backward()
    assert model.to_image[0].weight.grad.abs().max() > 0


def test_without_the_skip_the_input_does_not_pass():
    model = build("lfdn")
    nn.init.zeros_(model.to_image[0].weight)
    nn.init.zeros_(model.to_image[0].bias)
    assert model(photograph(64, 64)).std(dim=(2, 3)).max() < 1e-6


def test_the_smallest_scale_and_every_block_reach_the_output():
    model, x = build("lfdn").eval(), photograph(64, 64)
    whole = model(x)
    for part in (model.encoder.down[3][2], model.blocks[0].join, model.encoder.up4[0]):
        less = copy.deepcopy(model)
        target = dict(less.named_modules())[next(n for n, m in model.named_modules() if m is part)]
        nn.init.zeros_(target.weight)
        assert not torch.allclose(whole, less(x))


def test_the_sum_takes_both_attentions():
    model = build("lfdn")
    outputs = list(torch.randn(4, 1, 50, 5, 6))
    both = model.fusion(outputs)
    nn.init.zeros_(model.fusion.fuse.weight)
    nn.init.zeros_(model.fusion.fuse.bias)
    assert torch.equal(model.fusion(outputs), outputs[-1])  # alpha starts at 0
    assert not torch.allclose(both, outputs[-1])


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_autocast_stays_close(dtype):
    torch.manual_seed(0)
    model, x = build("lfdn", image_skip=True).eval(), photograph(64, 64)
    nn.init.normal_(model.to_image[0].weight, std=0.01)
    with torch.inference_mode(), torch.autocast("cpu", dtype):
        low = model(x)
    with torch.inference_mode():
        whole = model(x)
    assert (low.float() - whole).abs().max() < 0.02 < (whole - x).abs().max()


def test_channels_last_copies_and_pickles_compute_the_same():
    model, x = build("lfdn-n1").eval(), photograph(32, 32)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert torch.equal(other(x), model(x))
    turned = use_channels_last(copy.deepcopy(model))
    difference = turned(x.to(memory_format=torch.channels_last)) - model(x)
    assert difference.abs().max() < tolerance("network_float32")


def test_no_3d_convolution_runs():
    called = []
    model = build("lfdn")
    for module in model.modules():
        if isinstance(module, nn.Conv3d):
            module.register_forward_hook(lambda *_: called.append(1))
    model(photograph(32, 32))
    assert not called


def test_weights_are_saved_and_found_again(tmp_path):
    model, x = build("lfdn", image_skip=True, theta=0.5).eval(), photograph(32, 48)
    nn.init.normal_(model.to_image[0].weight, std=0.01)
    model.save_pretrained(tmp_path)
    again = LFDN.from_pretrained(tmp_path)
    assert torch.equal(again(x), model(x)) and again.card == model.card
    with pytest.raises(ValueError, match="weights of LFDN, not of LMFN: call LFDN.from_pretrained"):
        LMFN.from_pretrained(tmp_path)
