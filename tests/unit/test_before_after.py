"""Before and after hold both pictures, in one file that asks for nothing else."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image, ImageCms

from lmfn_core.files.before_after import shown, side_by_side, write_before_after
from lmfn_core.files.keepsakes import Keepsakes
from lmfn_core.files.photo_reading import PhotoFile

ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
PHOTO = PhotoFile(np.full((120, 160, 3), 40, np.uint8), False, Keepsakes(icc=ICC))


def test_the_page_holds_both_pictures_and_names_them_safely(tmp_path):
    path = write_before_after(tmp_path / "a.html", PHOTO, 255 - PHOTO.pixels, "<b>&.jpg", "deblurred")
    text = path.read_text(encoding="utf-8")
    assert "&lt;b&gt;&amp;.jpg" in text and "<b>" not in text and "http" not in text and 'type="range"' in text
    embedded = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', text)
    levels = []
    for content in embedded:
        image = Image.open(io.BytesIO(base64.b64decode(content)))
        assert image.size == (160, 120) and image.info["icc_profile"] == ICC
        levels.append(int(np.asarray(image).mean().round()))
    assert levels == [40, 215]


def test_the_picture_holds_both_side_by_side(tmp_path):
    path = write_before_after(tmp_path / "a.PNG", PHOTO, 255 - PHOTO.pixels, "a", "deblurred")
    with Image.open(path) as image:
        sheet, icc = np.asarray(image), image.info["icc_profile"]
    assert icc == ICC and sheet.shape == (120 + 26, 2 * 160 + 8, 3)
    assert (sheet[26:, :160] == 40).all() and (sheet[26:, 168:] == 215).all()
    assert (sheet[:26, :160] < 128).any() and (sheet[:26, 168:] < 128).any(), "no names"


@pytest.mark.parametrize("kind", [((32, 32), "uint8"), ((32, 32, 2), "uint8"), ((32, 32, 4), "uint16")])
@pytest.mark.parametrize("suffix", [".html", ".png"])
def test_every_kind_of_photograph_is_shown(tmp_path, kind, suffix):
    shape, dtype = kind
    photo = PhotoFile(np.full(shape, np.iinfo(dtype).max // 2, dtype), shape[-1] == 4, Keepsakes())
    assert write_before_after(tmp_path / f"a{suffix}", photo, photo.pixels, "a", "b").stat().st_size > 500
    assert shown(photo.pixels, photo.inks).mode == "RGB"


def test_another_suffix_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"a \.html or a \.png file; got 'a\.jpg'"):
        write_before_after(tmp_path / "a.jpg", PHOTO, PHOTO.pixels, "a", "b")
    assert not list(tmp_path.iterdir())


def test_names_grow_with_the_picture():
    small, large = (
        side_by_side(Image.new("RGB", (9, h)), Image.new("RGB", (9, h)), "b").height - h for h in (100, 4000)
    )
    assert large > 3 * small
