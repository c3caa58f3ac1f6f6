"""CMYK: to the bit where nothing changes, the colour of the result where something does, no more black than before."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp
from PIL import Image

from lmfn_core.files.inks import inks_of, light


@settings(max_examples=60, deadline=None)
@given(inks=hnp.arrays("uint8", (16, 16, 4)))
def test_unchanged_colours_keep_their_inks_to_the_bit(inks):
    assert np.array_equal(inks_of(light(inks), inks), inks)


def test_16_bits_too():
    inks = np.random.default_rng(0).integers(0, 65536, (32, 32, 4), dtype=np.uint16)
    assert np.abs(inks_of(light(inks), inks).astype(int) - inks).max() <= 1


def test_the_colours_are_those_that_pillow_shows():
    inks = np.random.default_rng(0).integers(0, 256, (32, 32, 4), dtype=np.uint8)
    pillow = np.asarray(Image.frombytes("CMYK", (32, 32), inks.tobytes()).convert("RGB")).astype(int)
    ours = light(inks)[0].permute(1, 2, 0).mul(255).round().numpy()
    assert np.abs(pillow - ours).max() <= 2


@pytest.mark.parametrize("black", [0, 40, 128])
def test_new_colours_are_shown_with_no_more_black(black):
    before = np.full((16, 16, 4), black, np.uint8)
    wanted = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    inks = inks_of(wanted, before)
    assert (inks[..., 3] <= black).all()
    reachable = wanted.minimum(torch.tensor(1.0))
    assert (light(inks) - reachable).abs().max() < 1.1 / 255


def test_black_goes_where_the_result_is_brighter_than_it_allows():
    black = np.zeros((16, 16, 4), np.uint8)
    black[..., 3] = 255
    assert (inks_of(torch.ones(1, 3, 16, 16), black) == 0).all()
    assert (inks_of(torch.zeros(1, 3, 16, 16), black) == black).all()
