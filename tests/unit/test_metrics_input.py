"""What is no pair of images is refused in one sentence that holds the offending value."""

import math

import jaxtyping
import pytest
import torch
from torch import Tensor

from lmfn_core.measures.conventions import PSNR, SSIM
from lmfn_core.measures.metrics import psnr, score, score_card, ssim


@pytest.fixture
def untyped():
    """The typing hook would answer first."""
    before = jaxtyping.config.jaxtyping_disable
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", before)


def images(*shape: int, value: float = 0.5, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.full(shape, value).to(dtype)


@pytest.mark.parametrize("measure", [psnr, ssim, score])
@pytest.mark.parametrize(
    ("preds", "target", "message"),
    [
        (images(1, 3, 20, 20), images(1, 3, 20, 21), r"one shape .*; got \(1, 3, 20, 20\) and \(1, 3, 20, 21\)"),
        (images(1, 1, 20, 20), images(1, 1, 20, 20), r"\(batch, 3, height, width\); got \(1, 1, 20, 20\)"),
        (images(1, 3, 21, 20), images(1, 3, 20, 20), r"one shape .*; got \(1, 3, 21, 20\) and \(1, 3, 20, 20\)"),
        (images(1, 4, 20, 20), images(1, 4, 20, 20), r"\(batch, 3, height, width\); got \(1, 4, 20, 20\)"),
        (images(1, 3, 2, 20, 20), images(1, 3, 2, 20, 20), r"got \(1, 3, 2, 20, 20\)"),
        (images(3, 20, 20), images(3, 20, 20), r"got \(3, 20, 20\)"),
        (images(1, 3, 20, 20, value=math.nan), images(1, 3, 20, 20), "preds holds 1200 values .* not finite.* nan"),
        (images(1, 3, 20, 20), images(1, 3, 20, 20, value=math.inf), "target holds 1200 values .* not finite.* inf"),
        (images(1, 3, 20, 20, value=120), images(1, 3, 20, 20), "preds holds values from 120 to 120; .* by 255"),
        (images(1, 3, 20, 20), images(1, 3, 20, 20, value=120), "target holds values from 120 to 120; .* by 255"),
        (images(1, 3, 20, 20), images(1, 3, 20, 20, value=-0.5), "target holds values from -0.5 to -0.5"),
        (images(1, 3, 20, 20, dtype=torch.uint8), images(1, 3, 20, 20), "preds is torch.uint8; .* by 255"),
        (images(0, 3, 20, 20), images(0, 3, 20, 20), r"preds is empty, shape \(0, 3, 20, 20\)"),
    ],
)
def test_bad_images_give_one_sentence(untyped, measure, preds, target, message):
    with pytest.raises(ValueError, match=message):
        measure(preds, target)


@pytest.mark.parametrize(("name", "window"), [("per-channel", 11), ("matlab-rgb", 11), ("uniform-7x7", 7)])
def test_an_image_smaller_than_the_window_is_refused(name, window):
    fits, small = images(1, 3, window, window), images(1, 3, window, window - 1)
    assert ssim(fits, fits, name).tolist() == pytest.approx([1.0])
    with pytest.raises(ValueError, match=f"{window - 1} x {window}, smaller than the {window} x {window} window"):
        ssim(small, small, name)


def images_of(*values: float) -> Tensor:
    """One flat image for each value, in float64, so that a limit is met exactly."""
    return torch.tensor(values, dtype=torch.float64).view(-1, 1, 1, 1).expand(-1, 3, 20, 20)


@pytest.mark.parametrize(
    ("preds", "target", "refused"),
    [
        ((2.0, -2.0), (0.5, 0.5), None),  # a network may overshoot
        ((0.5, 2.01), (0.5, 0.5), "preds holds values from 0.5 to 2.01"),
        ((-2.01, 0.5), (0.5, 0.5), "preds holds values from -2.01 to 0.5"),
        ((0.5,), (1 + 1e-3,), None),
        ((0.5,), (-1e-3,), None),
        ((0.5, 0.5), (0.5, 1.0011), "target holds values from 0.5 to 1.0011"),
        ((0.5, 0.5), (0.5, -0.0011), "target holds values from -0.0011 to 0.5"),
    ],
)
def test_how_far_values_may_leave_their_range(preds, target, refused):
    if refused:
        with pytest.raises(ValueError, match=refused):
            psnr(images_of(*preds), images_of(*target))
    else:
        assert torch.isfinite(psnr(images_of(*preds), images_of(*target))).all()


def test_some_values_that_are_not_finite_are_counted():
    bad = images(2, 3, 20, 20)
    bad[1, 2, 3, :5] = -math.inf
    with pytest.raises(ValueError, match="target holds 5 values that are not finite, the first is -inf"):
        psnr(images(2, 3, 20, 20), bad)


def test_one_pixel_is_an_image():
    assert psnr(images(1, 3, 1, 1), images(1, 3, 1, 1, value=0.0)).item() == pytest.approx(20 * math.log10(255 / 128))


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_equal_constant_images_are_identical_under_every_convention(value):
    flat = images(2, 3, 20, 24, value=value)
    assert all(psnr(flat, flat, name).tolist() == [math.inf] * 2 for name in PSNR)
    assert all(ssim(flat, flat, name).tolist() == pytest.approx([1.0] * 2, abs=1e-12) for name in SSIM)


@pytest.mark.parametrize("name", SSIM)
def test_black_and_white_have_nothing_in_common_and_no_division_by_zero(name):
    black, white = images(1, 3, 20, 20, value=0), images(1, 3, 20, 20, value=1)
    a, b, c1 = *((16, 235) if name == "luma" else (0, 255)), 2.55**2
    assert ssim(black, white, name).item() == pytest.approx((2 * a * b + c1) / (a**2 + b**2 + c1), rel=1e-9)


def test_one_pixel_has_a_psnr_and_no_window_of_ssim():
    one, other = images(1, 3, 1, 1, value=100 / 255), images(1, 3, 1, 1, value=110 / 255)
    assert psnr(other, one).item() == pytest.approx(20 * math.log10(25.5))
    assert all(math.isfinite(psnr(other, one, name).item()) for name in PSNR)
    for name in SSIM:
        with pytest.raises(ValueError, match=f"The image is 1 x 1, smaller than the .* window of SSIM {name!r}"):
            ssim(other, one, name)


@pytest.mark.parametrize(("value", "said"), [(math.nan, "not finite"), (120.0, "divide 8-bit values by 255")])
def test_every_convention_refuses_what_is_no_image(value, said):
    good, bad = images(1, 3, 20, 20), images(1, 3, 20, 20, value=value)
    calls = [lambda p, t, n=n: psnr(p, t, n) for n in PSNR] + [lambda p, t, n=n: ssim(p, t, n) for n in SSIM]
    for call in [*calls, lambda p, t: score_card(p[0], t[0])]:
        for pair in ((good, bad), (bad, good)):
            with pytest.raises(ValueError, match=said):
                call(*pair)
