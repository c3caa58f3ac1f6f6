"""Small valid files of every kind that is read, made in memory: where the damage starts from."""

import io
import json
import tarfile
import zipfile

import imagecodecs
import numpy as np
import tifffile
import torch
from PIL import ExifTags, Image
from safetensors.torch import save

from workflow.reliability.texts import CARD

SIDE = 16
"""Pixels: the smallest photograph that is restored."""


def photographs(format: str) -> list[bytes]:
    """Valid files of one of Pillow's formats: grey and colour, plain and with EXIF, alpha, a palette, 16 bits.

    >>> [len(photographs(format)) for format in ("JPEG", "PNG", "TIFF", "WEBP", "BMP")]
    [4, 7, 8, 3, 3]
    """
    images = [(_picture("RGB"), {}), (_picture("L"), {})]
    if format != "BMP":
        images.append((_picture("RGB"), {"exif": _exif(), "icc_profile": b"profile" * 9, "dpi": (300, 300)}))
    images += {
        "JPEG": [(_picture("CMYK"), {"progressive": True, "comment": b"one"})],
        "PNG": [(_picture("P"), {"transparency": 3}), (_picture("RGBA"), {})],
        "TIFF": [(_picture("CMYK"), {"compression": "tiff_lzw"}), (_picture("1"), {"compression": "group4"})],
        "BMP": [(_picture("P"), {})],
    }.get(format, [])
    made = [_encoded(image, format, **options) for image, options in images]
    deep = np.random.default_rng(0).integers(0, 65536, (SIDE, SIDE, 3), dtype=np.uint16)
    if format == "PNG":
        made += [imagecodecs.png_encode(deep), imagecodecs.png_encode(deep[..., 0].copy())]
    elif format == "TIFF":
        made += [_tiff(deep, photometric="rgb", compression="adobe_deflate", predictor=True)]
        made += [_tiff(deep, photometric="rgb", tile=(16, 16), bigtiff=True), _tiff(deep[..., 0].copy(), byteorder=">")]
    return made


def archives() -> list[bytes]:
    """A stored and a packed zip.

    >>> [data[:2] for data in archives()]
    [b'PK', b'PK']
    """
    made = []
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", method) as archive:
            archive.writestr("set/train/a.txt", b"sharp" * 9)
            archive.writestr("set/b.txt", b"blurred")
        made.append(file.getvalue())
    return made


def tars(packing: str = "") -> list[bytes]:
    """Tar files in the three formats, with a folder, a link and a long name; ``packing`` is "", "gz", "bz2" or "xz".

    >>> len(tars())
    3
    """
    made = []
    for format in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        file = io.BytesIO()
        with tarfile.open(fileobj=file, mode=f"w:{packing}", format=format) as archive:
            for name, content in (("set/a.txt", b"sharp"), (f"set/{'b' * 99}/c" * 2, b"blurred")):
                info = tarfile.TarInfo(name if format != tarfile.USTAR_FORMAT else name[:90])
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
            link = tarfile.TarInfo("set/link.txt")
            link.type, link.linkname = tarfile.SYMTYPE, "a.txt"
            archive.addfile(link)
        made.append(file.getvalue())
    return made


def checkpoints() -> list[bytes]:
    """Two tensors with the card of a network, and with that of a training state.

    >>> len(checkpoints())
    2
    """
    tensors = {"a.weight": torch.ones(2, 3), "b": torch.zeros(4, dtype=torch.int64)}
    state = {"history_of": {"settings": {"steps": 2}}, "clock": {"seconds": 1.0}}
    return [save(tensors, metadata={"card": json.dumps(card)}) for card in (CARD, state)]


def _picture(mode: str) -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


def _exif() -> bytes:
    tags = Image.Exif()
    tags[ExifTags.Base.Make], tags[ExifTags.Base.Orientation] = "Maker", 6
    tags.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.MakerNote] = b"MAKER\0" + bytes(range(40))
    tags.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    return tags.tobytes()


def _encoded(image: Image.Image, format: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def _tiff(pixels: np.ndarray, **options: object) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, metadata=None, **options)
    return file.getvalue()
