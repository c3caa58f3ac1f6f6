"""Motion blur: linear light, averaged frames, objects, borders, and the calibrated strength."""

import numpy as np
import pytest
import torch
from scipy.ndimage import convolve

from lmfn_core.images import blur as blur_module
from lmfn_core.images import motion
from lmfn_core.images.blur import MARGIN, Shake, blur, camera_path, quantise, to_linear, to_srgb
from lmfn_core.images.photos import bundled

STILL = {"translation": 0.0, "rotation": 0.0, "zoom": 0.0}
UNIFORM = {"rotation": 0.0, "zoom": 0.0, "object_motion": 0.0}


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def noise(batch, height, width, dtype=torch.float32):
    return quantise(torch.rand(batch, 3, height, width, generator=seeded(9), dtype=dtype))


def dots(batch, size, value=1.0):
    image = torch.zeros(batch, 3, size, size)
    image[:, :, size // 2, size // 2] = value
    return image


def test_srgb_curves():
    x = torch.linspace(0, 1, 1001, dtype=torch.float64)
    assert torch.allclose(to_srgb(to_linear(x)), x, atol=1e-7)
    assert to_linear(torch.tensor(0.5)).item() == pytest.approx(0.2140411, abs=1e-6)
    assert to_linear(torch.tensor([0.0, 0.04, 1.0])).tolist() == pytest.approx([0.0, 0.04 / 12.92, 1.0])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_result_is_an_8_bit_image_like_its_input(dtype):
    sharp = noise(3, 40, 56, dtype)
    before = sharp.clone()
    blurred = blur(sharp, seeded())
    assert blurred.shape == sharp.shape and blurred.dtype == dtype and blurred.device == sharp.device
    assert torch.equal(sharp, before)
    assert torch.equal(quantise(blurred), blurred) and not torch.equal(blurred, sharp)


def test_equal_seeds_blur_equally():
    sharp = noise(4, 48, 48)
    assert torch.equal(blur(sharp, seeded(5)), blur(sharp, seeded(5)))
    assert not torch.equal(blur(sharp, seeded(5)), blur(sharp, seeded(6)))
    generator = seeded(5)
    assert not torch.equal(blur(sharp, generator), blur(sharp, generator))


@pytest.mark.parametrize("settings", [{"strength": 0.0, "object_motion": 1.0}, {"frames": (1, 1), "strength": 0.5}])
def test_no_motion_or_no_time_leaves_the_image_as_it_is(settings):
    sharp = noise(4, 37, 50)
    assert torch.equal(blur(sharp, seeded(), Shake(**settings)), sharp)


def test_a_flat_image_stays_as_it_is_whatever_moves():
    flat = torch.full((8, 3, 40, 40), 77 / 255)
    assert torch.equal(blur(flat, seeded(), Shake(strength=4.0, object_motion=0.5)), flat)


def test_light_is_kept_not_its_encoding():
    light = to_linear(blur(dots(8, 65), seeded(), Shake(**UNIFORM))).sum((2, 3))
    assert torch.allclose(light, torch.ones_like(light), rtol=0.03)  # the encoded values would sum to more than 2
    edge = torch.zeros(1, 3, 64, 64)
    edge[..., 32:] = 1
    values = blur(edge, seeded(1), Shake(**UNIFORM))
    middle = values[0, 0, 32, (values[0, 0, 32] > 0) & (values[0, 0, 32] < 1)]
    assert middle.mean() > 0.55  # half the light is encoded as 0.735


def kernel_of(path, radius=20):
    """The picture of a dot that every frame moves: bilinear, one frame after another."""
    kernel = np.zeros((2 * radius + 1, 2 * radius + 1))
    for x, y in path[:, :2, 2].tolist():
        left, top = int(np.floor(x)), int(np.floor(y))
        for dy, dx in ((0, 0), (0, 1), (1, 0), (1, 1)):
            share = (1 - abs(x - left - dx)) * (1 - abs(y - top - dy))
            kernel[radius - top - dy, radius - left - dx] += share / len(path)
    return kernel


@pytest.mark.parametrize("frames", [7, 10, 13])
def test_a_uniform_path_is_a_convolution_with_its_picture(frames):
    sharp, shake = noise(1, 90, 80, torch.float64), Shake(frames=(frames, frames), **UNIFORM)
    path = camera_path(1, frames, seeded(2), shake, (90, 80))[0]
    assert path[:, :2, 2].abs().amax(0).min() > 0.5  # along both axes
    kernel = kernel_of(path)
    linear = to_linear(sharp)[0].numpy()
    expected = to_srgb(torch.from_numpy(np.stack([convolve(plane, kernel) for plane in linear])))
    blurred = blur(sharp, seeded(2), shake)[0]
    inside = (slice(None), slice(20, -20), slice(20, -20))
    assert (blurred - expected)[inside].abs().max() <= 0.5 / 255 + 1e-4


@pytest.mark.parametrize("frames", [7, 13])
def test_so_many_frames_are_averaged(monkeypatch, frames):
    monkeypatch.setattr(motion, "LONGEST_STEP", 1e6)  # one exposure per frame: a fast dot leaves separate pictures
    shake = Shake(frames=(frames, frames), translation=6.0, smoothness=1000.0, **UNIFORM)
    light = to_linear(blur(dots(1, 301), seeded(1), shake)[0, 0])
    peaks = torch.nn.functional.max_pool2d(light[None], 5, 1, 2)[0]
    assert ((light == peaks) & (light > 0.2 / frames)).sum() == frames


def test_the_number_of_frames_is_drawn_from_its_range(monkeypatch):
    seen = []

    def spy(motions, frames, size):
        seen.extend(frames.tolist())
        return motion.exposures(motions, frames, size)

    monkeypatch.setattr(blur_module, "exposures", spy)
    blur(torch.zeros(200, 3, 8, 8), seeded(), Shake(strength=0.1))
    assert set(seen) == set(range(7, 14)) and len(seen) == 200


def test_a_long_path_leaves_a_streak_without_gaps():
    shake = Shake(frames=(7, 7), translation=3.0, smoothness=1000.0, **UNIFORM)
    path = camera_path(1, 7, seeded(4), shake)[0, :, :2, 2]
    assert path.diff(dim=0).norm(dim=1).min() > 2.5
    light = to_linear(blur(dots(1, 129), seeded(4), shake))[0, 0]
    ends = 64 - path[[0, -1]].flip(1)
    for share in torch.linspace(0, 1, 60):
        y, x = (ends[0] + share * (ends[1] - ends[0])).round().int().tolist()
        assert light[y - 1 : y + 2, x - 1 : x + 2].sum() > 0.01


def test_every_sample_follows_its_own_path():
    """Sorting the batch by exposures must not mix the samples up: each dot's centre of light is its path's."""
    shake = Shake(strength=1.5, smoothness=30.0, **UNIFORM)
    light = to_linear(blur(dots(16, 97), seeded(7), shake))[:, 0]
    at = torch.arange(97.0) - 48
    centre = torch.stack([(light.sum(1) * at).sum(1), (light.sum(2) * at).sum(1)], 1) / light.sum((1, 2))[:, None]
    generator = seeded(7)
    path = camera_path(16, 13, generator, shake, (97, 97))[:, :, :2, 2]
    frames = torch.randint(7, 14, (16,), generator=generator)
    for i, n in enumerate(frames.tolist()):
        mean = path[i, 6 - n // 2 : 6 - n // 2 + n].mean(0)
        assert torch.allclose(centre[i], -mean, atol=0.2)
    assert centre.norm(dim=1).max() > 0.5


def test_rotation_and_zoom_blur_the_rim_more_than_the_centre():
    sharp = noise(6, 121, 121)
    shake = Shake(translation=0.0, pivot=0.0, rotation=0.3, zoom=0.003, object_motion=0.0)
    change = (blur(sharp, seeded(), shake) - sharp).abs().mean(1)
    assert (change[:, 57:64, 57:64].mean((1, 2)) < 0.35 * change[:, :8].mean((1, 2))).all()
    uniform = (blur(sharp, seeded(), Shake(**UNIFORM)) - sharp).abs().mean(1)
    assert (uniform[:, 50:71, 50:71].mean((1, 2)) > 0.8 * uniform[:, :8].mean((1, 2))).all()


def test_a_moving_object_leaves_the_background_as_it_was(monkeypatch):
    mask = blur_module._blobs(1, (96, 96), seeded(1)).expand(12, -1, -1, -1)
    monkeypatch.setattr(blur_module, "_blobs", lambda *args: mask)
    sharp = noise(12, 96, 96)
    changed = (blur(sharp, seeded(), Shake(object_motion=1.0, **STILL)) != sharp).any(1)
    reach = torch.nn.functional.max_pool2d((mask > 0).float(), 2 * MARGIN + 1, 1, MARGIN)[:, 0] > 0
    assert not (changed & ~reach).any()
    assert changed[mask[:, 0] == 1].float().mean() > 0.5
    assert 0.1 < reach.float().mean() < 0.9


def test_objects_are_blobs_with_soft_edges():
    masks = blur_module._blobs(200, (60, 90), seeded())
    inside, edge = (masks == 1).float().mean((1, 2, 3)), ((masks > 0) & (masks < 1)).float().mean((1, 2, 3))
    assert 0.05 < inside.mean() < 0.4 and inside.quantile(0.1) > 0.005 and inside.max() < 0.7
    assert 0.02 < edge.mean() < inside.mean()


def test_a_moving_object_leaves_nothing_behind(monkeypatch):
    """A white square on black: as it moves on, black appears; the light stays that of one square."""
    square = torch.zeros(12, 1, 96, 96)
    square[..., 36:60, 36:60] = 1
    monkeypatch.setattr(blur_module, "_blobs", lambda *args: square)
    shake = Shake(object_motion=1.0, object_speed=2.0, rotation=0.0, zoom=0.0, translation=0.0)
    blurred = blur(square.expand(-1, 3, -1, -1), seeded(), shake)
    light = to_linear(blurred)[:, 0].sum((1, 2))
    assert (light / 24**2 - 1).abs().max() < 0.05
    assert (blurred[:, 0, 36:60, 36:60].amin((1, 2)) < 0.9).sum() >= 10  # it did move


def test_objects_move_in_the_stated_share_of_the_samples():
    sharp = noise(1, 32, 32).expand(200, -1, -1, -1)
    changed = (blur(sharp, seeded(), Shake(object_motion=0.3, object_speed=2.0, **STILL)) != sharp).flatten(1).any(1)
    assert 0.2 < changed.float().mean() < 0.4
    assert torch.equal(blur(sharp, seeded(), Shake(object_motion=0.0, **STILL)), sharp)


def test_cropping_equals_cutting_the_border_off():
    sharp = noise(4, 80, 96)
    whole = blur(sharp, seeded(1))
    assert torch.equal(blur(sharp, seeded(1), crop=8), whole[..., 8:-8, 8:-8])
    assert (blur(sharp, seeded(1), crop=MARGIN) - whole[..., MARGIN:-MARGIN, MARGIN:-MARGIN]).abs().max() <= 1 / 255


def test_beyond_a_whole_image_lies_its_mirror_image():
    image, shake = noise(4, 48, 48), Shake(object_motion=0.0)
    image_and_mirror = torch.cat([image.flip(-1), image, image.flip(-1)], -1)
    tiled = torch.cat([image_and_mirror.flip(-2), image_and_mirror, image_and_mirror.flip(-2)], -2)
    difference = (blur(image, seeded(3), shake) - blur(tiled, seeded(3), shake)[..., 48:96, 48:96]).abs()
    assert difference.max() < 0.05 and difference.mean() < 0.002  # the larger image takes more exposures


def test_a_tile_with_its_margin_is_blurred_as_its_image_is():
    """What moves into the crop is what lies around it in the photograph, not a mirrored border."""
    image, shake, cut = noise(4, 160, 160), Shake(object_motion=0.0), slice(40, 120)
    tile = blur(image[..., cut, cut], seeded(3), shake, crop=MARGIN)
    inner = slice(40 + MARGIN, 120 - MARGIN)
    difference = (tile - blur(image, seeded(3), shake)[..., inner, inner]).abs()
    # exposures are counted at the corners, which lie farther out in the large image: not bit for bit
    assert difference.mean() < 0.002
    mirrored = (blur(image[..., inner, inner], seeded(3), shake) - tile).abs()
    assert mirrored[..., :3, :].mean() > 5 * difference[..., :3, :].mean()


def test_the_default_is_as_hard_as_gopro():
    generator, scores = seeded(3), []
    for photo in bundled("test").values():
        sharp = photo.unsqueeze(0).float() / 255
        for _ in range(6):
            scores.append(-10 * (blur(sharp, generator) - sharp).square().mean().log10().item())
    assert 25 < sum(scores) / len(scores) < 26
    assert min(scores) < 23 and max(scores) > 28  # from hard to easy, as GoPro's are


def test_bad_calls_are_named():
    with pytest.raises(ValueError, match="crop is 16, but the images are 32 x 40 pixels; give larger tiles"):
        blur(noise(1, 32, 40), seeded(), crop=16)
    with pytest.raises(ValueError, match="The images are on meta, the generator on cpu; use one device"):
        blur(torch.empty(1, 3, 32, 32, device="meta"), seeded())


@pytest.mark.gpu
def test_blur_runs_on_the_generators_device():
    generator, sharp = torch.Generator("cuda").manual_seed(0), noise(8, 64, 64).cuda()
    blurred = blur(sharp, generator, Shake(object_motion=0.5), crop=MARGIN)
    assert blurred.device.type == "cuda" and blurred.shape == (8, 3, 32, 32)
    assert torch.equal(blur(sharp, generator, Shake(strength=0.0)), sharp)
