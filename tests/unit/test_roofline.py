"""What a network needs, counted by hand, and a device's speeds, which are no more than positive here."""

import torch
from torch import nn

from lmfn_core import build
from lmfn_core.benchmark.roofline import limits, traffic
from lmfn_core.parts.layers import conv


def test_traffic_of_a_convolution_is_image_weights_and_result():
    image, weights, result = 3 * 10 * 20, 8 * 3 * 9 + 8, 8 * 10 * 20
    cast = (image + weights) * (4 + 2)  # autocast reads float32 and writes bfloat16
    assert traffic(conv(3, 8), height=10, width=20) == cast + 2 * (image + weights + result)


def test_views_are_free_and_copies_are_not():
    class Reshaped(nn.Module):
        def forward(self, x):
            return x.permute(0, 2, 3, 1).reshape(1, -1, 3).transpose(1, 2)[:, :2]

    class Copied(nn.Module):
        def forward(self, x):
            return x.clone()

    assert traffic(Reshaped(), 8, 8) == 0
    assert traffic(Copied(), 8, 8) == 2 * 4 * 3 * 8 * 8


def test_traffic_of_lmfn_grows_with_the_pixels():
    model = build("lmfn")
    small, large = traffic(model, 128, 128), traffic(model, 256, 256)
    assert 3 < large / small < 4.2


def test_limits_name_every_size():
    found = limits(conv(3, 8), torch.device("cpu"), [(20, 10)], matrix=16, megabytes=1)
    assert found["needs"]["20x10"]["flop"] == 2 * 3 * 8 * 9 * 20 * 10
    assert found["flop_per_s"] > 0 and found["bytes_per_s"] > 0
