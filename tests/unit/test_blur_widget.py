"""The sliders for blur without a browser: move one, look at the picture and the numbers below it."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from lmfn_core.images.leaves import dead_leaves
from lmfn_core.measures.metrics import psnr, ssim
from lmfn_core.teaching.blur_widget import LONGEST, blur_slider, streak, streaked

SCENE = dead_leaves(1, 64, torch.Generator().manual_seed(3))[0]


def parts(box) -> tuple[dict, object, object]:
    *controls, picture, says = box.children
    return {control.description.split(",")[0]: control for control in controls}, picture, says


def shown(picture) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture.value))).astype(float)


def scores(says) -> tuple[float, float]:
    _, decibels, unit, _, similarity = says.value.split()
    assert unit == "dB,"
    return float(decibels), float(similarity)


def dot(size=41) -> torch.Tensor:
    image = torch.zeros(3, size, size)
    image[:, size // 2, size // 2] = 1
    return image


@pytest.mark.parametrize("length", [1, 2, 3, 8, 41])
@pytest.mark.parametrize("angle", [-90, -35, 0, 45, 90])
def test_a_streak_keeps_the_light_in_the_middle(length, angle):
    kernel = streak(length, angle).double()
    at = torch.arange(len(kernel)) - len(kernel) // 2
    assert len(kernel) == 2 * (length // 2) + 1 and kernel.min() >= 0
    assert kernel.sum().item() == pytest.approx(1, abs=1e-6)
    assert abs((kernel.sum(0) * at).sum()) < 1e-6 and abs((kernel.sum(1) * at).sum()) < 1e-6


def test_the_streak_of_a_point_lies_along_the_angle():
    assert torch.equal(streak(5, 0)[2], torch.full((5,), 0.2)) and streak(5, 0).count_nonzero() == 5
    rising = streak(9, 45)
    assert rising[0:3, 6:9].sum() > 0.2 and rising[0:3, 0:3].sum() == 0, "up on the right"
    point = streaked(dot(), 9, 45)[0]
    assert (point[16:20, 21:25] > 0).any() and not (point[16:19, 16:19] > 0).any()


def test_no_motion_leaves_the_image_as_it_is():
    eight_bit = (SCENE * 255).round() / 255
    assert torch.equal(streaked(eight_bit, 1, 30), eight_bit)
    controls, _, says = parts(blur_slider(eight_bit))
    controls["streak"].value = 1
    assert says.value == "PSNR ∞ dB, SSIM 1.000"


def test_light_is_averaged_unless_the_file_is():
    half = torch.zeros(3, 32, 32)
    half[..., 16:] = 1
    light, values = (streaked(half, 16, 0, encoded)[0, 16, 16].item() for encoded in (False, True))
    assert light > 0.7 and values == pytest.approx(0.53, abs=0.04)


def test_no_length_is_refused():
    with pytest.raises(ValueError, match="length is 0; a streak is at least 1 pixel long"):
        streak(0, 0)


def test_it_is_blurred_and_scored_before_a_slider_is_touched():
    controls, picture, says = parts(blur_slider(SCENE))
    assert shown(picture).shape == (64, 64, 3)
    blurred = streaked(SCENE, controls["streak"].value, controls["angle"].value)
    assert scores(says)[0] == pytest.approx(psnr(blurred[None], SCENE[None]).item(), abs=0.051)
    assert scores(says)[1] == pytest.approx(ssim(blurred[None], SCENE[None]).item(), abs=0.00051)


def test_each_control_changes_picture_and_numbers():
    controls, picture, says = parts(blur_slider(SCENE))
    for name, value in (("streak", LONGEST), ("angle", -60), ("average file values", True)):
        before = picture.value, says.value
        controls[name].value = value
        assert picture.value != before[0] and says.value != before[1], name


def test_a_longer_streak_costs_decibels():
    controls, _, says = parts(blur_slider(SCENE))
    found = []
    for length in (3, 9, 27):
        controls["streak"].value = length
        found.append(scores(says))
    assert found == sorted(found, reverse=True) and found[0][0] > found[2][0] + 3


def test_an_8_bit_photograph_is_taken_as_it_is():
    levels = (SCENE * 255).round().to(torch.uint8)
    pictures = [parts(blur_slider(image))[1].value for image in (levels, levels.float() / 255)]
    assert pictures[0] == pictures[1]
