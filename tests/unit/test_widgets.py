"""The widgets without a browser: move a control, look at what it shows. tests/notebooks/test_browser.py clicks them."""

import io
import re

import numpy as np
import pytest
import torch
from PIL import Image

from lmfn_core import build
from lmfn_core.measures.profiling import macs
from lmfn_core.teaching.widgets import before_after, size_calculator

LIGHT, DARK = 200, 40
TOLERANCE = 4  # grey levels that JPEG may be off on flat areas


def shown(picture) -> np.ndarray:
    assert picture.format == "jpeg"
    return np.asarray(Image.open(io.BytesIO(picture.value))).astype(int)


def flat(level: int, height: int = 32, width: int = 48) -> torch.Tensor:
    return torch.full((3, height, width), level, dtype=torch.uint8)


# the divider


@pytest.mark.parametrize("at", [8, 24, 40])
def test_the_divider_stands_where_the_slider_is(at):
    slider, picture = before_after(flat(DARK), flat(LIGHT)).children
    slider.value = at
    pixels = shown(picture)
    assert pixels.shape == (32, 48, 3)
    assert abs(pixels[:, : at - 4] - DARK).max() <= TOLERANCE
    assert abs(pixels[:, at + 4 :] - LIGHT).max() <= TOLERANCE
    assert pixels[:, at - 1 : at + 1].min() > LIGHT + 20, "the line is white"


def test_at_either_end_one_image_is_seen_whole():
    slider, picture = before_after(flat(DARK), flat(LIGHT)).children
    slider.value = slider.max
    assert abs(shown(picture) - DARK).max() <= TOLERANCE
    slider.value = slider.min
    assert abs(shown(picture) - LIGHT).max() <= TOLERANCE


def test_it_starts_in_the_middle_and_shows_something_before_it_is_touched():
    slider, picture = before_after(flat(DARK), flat(LIGHT)).children
    assert (slider.min, slider.value, slider.max) == (0, 24, 48)
    assert shown(picture)[0, 4, 0] < 60 and shown(picture)[0, -4, 0] > 180


def test_floats_are_clamped_and_rounded_as_an_8_bit_file_would_be():
    slider, picture = before_after(flat(255).float() / 255 * 1.5, flat(0).float() - 0.3).children
    slider.value = slider.max
    assert shown(picture).min() >= 255 - TOLERANCE
    slider.value = 0
    assert shown(picture).max() <= TOLERANCE


def test_the_images_themselves_are_left_alone():
    before, after = flat(DARK), flat(LIGHT)
    slider, _ = before_after(before, after).children
    slider.value = 10
    assert bool((before == DARK).all()) and bool((after == LIGHT).all())


def test_images_of_two_sizes_are_refused_with_both_sizes():
    with pytest.raises(ValueError, match=r"before is 48 x 32, after is 47 x 32; .* one size"):
        before_after(flat(0), flat(0, width=47))


# the calculator


def calculator():
    box = size_calculator()
    controls = {control.description: control for control in box.children[:-1]}
    return controls, box.children[-1]


def counted(result) -> int:
    return int(re.search(r"<b>([\d,]+) parameters", result.value).group(1).replace(",", ""))


def test_it_starts_with_the_papers_network():
    _, result = calculator()
    assert counted(result) == 1_223_766
    model = build("lmfn")
    assert f"{macs(model, 256, 256) / 1e9:.2f} GMAC at 256 x 256" in result.value
    assert f"{macs(model, 720, 1280) / 1e9:.1f} GMAC at 1280 x 720" in result.value
    assert "never used" not in result.value


def test_as_published_has_dead_weight():
    controls, result = calculator()
    controls["as published"].value = True
    assert counted(result) == 1_247_707 and "23,903 are never used" in result.value


@pytest.mark.parametrize(
    ("control", "value", "settings"),
    [
        ("blocks N", 6, {"blocks": 6}),
        ("channels C", 32, {"channels": 32}),
        ("image skip", True, {"image_skip": True}),
    ],
)
def test_each_control_rebuilds_the_network(control, value, settings):
    controls, result = calculator()
    controls[control].value = value
    assert counted(result) == sum(p.numel() for p in build("lmfn", **settings).parameters())


def test_every_offered_name_can_be_chosen_with_the_other_controls_away_from_their_start():
    controls, result = calculator()
    controls["channels C"].value, controls["blocks N"].value = 20, 2
    seen = set()
    for name in controls["network"].options:
        controls["network"].value = name
        assert counted(result) == sum(p.numel() for p in build(name, channels=20, blocks=2).parameters())
        seen.add(counted(result))
    assert len(seen) == len(controls["network"].options) == 6


def test_moving_a_control_leaves_the_random_stream_alone():
    torch.manual_seed(3)
    expected = torch.rand(())
    torch.manual_seed(3)
    controls, _ = calculator()
    controls["blocks N"].value = 2
    assert torch.equal(torch.rand(()), expected)
