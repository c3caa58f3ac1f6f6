"""Pillow's image modes as arrays, and restored arrays as images of that mode."""

import numpy as np
from jaxtyping import Shaped
from PIL import Image

GREY_16 = ("I;16", "I;16L", "I;16B", "I;16N", "I")
CHANGED = {"1": "L", "P": "RGB", "PA": "RGBA", "RGBX": "RGB", "RGBa": "RGBA", "La": "LA"}
"""Modes that cannot hold what a network gives: two levels, or 256 colours chosen for another image."""


def to_array(image: Image.Image) -> Shaped[np.ndarray, "..."]:
    """The pixels as ``pictures.to_batch`` takes them; CMYK as inks "h w 4".

    A colour declared transparent becomes alpha: it is no longer one colour once the image is restored.

    Raises:
        ValueError: for modes without agreed colours or range (floating point "F", "LAB", 32 bits beyond 16).
        OSError: when the file behind the image is damaged.

    >>> to_array(Image.new("LA", (24, 16))).shape
    (16, 24, 2)
    """
    if image.mode in GREY_16:
        pixels = np.asarray(image)
        if image.mode == "I" and (pixels.min() < 0 or pixels.max() > 65535):
            raise ValueError(f"its values go from {pixels.min()} to {pixels.max()}; save it with 8 or 16 bits")
        return pixels.astype(np.uint16)
    mode = CHANGED.get(image.mode, image.mode)
    if "transparency" in image.info and mode in ("L", "RGB"):
        mode = {"L": "LA", "RGB": "RGBA"}[mode]
    if mode in ("YCbCr", "HSV"):
        mode = "RGB"
    if mode not in ("L", "LA", "RGB", "RGBA", "CMYK"):
        raise ValueError(f"its pixels are of mode {image.mode!r}, which has no agreed RGB; save it as RGB")
    return np.asarray(image if image.mode == mode else image.convert(mode))


def to_image(pixels: Shaped[np.ndarray, "..."], mode: str) -> Image.Image:
    """An array of ``to_array``, restored, as an image of ``mode`` where that can hold it.

    Two levels ("1") come back as grey, a palette ("P") as RGB, with alpha where there was transparency.

    Raises:
        ValueError: for 16 bits in colour, which Pillow cannot hold.

    >>> to_image(np.zeros((16, 24, 3), np.uint8), "P").mode
    'RGB'
    """
    if pixels.dtype == np.uint16:
        if pixels.ndim > 2:
            raise ValueError("A PIL image holds no 16 bits in colour: give out= for a file, or an array.")
        return Image.fromarray(pixels.astype(np.int32) if mode == "I" else pixels)
    own = (
        "CMYK" if mode == "CMYK" else {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[1 if pixels.ndim == 2 else pixels.shape[2]]
    )
    image = Image.frombytes(own, pixels.shape[1::-1], np.ascontiguousarray(pixels).tobytes())
    return image.convert(mode) if mode in ("YCbCr", "HSV", "RGBX", "RGBa", "La") and own != mode else image
