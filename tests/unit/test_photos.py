"""Reading photographs: the bundled ones, any file, any folder."""

import importlib.util
import socket

import numpy as np
import pytest
import torch
from PIL import Image

from lmfn_core.images import photos
from lmfn_core.images.photos import TEST, TRAIN, bundled, folder, read_image


@pytest.fixture(scope="module")
def everything():
    return bundled()


def save(path, array):
    Image.fromarray(array).save(path)
    return path


@pytest.fixture
def rgb():
    return np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)


def as_numpy(tensor):
    return tensor.permute(1, 2, 0).numpy()


def test_bundled_photographs_are_real_and_large_enough_for_a_crop(everything):
    assert list(everything) == [*TRAIN, *TEST]
    for name, photo in everything.items():
        assert photo.dtype == torch.uint8 and photo.shape[0] == 3, name
        assert min(photo.shape[1:]) >= 300, name
        assert photo.float().std() > 15, f"{name} is nearly flat"


def test_the_split_is_by_photograph(everything):
    assert not set(TRAIN) & set(TEST)
    files = [photo.file for table in (TRAIN, TEST) for photo in table.values()]
    assert len(set(files)) == len(files)
    assert list(bundled("train")) == list(TRAIN)
    for name, photo in bundled("test").items():
        assert torch.equal(photo, everything[name])


def test_the_test_photographs_are_in_colour_and_free_of_conditions(everything):
    for name, photo in TEST.items():
        assert photo.terms in ("CC0", "public domain"), name
        assert (everything[name][0] != everything[name][2]).float().mean() > 0.5, name


def test_the_tables_cannot_be_changed():
    with pytest.raises(TypeError):
        TEST["china"] = TRAIN["china"]
    with pytest.raises(AttributeError):
        TEST["chelsea"].terms = "mine"


def test_bundled_needs_no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    assert len(bundled("test")) == len(TEST)


def test_an_unknown_split_is_named():
    with pytest.raises(ValueError, match="split is 'val'; it can be 'train', 'test' or 'all'"):
        bundled("val")


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match="'astronaut' comes with scikit-image: pip install scikit-image"):
        bundled("test")


def test_read_image_returns_the_pixels_of_a_png(tmp_path, rgb):
    assert np.array_equal(as_numpy(read_image(save(tmp_path / "a.png", rgb))), rgb)


def test_grey_and_palette_become_rgb(tmp_path, rgb):
    grey = read_image(save(tmp_path / "grey.png", rgb[..., 0]))
    assert np.array_equal(as_numpy(grey), np.repeat(rgb[..., :1], 3, axis=2))
    palette = Image.fromarray(rgb).quantize(4)
    palette.save(tmp_path / "palette.png")
    assert np.array_equal(as_numpy(read_image(tmp_path / "palette.png")), np.asarray(palette.convert("RGB")))


def test_transparency_is_laid_on_white(tmp_path, rgb):
    alpha = np.full((5, 7, 1), 255, dtype=np.uint8)
    alpha[0] = 0
    image = as_numpy(read_image(save(tmp_path / "a.png", np.concatenate([rgb, alpha], axis=2))))
    assert (image[0] == 255).all()
    assert np.array_equal(image[1:], rgb[1:])


def test_sixteen_bits_become_eight(tmp_path):
    levels = (np.arange(256, dtype=np.uint16) * 257).reshape(16, 16)
    image = read_image(save(tmp_path / "deep.png", levels))
    assert np.array_equal(image[0].numpy(), np.arange(256).reshape(16, 16))


@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_exif_orientation_is_applied(tmp_path, suffix):
    image = Image.new("RGB", (24, 16), "black")
    image.paste("white", (0, 0, 12, 16))  # the left half
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: show it turned clockwise
    image.save(tmp_path / f"turned.{suffix}", exif=exif)
    turned = read_image(tmp_path / f"turned.{suffix}")
    assert turned.shape == (3, 24, 16)
    assert turned[:, :8].min() > 200 and turned[:, 16:].max() < 50  # left has become top


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no file '.*gone.png'; check the path"):
        read_image(tmp_path / "gone.png")
    with pytest.raises(FileNotFoundError, match="There is no file"):
        read_image(tmp_path)


def test_a_file_that_is_no_image_is_named(tmp_path):
    (tmp_path / "notes.png").write_text("not a picture")
    with pytest.raises(ValueError, match="notes.png' is not an image; give one of .png"):
        read_image(tmp_path / "notes.png")


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp"])
@pytest.mark.parametrize("kept", [0.4, 0.9])
def test_a_truncated_image_is_named(tmp_path, suffix, kept):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    whole = save(tmp_path / f"cut.{suffix}", noise).read_bytes()
    (tmp_path / f"cut.{suffix}").write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(OSError, match=rf"cut.{suffix}' is truncated or damaged"):
        read_image(tmp_path / f"cut.{suffix}")


def test_floating_point_pixels_are_refused(tmp_path):
    save(tmp_path / "hdr.tif", np.ones((4, 4), dtype=np.float32))
    with pytest.raises(ValueError, match="hdr.tif' cannot be read: its pixels are floating point"):
        read_image(tmp_path / "hdr.tif")


def test_folder_finds_images_and_nothing_else(tmp_path, rgb):
    for inside in ("b.png", "a/z.JPG", "a/b/c.webp", ".hidden/x.png", "a/._z.jpg"):
        (tmp_path / inside).parent.mkdir(parents=True, exist_ok=True)
        save(tmp_path / inside, rgb)
    (tmp_path / "notes.txt").write_text("no image")
    (tmp_path / "folder.png").mkdir()
    found = folder(tmp_path)
    assert list(found) == ["a/b/c.webp", "a/z.JPG", "b.png"]
    assert found["a/z.JPG"] == tmp_path / "a" / "z.JPG"


def test_a_missing_or_empty_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no folder '.*gone'; check the path"):
        folder(tmp_path / "gone")
    with pytest.raises(FileNotFoundError, match="There is no image under .*; it needs files of .png"):
        folder(tmp_path)


def test_procedural_scenes_are_offered_beside_the_photographs():
    assert photos.dead_leaves(1, 16, torch.Generator().manual_seed(0)).shape == (1, 3, 16, 16)
