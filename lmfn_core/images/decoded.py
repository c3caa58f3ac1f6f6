"""Decoded images, kept as uint8 files that are mapped into memory: a crop reads the few pages that it touches.

Decoding a PNG of 1280 x 720 takes longer than a training step of a small crop should; reading a crop of a mapped file
takes microseconds. The files lie in ``LMFN_CACHE`` or the user's cache folder and may be deleted at any time.
"""

import functools
import hashlib
import os
import shutil
from pathlib import Path

import pooch
import torch
from jaxtyping import UInt8
from torch import Tensor

from lmfn_core.images.photos import read_image
from lmfn_core.records import write_bytes

SPARE = 2 << 30
"""Bytes of disk that are left free: below that, images are decoded into memory and not kept."""


def cache_folder() -> Path:
    """Where decoded images lie: ``$LMFN_CACHE``, or ``decoded`` in the user's cache folder for ``lmfn``.

    >>> cache_folder().name in ("decoded", os.environ.get("LMFN_CACHE", "decoded").rstrip("/").rpartition("/")[2])
    True
    """
    return Path(os.environ.get("LMFN_CACHE") or Path(pooch.os_cache("lmfn")) / "decoded").expanduser()


@functools.cache
def decoded(path: Path) -> UInt8[Tensor, "3 h w"]:
    """``read_image(path)``, decoded once and mapped into memory from then on.

    A file that changed (its size or time) is decoded anew. Where nothing can be written, or the disk is nearly full,
    the image is held in memory.

    Raises:
        FileNotFoundError, ValueError, OSError: from ``read_image``.
    """
    path = Path(path)
    try:
        state = path.stat()
    except OSError:
        return read_image(path)  # says what is wrong
    identity = f"{path.resolve()}\0{state.st_size}\0{state.st_mtime_ns}"
    name = hashlib.sha256(identity.encode()).hexdigest()[:32]
    folder = cache_folder() / name[:2]
    found = next(folder.glob(f"{name}-*.rgb"), None)
    return _mapped(found) if found else _kept(read_image(path), folder, name)


def _kept(image: UInt8[Tensor, "3 h w"], folder: Path, name: str) -> UInt8[Tensor, "3 h w"]:
    height, width = image.shape[1:]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(folder).free < SPARE + image.numel():
            return image
        return _mapped(write_bytes(folder / f"{name}-{width}x{height}.rgb", image.numpy().tobytes()))
    except OSError:
        return image


def _mapped(path: Path) -> UInt8[Tensor, "3 h w"]:
    width, height = (int(side) for side in path.stem.rpartition("-")[2].split("x"))
    # not shared: pages are read from the file, and a write would stay in this process
    flat = torch.from_file(str(path), shared=False, size=3 * height * width, dtype=torch.uint8)
    return flat.view(3, height, width)
