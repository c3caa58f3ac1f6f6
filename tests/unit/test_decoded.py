"""Decoded images on disk: read once, mapped from then on, renewed when the file changes, and never a hindrance."""

import os

import numpy as np
import pytest
import torch
from PIL import Image

from lmfn_core.images import decoded as module
from lmfn_core.images.decoded import cache_folder, decoded
from lmfn_core.images.photos import read_image


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("LMFN_CACHE", str(tmp_path / "cache"))
    decoded.cache_clear()
    yield tmp_path / "cache"
    decoded.cache_clear()


@pytest.fixture
def photograph(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (20, 31, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    return tmp_path / "a.png"


def files(cache):
    return sorted(path for path in cache.rglob("*") if path.is_file())


def test_a_mapped_image_has_the_pixels_of_the_file(photograph, cache):
    assert torch.equal(decoded(photograph), read_image(photograph))
    assert [path.stat().st_size for path in files(cache)] == [3 * 20 * 31]


def test_the_second_time_nothing_is_decoded(photograph, monkeypatch):
    first = decoded(photograph)
    decoded.cache_clear()  # another process
    monkeypatch.setattr(module, "read_image", None)
    assert torch.equal(decoded(photograph), first)


def test_a_changed_file_is_decoded_anew(photograph):
    before = decoded(photograph).clone()
    Image.fromarray(255 - np.asarray(Image.open(photograph))).save(photograph)
    os.utime(photograph, ns=(1, 1))
    decoded.cache_clear()
    assert torch.equal(decoded(photograph), 255 - before)


def test_writing_to_the_tensor_leaves_the_file_alone(photograph):
    decoded(photograph).zero_()
    decoded.cache_clear()
    assert torch.equal(decoded(photograph), read_image(photograph))


def test_a_folder_that_cannot_be_made_costs_only_time(photograph, cache):
    cache.write_text("a file stands where the folder should be")
    assert torch.equal(decoded(photograph), read_image(photograph))


def test_a_nearly_full_disk_is_not_filled(photograph, cache, monkeypatch):
    monkeypatch.setattr(module, "SPARE", 1 << 62)
    assert torch.equal(decoded(photograph), read_image(photograph)) and not files(cache)


def test_what_is_wrong_with_a_file_is_said_as_ever(tmp_path):
    with pytest.raises(FileNotFoundError, match="gone.png"):
        decoded(tmp_path / "gone.png")
    (tmp_path / "notes.png").write_text("no image")
    with pytest.raises(ValueError, match="is not an image"):
        decoded(tmp_path / "notes.png")


def test_the_folder_is_the_environments_or_the_users(cache, monkeypatch):
    assert cache_folder() == cache
    monkeypatch.delenv("LMFN_CACHE")
    assert cache_folder().parts[-2:] == ("lmfn", "decoded")
