"""Crops cut one by one and in one go: the same images, the same windows for a pair, any sizes side by side."""

import pytest
import torch

from lmfn_core.images import album
from lmfn_core.images.album import Album, albums_of, tiles

CPU = torch.device("cpu")


def numbered(height: int, width: int, number: int) -> torch.Tensor:
    """An image whose red is its number, green its rows and blue its columns."""
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return torch.stack([torch.full_like(x, number), y, x]).to(torch.uint8)


IMAGES = [numbered(20, 31, 0), numbered(40, 17, 1), numbered(16, 16, 2)]


def test_squares_are_cut_where_they_were_asked_for():
    which, top, left = torch.tensor([2, 0, 1, 1]), torch.tensor([0, 4, 24, 3]), torch.tensor([0, 15, 1, 0])
    cut = Album.of(IMAGES, CPU).cut(which, top, left, 16)
    for number, (image, y, x) in enumerate(zip(which.tolist(), top.tolist(), left.tolist(), strict=True)):
        assert torch.equal(cut[number], IMAGES[image][:, y : y + 16, x : x + 16])


def test_corners_reach_every_place_and_stay_inside():
    which = torch.zeros(4000, dtype=torch.long)
    top, left = Album.of(IMAGES, CPU).corners(which, 16, torch.Generator().manual_seed(0))
    assert top.unique().tolist() == list(range(20 - 16 + 1))
    assert left.unique().tolist() == list(range(31 - 16 + 1))


@pytest.fixture(params=["one by one", "in one go"])
def way(request, monkeypatch):
    """Both ways of cutting, on the CPU."""
    if request.param == "in one go":
        monkeypatch.setattr(album, "in_one_go", lambda device: True)
    return request.param


def test_what_belongs_to_one_name_is_cut_alike(way):
    pairs = {str(n): (image, image + 100) for n, image in enumerate(IMAGES)}
    cut = tiles(pairs, 50, 16, torch.Generator().manual_seed(0), CPU)
    assert cut.shape == (50, 6, 16, 16)
    assert torch.equal(cut[:, :3] + 100, cut[:, 3:])
    assert cut[:, 0, 0, 0].unique().tolist() == [0, 1, 2]


def test_equal_generators_cut_alike(way):
    images = {str(n): (image,) for n, image in enumerate(IMAGES)}
    first, again, other = (tiles(images, 9, 8, torch.Generator().manual_seed(seed), CPU) for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_an_image_that_is_too_small_is_named(way):
    images = {"large": (IMAGES[0],), "small": (IMAGES[2],)}
    with pytest.raises(ValueError, match="'small' is 16 x 16, smaller than the 17 pixels"):
        for seed in range(9):
            tiles(images, 9, 17, torch.Generator().manual_seed(seed), CPU)


def test_images_of_one_name_must_have_one_size(way):
    with pytest.raises(ValueError, match="'a' does not match: blurred is 31 x 20, sharp is 17 x 40"):
        tiles({"a": (IMAGES[0], IMAGES[1])}, 3, 8, torch.Generator(), CPU)


def test_nothing_is_cut_from_nothing(way):
    assert tiles({}, 0, 8, torch.Generator(), CPU).shape == (0, 3, 8, 8)


def test_images_that_fill_the_card_stay_in_files(monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (0, 1000))
    albums_of.cache_clear()
    assert albums_of((("a", IMAGES[0]),), "cuda:0") is None
