"""16 bits per channel in PNG and TIFF, in colour: what Pillow would cut to 8. imagecodecs and tifffile do it."""

import io
import struct

import imagecodecs
import numpy as np
import tifffile
from jaxtyping import UInt16
from PIL import Image, TiffImagePlugin

from lmfn_core.keepsakes import INNER, Keepsakes, descriptive, options

PNG = b"\x89PNG\r\n\x1a\n"
TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
LOSSLESS = ("NONE", "LZW", "ADOBE_DEFLATE")


def is_deep(data: bytes) -> bool:
    """Whether a file's bytes are a PNG or TIFF with more than 8 bits per channel.

    >>> is_deep(b"")
    False
    """
    if data.startswith(PNG):
        return data[24:25] == b"\x10"
    if not data.startswith(TIFF):
        return False
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        return file.pages.first.bitspersample > 8


def deep_size(data: bytes) -> tuple[int, int]:
    """Width and height of such a file, from its header.

    >>> deep_size(encode_png(np.zeros((16, 24, 3), np.uint16), Keepsakes()))
    (24, 16)
    """
    if data.startswith(PNG):
        return struct.unpack_from(">II", data, 16)
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        return file.pages.first.imagewidth, file.pages.first.imagelength


def orientation(data: bytes) -> int:
    """EXIF's orientation of a TIFF, 1 where it states none.

    >>> orientation(encode_tiff(np.zeros((16, 24), np.uint16), Keepsakes()))
    1
    """
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        tag = file.pages.first.tags.get("Orientation")
        return int(tag.value) if tag else 1


def pictures(data: bytes) -> int:
    """How many pictures a TIFF holds, small versions of another not counted.

    >>> pictures(encode_tiff(np.zeros((16, 24), np.uint16), Keepsakes()))
    1
    """
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        return sum(not page.is_reduced for page in file.pages)


def decode(data: bytes) -> tuple[UInt16[np.ndarray, "..."], bool]:
    """The pixels, "h w" grey, or "h w c" with c = 2 (grey, alpha), 3 (RGB), 4 (RGB, alpha, or CMYK); and whether CMYK.

    Raises:
        ValueError: for channels that are no unsigned 16 bits, or colours that are neither grey, RGB nor CMYK.

    >>> decode(encode_png(np.zeros((16, 24, 3), np.uint16), Keepsakes()))[0].shape
    (16, 24, 3)
    """
    if data.startswith(PNG):
        return imagecodecs.png_decode(data), False
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages.first
        pixels, kind = page.asarray(), page.photometric.name
        pixels = np.moveaxis(pixels, 0, -1) if page.axes == "SYX" else pixels
    known = {"MINISBLACK": (1, 2), "MINISWHITE": (1,), "RGB": (3, 4), "SEPARATED": (4,)}.get(kind, ())
    if pixels.dtype != np.uint16 or (1 if pixels.ndim == 2 else pixels.shape[2]) not in known:
        raise ValueError(f"its pixels are {kind} of shape {pixels.shape} and {pixels.dtype}; save it as RGB of 16 bits")
    return (65535 - pixels if kind == "MINISWHITE" else pixels), kind == "SEPARATED"


def tiff_keepsakes(data: bytes) -> Keepsakes:
    """What a deep TIFF holds beside its pixels.

    >>> tiff_keepsakes(encode_tiff(np.zeros((16, 24), np.uint16), Keepsakes(icc=b"profile"))).icc
    b'profile'
    """
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages.first
        compression = page.compression.name if page.compression.name in LOSSLESS else "ADOBE_DEFLATE"
        dpi = page.get_resolution(unit="INCH") if "XResolution" in page.tags else None
        icc = page.iccprofile or b""
    exif = Image.Exif()
    exif.load(data)
    return Keepsakes("TIFF", descriptive(exif), icc, dpi=dpi, coding={"deep": compression})


def encode_png(pixels: UInt16[np.ndarray, "..."], kept: Keepsakes) -> bytes:
    """A PNG of 16 bits. The chunks about it are those that Pillow writes for a PNG of 8 bits with the same keepsakes.

    >>> encode_png(np.zeros((16, 24), np.uint16), Keepsakes())[:4]
    b'\\x89PNG'
    """
    small = io.BytesIO()
    Image.new("L", (1, 1)).save(small, "PNG", **options(kept, "PNG"))
    written, whole = small.getvalue(), imagecodecs.png_encode(np.ascontiguousarray(pixels))
    header = 8 + 25  # signature and IHDR
    return whole[:header] + written[header : written.index(b"IDAT") - 4] + whole[header:]


def encode_tiff(pixels: UInt16[np.ndarray, "..."], kept: Keepsakes, inks: bool = False) -> bytes:
    """A TIFF of 16 bits, coded without loss; EXIF and GPS follow the pixels as directories of their own.

    >>> encode_tiff(np.zeros((16, 24, 4), np.uint16), Keepsakes(), inks=True)[:2]
    b'II'
    """
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    how = kept.coding.get("deep", "ADOBE_DEFLATE")
    exif = options(kept, "TIFF").get("exif") or Image.Exif()
    flat = [(tag, *_typed(exif[tag]), True) for tag in exif if tag not in INNER]
    flat += [(tag, 4, 1, 0, True) for tag in INNER if exif.get_ifd(tag)]
    file = io.BytesIO()
    tifffile.imwrite(
        file,
        pixels,
        photometric="separated" if inks else "minisblack" if channels < 3 else "rgb",
        extrasamples=["unassalpha"] if channels in (2, 4) and not inks else None,
        planarconfig="contig" if channels > 1 else None,
        compression=None if how == "NONE" else how,
        predictor=how != "NONE",
        resolution=kept.dpi,
        resolutionunit="INCH" if kept.dpi else None,
        iccprofile=kept.icc or None,
        extratags=flat,
        metadata=None,
        software=False,
        byteorder="<",
    )
    for tag in INNER:
        if inner := exif.get_ifd(tag):
            _append(file, tag, inner)
    return file.getvalue()


def _append(file: io.BytesIO, tag: int, entries: dict) -> None:
    directory = TiffImagePlugin.ImageFileDirectory_v2(b"II*\0\x08\0\0\0", group=tag)
    for key, value in entries.items():
        directory[key] = value
    place = file.seek(0, io.SEEK_END)
    place += file.write(b"\0" * (place % 2))
    file.write(directory.tobytes(place))
    with tifffile.TiffFile(file, mode="r+b") as again:
        again.pages.first.tags[tag].overwrite(place)


def _typed(value: object) -> tuple[int, int, object]:
    """TIFF's type, count and value of a tag: text, or bytes."""
    if isinstance(value, bytes):
        return 1, len(value), value
    return 2, 0, str(value)
