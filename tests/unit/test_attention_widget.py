"""The attention viewer without a browser: move a slider, look at the picture and the words below it."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from lmfn_core import build
from lmfn_core.parts.fusion import ALFM
from lmfn_core.teaching.attention_widget import attention_viewer, loudest, row_picture, stacked_features

IMAGE = torch.rand(3, 64, 96, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return build("lmfn")


def parts(box) -> tuple[dict, object, object]:
    *controls, picture, says = box.children
    return {control.description: control for control in controls}, picture, says


def shown(picture) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture.value))).astype(float)


def listens(says) -> float:
    return float(says.value.split("as if to ")[1].split()[0])


def test_the_features_are_what_alfm_is_given(network):
    f_g = stacked_features(network, IMAGE[None])
    assert f_g.shape == (1, 200, 16, 24) and not f_g.requires_grad
    assert torch.equal(stacked_features(network, IMAGE[None]), f_g), "and the hook is gone"
    assert not network.fusion.layer_attention._forward_pre_hooks


@pytest.mark.parametrize("name", ["lmfn-without-attention", "nafnet-small"])
def test_a_network_without_it_is_refused(name):
    with pytest.raises(ValueError, match="no attention over layers"):
        stacked_features(build(name), IMAGE[None])


def test_each_slider_and_the_form_redraw_picture_and_words(network):
    controls, picture, says = parts(attention_viewer(network, IMAGE))
    assert (controls["block"].max, controls["channel"].max) == (4, 49)
    for name, value in (("block", 2), ("channel", 31), ("energies", "cosine")):
        before = picture.value, says.value
        controls[name].value = value
        assert picture.value != before[0] and says.value != before[1], name
    assert says.value.startswith("block 2, channel 31 listens to ")


def test_the_words_are_those_of_the_matrix(network):
    controls, _, says = parts(attention_viewer(network, IMAGE))
    controls["block"].value, controls["channel"].value = 3, 7
    row = ALFM().attention(stacked_features(network, IMAGE[None]))[0, 107]
    block, channel, weight = loudest(row, 4)[0]
    assert f"listens to block {block}, channel {channel} ({weight:.3f})" in says.value
    assert (block - 1) * 50 + channel == row.argmax() and weight == pytest.approx(row.max().item(), abs=1e-3)


def test_the_scaled_forms_listen_to_other_numbers_of_channels(network):
    controls, _, says = parts(attention_viewer(network, IMAGE))
    heard = {}
    for form in controls["energies"].options:
        controls["energies"].value = form
        heard[form] = listens(says)
    assert 1 <= heard["as written"] < 200 and heard["divided by positions"] > 199


def test_the_image_stands_at_the_left_and_the_weights_below(network):
    _, picture, _ = parts(attention_viewer(network, IMAGE))
    sheet = shown(picture)
    assert sheet.shape == (64 + 4 + 4 * 5, 3 * 96 + 8, 3)  # four lines of cells, 5 pixels each
    assert abs(sheet[8:56, 8:88] - IMAGE.permute(1, 2, 0).numpy()[8:56, 8:88] * 255).mean() < 20
    row = ALFM().attention(stacked_features(network, IMAGE[None]))[0, 0].view(4, 50)
    cells = sheet[70:88:5, 2:250:5].mean(2)  # the middle of each
    assert abs(cells - (row / row.max() * 255).detach().numpy()).mean() < 8


def test_a_row_is_drawn_as_channel_what_it_hears_and_weights():
    f_g, m = torch.arange(24.0).view(4, 2, 3), torch.zeros(4, 4)
    m[0, 3] = 1
    pictures = row_picture(f_g, m, row=0, blocks=2)
    assert torch.equal(pictures["the channel"], f_g[0] / 5)
    assert torch.equal(pictures["what it hears"], (f_g[3] - 18) / 5)
    assert pictures["its weights"].tolist() == [[0, 0], [0, 1]]


def test_a_flat_map_is_black_and_even_weights_are_white():
    pictures = row_picture(torch.zeros(4, 2, 3), torch.full((4, 4), 0.25), row=1, blocks=2)
    assert not pictures["the channel"].any() and not pictures["what it hears"].any()
    assert torch.equal(pictures["its weights"], torch.ones(2, 2))


def test_lfdn_has_the_same_attention():
    _, _, says = parts(attention_viewer(build("lfdn"), IMAGE))
    assert says.value.startswith("block 1, channel 0 listens to ")
