"""The sliders for rain without a browser: move one, look at the picture and the number below it."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from lmfn_core.teaching.rain_widget import rain_maker

GREY = torch.full((3, 64, 96), 0.4)


def parts(box) -> tuple[dict, object, object]:
    *controls, picture, says = box.children
    return {control.description: control for control in controls}, picture, says


def shown(picture) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture.value))).astype(float)


def decibels(says) -> float:
    return float(says.value.split()[2])


def test_it_rains_before_a_slider_is_touched():
    _, picture, says = parts(rain_maker(GREY))
    assert shown(picture).shape == (64, 96, 3)
    assert shown(picture).max() > 130 and decibels(says) < 40


@pytest.mark.parametrize(("name", "value"), [("layers", 8), ("cover", 0.5), ("opacity", 1.0)])
def test_more_of_it_costs_decibels(name, value):
    controls, _, says = parts(rain_maker(GREY))
    before = decibels(says)
    controls[name].value = value
    assert decibels(says) < before - 1


def slope(image: np.ndarray) -> float:
    """Pixels to the right for each pixel down: what a bright point's neighbourhood looks most like."""
    light = image.mean(2) - 102
    shifts = np.arange(-8, 9)
    match = [(light[:-8] * np.roll(light, -shift, axis=1)[8:])[:, 8:-8].sum() for shift in shifts]
    return shifts[int(np.argmax(match))] / 8


def test_the_angle_turns_the_streaks_one_way_and_the_other():
    controls, picture, _ = parts(rain_maker(GREY))
    found = {}
    for angle in (-40, 0, 40):
        controls["angle"].value = angle
        found[angle] = slope(shown(picture))
    assert abs(found[0]) <= 0.25 and found[-40] * found[40] < 0 and abs(found[40]) > 0.4


def test_an_8_bit_photograph_is_taken_as_it_is():
    levels = (GREY * 255).round().to(torch.uint8)
    pictures = [parts(rain_maker(image))[1].value for image in (levels, levels.float() / 255)]
    assert pictures[0] == pictures[1]
