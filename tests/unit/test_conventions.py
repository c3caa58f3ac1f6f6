"""The planes that the conventions compare, against values worked out by hand."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
import torch

from lmfn_core.measures.conventions import CONVENTIONS, PSNR, SSIM, eight_bit, grey, look_up, luma


def colour(*rgb: int) -> torch.Tensor:
    return torch.tensor(rgb, dtype=torch.float64).view(1, 3, 1, 1) / 255


@pytest.mark.parametrize(
    ("rgb", "expected"),
    [
        ((255, 255, 255), 235),  # 16 + 65.481 + 128.553 + 24.966 = 235
        ((0, 0, 0), 16),
        ((255, 0, 0), 81),  # 16 + 65.481 = 81.481
        ((0, 255, 0), 145),  # 144.553
        ((0, 0, 255), 41),  # 40.966
        ((100, 150, 200), 137),  # 16 + (6548.1 + 19282.95 + 4993.2) / 255 = 136.88
    ],
)
def test_luma_is_that_of_rgb2ycbcr(rgb, expected):
    assert luma(colour(*rgb)).item() == expected


@pytest.mark.parametrize(("rgb", "expected"), [((255, 255, 255), 255), ((255, 0, 0), 76), ((100, 150, 200), 141)])
def test_grey_weighs_as_bt601(rgb, expected):
    assert grey(colour(*rgb)).item() == expected  # 76.245 and 140.75


def test_eight_bit_keeps_every_8_bit_value_and_rounds_the_rest():
    values = torch.arange(256).float()
    image = (values / 255).view(1, 1, 16, 16).expand(1, 3, 16, 16)
    assert torch.equal(eight_bit(image)[0, 0].flatten(), values)
    assert torch.equal(PSNR["rgb-truncated"].planes(image.double())[0, 0].flatten(), values.double())
    assert eight_bit(torch.full((1, 3, 1, 1), 99.6 / 255)).unique().item() == 100
    assert PSNR["rgb-truncated"].planes(torch.full((1, 3, 1, 1), 99.6 / 255)).unique().item() == 99


@pytest.mark.parametrize(("height", "width"), [(100, 120), (383, 390), (384, 400), (641, 700), (900, 1001)])
def test_down_sampling_is_that_of_wangs_script(height, width):
    """Filter with a mean of f x f under mirrored borders, then take every f-th pixel from the first."""
    from scipy.ndimage import correlate

    image = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(0))
    factor = max(1, int(height / 256 + 0.5))
    # an even window of imfilter reaches one pixel further to the right; scipy's to the left: origin shifts it back
    origin = -1 if factor % 2 == 0 else 0
    weights = np.full((factor, factor), 1 / factor**2)
    expected = correlate(grey(image.double())[0, 0].numpy(), weights, mode="reflect", origin=origin)[::factor, ::factor]
    planes = SSIM["grey-downsampled"].planes(image.double())[0, 0].numpy()
    np.testing.assert_allclose(planes, expected, rtol=0, atol=1e-9)


def test_every_convention_is_defined_in_one_sentence():
    assert {"psnr_rgb", "psnr_luma", "ssim_per_channel", "ssim_matlab_rgb"} <= set(CONVENTIONS)
    assert len(CONVENTIONS) == len(PSNR) + len(SSIM)
    for name, sentence in CONVENTIONS.items():
        assert sentence.startswith(("PSNR in dB: ", "SSIM: ")) and sentence.endswith("."), name
        assert ". " not in sentence, name


def test_an_unknown_convention_names_the_nearest():
    with pytest.raises(ValueError, match=r"Unknown SSIM convention 'matlab_rgb'. Did you mean 'matlab-rgb'\? Known: "):
        look_up("ssim", "matlab_rgb")
    with pytest.raises(ValueError, match="Unknown PSNR convention 'y'"):
        look_up("psnr", "y")


def test_a_convention_stays_what_it_is():
    with pytest.raises(FrozenInstanceError):
        SSIM["luma"].sample = True
