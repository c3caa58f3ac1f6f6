"""TIFF files through tifffile: 16 bits per channel in colour, which Pillow cuts to 8, and EXIF in compressed files.

EXIF and the other descriptive tags are joined to tifffile's own in one directory, written anew behind the pixels.
"""

import io
import struct
from itertools import islice

import numpy as np
import tifffile
from jaxtyping import Shaped, UInt16

from lmfn_core.files.directories import byte_order, chosen, exif_block, read_directory, write_directory
from lmfn_core.files.keepsakes import DESCRIPTIVE, LOSSLESS, ORIENTATION, Keepsakes, options

MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""How TIFF files begin, classic and BigTIFF."""
PAGES = 100
"""Directories that are looked at: a damaged file may name hundreds of thousands."""


def header(data: bytes) -> dict[str, int]:
    """``bits`` per channel, ``width``, ``height``, ``orientation``, and ``pictures``, small versions not counted.

    >>> header(encode_tiff(np.zeros((16, 24), np.uint16), Keepsakes()))
    {'bits': 16, 'width': 24, 'height': 16, 'orientation': 1, 'pictures': 1}
    """
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages.first
        turned = page.tags.get(ORIENTATION)
        return {
            "bits": page.bitspersample,
            "width": page.imagewidth,
            "height": page.imagelength,
            "orientation": int(turned.value) if turned else 1,
            "pictures": sum(not page.is_reduced for page in islice(file.pages, PAGES)),
        }


def decode_deep(data: bytes) -> tuple[UInt16[np.ndarray, "..."], bool]:
    """The pixels of a TIFF of 16 bits: "h w" grey, or "h w c" with c = 2 (grey, alpha), 3 (RGB), 4 (RGB, alpha; CMYK);
    and whether they are CMYK.

    Raises:
        ValueError: for channels that are no unsigned 16 bits, or colours that are neither grey, RGB nor CMYK.

    >>> decode_deep(encode_tiff(np.zeros((16, 24, 3), np.uint16), Keepsakes()))[0].shape
    (16, 24, 3)
    """
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages.first
        pixels, kind = page.asarray(), page.photometric.name
        pixels = np.moveaxis(pixels, 0, -1) if page.axes == "SYX" else pixels
    known = {"MINISBLACK": (1, 2), "MINISWHITE": (1,), "RGB": (3, 4), "SEPARATED": (4,)}.get(kind, ())
    if pixels.dtype != np.uint16 or (1 if pixels.ndim == 2 else pixels.shape[2]) not in known:
        raise ValueError(f"its pixels are {kind} of shape {pixels.shape} and {pixels.dtype}; save it as RGB of 16 bits")
    return (65535 - pixels if kind == "MINISWHITE" else pixels), kind == "SEPARATED"


def tiff_keepsakes(data: bytes) -> Keepsakes:
    """What a TIFF holds beside its pixels.

    >>> tiff_keepsakes(encode_tiff(np.zeros((16, 24), np.uint16), Keepsakes(icc=b"profile"))).icc
    b'profile'
    """
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages.first
        compression = page.compression.name if page.compression.name in LOSSLESS else "ADOBE_DEFLATE"
        dpi = page.get_resolution(unit="INCH") if "XResolution" in page.tags else (0, 0)
        icc, xmp = page.iccprofile or b"", page.tags.valueof(700, b"")
    exif = exif_block(chosen(data, keep=DESCRIPTIVE), byte_order(data))
    return Keepsakes("TIFF", exif, icc, bytes(xmp), dpi if min(dpi) > 1 else None, {"compression": compression})


def encode_tiff(pixels: Shaped[np.ndarray, "..."], kept: Keepsakes, inks: bool = False) -> bytes:
    """A TIFF of 8 or 16 bits, coded without loss.

    >>> encode_tiff(np.zeros((16, 24, 4), np.uint8), Keepsakes(), inks=True)[:2]
    b'II'
    """
    given = options(kept, "TIFF")
    exif, channels = given.get("exif", b""), 1 if pixels.ndim == 2 else pixels.shape[2]
    order = byte_order(exif) if exif else "<"
    file = io.BytesIO()
    tifffile.imwrite(
        file,
        pixels,
        photometric="separated" if inks else "minisblack" if channels < 3 else "rgb",
        extrasamples=["unassalpha"] if channels in (2, 4) and not inks else None,
        planarconfig="contig" if channels > 1 else None,
        compression=None if given["compression"] == "NONE" else given["compression"],
        predictor=given["compression"] in ("LZW", "ADOBE_DEFLATE"),
        resolution=kept.dpi,
        resolutionunit="INCH" if kept.dpi else None,
        iccprofile=kept.icc or None,
        metadata=None,
        software=False,
        byteorder=order,
    )
    return _with_tags(file.getvalue(), chosen(exif, keep=DESCRIPTIVE), order)


def _with_tags(file: bytes, tags: dict[int, object], order: str) -> bytes:
    """The file with a new first directory at its end; the old one is left behind, pointed at by nothing."""
    if not tags:
        return file
    file += b"\0" * (len(file) % 2)
    directory = write_directory(tags | read_directory(file), len(file), order)
    return file[:4] + struct.pack(order + "I", len(file)) + file[8:] + directory
