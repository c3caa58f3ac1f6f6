"""Where pairs come from: layouts, the held-out split, repeatable batches, and what is refused."""

import numpy as np
import pytest
import torch
from PIL import Image

from lmfn_core.datasets.opening import open_data
from lmfn_core.images.blur import MARGIN, quantise
from lmfn_core.images.pairs import DRAWS, PhotographPairs, Photographs
from lmfn_core.measures.metrics import psnr

CPU = torch.device("cpu")


def picture(path, size=(120, 100), seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture
def gopro(tmp_path):
    """The published layout: train|test / sequence / blur, blur_gamma, sharp / frame."""
    for split, frames in (("train", 3), ("test", 2)):
        for kind in ("blur", "blur_gamma", "sharp"):
            for i in range(frames):
                picture(tmp_path / split / "GOPR01" / kind / f"{i:06}.png", seed=i + 10 * len(kind))
    return tmp_path


def batch(source, step=0, crop=48, seed=0, augment=True):
    return source.train_batch(step, 4, crop, seed, CPU, augment)


def test_bundled_batches_repeat_by_step_and_seed_and_are_8_bit_pairs():
    source = open_data("bundled")
    blurred, sharp = batch(source)
    assert blurred.shape == sharp.shape == (4, 3, 48, 48)
    assert torch.equal(blurred, quantise(blurred)) and torch.equal(sharp, quantise(sharp))
    again = batch(open_data("bundled"))
    assert torch.equal(blurred, again[0]) and torch.equal(sharp, again[1])
    for other in (batch(source, step=1), batch(source, seed=1)):
        assert not torch.equal(sharp, other[1])
    assert (blurred - sharp).abs().mean() > 0.002


def test_augmentation_changes_only_the_orientation():
    source = open_data("bundled")
    for plain, turned in zip(batch(source, augment=False), batch(source, augment=True), strict=True):
        assert torch.equal(plain.flatten(1).sort(1).values, turned.flatten(1).sort(1).values)
    assert not torch.equal(batch(source, augment=False)[1], batch(source, augment=True)[1])


def test_held_out_pairs_are_always_the_same_and_never_trained_on():
    source = open_data("bundled")
    assert not set(source.train) & set(source.test)
    first, again = next(source.test_pairs()), next(open_data("bundled").test_pairs())
    assert first.name == again.name and torch.equal(first.blurred, again.blurred)
    assert first.blurred.shape == first.sharp.shape and first.sharp.dtype == torch.uint8
    assert DRAWS * len(source.test) == 12


def test_the_held_out_blur_is_as_hard_as_gopros():
    values = [psnr(p.blurred.float()[None] / 255, p.sharp.float()[None] / 255).item() for p in open_data().test_pairs()]
    assert len(values) == 12 and 25 < sum(values) / 12 < 26


def test_a_folder_of_photographs_holds_out_every_tenth(tmp_path):
    for i in range(11):
        picture(tmp_path / f"{i:02}.png", seed=i)
    source = open_data(str(tmp_path))
    assert isinstance(source, Photographs)
    assert (len(source.train), len(source.test)) == (9, 2)
    assert batch(source)[0].shape == (4, 3, 48, 48)


def test_the_published_gopro_layout_is_read_as_it_is(gopro):
    source = open_data(str(gopro))
    assert isinstance(source, PhotographPairs)
    assert (len(source.train), len(source.test)) == (3, 2)
    assert source.describe.startswith("pairs in ")  # not called GoPro: the counts are not the published ones
    pair = next(source.test_pairs())
    expected = np.asarray(Image.open(gopro / "test" / "GOPR01" / "blur" / "000000.png"))
    assert np.array_equal(pair.blurred.permute(1, 2, 0).numpy(), expected)
    blurred, sharp = batch(source)
    assert blurred.shape == (4, 3, 48, 48) and not torch.equal(blurred, sharp)


def test_a_set_that_can_only_be_tested_says_so_when_asked_for_training_pairs(tmp_path):
    pair = picture(tmp_path / "a.png"), picture(tmp_path / "b.png", seed=1)
    with pytest.raises(ValueError, match="Rain100L has no pairs to train on, only 1 to test"):
        batch(PhotographPairs({}, {"a": pair}, "Rain100L"))


@pytest.mark.parametrize("names", [("blur", "sharp"), ("input", "target")])
def test_plain_pair_folders(tmp_path, names):
    for name in names:
        for i in range(3):
            picture(tmp_path / name / f"{i}.png", seed=i)
    assert len(open_data(str(tmp_path)).train) == 2


def test_crops_of_a_pair_are_taken_at_the_same_place(tmp_path):
    for name in ("blur", "sharp"):
        for i in range(2):
            picture(tmp_path / name / f"{i}.png", seed=i)
    blurred, sharp = batch(open_data(str(tmp_path)))
    assert torch.equal(blurred, sharp)


def test_a_missing_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no folder '.*nowhere'; give DATA"):
        open_data(str(tmp_path / "nowhere"))


def test_an_image_smaller_than_a_crop(tmp_path):
    for i in range(2):
        picture(tmp_path / f"{i}.png", size=(100, 60))
    with pytest.raises(ValueError, match=rf"'1.*' is 100 x 60, smaller than the {48 + 2 * MARGIN} pixels"):
        batch(open_data(str(tmp_path)))


def test_pairs_that_do_not_match(tmp_path):
    picture(tmp_path / "blur" / "a.png")
    picture(tmp_path / "sharp" / "b.png")
    with pytest.raises(ValueError, match="2 images of .* have no partner, the first 'a"):
        open_data(str(tmp_path))


def test_a_pair_of_two_sizes(tmp_path):
    for name in ("a.png", "b.png"):
        picture(tmp_path / "blur" / name, size=(100, 100))
        picture(tmp_path / "sharp" / name, size=(90, 100))
    with pytest.raises(ValueError, match="does not match: blurred is 100 x 100, sharp is 90 x 100"):
        list(open_data(str(tmp_path)).test_pairs())


def test_a_blur_folder_without_its_sharp_one(tmp_path):
    picture(tmp_path / "one" / "blur" / "a.png")
    picture(tmp_path / "two" / "sharp" / "a.png")
    with pytest.raises(ValueError, match="has no folder of sharp images beside it"):
        open_data(str(tmp_path))


def test_one_image_is_too_few(tmp_path):
    picture(tmp_path / "a.png")
    with pytest.raises(ValueError, match="holds 1 image; at least 2"):
        open_data(str(tmp_path))


def test_a_truncated_image_is_named(tmp_path):
    for name in ("blur", "sharp"):
        for i in range(2):
            picture(tmp_path / name / f"{i}.png", seed=i)
    spoilt = tmp_path / "blur" / "0.png"
    spoilt.write_bytes(spoilt.read_bytes()[:900])
    with pytest.raises((ValueError, OSError), match=r"0\.png"):
        list(open_data(str(tmp_path)).test_pairs())
