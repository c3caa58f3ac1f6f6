"""Noise has the strength that was asked for; our JPEG loses what a real encoder loses."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from lmfn_core.images.photos import bundled
from lmfn_core.images.sensor import add_noise, jpeg
from lmfn_core.measures.metrics import psnr


@pytest.fixture(scope="module")
def photograph():
    return bundled("test")["chelsea"][:, 40:200, 60:250].float().div(255)[None]


def encoded(image, quality):
    file = io.BytesIO()
    Image.fromarray((image[0] * 255).round().byte().permute(1, 2, 0).numpy()).save(file, "jpeg", quality=quality)
    return torch.from_numpy(np.array(Image.open(file))).permute(2, 0, 1).float().div(255)[None]


@pytest.mark.parametrize("quality", [20, 50, 75, 95])
def test_jpeg_loses_what_a_real_encoder_loses(photograph, quality):
    ours, real = jpeg(photograph, torch.tensor([float(quality)])), encoded(photograph, quality)
    assert psnr(ours, photograph).item() == pytest.approx(psnr(real, photograph).item(), abs=0.25)
    assert psnr(ours, real).item() > psnr(real, photograph).item() + 5  # the same errors, not as many others


def test_a_lower_quality_loses_more_and_each_image_has_its_own(photograph):
    both = jpeg(photograph.repeat(2, 1, 1, 1), torch.tensor([30.0, 90.0]))
    low, high = psnr(both, photograph.repeat(2, 1, 1, 1)).tolist()
    assert low < high - 3
    assert torch.equal(both[1:], jpeg(photograph, torch.tensor([90.0])))


@pytest.mark.parametrize("size", [(16, 16), (17, 33), (8, 5)])
def test_jpeg_keeps_any_size_and_the_range(size):
    image = torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(0))
    out = jpeg(image, torch.tensor([10.0, 100.0]))
    assert out.shape == image.shape and out.min() >= 0 and out.max() <= 1
    assert torch.equal((out * 255).round() / 255, out)


@pytest.mark.parametrize("quality", [0.0, 101.0, float("nan")])
def test_a_quality_out_of_range_is_named(photograph, quality):
    with pytest.raises(ValueError, match="from 1 to 100"):
        jpeg(photograph, torch.tensor([quality]))


def test_noise_has_its_standard_deviation_and_its_seed():
    flat = torch.full((2, 3, 64, 64), 0.5)
    sigma = torch.tensor([0.01, 0.05])
    noisy = add_noise(flat, sigma, torch.Generator().manual_seed(1))
    assert torch.allclose((noisy - flat).flatten(1).std(1), sigma, rtol=0.03)
    assert torch.equal(noisy, add_noise(flat, sigma, torch.Generator().manual_seed(1)))
    assert not torch.equal(noisy, add_noise(flat, sigma, torch.Generator().manual_seed(2)))
