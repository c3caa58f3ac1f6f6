"""A reader's own photograph: its restored copy, and a sentence for whatever can be wrong with the path."""

import numpy as np
import pytest
import torch
from PIL import Image

from lmfn_core.teaching.own_photo import middle, restore_own


@pytest.fixture
def photo(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (40, 60, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "street.png")
    return tmp_path / "street.png"


def test_the_copy_lies_in_the_folder_and_the_original_stays(photo, tmp_path):
    before = photo.read_bytes()
    for _ in range(2):  # a notebook is run again
        found, restored = restore_own(str(photo), tmp_path / "deep" / "out")
    assert found == photo and photo.read_bytes() == before
    assert restored == tmp_path / "deep" / "out" / "street-restored.png"
    assert restored.read_bytes() != before
    with Image.open(restored) as copy:
        assert copy.size == (60, 40)


def test_home_is_understood(photo, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert restore_own("~/street.png", tmp_path / "out")[0] == photo


def test_a_wrong_path_is_told_with_where_it_was_looked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match="There is no photograph a.jpg in .*holiday; give its full path"):
        restore_own("holiday/a.jpg", "out")
    with pytest.raises(ValueError, match="is a folder; name one photograph in it"):
        restore_own(tmp_path, "out")
    (tmp_path / "notes.txt").write_text("no image")
    with pytest.raises(ValueError, match="notes.txt is no photograph that can be read"):
        restore_own("notes.txt", "out")
    assert not (tmp_path / "out").exists()


def test_the_middle_of_an_image_or_a_file(photo):
    image = torch.arange(3 * 9 * 5).view(3, 9, 5)
    assert torch.equal(middle(image, 5), image[:, 2:7]) and torch.equal(middle(image), image)
    assert middle(photo, 20).shape == (3, 20, 20)
