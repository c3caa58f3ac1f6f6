"""Dead leaves: reproducible, and statistically like photographs."""

import pytest
import torch

from lmfn_core.images.leaves import _fall, _noise, dead_leaves


def seeded(seed):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def scenes():
    return dead_leaves(12, 128, seeded(0))


def spectral_slope(scene):
    """Exponent of the power spectrum: a line through log power over log frequency, 3 to 32 cycles per image."""
    grey = scene.double().mean(0)
    window = torch.hann_window(len(grey), periodic=False, dtype=torch.float64)
    power = torch.fft.fft2((grey - grey.mean()) * window * window[:, None]).abs().square()
    f = torch.fft.fftfreq(len(grey)) * len(grey)
    radius = torch.hypot(f, f[:, None]).round()
    rings = torch.arange(3, 33)
    power = torch.stack([power[radius == ring].mean() for ring in rings]).log()
    x = rings.double().log() - rings.double().log().mean()
    return float((x * power).sum() / (x * x).sum())


def test_scenes_are_images(scenes):
    assert scenes.shape == (12, 3, 128, 128) and scenes.dtype == torch.float32
    assert scenes.min() >= 0 and scenes.max() <= 1
    assert (scenes.std((1, 2, 3)) > 0.1).all()


def test_equal_seeds_draw_equal_scenes(scenes):
    assert torch.equal(dead_leaves(12, 128, seeded(0)), scenes)
    assert not torch.equal(dead_leaves(12, 128, seeded(1)), scenes)
    assert (scenes[0] - scenes[1]).abs().mean() > 0.05


def test_power_falls_as_in_natural_images(scenes):
    mean = sum(map(spectral_slope, scenes)) / len(scenes)
    assert -2.9 < mean < -1.7
    white = torch.rand(3, 128, 128, generator=seeded(0))
    assert abs(spectral_slope(white)) < 0.3  # the measure itself tells noise from scenes


def test_gradients_have_the_heavy_tails_of_edges(scenes):
    gradient = scenes.mean(1).diff(dim=-1)
    kurtosis = gradient.pow(4).mean() / gradient.square().mean().square()
    assert kurtosis > 5  # 3 for Gaussian noise of any spectrum


def test_leaves_have_every_size_and_there_are_many_more_small_ones():
    shown, place = _fall(8, 256, seeded(0))
    assert (shown == 0).float().mean() < 0.01  # hardly any ground is left open: it counts as leaf 0
    for image in shown.view(8, -1):
        areas = image.bincount().sort(descending=True).values
        areas = areas[areas > 0]
        assert areas[0] > 8 * areas[len(areas) // 2]
    assert place.abs().quantile(0.9) < 3  # places are measured from a leaf's own centre in its own radius


def test_scenes_have_colours_and_most_are_not_loud(scenes):
    saturation = (scenes.amax(1) - scenes.amin(1)).mean()
    assert 0.05 < saturation < 0.4


def test_textures_are_noise_with_the_spectrum_of_natural_ones():
    noise = _noise(8, 128, seeded(0))
    assert torch.allclose(noise.std((1, 2)), torch.ones(8), atol=1e-4)
    slope = sum(spectral_slope(field.expand(3, -1, -1)) for field in noise) / 8
    assert -2.2 < slope < -1.8


@pytest.mark.parametrize(("count", "size"), [(0, 64), (1, 4)])
def test_impossible_sizes_are_named(count, size):
    with pytest.raises(ValueError, match=f"{count} scenes of {size} pixels cannot be drawn"):
        dead_leaves(count, size, seeded(0))


@pytest.mark.gpu
def test_scenes_are_drawn_on_the_generators_device():
    generator = torch.Generator("cuda").manual_seed(0)
    assert dead_leaves(2, 64, generator).device.type == "cuda"
