"""LFDN's rows of Tables 6 to 9 by name: sizes, fixed scales, the counts in the decisions, bad settings."""

import copy
import re
from pathlib import Path

import pytest
import torch

from lmfn_core import build, networks
from lmfn_core.models.lfdn_variants import ALPHAS, FIXED, THETAS
from lmfn_core.parts.fdnb import PlainBlock
from lmfn_core.parts.layers import conv

SIZES = {
    "lfdn": 1_539_860,
    "lfdn-without-all": 808_872,
    "lfdn-without-attention": 1_539_844,
    "lfdn-rfdb": 1_564_448,
    "lfdn-cnn": 1_547_448,
    "lfdn-without-mshf": 801_300,
    **{f"lfdn-n{n}": 1_176_648 + n * 90_803 for n in range(1, 7)},
}


def count(model):
    return sum(p.numel() for p in model.parameters())


def photograph(height, width):
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(0))


def test_every_row_has_a_size_here_or_a_fixed_scale():
    assert set(networks(family="lfdn")) == {*SIZES, *FIXED} and len(FIXED) == len(THETAS) + len(ALPHAS)


@pytest.mark.parametrize("name", SIZES)
def test_exact_sizes(name):
    assert count(build(name)) == SIZES[name]


def test_every_count_in_the_decisions_is_computed():
    """The rows, the parts, and the readings that were not taken."""
    lfdn = build("lfdn")
    encoder, block, decoder = lfdn.encoder, lfdn.blocks[0], (lfdn.refine_quarter, lfdn.to_half, lfdn.refine_half)
    esa, halvings = build("lmfn").blocks[0].attention, build("lmfn").encoder.down
    parts = (encoder, encoder.down, encoder.up4, halvings, lfdn.bridge, lfdn.fusion.fuse, lfdn.to_half, lfdn.to_image,
             block, block.attention, esa, PlainBlock(50), conv(64, 50, kernel=1), conv(200, 50))  # fmt: skip
    known = {count(build(name)) for name in networks(family="lfdn")} | {count(part) for part in parts}
    known |= {
        4 * count(encoder.refine4),  # nine residual blocks instead of five
        count(block) - count(block.attention) - count(block.normalise),
        count(five := build("lfdn-n5")) - count(lfdn),
        count(five.fusion.fuse) - count(lfdn.fusion.fuse),
        count(lfdn.to_image) + sum(count(part) for part in decoder),
        count(lfdn.to_half) + count(conv(50, 3)) - count(lfdn.to_image),
    }
    text = (Path(__file__).parents[2] / "reports" / "decisions.md").read_text(encoding="utf-8")
    section = text.split("## The second network")[1].split("\n## ")[0]
    written = {int(number.replace(",", "")) for number in re.findall(r"\d{1,3}(?:,\d{3})+", section)}
    assert written and written <= known, sorted(written - known)
    taken = [p.numel() for n, p in lfdn.named_parameters() if ".keep." in n and n.endswith(".bias")]
    assert (sum(taken), 4 * count(block.normalise), count(block.attention)) == (300, 600, 353)
    assert f"{(count(lfdn) + 86_141) / 1e6:.2f}" == "1.63"


@pytest.mark.parametrize("name", [*SIZES, "lfdn-theta-0p002"])
def test_every_row_restores_an_odd_size(name):
    with torch.inference_mode():
        assert build(name).eval()(photograph(37, 70)).shape == (1, 3, 37, 70)


def test_names_of_tables_7_and_8_stand_for_their_values():
    built = {name: build(name) for name in FIXED}
    assert [m.fusion.layer_attention.theta.item() for n, m in built.items() if "theta" in n] == pytest.approx(THETAS)
    assert [m.fusion.channel_attention.alpha.item() for n, m in built.items() if "alpha" in n] == pytest.approx(ALPHAS)
    assert {"lfdn-theta-0", "lfdn-theta-minus-0p0015", "lfdn-alpha-0p1724"} <= set(FIXED)
    assert all(count(model) == SIZES["lfdn"] - 1 for model in built.values())
    assert not any("." in name for name in networks()), "a dot in a name would end it in a record's path"


def test_a_fixed_scale_is_no_parameter_and_no_part_of_the_weights():
    model = build("lfdn", theta=0.5, alpha=-0.25)
    fusion, learnt = model.fusion, build("lfdn").fusion
    assert (fusion.layer_attention.theta.item(), fusion.channel_attention.alpha.item()) == (0.5, -0.25)
    names = {name for name, _ in learnt.named_parameters()} - {name for name, _ in fusion.named_parameters()}
    assert names == {"layer_attention.theta", "channel_attention.alpha"}
    assert names == set(learnt.state_dict()) - set(fusion.state_dict())
    before = copy.deepcopy(model)
    loss = model(photograph(32, 32)).square().mean()
    loss.backward()
    torch.optim.SGD(model.parameters(), lr=0.1).step()
    assert torch.equal(model.fusion.layer_attention.theta, before.fusion.layer_attention.theta)


def test_a_fixed_scale_does_what_the_same_learnt_value_does():
    torch.manual_seed(0)
    fixed = build("lfdn", theta=-0.0015, alpha=0.1724).eval()
    torch.manual_seed(0)
    learnt = build("lfdn").eval()
    learnt.fusion.layer_attention.theta.data.fill_(-0.0015)
    learnt.fusion.channel_attention.alpha.data.fill_(0.1724)
    x = photograph(64, 64)
    assert torch.equal(fixed(x), learnt(x))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"thetas": 0.1}, "Unknown setting 'thetas'. Did you mean 'theta'"),
        ({"energy_scale": "cosine"}, "Unknown setting 'energy_scale'"),
        ({"published": True}, "lfdn has no published form: the code that its authors published is LMFN's"),
        ({"attention": False, "theta": 0.1}, "theta=0.1, alpha=None have no meaning without attention"),
        ({"blocks": 0}, "at least 1 distillation block; got blocks=0"),
        ({"channels": 51}, "got 51"),
    ],
)
def test_bad_settings_are_refused_in_a_sentence(settings, words):
    with pytest.raises(ValueError, match=words):
        build("lfdn", **settings)


def test_unknown_families_are_refused_in_a_sentence():
    with pytest.raises(ValueError, match="Unknown family 'lfdm'. Did you mean 'lfdn'"):
        networks(family="lfdm")
