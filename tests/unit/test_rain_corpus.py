"""The corpus that deraining is trained on, the degradations it is made with, and the task that asks for it."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from lmfn_core.datasets.corpus import EVERY
from lmfn_core.datasets.opening import open_data
from lmfn_core.datasets.rain_corpus import VARIED, WEATHERS, open_rain_corpus
from lmfn_core.images import degradations
from lmfn_core.images.crops import generator_of, turn
from lmfn_core.images.degradations import Rainy, Shaken, inner
from lmfn_core.images.pairs import Photographs
from lmfn_core.images.rain import HEAVY, LIGHT
from lmfn_core.measures.metrics import psnr

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
CPU = torch.device("cpu")


def picture(path, seed, size=(90, 120)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 200, (*size, 3), dtype=np.uint8)).save(path)


@pytest.fixture
def sets(tmp_path):
    for i in range(EVERY + 2):
        picture(tmp_path / "bsds500" / f"{i:03}.png", i)
    for i, name in enumerate(("Rain100L", "Rain100H")):
        for kind in ("rain", "norain"):
            picture(tmp_path / name / f"{kind}-001.png", 50 + i)
    return tmp_path


def batch(source, step=0, count=8, augment=True, crop=32):
    return source.train_batch(step, count, crop, 0, CPU, augment)


def counts(pairs) -> dict[str, int]:
    names = [pair.name.split("/")[0] for pair in pairs]
    return {name: names.count(name) for name in dict.fromkeys(names)}


def test_every_set_is_used_for_what_it_is_for(sets):
    corpus = open_data(f"corpus:{sets}", task="derain")
    assert counts(corpus.test_pairs()) == {"light": 2, "heavy": 2, "rain100l": 1, "rain100h": 1}
    assert counts(corpus.watched.test_pairs()) == {"light": 2, "heavy": 2}
    rainy, sharp = batch(corpus)
    assert rainy.shape == sharp.shape == (8, 3, 32, 32)
    assert torch.equal(*(x[0] for x in (batch(corpus), batch(open_rain_corpus(sets)))))
    light, heavy = (sum(share for share, part in corpus.mixture.source.parts if part.degrade.weather == varied)
                    for varied in VARIED.values())  # fmt: skip
    assert light == pytest.approx(heavy)


def test_a_training_that_goes_on_sees_more_dry_pairs(sets):
    for later, share in ((False, "4 %"), (True, "15 %")):
        described = open_data(f"corpus:{sets}", task="derain", later=later).describe
        assert described.count(f"{share} left dry") == 4


def test_nothing_held_out_is_trained_on(sets):
    corpus = open_rain_corpus(sets)
    trained = {path for _, part in corpus.mixture.source.parts for path in part.train.values()}
    held = set()
    for source in corpus.held_out.values():
        for entry in source.test.values():
            held |= set(entry) if isinstance(entry, tuple) else {entry}
    assert len(trained) == EVERY and len(held) == 6 and not trained & held
    assert {path.parent.name for path in trained} == {"bsds500"}


def test_without_the_real_pairs_it_still_trains_and_without_photographs_not(sets, tmp_path):
    for name in ("Rain100L", "Rain100H"):
        (sets / name).rename(tmp_path / f"elsewhere-{name}")
    assert list(open_rain_corpus(sets).held_out) == ["light", "heavy"]
    with pytest.raises(FileNotFoundError, match="holds no bsds500/; give the folder it lies in"):
        open_rain_corpus(sets / "bsds500")


def test_bundled_photographs_are_rained_on_without_any_download():
    source = open_data(task="derain")
    assert counts(source.test_pairs()) == {"light": 12, "heavy": 12}
    rainy, sharp = batch(source)
    assert (rainy - sharp).mean() > 0 and "synthetic rain" in source.describe


def test_the_bundled_test_pairs_are_as_hard_as_rain100():
    found = {"light": [], "heavy": []}
    for pair in open_data(task="derain").test_pairs():
        images = (image.float().div(255)[None] for image in (pair.blurred, pair.sharp))
        found[pair.name.split("/")[0]].append(psnr(*images, "luma").item())
    assert abs(np.mean(found["light"]) - 26.90) < 1 and abs(np.mean(found["heavy"]) - 13.55) < 1


def test_photographs_of_a_folder_are_rained_on_and_pairs_taken_as_they_are(sets):
    assert counts(open_data(str(sets / "bsds500"), task="derain").test_pairs()) == {"light": 9, "heavy": 9}
    rainy, _ = next(iter(open_data(f"rain100l:{sets / 'Rain100L'}", task="derain").test.values()))
    assert rainy.name == "rain-001.png"


def test_unknown_tasks_and_frames_are_refused(tmp_path):
    with pytest.raises(ValueError, match="task is 'dehaze'; it can be 'deblur' or 'derain'"):
        open_data(task="dehaze")
    for i in range(40):
        picture(tmp_path / "GOPR0001_01_00" / f"{i:06}.png", i)
    with pytest.raises(ValueError, match="which is for deblurring; derain photographs or rainy pairs"):
        open_data(f"gopro-all:{tmp_path}", task="derain")


@pytest.mark.parametrize("weather", ["light", "heavy"])
def test_what_is_trained_with_reaches_beyond_what_is_scored(weather):
    calibrated, varied = WEATHERS[weather], VARIED[weather]
    for field in fields(calibrated):
        here, there = getattr(calibrated, field.name), getattr(varied, field.name)
        if isinstance(here, tuple):
            assert there[0] <= here[0] and there[1] >= here[1], field.name
        elif field.name in ("tilt", "spread"):
            assert there >= here
        else:
            assert there == here


def test_rain_falls_down_in_every_batch(sets):
    """Pairs are mirrored, never turned by a quarter, also where they are used again."""
    for step in range(12):
        rainy, sharp = batch(open_rain_corpus(sets), step, crop=64)
        light = (rainy - sharp).mean(1).clamp(min=0)
        light = light[(rainy.flatten(1).amax(1) < 1) & (light.mean((1, 2)) > 0.02)]
        along, across = (light.diff(dim=axis).abs().mean((1, 2)) for axis in (1, 2))
        assert (along < 1.2 * across).all()


def test_the_two_weathers_do_not_fall_on_the_same_crops(sets):
    light, heavy = (part for share, part in open_rain_corpus(sets).mixture.source.parts if share > 0.5)
    assert light.train == heavy.train
    for step in range(3):
        crops = [batch(part, step, augment=False)[1] for part in (light, heavy)]
        assert not torch.equal(*crops)


def test_a_few_are_left_dry():
    tiles = torch.rand(400, 3, 16, 16).mul(255).round().div(255)
    rainy = Rainy(HEAVY, dry=0.1).crops(tiles, generator_of(0, 0, "cpu"), generator_of(1, 0, "cpu"))
    dry = (rainy == tiles).flatten(1).all(1).float().mean()
    assert 0.05 < dry < 0.15
    assert not torch.equal(Rainy(LIGHT).crops(tiles, *(generator_of(i, 0, "cpu") for i in (0, 1))), tiles)


def test_blurred_batches_are_blurs_of_tiles_with_a_margin(monkeypatch):
    """Photographs hands whole tiles over and takes the crop that lies under the degraded one."""
    seen = []
    original = degradations.blur

    def spy(sharp, generator, shake, crop):
        seen.append((sharp, crop))
        return original(sharp, generator, shake, crop)

    monkeypatch.setattr(degradations, "blur", spy)
    source = open_data()
    _, sharp = batch(source, augment=False)
    assert source.degrade == Shaken() and seen[0][1] == 16 and seen[0][0].shape[-1] == 64
    assert torch.equal(inner(seen[0][0], 16), sharp)


def test_upright_turns_are_flips_only():
    ramp = torch.arange(16.0).view(1, 1, 4, 4).expand(64, 3, 4, 4).contiguous()
    (turned,) = turn([ramp], generator_of(0, 0, "cpu"), upright=True)
    kinds = {tuple(sample[0].flatten().tolist()) for sample in turned}
    steps = {abs(sample[0, 0, 1] - sample[0, 0, 0]).item() for sample in turned}
    assert len(kinds) == 4 and steps == {1.0}
    assert len({tuple(s[0].flatten().tolist()) for s in turn([ramp], generator_of(0, 0, "cpu"))[0]}) == 8


def test_what_a_source_says_of_itself():
    assert Photographs({}, {}, "a", Rainy(dry=0.04)).describe == "a, with synthetic rain, 4 % left dry"
    assert Photographs({}, {}, "a", Shaken(still=0.1)).describe == "a, with synthetic camera shake, 10 % left unblurred"


@pytest.mark.skipif(not SHARED.is_dir(), reason="no folder of real sets beside the checkout")
def test_the_real_sets():
    found = {name: len(source.test) for name, source in open_rain_corpus(SHARED).held_out.items()}
    assert found == {"light": 21, "heavy": 21, "rain100l": 16, "rain100h": 16}
