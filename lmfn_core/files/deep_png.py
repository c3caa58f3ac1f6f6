"""PNG files of 16 bits per channel through imagecodecs: in colour, Pillow would cut them to 8."""

import io

import imagecodecs
import numpy as np
from jaxtyping import UInt16
from PIL import Image

from lmfn_core.files.keepsakes import Keepsakes, options

MAGIC = b"\x89PNG\r\n\x1a\n"


def is_deep_png(data: bytes) -> bool:
    """Whether a file's bytes are a PNG of 16 bits per channel.

    >>> is_deep_png(encode_deep_png(np.zeros((16, 24), np.uint16), Keepsakes()))
    True
    """
    return data.startswith(MAGIC) and data[24:25] == b"\x10"


def decode_deep_png(data: bytes) -> UInt16[np.ndarray, "..."]:
    """The pixels: "h w" grey, or "h w c" with c = 2 (grey, alpha), 3 (RGB) or 4 (RGB, alpha).

    >>> decode_deep_png(encode_deep_png(np.zeros((16, 24, 3), np.uint16), Keepsakes())).shape
    (16, 24, 3)
    """
    return imagecodecs.png_decode(data)


def encode_deep_png(pixels: UInt16[np.ndarray, "..."], kept: Keepsakes) -> bytes:
    """A PNG of 16 bits. The chunks about it are those that Pillow writes for a PNG of 8 bits with the same keepsakes.

    >>> encode_deep_png(np.zeros((16, 24), np.uint16), Keepsakes())[:4]
    b'\\x89PNG'
    """
    small = io.BytesIO()
    Image.new("L", (1, 1)).save(small, "PNG", **options(kept, "PNG"))
    written, whole = small.getvalue(), imagecodecs.png_encode(np.ascontiguousarray(pixels))
    header = len(MAGIC) + 25  # the signature and IHDR
    return whole[:header] + written[header : written.index(b"IDAT") - 4] + whole[header:]
