"""The sliders for a convolution without a browser: move one, read the text below it."""

import re

import pytest
import torch
from torch import nn

from lmfn_core.teaching.conv_widget import CHANNELS, conv_calculator


def parts(size=32) -> tuple[dict, object]:
    *controls, says = conv_calculator(size).children
    return {control.description: control for control in controls}, says


def numbers(says) -> list[int]:
    return [int(number.replace(",", "")) for number in re.findall(r"[\d,]*\d", says.value)]


@pytest.mark.parametrize("size", [15, 32])
@pytest.mark.parametrize(
    "moved", [{}, {"kernel": 5, "padding": 2}, {"stride": 3}, {"dilation": 4, "padding": 1}, {"groups": 6, "stride": 2}]
)
def test_it_says_what_torch_does(size, moved):
    controls, says = parts(size)
    for name, value in moved.items():
        controls[name].value = value
    settings = dict(moved)
    layer = nn.Conv2d(*CHANNELS, settings.pop("kernel", 3), **settings)
    out = layer(torch.zeros(1, CHANNELS[0], size, size)).shape[-1]
    owned = sum(p.numel() for p in layer.parameters())
    span = layer.dilation[0] * (layer.kernel_size[0] - 1) + 1
    work = out * out * layer.weight.numel()
    assert numbers(says) == [size, size, out, out, owned, work, span, span]


def test_a_kernel_that_does_not_fit_gets_a_sentence():
    controls, says = parts(8)
    controls["kernel"].value, controls["dilation"].value = 5, 3
    assert "does not fit" in says.value and numbers(says) == [13, 8]
    controls["padding"].value = 3
    assert "8 x 8 becomes 2 x 2" in says.value


def test_moving_a_slider_leaves_the_random_stream_alone():
    torch.manual_seed(3)
    expected = torch.rand(())
    torch.manual_seed(3)
    controls, _ = parts()
    controls["kernel"].value = 7
    assert torch.equal(torch.rand(()), expected)
