"""Reading photographs with everything that their restored files are to keep."""

import io
import os
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from lmfn_core.files import tiffs
from lmfn_core.files.deep_png import decode_deep_png, is_deep_png
from lmfn_core.files.keepsakes import ORIENTATION, Keepsakes, keepsakes_of
from lmfn_core.files.modes import to_array
from lmfn_core.files.pictures import SMALLEST
from lmfn_core.images.photos import FORMATS, SUFFIXES, decoding

MOST = 128_000_000
"""Pixels. Cameras of "100 megapixels" give up to 102 million; a small file that claims more is taken for an attack."""
HEAVIEST = 2**31
"""Bytes of a file; twice what 16 bits of RGBA need at ``MOST`` pixels."""
SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF", *tiffs.MAGIC)
"""How files of these formats begin."""
TURNS = {  # EXIF orientation to what makes the pixels upright
    2: lambda a: a[:, ::-1], 3: lambda a: a[::-1, ::-1], 4: lambda a: a[::-1], 5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1), 7: lambda a: a[::-1, ::-1].swapaxes(0, 1), 8: lambda a: np.rot90(a),
}  # fmt: skip


@dataclass(frozen=True)
class PhotoFile:
    """A photograph as its file holds it, turned upright.

    >>> PhotoFile(np.zeros((16, 24), np.uint8), False, Keepsakes()).pixels.shape
    (16, 24)
    """

    pixels: np.ndarray  # "h w", "h w 2" (grey, alpha), "h w 3" (RGB), "h w 4" (RGB, alpha; CMYK); uint8 or uint16
    inks: bool  # whether the four channels are CMYK
    keepsakes: Keepsakes


def read_photo(path: str | os.PathLike) -> PhotoFile:
    """Read a JPEG, PNG, TIFF, WebP or BMP: grey, palette, RGB, CMYK, with or without alpha, 8 or 16 bits per channel.

    Raises:
        FileNotFoundError: when there is no such file.
        ValueError: when it is no photograph of these kinds, is below 16 pixels a side or beyond ``MOST`` pixels, or
            holds several pictures.
        OSError: when it may not be read, is truncated or damaged.
    """
    path = Path(path)
    data = _bytes(path)
    try:
        with decoding(path, "restored"):
            return _decoded(data)
    except UnidentifiedImageError as error:
        if data.startswith(SIGNATURES):
            raise OSError(f"{str(path)!r} is truncated or damaged; copy or download it again.") from error
        raise ValueError(f"{str(path)!r} is no image of a kind restored here: {' '.join(SUFFIXES)}.") from error


def _bytes(path: Path) -> bytes:
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {str(path)!r}; check the path.")
    try:
        size = path.stat().st_size
        if not size:
            raise ValueError(f"{str(path)!r} is empty; copy or download it again.")
        if size > HEAVIEST:
            raise ValueError(f"{str(path)!r} has {size} bytes; photographs of up to {HEAVIEST} are restored.")
        return path.read_bytes()
    except OSError as error:
        raise OSError(f"{str(path)!r} could not be read: {error.strerror or error}.") from error


def _decoded(data: bytes) -> PhotoFile:
    tiff = tiffs.header(data) if data.startswith(tiffs.MAGIC) else None
    if tiff is not None:
        _check_single(tiff["pictures"])
        _check_size(tiff["width"], tiff["height"])
        if tiff["bits"] > 8:
            pixels, inks = tiffs.decode_deep(data)
            return PhotoFile(_upright(pixels, tiff["orientation"]), inks, tiffs.tiff_keepsakes(data))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of many pixels, for which there is a limit here, and of damaged EXIF
        image = Image.open(io.BytesIO(data), formats=FORMATS)
        turned = _orientation(image) if tiff is None else 1  # a TIFF is turned by Pillow as it is loaded
    with image:
        _check_size(*image.size)
        if image.format in ("PNG", "WEBP"):
            _check_single(getattr(image, "n_frames", 1))
        pixels = decode_deep_png(data) if is_deep_png(data) else to_array(image)
        kept = keepsakes_of(image, data) if tiff is None else tiffs.tiff_keepsakes(data)
        return PhotoFile(_upright(pixels, turned), image.mode == "CMYK", kept)


def _orientation(image: Image.Image) -> object:
    try:
        return image.getexif().get(ORIENTATION, 1)
    except Exception:  # damaged EXIF is no reason to refuse the photograph
        return 1


def _upright(pixels: np.ndarray, orientation: object) -> np.ndarray:
    return np.ascontiguousarray(TURNS.get(orientation, lambda a: a)(pixels))


def _check_size(width: int, height: int) -> None:
    if width * height > MOST:
        raise ValueError(f"it claims {width} x {height} pixels; photographs of up to {MOST} pixels are restored")
    if min(width, height) < SMALLEST:
        raise ValueError(f"it is {width} x {height} pixels; each side must be at least {SMALLEST}")


def _check_single(pictures: int) -> None:
    if pictures > 1:
        raise ValueError(f"it holds {pictures} pictures; save the one you want as a file of its own")
