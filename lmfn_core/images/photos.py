"""Where sharp images come from: photographs that the installed packages bring along, any folder, procedural scenes.

Axes: ``h`` rows, ``w`` columns. Photographs are 8-bit RGB, sRGB-encoded, as a file holds them.
"""

import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch
from jaxtyping import UInt8
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from lmfn_core.images.leaves import dead_leaves
from lmfn_core.parsing import brief

__all__ = ["FORMATS", "SUFFIXES", "TEST", "TRAIN", "Photo", "bundled", "dead_leaves", "folder", "read_image"]

FORMATS = ("JPEG", "PNG", "TIFF", "WEBP", "BMP")
"""Pillow's names of what is read, and nothing else that it could: not PostScript, which is a program. A phone's JPEG
may be an "MPO", whose first picture is the photograph."""
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")


@dataclass(frozen=True)
class Photo:
    """A photograph inside an installed package: read where it lies, copied nowhere.

    >>> TEST["chelsea"].terms
    'CC0'
    """

    package: str  # as pip calls it
    file: str  # inside the folder of site-packages
    credit: str  # who made it
    terms: str  # the licence its package states


_SKIMAGE, _SKLEARN, _MPL = "skimage/data/", "sklearn/datasets/images/", "matplotlib/mpl-data/sample_data/"
# The split is by photograph and never changes. The test four (a portrait, a cat, a cup, a portrait) are free of any
# condition, so that figures may show them; the grey ones train textures.
TEST = MappingProxyType(
    {
        "astronaut": Photo("scikit-image", _SKIMAGE + "astronaut.png", "NASA", "public domain"),
        "chelsea": Photo("scikit-image", _SKIMAGE + "chelsea.png", "Stefan van der Walt", "CC0"),
        "coffee": Photo("scikit-image", _SKIMAGE + "coffee.png", "Rachel Michetti", "CC0"),
        "hopper": Photo("matplotlib", _MPL + "grace_hopper.jpg", "US Navy", "public domain"),
    }
)
TRAIN = MappingProxyType(
    {
        "china": Photo("scikit-learn", _SKLEARN + "china.jpg", "danielbuechele (Flickr)", "CC BY 2.0"),
        "flower": Photo("scikit-learn", _SKLEARN + "flower.jpg", "vultilion (Flickr)", "CC BY 2.0"),
        "motorcycle": Photo(
            "scikit-image", _SKIMAGE + "motorcycle_left.png", "Middlebury Stereo 2014, Scharstein et al.", "cite them"
        ),
        "rocket": Photo("scikit-image", _SKIMAGE + "rocket.jpg", "SpaceX", "public domain"),
        "brick": Photo("scikit-image", _SKIMAGE + "brick.png", "CC0Textures", "CC0"),
        "camera": Photo("scikit-image", _SKIMAGE + "camera.png", "Lav Varshney", "CC0"),
        "coins": Photo("scikit-image", _SKIMAGE + "coins.png", "Brooklyn Museum", "no known restrictions"),
        "grass": Photo("scikit-image", _SKIMAGE + "grass.png", "linolafett (DeviantArt)", "CC0"),
        "gravel": Photo("scikit-image", _SKIMAGE + "gravel.png", "CC0Textures", "CC0"),
    }
)


def _to_rgb8(image: Image.Image) -> Image.Image:
    """Any Pillow mode as 8-bit RGB: 16 bits scaled down, transparency laid on white."""
    image = ImageOps.exif_transpose(image)
    if image.mode == "F":
        raise ValueError("its pixels are floating point numbers; save it with 8 or 16 bits per channel")
    if image.mode.startswith("I"):  # 16 bits, which some versions of Pillow hold in 32
        levels = np.asarray(image).astype(np.float64).clip(0, 65535) / 257
        return Image.fromarray(levels.round().astype(np.uint8)).convert("RGB")
    if "transparency" in image.info or image.mode in ("LA", "PA", "La", "RGBA", "RGBa"):
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB")


def reason(error: Exception) -> str:
    """What a decoder says, on one line without a full stop; the kind of error where it says nothing.

    >>> reason(KeyError()), reason(OSError("broken.\\nstrip 3"))
    ('KeyError', 'broken')
    """
    return brief(str(error).strip().split("\n")[0]).rstrip(".") or type(error).__name__


@contextmanager
def decoding(path: Path, verb: str) -> Iterator[None]:
    """What decoders raise on a damaged or hostile file, in one sentence; that it is no image is left to the caller.

    Args:
        verb: what cannot be done with the file then, "read" or "restored".

    Raises:
        ValueError: when the image is of a kind that is not taken, or claims too many pixels.
        OSError: when it is truncated or damaged.
        UnidentifiedImageError: from Pillow, as it is.

    >>> with decoding(Path("a.png"), "read"):
    ...     raise IndexError("strip 3")
    Traceback (most recent call last):
    OSError: 'a.png' is truncated or damaged (strip 3); copy or download it again.
    """
    try:
        yield
    except (UnidentifiedImageError, MemoryError):
        raise
    except (ValueError, Image.DecompressionBombError) as error:
        raise ValueError(f"{str(path)!r} cannot be {verb}: {reason(error)}.") from error
    except Exception as error:  # decoders raise whatever they like
        raise OSError(f"{str(path)!r} is truncated or damaged ({reason(error)}); copy or download it again.") from error


def read_image(path: str | os.PathLike) -> UInt8[Tensor, "3 h w"]:
    """Reads an image file as 8-bit RGB, the way up that its EXIF orientation says.

    Grey and palette images become RGB, 16 bits become 8, transparency is laid on white.

    Raises:
        FileNotFoundError: when there is no such file.
        ValueError: when the file is no image of these ``FORMATS``, has floating point pixels, or claims more than twice
            ``PIL.Image.MAX_IMAGE_PIXELS``.
        OSError: when the image is truncated or damaged.

    >>> read_image(__import__("matplotlib").get_data_path() + "/sample_data/grace_hopper.jpg").shape
    torch.Size([3, 600, 512])
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {str(path)!r}; check the path.")
    try:
        with decoding(path, "read"), Image.open(path, formats=FORMATS) as image:
            image.load()
            rgb = _to_rgb8(image)
    except UnidentifiedImageError as error:
        raise ValueError(f"{str(path)!r} is not an image; give one of {' '.join(SUFFIXES)}.") from error
    return torch.from_numpy(np.array(rgb)).permute(2, 0, 1).contiguous()


def _locate(name: str, photo: Photo) -> Path:
    top, rest = photo.file.split("/", 1)
    found = importlib.util.find_spec(top)  # finds the folder without importing the package
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError(f"The photograph {name!r} comes with {photo.package}: pip install {photo.package}.")
    return Path(found.submodule_search_locations[0]) / rest


def bundled(split: str = "all") -> dict[str, UInt8[Tensor, "3 h w"]]:
    """The photographs inside scikit-image, scikit-learn and matplotlib, by name, in the order of ``TRAIN``, ``TEST``.

    ``split`` is "train", "test" or "all". They are about 500 pixels wide, of different sizes, and need no download.

    Raises:
        ValueError: when ``split`` is none of the three.
        FileNotFoundError: when one of the three packages is missing.

    >>> list(bundled("test"))
    ['astronaut', 'chelsea', 'coffee', 'hopper']
    """
    tables = {"train": TRAIN, "test": TEST, "all": {**TRAIN, **TEST}}
    if split not in tables:
        raise ValueError(f"split is {split!r}; it can be 'train', 'test' or 'all'.")
    return {name: read_image(_locate(name, photo)) for name, photo in tables[split].items()}


def folder(path: str | os.PathLike) -> dict[str, Path]:
    """Every image file under a folder, sorted: its path inside the folder (with ``/``) to its full path.

    Hidden files and folders are left out; the files are not opened.

    Raises:
        FileNotFoundError: when the folder does not exist or holds no image.

    >>> import tempfile
    >>> folder(tempfile.mkdtemp())  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    FileNotFoundError: ...
    """
    path = Path(path)
    if not path.is_dir():
        raise FileNotFoundError(f"There is no folder {str(path)!r}; check the path.")
    images = {}
    for file in path.rglob("*"):
        inside = file.relative_to(path)
        hidden = any(part.startswith(".") for part in inside.parts)
        if file.suffix.lower() in SUFFIXES and file.is_file() and not hidden:
            images[inside.as_posix()] = file
    if not images:
        raise FileNotFoundError(f"There is no image under {str(path)!r}; it needs files of {' '.join(SUFFIXES)}.")
    return dict(sorted(images.items()))
