"""Strips: the padded image by rows, how high a strip is, a convolution over strips."""

import pytest
import torch

from lmfn_core.benchmark.tolerances import tolerance
from lmfn_core.parts.layers import conv, pad_to
from lmfn_core.restoring.strips import Padded, Strips


@pytest.mark.parametrize("size", [(16, 16), (33, 17), (50, 81), (64, 80), (65, 64), (100, 31)])
def test_padded_rows_are_those_of_pad_to(size):
    image = torch.rand(2, 3, *size)
    padded, wanted = Padded(image, 16, 64), pad_to(image, 16, 64)
    assert padded.shape == wanted.shape
    rows = [padded.rows(first, first + 16) for first in range(0, wanted.shape[2], 16)]
    assert torch.equal(torch.cat(rows, dim=2), wanted)


def test_bytes_become_floats_between_0_and_1():
    image = torch.tensor([0, 51, 255], dtype=torch.uint8).view(1, 3, 1, 1).expand(1, 3, 16, 16)
    assert torch.equal(Padded(image, 16, 16).rows(0, 1)[0, :, 0, 0], torch.tensor([0.0, 0.2, 1.0]))


@pytest.mark.parametrize("tile", [1, 2, 5, 16, 40, 0, None])
def test_a_convolution_over_strips_is_that_of_the_whole(tile):
    x, layer = torch.rand(1, 4, 37, 9), conv(4, 6)
    strips = Strips((1, 3, 37, 9), tile)
    with torch.no_grad():
        difference = strips.collect(layer, [x], units=37, live=4, halo=1) - layer(x)
    assert difference.abs().max() < tolerance("block_float32")


def test_without_its_halo_it_is_not():
    x, layer = torch.rand(1, 4, 37, 9), conv(4, 6)
    with torch.no_grad():
        result = Strips((1, 3, 37, 9), tile=5).collect(layer, [x], units=37, live=4)
        wrong = (result - layer(x)).abs().amax((0, 1, 3)) > tolerance("block_float32")
    assert wrong.nonzero().flatten().tolist() == [row for row in range(1, 36) if row % 5 in (0, 4)]


def test_maps_of_two_sizes_are_cut_alike_and_results_may_be_larger():
    fine, coarse = torch.rand(1, 2, 24, 8), torch.rand(1, 2, 12, 4)
    double = lambda x, y: (x + y.repeat_interleave(2, 2).repeat_interleave(2, 3)).repeat_interleave(2, 2)  # noqa: E731
    strips = Strips((1, 3, 48, 16), tile=20)  # 5 coarse rows: the last strip is lower
    result = strips.collect(double, [fine, coarse], units=12, live=2)
    assert torch.equal(result, double(fine, coarse))


def test_strips_get_lower_as_the_image_gets_wider_and_are_even():
    heights = [Strips((1, 3, 4320, width), itemsize=2, budget=2**24).height(1080, live=64) for width in (720, 7680)]
    assert heights[0] > heights[1]
    assert heights[1] * 1920 * 64 * 2 <= 2**24 < 2 * heights[1] * 1920 * 64 * 2
    assert Strips((1, 3, 4320, 7680), tile=0).height(1080, live=64) == 1080
