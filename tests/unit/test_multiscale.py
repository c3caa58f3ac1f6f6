"""Multi-scale SSIM against its definition, written out with SciPy and with the numbers as they are in print."""

import numpy as np
import pytest
import torch
from scipy.ndimage import correlate1d

from lmfn_core.measures.multiscale import multiscale_ssim

EXPONENTS = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]
NINE_SEVEN = [0.026748757411, -0.016864118443, -0.078223266529, 0.266864118443, 0.602949018236]
GAUSSIAN = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))


def along_both(image, taps):
    return correlate1d(correlate1d(image, taps, axis=0, mode="reflect"), taps, axis=1, mode="reflect")


def written_out(x, y):
    """One scale after the other: terms averaged apart, luminance at the coarsest only."""
    mean = lambda z: along_both(z, GAUSSIAN / GAUSSIAN.sum())[5:-5, 5:-5]  # noqa: E731
    c1, c2, product = 2.55**2, 7.65**2, 1.0
    for exponent in EXPONENTS:
        m, n, covariance = mean(x), mean(y), mean(x * y) - mean(x) * mean(y)
        s, t = np.sqrt(mean(x * x) - mean(x) ** 2), np.sqrt(mean(y * y) - mean(y) ** 2)
        product *= ((2 * s * t + c2) / (s * s + t * t + c2)).mean() ** exponent
        product *= ((covariance + c2 / 2) / (s * t + c2 / 2)).mean() ** exponent
        x, y = (along_both(z, NINE_SEVEN[:4] + NINE_SEVEN[::-1])[::2, ::2] for z in (x, y))
    return product * ((2 * m * n + c1) / (m * m + n * n + c1)).mean() ** EXPONENTS[-1]


@pytest.mark.parametrize("size", [(176, 176), (176, 201), (221, 176)])
def test_it_is_its_definition(size):
    draw = np.random.default_rng(0)
    x = along_both(draw.uniform(0, 255, size), GAUSSIAN / GAUSSIAN.sum())
    x = (x - x.mean()) * 4 + 90
    y = 0.7 * x + draw.normal(0, 8, size) + 40  # darker, flatter, noisy: each term has something to say
    value = multiscale_ssim(torch.from_numpy(y)[None], torch.from_numpy(x)[None]).item()
    assert value == pytest.approx(written_out(y, x), abs=1e-7) and value < 0.97


@pytest.mark.parametrize(("height", "width"), [(176, 175), (175, 176)])
def test_one_pixel_less_than_the_smallest_is_refused(height, width):
    image = torch.zeros(1, height, width).double()
    with pytest.raises(ValueError, match=f"The image is {width} x {height}"):
        multiscale_ssim(image, image)
