"""LMFN and its variants: exact sizes, any input size, image skip, one way in, bad input."""

import copy
import pickle

import pytest
import torch

from lmfn_core import build, networks
from lmfn_core.benchmark.tolerances import tolerance
from lmfn_core.models.nafnet import NAFNet

SIZES = {  # as the paper's equations describe it, and in the authors' published form where it has one
    "lmfn": (1_223_766, 1_247_707),
    "lmfn-published": (1_247_707, 1_247_707),
    "lmfn-without-mshf": (706_774, 730_715),
    "lmfn-without-distillation": (1_026_366, 1_050_307),
    "lmfn-without-attention": (1_178_700, 1_202_627),
    "lmfn-n1": (932_916, 956_857),
    "lmfn-n2": (1_029_866, 1_053_807),
    "lmfn-n3": (1_126_816, 1_150_757),
    "lmfn-n4": (1_223_766, 1_247_707),
    "lmfn-n5": (1_320_716, 1_344_657),
    "lmfn-n6": (1_417_666, 1_441_607),
    "lmfn-alfm-positions": (1_223_766, None),
    "lmfn-alfm-cosine": (1_223_767, None),
    "lmfn-without-alfm": (1_223_765, None),
    "lmfn-aspp": (1_215_702, 1_239_643),
    "lmfn-pyramid-pooling": (1_227_862, 1_251_803),
    "lmfn-global-pooling": (1_229_115, None),
    "lmfn-spatial-attention": (1_223_948, None),
    "nafnet-small": (1_121_883, None),
}
PUBLISHED = [name for name, (_, size) in SIZES.items() if size]


def count(model: torch.nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def test_every_network_has_a_size_here():
    assert [*networks(family="lmfn"), *networks(family="nafnet")] == list(SIZES)  # LFDN's: test_lfdn_variants.py
    assert networks() == [*networks(family="lmfn"), *networks(family="lfdn"), *networks(family="nafnet")]
    assert networks(published=True) == PUBLISHED


@pytest.mark.parametrize("name", SIZES)
def test_exact_sizes(name):
    assert count(build(name)) == SIZES[name][0]


@pytest.mark.parametrize("name", PUBLISHED)
def test_exact_sizes_as_published(name):
    assert count(build(name, published=True)) == SIZES[name][1]


@pytest.mark.parametrize("name", [n for n in SIZES if n != "lmfn-n4"])
def test_every_network_restores_an_odd_size(name):
    with torch.inference_mode():
        assert build(name).eval()(torch.rand(1, 3, 37, 70)).shape == (1, 3, 37, 70)


@pytest.mark.parametrize("name", ["lmfn-n1", "nafnet-small"])
@pytest.mark.parametrize("size", [(16, 16), (16, 200), (17, 31), (59, 61), (64, 64), (65, 130), (321, 481)])
def test_any_size_from_16_up(name, size):
    with torch.inference_mode():
        assert build(name).eval()(torch.rand(1, 3, *size)).shape[2:] == size


@pytest.mark.parametrize("name", [name for name in SIZES if name not in PUBLISHED])
def test_a_published_form_that_would_not_be_one_is_refused(name):
    with pytest.raises(ValueError, match=f"published=True has no meaning for {name}|{name} has no published form"):
        build(name, published=True)


@pytest.mark.parametrize("name", ["lmfn-aspp", "lmfn-pyramid-pooling"])
def test_the_other_encoders_are_about_as_large_as_mshf(name):
    assert abs(SIZES[name][0] / SIZES["lmfn"][0] - 1) < 0.01


@pytest.mark.parametrize("name", [name for name in SIZES if name not in PUBLISHED and name != "nafnet-small"])
def test_another_attention_leaves_encoder_and_blocks_as_they_start(name):
    """So two runs of one seed start from the same features and differ by the fusion alone."""
    torch.manual_seed(0)
    usual = build("lmfn").state_dict()
    torch.manual_seed(0)
    other = build(name).state_dict()
    assert all(torch.equal(usual[key], other[key]) for key in usual if key.startswith(("encoder.", "blocks.")))


def test_nafnet_is_saved_and_found_again_like_lmfn(tmp_path):
    model, x = build("nafnet-small", image_skip=True).eval(), torch.rand(1, 3, 32, 48)
    torch.nn.init.normal_(model.last.weight, std=0.01)
    model.save_pretrained(tmp_path)
    assert torch.equal(NAFNet.from_pretrained(tmp_path)(x), model(x))


def test_nafnet_adds_its_input_and_starts_as_the_identity():
    model, x = build("nafnet-small", image_skip=True), torch.rand(1, 3, 50, 70)
    assert torch.equal(model(x), x)
    model(x).sum().backward()
    assert model.last.weight.grad.abs().max() > 0


def test_padding_does_not_change_what_needs_none():
    model, x = build("lmfn-n1").eval(), torch.rand(1, 3, 64, 96)
    with torch.inference_mode():
        shifted = model.subtract_mean(x)
        bridged = model.bridge(model.encoder(shifted))
        fused = model.fusion([model.blocks[0](bridged)]) + bridged
        by_hand = model.add_mean(torch.nn.functional.pixel_shuffle(model.reconstruct(fused), 4))
        assert torch.equal(model(x), by_hand)


@pytest.mark.parametrize("published", [False, True])
def test_image_skip_starts_as_the_identity_and_costs_no_parameter(published):
    model, x = build("lmfn", image_skip=True, published=published), torch.rand(1, 3, 50, 40)
    assert (model(x) - x).abs().max() < tolerance("forward_float32")
    assert count(model) == count(build("lmfn", published=published))
    model(x).sum().backward()
    assert model.reconstruct.weight.grad.abs().max() > 0


def test_without_the_skip_the_input_does_not_pass():
    x = torch.rand(1, 3, 64, 64)
    model = build("lmfn")
    torch.nn.init.zeros_(model.reconstruct.weight)
    torch.nn.init.zeros_(model.reconstruct.bias)
    assert model(x).std(dim=(2, 3)).max() < 1e-6


def test_a_batch_is_its_images_one_by_one():
    model, x = build("lmfn").eval(), torch.rand(3, 3, 64, 64)
    with torch.inference_mode():
        one_by_one = torch.cat([model(image.unsqueeze(0)) for image in x])
        assert (model(x) - one_by_one).abs().max() < tolerance("forward_float32")


def test_bf16_autocast_stays_close():
    torch.manual_seed(0)
    model, x = build("lmfn", image_skip=True).eval(), torch.rand(1, 3, 64, 64)
    torch.nn.init.normal_(model.reconstruct.weight, std=0.01)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        low = model(x)
    with torch.inference_mode():
        assert (low.float() - model(x)).abs().max() < tolerance("forward_bf16")


def test_copies_and_pickles():
    model, x = build("lmfn-n1").eval(), torch.rand(1, 3, 32, 32)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert torch.equal(other(x), model(x))


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (torch.rand(1, 3, 15, 40), r"40 x 15; each side must be at least 16"),
        (torch.rand(1, 1, 32, 32), r"\(batch, 3, height, width\); got shape \(1, 1, 32, 32\)"),
        (torch.rand(3, 32, 32), r"got shape \(3, 32, 32\)"),
        (torch.zeros(1, 3, 32, 32, dtype=torch.uint8), "got torch.uint8: divide by 255"),
    ],
)
def test_bad_images_are_refused_in_a_sentence(bad, words):
    from lmfn_core.models.lmfn import check_image

    with pytest.raises(ValueError, match=words):
        check_image(bad)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("lmfm", {}), "Unknown network 'lmfm'. Did you mean 'lmfn'"),
        (("lmfn", {"image_skp": True}), "Unknown setting 'image_skp'. Did you mean 'image_skip'"),
        (("lmfn", {"blocks": 0}), "at least 1 distillation block; got blocks=0"),
        (("lmfn", {"channels": 25}), "got 25"),
        (("lmfn", {"energy_scale": "x"}), "'x'"),
        (("lmfn", {"energy_scale": "cosine", "published": True}), "lmfn has no published form"),
        (("nafnet-small", {"image_skip": False}), "image_skip=False has no meaning for nafnet-small: it is no LMFN"),
        (("nafnet-small", {"blocks": 2}), "blocks=2 has no meaning for nafnet-small"),
    ],
)
def test_bad_names_and_settings_are_refused_in_a_sentence(arguments, words):
    with pytest.raises(ValueError, match=words):
        build(arguments[0], **arguments[1])
