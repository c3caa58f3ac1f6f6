"""Each of Pillow's modes comes back as itself, or as the nearest that can hold a restored image."""

import numpy as np
import pytest
from PIL import Image

from lmfn_core.files.modes import to_array, to_image

NOISE = np.random.default_rng(0).integers(0, 256, (16, 20, 4), dtype=np.uint8)
RGBA = Image.frombytes("RGBA", (20, 16), NOISE.tobytes())
RGB = RGBA.convert("RGB")


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "CMYK"])
def test_what_holds_8_bits_comes_back_to_the_bit(mode):
    image = RGBA.convert("RGB").convert(mode) if mode == "CMYK" else RGBA.convert(mode)
    back = to_image(to_array(image), mode)
    assert back.mode == mode and back.tobytes() == image.tobytes()


@pytest.mark.parametrize(("mode", "becomes"), [("1", "L"), ("P", "RGB"), ("RGBX", "RGBX"), ("YCbCr", "YCbCr"),
                                               ("HSV", "HSV"), ("RGBa", "RGBa"), ("La", "La")])  # fmt: skip
def test_other_modes_come_back_as_the_nearest(mode, becomes):
    image = (
        RGBA.convert(mode)
        if mode == "RGBa"
        else RGBA.convert("LA").convert(mode)
        if mode == "La"
        else RGB.convert(mode)
    )
    back = to_image(to_array(image), mode)
    assert back.mode == becomes and back.size == image.size
    shown = [
        np.asarray(i.convert("RGBA" if mode == "RGBa" else "LA" if mode == "La" else "RGB")) for i in (image, back)
    ]
    assert np.abs(shown[0].astype(int) - shown[1]).max() <= 6


@pytest.mark.parametrize("mode", ["I;16", "I"])
def test_16_bit_grey(mode):
    levels = np.random.default_rng(0).integers(0, 65536, (16, 20))
    image = Image.fromarray(levels.astype(np.uint16 if mode == "I;16" else np.int32))
    assert image.mode == mode
    back = to_image(to_array(image), mode)
    assert back.mode == mode and np.array_equal(np.asarray(back), levels)


def test_a_palette_with_transparency_becomes_alpha():
    image = RGB.convert("P", palette=Image.Palette.ADAPTIVE)
    image.info["transparency"] = 0
    pixels = to_array(image)
    assert pixels.shape == (16, 20, 4) and to_image(pixels, "P").mode == "RGBA"
    assert np.array_equal(pixels[..., 3] == 0, np.asarray(image) == 0)


def test_a_transparent_colour_becomes_alpha():
    image = Image.new("RGB", (16, 16), (9, 9, 9))
    image.info["transparency"] = (9, 9, 9)
    assert to_array(image).shape == (16, 16, 4) and (to_array(image)[..., 3] == 0).all()


@pytest.mark.parametrize("mode", ["F", "LAB"])
def test_modes_without_agreed_colours_are_refused(mode):
    with pytest.raises(ValueError, match=f"mode '{mode}'"):
        to_array(Image.new(mode, (16, 16)))


def test_32_bits_are_refused():
    with pytest.raises(ValueError, match="from 0 to 70000"):
        to_array(Image.fromarray(np.linspace(0, 70000, 256).reshape(16, 16).astype(np.int32)))


def test_16_bits_in_colour_are_no_pil_image():
    with pytest.raises(ValueError, match="no 16 bits in colour"):
        to_image(np.zeros((16, 16, 3), np.uint16), "RGB")
