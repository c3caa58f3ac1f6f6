"""Rain: streaks along their angle, added to all channels alike, and as hard as the published sets."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from lmfn_core.images import rain as rain_module
from lmfn_core.images.blur import quantise
from lmfn_core.images.photos import bundled, read_image
from lmfn_core.images.rain import HEAVY, LIGHT, Rain, rain, streaks
from lmfn_core.measures.metrics import psnr

DATA = Path(__file__).parents[2].parent / "shared" / "data"
ONE = Rain(layers=1, tilt=0.0, spread=0.0, length=(24.0, 24.0), width=(2.0, 2.0))
WEATHERS = pytest.mark.parametrize("weather", [LIGHT, HEAVY], ids=["light", "heavy"])


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def noise(batch, height, width, dtype=torch.float32):
    return quantise(torch.rand(batch, 3, height, width, generator=seeded(9), dtype=dtype))


def spread_along(light, axis):
    """Mean product of neighbours 5 pixels apart, as a share of the mean square."""
    near = (light.narrow(axis, 5, light.shape[axis] - 5) * light.narrow(axis, 0, light.shape[axis] - 5)).mean()
    return (near / light.square().mean()).item()


@WEATHERS
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_result_is_an_8_bit_image_like_its_input(weather, dtype):
    sharp = noise(3, 41, 56, dtype)
    before = sharp.clone()
    rainy = rain(sharp, seeded(), weather)
    assert rainy.shape == sharp.shape and rainy.dtype == dtype and rainy.device == sharp.device
    assert torch.equal(sharp, before)
    assert torch.equal(quantise(rainy), rainy) and not torch.equal(rainy, sharp)


@WEATHERS
def test_equal_seeds_rain_equally(weather):
    sharp = noise(4, 48, 48)
    assert torch.equal(rain(sharp, seeded(5), weather), rain(sharp, seeded(5), weather))
    assert not torch.equal(rain(sharp, seeded(5), weather), rain(sharp, seeded(6), weather))
    generator = seeded(5)
    assert not torch.equal(rain(sharp, generator, weather), rain(sharp, generator, weather))


@WEATHERS
def test_rain_only_adds_light_and_the_same_to_every_channel(weather):
    sharp = torch.full((4, 3, 64, 64), 60 / 255)
    sharp[:, 2] = 20 / 255
    added = rain(sharp, seeded(), replace(weather, opacity=(0.1, 0.2), others=(0.1, 0.2))) - sharp
    assert added.min() >= 0 and added.max() > 0.05
    assert torch.allclose(added[:, 0], added[:, 2], atol=1e-6)


def test_what_falls_on_one_image_is_nothing_to_the_next():
    """Every image has rain of its own, and what is in the others of its batch does not matter."""
    sharp, other = noise(3, 48, 48), noise(3, 48, 48)
    other[1:] = 0
    assert torch.equal(rain(sharp, seeded(), HEAVY)[0], rain(other, seeded(), HEAVY)[0])
    light = streaks(3, (48, 48), seeded(), HEAVY)
    assert not torch.equal(light[0], light[1]) and not torch.equal(light[1], light[2])


def test_no_opacity_and_no_veil_leave_the_image_as_it_is():
    sharp = noise(2, 40, 40)
    assert torch.equal(rain(sharp, seeded(), replace(HEAVY, opacity=(0.0, 0.0), veil=(0.0, 0.0))), sharp)


def test_a_veil_lies_evenly_over_everything():
    sharp = torch.full((6, 3, 32, 32), 0.2)
    veiled = rain(sharp, seeded(), replace(LIGHT, opacity=(0.0, 0.0), veil=(0.1, 0.3)))
    means = veiled.mean((1, 2, 3)) - 0.2
    assert torch.allclose(veiled, veiled[..., :1, :1].expand_as(veiled))
    assert means.min() >= 0.1 - 1 / 255 and means.max() <= 0.3 + 1 / 255 and means.max() > means.min()


def test_white_stays_white_and_a_screen_fades_on_bright_ground():
    assert torch.equal(rain(torch.ones(2, 3, 32, 32), seeded(), HEAVY), torch.ones(2, 3, 32, 32))
    grey = torch.full((2, 3, 64, 64), 0.5)
    added, screened = (rain(grey, seeded(), replace(HEAVY, screen=screen)) - grey for screen in (False, True))
    light = streaks(2, (64, 64), seeded(), HEAVY).expand_as(grey)
    assert torch.allclose(screened.where(light < 0.9, 0.0), (light / 2).where(light < 0.9, 0.0), atol=0.6 / 255)
    assert added.mean() > screened.mean()


@pytest.mark.parametrize(("angle", "axis"), [(0.0, 2), (90.0, 3)])
def test_streaks_lie_along_their_angle(monkeypatch, angle, axis):
    """The first number drawn is the tilt; here it is the largest."""
    asked = []

    def draw(generator, *shape):
        asked.append(shape)
        return torch.ones(shape) if len(asked) == 1 else torch.rand(shape, generator=generator)

    monkeypatch.setattr(rain_module, "_rand", draw)
    light = streaks(8, (96, 96), seeded(), replace(ONE, tilt=angle))
    assert asked[0] == (8, 1)
    along, across = spread_along(light, axis), spread_along(light, 5 - axis)
    assert along > 0.6 and across < 0.4 * along


def test_the_tilt_of_the_first_layer_is_that_of_the_rain():
    """A light rain's two layers fall together; a heavy one's five fall apart, within the stated angles."""
    angles = []
    original = rain_module._places

    def spy(angle, *rest):
        angles.append(angle)
        return original(angle, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rain_module, "_places", spy)
        for weather in (LIGHT, HEAVY):
            streaks(200, (8, 8), seeded(), weather)
    for found, weather in zip(angles, (LIGHT, HEAVY), strict=True):
        by_layer = found.view(200, weather.layers)
        assert by_layer[:, 0].abs().max() <= weather.tilt and by_layer[:, 0].std() > weather.tilt / 3
        turned = (by_layer[:, 1:] - by_layer[:, :1]).abs()
        assert turned.max() <= weather.spread + 1e-4 and turned.max() > 0.9 * weather.spread


@pytest.mark.parametrize(("length", "low", "high"), [(12.0, 8, 16), (48.0, 34, 60)])
def test_streaks_are_as_long_as_they_should_be(length, low, high):
    """Single streaks: the light of a column is a run of about that many pixels."""
    sparse = replace(ONE, length=(length, length), cover=(0.01, 0.01), opacity=(1.0, 1.0))
    light = streaks(16, (256, 256), seeded(), sparse)[:, 0]
    lit = (light > 0.2 * light.amax(1, keepdim=True)) & (light.amax(1, keepdim=True) > 0.3)
    starts = (lit[:, 1:] & ~lit[:, :-1]).sum() + lit[:, 0].sum()
    assert low < (lit.sum() / starts).item() < high


def test_cover_is_the_share_of_the_picture_under_streaks():
    means = []
    for cover in (0.05, 0.2):
        light = streaks(32, (96, 96), seeded(), replace(ONE, cover=(cover, cover), hardness=(20.0, 20.0)))
        means.append((light > 0.1).float().mean().item())
        assert 0.7 * cover < means[-1] < 2 * cover  # soft edges reach half a width farther on both sides
    assert means[1] > 2.5 * means[0]


def test_hardness_makes_plateaus():
    soft, hard = (
        streaks(8, (96, 96), seeded(), replace(ONE, hardness=(h, h), opacity=(0.5, 0.5))) for h in (1.0, 10.0)
    )
    on_top = [((light > 0.499).sum() / (light > 0.05).sum()).item() for light in (soft, hard)]
    assert on_top[0] < 0.1 and on_top[1] > 0.4


def mean_luma(images, weather, times, seed=3):
    generator, scores = seeded(seed), []
    for image in images:
        sharp = image.float().div(255).expand(times, -1, -1, -1)
        scores += psnr(rain(sharp, generator, weather), sharp, "luma").tolist()
    return sum(scores) / len(scores), min(scores), max(scores)


@pytest.mark.parametrize(("weather", "published"), [(LIGHT, 26.90), (HEAVY, 13.55)], ids=["Rain100L", "Rain100H"])
def test_the_defaults_are_as_hard_as_rain100(weather, published):
    """The mean PSNR on luma of that set's whole inputs, within a decibel; and as different from each other."""
    mean, lowest, highest = mean_luma(bundled("test").values(), weather, times=12)
    assert abs(mean - published) < 1
    assert lowest < published - 3 and highest > published + 3


def light_of(pairs):
    """Mean added light, and the share of the picture that it falls on."""
    added = [(rainy - sharp).amax(1) for rainy, sharp in pairs]
    amounts = torch.tensor([[light.mean(), (light > 8 / 255).float().mean()] for light in added])
    return amounts.mean(0).tolist()


@pytest.mark.skipif(not DATA.is_dir(), reason=f"no real images at {DATA}")
@pytest.mark.parametrize(
    ("weather", "name", "published"), [(LIGHT, "Rain100L", 26.90), (HEAVY, "Rain100H", 13.55)], ids=["light", "heavy"]
)
def test_real_rain_beside_ours(weather, name, published):
    """On the real clean images: as hard as the whole set, about as much light on as large a part of the picture."""
    real = [
        tuple(read_image(path.with_name(prefix + path.name)).float().div(255)[None] for prefix in ("", "no"))
        for path in sorted((DATA / name).glob("rain-*.png"))
    ]
    assert all((rainy - sharp).min() > -1e-6 for rainy, sharp in real), "rain was added, and nothing taken away"
    generator = seeded(3)
    ours = [(rain(sharp, generator, weather), sharp) for _, sharp in real for _ in range(6)]
    scores = [psnr(*pair, "luma").item() for pair in ours]
    assert abs(sum(scores) / len(scores) - published) < 1
    assert light_of(ours) == pytest.approx(light_of(real), rel=0.3)


def test_bad_calls_are_named():
    with pytest.raises(ValueError, match="The images are on meta, the generator on cpu; use one device"):
        rain(torch.empty(1, 3, 32, 32, device="meta"), seeded())


@pytest.mark.gpu
def test_rain_falls_on_the_generators_device():
    generator, sharp = torch.Generator("cuda").manual_seed(0), noise(8, 64, 64).cuda()
    rainy = rain(sharp, generator, HEAVY)
    assert rainy.device.type == "cuda" and rainy.shape == sharp.shape and not torch.equal(rainy, sharp)
