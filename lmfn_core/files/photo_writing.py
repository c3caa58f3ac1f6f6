"""Writing restored photographs: with what their files held beside the pixels, whole or not at all."""

import io
import os
from pathlib import Path
from types import MappingProxyType

import numpy as np
from jaxtyping import Shaped

from lmfn_core.files.deep_png import encode_deep_png
from lmfn_core.files.keepsakes import options
from lmfn_core.files.modes import to_image
from lmfn_core.files.photo_reading import PhotoFile
from lmfn_core.files.tiffs import encode_tiff
from lmfn_core.records import write_bytes

SUFFIX_OF = MappingProxyType({".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".tif": "TIFF", ".tiff": "TIFF",
                              ".webp": "WEBP", ".bmp": "BMP"})  # fmt: skip
"""Suffixes that are written, and Pillow's names of their formats."""


def encode_photo(photo: PhotoFile, pixels: Shaped[np.ndarray, "..."], suffix: str) -> bytes:
    """The bytes of a file for restored pixels, with the keepsakes of the photograph they come from.

    Args:
        suffix: of the file, such as ".jpg".

    Raises:
        ValueError: when files of that suffix cannot hold such pixels, or there are none.

    >>> from lmfn_core.files.keepsakes import Keepsakes
    >>> grey = np.zeros((16, 24), np.uint8)
    >>> encode_photo(PhotoFile(grey, False, Keepsakes()), grey, ".bmp")[:2]
    b'BM'
    """
    format = format_of(suffix)
    _check_holds(format, pixels, photo.inks)
    if format == "TIFF":
        return encode_tiff(pixels, photo.keepsakes, photo.inks)
    if pixels.dtype == np.uint16:
        return encode_deep_png(pixels, photo.keepsakes)
    content = io.BytesIO()
    to_image(pixels, "CMYK" if photo.inks else "RGB").save(content, format, **options(photo.keepsakes, format))
    return content.getvalue()


def write_photo(path: str | os.PathLike, photo: PhotoFile, pixels: Shaped[np.ndarray, "..."]) -> Path:
    """Write restored pixels to ``path``: a neighbouring temporary file, then moved there; folders are made.

    Raises:
        ValueError: from ``encode_photo``.
        OSError: when it cannot be written; what stood there stays.

    >>> import tempfile
    >>> from lmfn_core.files.keepsakes import Keepsakes
    >>> grey = np.zeros((16, 24), np.uint8)
    >>> write_photo(Path(tempfile.mkdtemp()) / "a.png", PhotoFile(grey, False, Keepsakes()), grey).name
    'a.png'
    """
    path = Path(path)
    return write_bytes(path, encode_photo(photo, pixels, path.suffix))


def format_of(suffix: str) -> str:
    """Pillow's name for the format of files of that suffix.

    Raises:
        ValueError: when there is none that photographs are written in.

    >>> format_of(".JPG")
    'JPEG'
    """
    if suffix.lower() not in SUFFIX_OF:
        raise ValueError(f"No photograph is written as {suffix!r}; the name is to end in {' '.join(SUFFIX_OF)}.")
    return SUFFIX_OF[suffix.lower()]


def _check_holds(format: str, pixels: np.ndarray, inks: bool) -> None:
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    lost = [
        "16 bits per channel" if pixels.dtype == np.uint16 and format not in ("PNG", "TIFF") else "",
        "CMYK" if inks and format not in ("JPEG", "TIFF") else "",
        "transparency" if channels in (2, 4) and not inks and format in ("JPEG", "BMP") else "",
    ]
    for what in filter(None, lost):
        raise ValueError(f"A {format} file cannot hold {what}; write a {'.tif' if inks else '.png'} file.")
