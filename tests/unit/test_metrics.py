"""PSNR and SSIM against scikit-image, torchmetrics, scipy and hand calculation."""

import math
import subprocess
import sys
from functools import cache

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from skimage import data
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torch import Tensor
from torchmetrics.functional.image import peak_signal_noise_ratio as tm_psnr
from torchmetrics.functional.image import structural_similarity_index_measure as tm_ssim

from lmfn_core.measures.conventions import CONVENTIONS, PSNR, SSIM, eight_bit, luma
from lmfn_core.measures.metrics import psnr, score, score_card, ssim


def tensor(images: np.ndarray) -> Tensor:
    return torch.from_numpy(images).permute(0, 3, 1, 2).contiguous().float() / 255


@cache
def photographs() -> tuple[np.ndarray, np.ndarray]:
    """Two photographs, blurred and sharp, uint8 "b h w 3", not square; the second is blurred more."""
    sharp = np.stack([data.astronaut()[40:180, 150:310], data.chelsea()[80:220, 60:220]])
    blurred = np.stack([gaussian_filter(sharp[i].astype(float), sigma=(1 + i, 1 + i, 0)) for i in range(2)])
    return np.rint(blurred).astype(np.uint8), sharp


@pytest.fixture
def pair() -> tuple[Tensor, Tensor]:
    blurred, sharp = photographs()
    return tensor(blurred), tensor(sharp)


def each(function) -> list[float]:
    return [function(p, t) for p, t in zip(*photographs(), strict=True)]


def assert_close(ours: Tensor, expected, tolerance: float) -> None:
    np.testing.assert_allclose(ours.numpy(), np.asarray(expected), rtol=0, atol=tolerance)


# against other implementations


def test_psnr_equals_scikit_image_and_torchmetrics(pair):
    assert_close(psnr(*pair), each(lambda p, t: peak_signal_noise_ratio(t, p, data_range=255)), 1e-9)
    theirs = tm_psnr(255 * pair[0].double(), 255 * pair[1].double(), data_range=255.0, dim=(1, 2, 3), reduction="none")
    assert_close(psnr(*pair), theirs, 1e-4)  # torchmetrics does not round away float32's x / 255 * 255


def test_luma_psnr_equals_scikit_image_on_luma(pair):
    y = [luma(image.double())[:, 0].numpy().astype(np.uint8) for image in pair]
    assert_close(psnr(*pair, "luma"), [peak_signal_noise_ratio(t, p) for p, t in zip(*y, strict=True)], 1e-9)


def test_per_channel_equals_scikit_image_and_torchmetrics(pair):
    options = dict(channel_axis=2, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255)
    assert_close(ssim(*pair), each(lambda p, t: structural_similarity(p, t, **options)), 1e-10)
    rounded = [eight_bit(image.double()) for image in pair]
    _, similarity = tm_ssim(*rounded, sigma=1.5, data_range=255.0, reduction="none", return_full_image=True)
    assert_close(
        ssim(*pair), similarity[..., 5:-5, 5:-5].mean(dim=(1, 2, 3)), 1e-9
    )  # theirs also counts mirrored borders


def test_uniform_equals_scikit_images_default(pair):
    assert_close(ssim(*pair, "uniform-7x7"), each(lambda p, t: structural_similarity(p, t, channel_axis=2)), 1e-10)


@pytest.mark.parametrize(("name", "planes"), [("luma", luma), ("grey", SSIM["grey"].planes)])
def test_one_plane_equals_scikit_image(pair, name, planes):
    options = dict(gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255)
    expected = [
        structural_similarity(p.numpy(), t.numpy(), **options)
        for p, t in zip(planes(pair[0].double())[:, 0], planes(pair[1].double())[:, 0], strict=True)
    ]
    assert_close(ssim(*pair, name), expected, 1e-10)


def matlab_ssim(preds: np.ndarray, target: np.ndarray) -> float:
    """MATLAB's ssim on an RGB array, with scipy's 3-D filter: radius 5 along all three axes, borders replicated."""
    x, y = preds.astype(float), target.astype(float)

    def mean(volume):
        return gaussian_filter(volume, sigma=1.5, radius=5, mode="nearest")

    c1, c2 = 2.55**2, 7.65**2
    variances = mean(x * x) - mean(x) ** 2 + mean(y * y) - mean(y) ** 2
    contrast = (2 * (mean(x * y) - mean(x) * mean(y)) + c2) / (variances + c2)
    return ((2 * mean(x) * mean(y) + c1) / (mean(x) ** 2 + mean(y) ** 2 + c1) * contrast).mean()


def test_matlab_rgb_equals_a_three_dimensional_filter(pair):
    assert_close(ssim(*pair, "matlab-rgb"), each(matlab_ssim), 1e-9)


# what the conventions do


def test_conventions_differ_as_measured_on_real_pairs(pair):
    """PEERS' pattern on blurred photographs: MATLAB's 3-D window flatters, luma too, and luma PSNR is 1-2 dB higher."""
    by_name = {name: ssim(*pair, name) for name in SSIM}
    assert (by_name["matlab-rgb"] - by_name["per-channel"] > 0.02).all()
    assert (by_name["luma"] > by_name["grey"]).all()
    assert (by_name["uniform-7x7"] - by_name["per-channel"]).abs().max() < 0.02
    gain = psnr(*pair, "luma") - psnr(*pair, "rgb")
    assert ((gain > 1) & (gain < 2)).all()


def test_psnr_by_hand():
    target = torch.full((1, 3, 12, 12), 100 / 255)
    assert psnr(torch.full_like(target, 110 / 255), target).item() == pytest.approx(20 * math.log10(25.5))
    red = target.clone()
    red[:, 0] = 130 / 255  # one channel of three is off by 30: error 300; luma is off by 7.7, which rounds to 8
    assert psnr(red, target).item() == pytest.approx(10 * math.log10(255**2 / 300))
    assert psnr(red, target, "luma").item() == pytest.approx(20 * math.log10(255 / 8))
    # grey steps of 85 are luma steps of 73
    grey_gain = psnr(target + 85 / 255, target, "luma") - psnr(target + 85 / 255, target)
    assert grey_gain.item() == pytest.approx(20 * math.log10(85 / 73))


def test_rounding_is_part_of_the_convention():
    target = torch.full((1, 3, 12, 12), 100 / 255)
    almost = torch.full_like(target, 100.4 / 255)
    assert psnr(almost, target).item() == math.inf
    assert psnr(almost, target, "rgb-float").item() == pytest.approx(20 * math.log10(255 / 0.4), abs=1e-3)
    below = torch.full_like(target, 99.6 / 255)
    assert psnr(below, target).item() == math.inf
    assert psnr(below, target, "rgb-truncated").item() == pytest.approx(20 * math.log10(255))


def test_constant_images_by_hand():
    """Without contrast SSIM is its luminance term: (2ab + C1) / (a^2 + b^2 + C1)."""
    a, b, c1 = 100.0, 150.0, 2.55**2
    for name in ("per-channel", "matlab-rgb", "uniform-7x7", "grey"):
        value = ssim(torch.full((1, 3, 20, 20), a / 255), torch.full((1, 3, 20, 20), b / 255), name).item()
        assert value == pytest.approx((2 * a * b + c1) / (a**2 + b**2 + c1), abs=1e-9), name


def test_no_cancellation_in_bright_flat_images():
    """Variance 0.25 beside a mean of 254.5: a float32 E[x^2] - E[x]^2 has an error of the same size."""
    checks = (torch.arange(24)[:, None] + torch.arange(24)) % 2
    target = (254 + checks.float()).expand(1, 3, 24, 24) / 255
    value = ssim(torch.full_like(target, 1.0), target, "uniform-7x7").item()
    picture = np.full((24, 24), 254, np.uint8) + checks.numpy().astype(np.uint8)
    assert value == pytest.approx(structural_similarity(picture, np.full((24, 24), 255, np.uint8)), abs=1e-10)


@pytest.mark.parametrize("name", SSIM)
def test_ssim_orders_identical_better_worse(pair, name):
    blurred, sharp = pair
    noise = torch.randn(sharp.shape, generator=torch.Generator().manual_seed(0)) * 0.1
    same, better, worse = (ssim(p, sharp, name) for p in (sharp, (blurred + sharp) / 2, blurred + noise))
    assert_close(same, [1.0, 1.0], 1e-12)
    assert (same > better).all() and (better > worse).all() and (worse > 0).all()


@pytest.mark.parametrize("name", PSNR)
def test_psnr_orders_identical_better_worse(pair, name):
    blurred, sharp = pair
    better, worse = psnr((blurred + sharp) / 2, sharp, name), psnr(blurred, sharp, name)
    assert psnr(sharp, sharp, name).tolist() == [math.inf] * 2
    assert (better > worse + 4).all()


@pytest.mark.parametrize("name", SSIM)
def test_ssim_is_symmetric(pair, name):
    assert_close(ssim(*pair, name), ssim(*reversed(pair), name), 1e-12)


# form


def test_score_holds_the_four_standard_numbers_per_image(pair):
    scores = score(*pair)
    assert list(scores) == ["psnr_rgb", "psnr_luma", "ssim_per_channel", "ssim_matlab_rgb"]
    assert torch.equal(scores["ssim_matlab_rgb"], ssim(*pair, "matlab-rgb"))
    assert all(values.shape == (2,) and values.dtype == torch.float64 for values in scores.values())


def test_score_card_shows_one_pair_under_every_convention(pair):
    card = score_card(pair[0][1], pair[1][1])
    assert list(card) == list(CONVENTIONS)
    assert {name: card[name] for name in score(*pair)} == {name: v[1].item() for name, v in score(*pair).items()}
    # of an 8-bit image nothing is cut off, and one below 384 pixels is not sampled down; all others differ
    assert card["psnr_rgb_truncated"] == card["psnr_rgb"] and card["ssim_grey_downsampled"] == card["ssim_grey"]
    assert len(set(card.values())) == len(card) - 2


def test_predictions_are_clamped_and_may_need_gradients(pair):
    blurred, sharp = pair
    over = (blurred + (blurred > 0.9).float()).requires_grad_()
    clamped = over.detach().clamp(0, 1)
    assert torch.equal(psnr(over, sharp), psnr(clamped, sharp))
    assert not psnr(over, sharp).requires_grad and torch.equal(ssim(over, sharp), ssim(clamped, sharp))


def test_half_precision_is_scored_in_double(pair):
    halves = [image.bfloat16() for image in pair]
    assert torch.equal(ssim(*halves), ssim(*[image.double() for image in halves]))


def test_import_is_light():
    """The training path imports this module: it must not bring scikit-image along."""
    heavy = "{'skimage', 'scipy', 'matplotlib'}"
    code = f"import sys, lmfn_core.measures.metrics; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
