"""What a photograph's file holds beside its pixels, kept for the restored one: EXIF, colour profile, JPEG quality.

The bytes go through as they are, so that a camera maker's own notes survive. Three things change: the orientation says
upright, since the pixels now are; EXIF's thumbnail is unlinked, since it shows the old photograph; and what belongs to
one format only (PNG's gamma and texts, JPEG's IPTC) is kept between two files of that format.
"""

import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from PIL import Image, PngImagePlugin
from PIL.JpegImagePlugin import get_sampling

from lmfn_core.files.directories import byte_order, chosen, exif_block

ORIENTATION = 0x0112
PREFIX = b"Exif\0\0"
"""What a JPEG says before its EXIF block, and other formats need not."""
TIFF_ONLY = (700, 33723, 34377)
"""Tags that other formats hold elsewhere: XMP, IPTC, Photoshop's."""
DESCRIPTIVE = (270, 271, 272, 305, 306, 315, 316, 700, 33432, 33723, 34377, 34665, 34853)
"""Tags of a TIFF file that are about the photograph: description, maker, model, dates, rights, XMP, IPTC, EXIF, GPS."""
PNG_KEPT = (b"cHRM", b"cICP", b"gAMA", b"sRGB", b"tIME", b"tEXt", b"zTXt", b"iTXt")
FINEST = MappingProxyType({"JPEG": {"quality": 95, "subsampling": 0}, "WEBP": {"quality": 95}, "PNG": {}, "BMP": {},
                           "TIFF": {"compression": "ADOBE_DEFLATE"}})  # fmt: skip
"""How a file is coded where there is no file of that format to take after."""
LOSSLESS = ("NONE", "LZW", "ADOBE_DEFLATE", "PACKBITS")
"""TIFF's compressions that are kept; others become the one that every reader knows."""


@dataclass(frozen=True)
class Keepsakes:
    """What is kept of one file.

    >>> options(Keepsakes(), "JPEG")
    {'quality': 95, 'subsampling': 0}
    """

    format: str = ""  # of the file, as Pillow calls it
    exif: bytes = b""  # as it lay in the file; of a TIFF the tags about the photograph
    icc: bytes = b""  # colour profile
    xmp: bytes = b""
    dpi: tuple[float, float] | None = None
    coding: Mapping[str, object] = field(default_factory=dict)  # Pillow's options that code a file as that one was
    segments: bytes = b""  # JPEG: the other application segments, whole
    chunks: tuple[tuple[bytes, bytes], ...] = ()  # PNG: names and contents


def keepsakes_of(image: Image.Image, data: bytes) -> Keepsakes:
    """Gather them from an opened file, no TIFF, and its bytes.

    >>> keepsakes_of(Image.new("RGB", (16, 16)), b"").icc
    b''
    """
    info = image.info
    xmp = info.get("xmp", info.get("XML:com.adobe.xmp", b""))
    dpi = info.get("dpi")
    return Keepsakes(
        format="JPEG" if image.format == "MPO" else image.format or "",
        exif=upright_exif(info.get("exif", b"")),
        icc=info.get("icc_profile") or b"",
        xmp=upright_xmp(xmp.encode() if isinstance(xmp, str) else xmp),
        dpi=tuple(map(float, dpi)) if dpi is not None and all(1 < value < 1e5 for value in dpi) else None,
        coding=_coding(image, data),
        segments=b"".join(_segments(image)) if image.format in ("JPEG", "MPO") else b"",
        chunks=tuple(png_chunks(data)) if image.format == "PNG" else (),
    )


def options(kept: Keepsakes, format: str) -> dict[str, object]:
    """What Pillow's ``save`` is told, to write the keepsakes into a file of ``format``: "JPEG", "PNG", "TIFF", "WEBP",
    "BMP". The quality of a JPEG is that of the file it came from."""
    given = dict(kept.coding if kept.format == format else FINEST[format])
    if format == "BMP":
        return given | ({"dpi": kept.dpi} if kept.dpi else {})
    beside = {"exif": _exif_for(format, kept), "icc_profile": kept.icc, "dpi": kept.dpi}
    given |= {name: value for name, value in beside.items() if value}
    if format == "JPEG" and kept.segments:
        given["extra"] = kept.segments
    elif format == "PNG":
        given["pnginfo"] = _pnginfo(kept)
    elif kept.xmp and format != "TIFF" and len(kept.xmp) < 65000:  # a TIFF has it among its tags
        given["xmp"] = kept.xmp
    return given


def upright_exif(exif: bytes) -> bytes:
    """EXIF with orientation 1 and no thumbnail, otherwise the same bytes; what cannot be parsed is left alone.

    >>> upright_exif(b"nonsense")
    b'nonsense'
    """
    patched, start = bytearray(exif), len(PREFIX) if exif.startswith(PREFIX) else 0
    try:
        order = {b"II": "<", b"MM": ">"}[exif[start : start + 2]]
        first = start + struct.unpack_from(order + "I", exif, start + 4)[0]
        (count,) = struct.unpack_from(order + "H", exif, first)
        for entry in range(first + 2, first + 2 + 12 * count, 12):
            if struct.unpack_from(order + "H", exif, entry)[0] == ORIENTATION:
                struct.pack_into(order + "H", patched, entry + 8, 1)
        struct.pack_into(order + "I", patched, first + 2 + 12 * count, 0)  # where the thumbnail would be
    except (KeyError, struct.error):
        return exif
    return bytes(patched)


def upright_xmp(xmp: bytes) -> bytes:
    """XMP whose orientation, if it states one, is 1.

    >>> upright_xmp(b'tiff:Orientation="6"')
    b'tiff:Orientation="1"'
    """
    return re.sub(rb'(tiff:Orientation(?:="|>))[2-8]', rb"\g<1>1", xmp)


def png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and content of those chunks of a PNG that are kept.

    >>> list(png_chunks(b""))
    []
    """
    at = 8
    while at + 12 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        if name in PNG_KEPT:
            yield name, upright_xmp(data[at + 8 : at + 8 + length])
        at += 12 + length


def _coding(image: Image.Image, data: bytes) -> dict[str, object]:
    if image.format in ("JPEG", "MPO"):
        sampling = get_sampling(image)  # -1: none of Pillow's three; then the finest, which loses nothing more
        progressive = {"progressive": True} if "progressive" in image.info else {}
        return {"qtables": dict(image.quantization), "subsampling": max(sampling, 0)} | progressive
    if image.format == "WEBP" and b"VP8L" in data[12:64]:
        return {"lossless": True, "exact": True}
    return dict(FINEST.get(image.format or "", {}))


def _exif_for(format: str, kept: Keepsakes) -> bytes:
    """The EXIF, without what files of another format than ``kept``'s say elsewhere."""
    block = kept.exif.removeprefix(PREFIX)
    if block and format != kept.format and "TIFF" in (format, kept.format):
        keep, leave = (DESCRIPTIVE, ()) if format == "TIFF" else ((), TIFF_ONLY)
        tags = chosen(block, keep, leave)
        block = exif_block(tags, byte_order(block)) if tags else b""
    return PREFIX + block if block and format == "JPEG" else block


def _segments(image: Image.Image) -> Iterator[bytes]:
    for name, content in image.applist:
        marker = 0xFE if name == "COM" else 0xE0 + int(name.removeprefix("APP"))
        written_anew = (b"JFIF", b"Exif\0", b"ICC_PROFILE\0", b"MPF\0", b"Adobe")
        if not content.startswith(written_anew):
            yield struct.pack(">BBH", 0xFF, marker, len(content) + 2) + upright_xmp(content)


def _pnginfo(kept: Keepsakes) -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    for name, content in kept.chunks:
        info.add(name, content)
    if kept.xmp and not kept.chunks:
        info.add_itxt("XML:com.adobe.xmp", kept.xmp.decode("utf-8", "replace"))
    return info
