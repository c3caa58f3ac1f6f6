"""What is no pair of images is refused in one sentence that holds the offending value."""

import math

import jaxtyping
import pytest
import torch
from torch import Tensor

from lmfn_core.measures.metrics import psnr, score, ssim


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
