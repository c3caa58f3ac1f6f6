"""``restore``: a photograph in, the sharper or drier one out, of the same kind, type and shape."""

import difflib
import functools
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from jaxtyping import Shaped
from PIL import Image
from torch import Tensor, nn

from lmfn_core.files.inks import inks_of, light
from lmfn_core.files.modes import to_array, to_image
from lmfn_core.files.photo_reading import PhotoFile, read_photo
from lmfn_core.files.photo_writing import write_photo
from lmfn_core.files.pictures import from_batch, to_batch
from lmfn_core.models.checkpoints import load_weights
from lmfn_core.models.pretrained import FILE, shipped
from lmfn_core.restoring.engine import Engine, fast
from lmfn_core.restoring.ensemble import SelfEnsemble

WEIGHTS_FOR = {"deblur": "lmfn", "derain": "lfdn-derain"}
"""The weights of each task, where none are named."""
DONE = {"deblur": "deblurred", "derain": "derained"}
"""What a photograph is afterwards."""
Restorer = Callable[[Tensor], Tensor]
"""A network ready to run: "b 3 h w" in [0, 1] to the same shape."""


def restore(
    image: str | os.PathLike | Image.Image | Shaped[np.ndarray, "..."] | Shaped[Tensor, "..."],
    *,
    task: str = "deblur",
    network: str | os.PathLike | nn.Module | Restorer | None = None,
    device: str = "auto",
    backend: str = "auto",
    looks: int = 1,
    out: str | os.PathLike | None = None,
    overwrite: bool = False,
) -> Image.Image | Shaped[np.ndarray, "..."] | Shaped[Tensor, "..."] | Path:
    """Restore one photograph.

    Args:
        image: an array of uint8, uint16 or floats in [0, 1]: "h w", "h w 3" or "h w 4" (RGB, alpha); a tensor, one RGB
            image or a batch, uint8 or floats in [0, 1]; a PIL image; or the path of a file.
        task: "deblur" or "derain".
        network: name of shipped weights, a checkpoint's path, a model, or what ``open_engine`` returned; None: the
            task's own.
        device: "auto", "cpu" or "cuda". backend: "auto", "torch", "openvino" or "onnxruntime".
        looks: how often the network is asked, about the image mirrored and turned, for the mean of its answers
            (``SelfEnsemble``): 2, 4 or 8 times, to "derain" 2 or 4. Better, and as many times as long.
        out: where to write the restored file, with EXIF, profile and quality of the one at ``image``; for a path only.
        overwrite: whether ``out`` may replace a file.

    Returns:
        The same kind, type and shape as ``image``, alpha untouched. For a PIL image the same mode too, but grey for two
        levels ("1") and RGB for a palette. For a path: an upright PIL image with the file's profile and EXIF in
        ``info``; with ``out``, the path written.

    Raises:
        ValueError: for an image of another type, range or size, for unknown weights or a number of looks that the task
            does not have, or for a file with 16 bits in colour without ``out``, since a PIL image cannot hold it.
        FileNotFoundError: when there is no such file. FileExistsError: when ``out`` exists, without ``overwrite``.
        OSError: when the file is damaged or may not be read, or ``out`` cannot be written.
        ImportError: when the backend is not installed.

    >>> restore(np.zeros((16, 24, 3), np.uint8), network=lambda batch: batch).shape
    (16, 24, 3)
    """
    if out is not None:
        return _restore_file(image, open_engine(task, network, device, backend, looks), Path(out), overwrite)
    if isinstance(image, str | os.PathLike):
        photo = read_photo(image)
        to_image(photo.pixels, "CMYK" if photo.inks else "RGB")  # refused before the work where Pillow cannot hold it
        restored = restore_pixels(open_engine(task, network, device, backend, looks), photo.pixels, photo.inks)
        return _with_info(to_image(restored, "CMYK" if photo.inks else "RGB"), photo)
    engine = open_engine(task, network, device, backend, looks)
    if isinstance(image, Image.Image):
        restored = to_image(restore_pixels(engine, to_array(image), image.mode == "CMYK"), image.mode)
        restored.info = {key: value for key, value in image.info.items() if key != "transparency"}
        return restored
    if isinstance(image, Tensor):
        return _restored(engine, image)
    return restore_pixels(engine, image)


def restore_pixels(
    engine: Restorer, pixels: Shaped[np.ndarray, "..."], inks: bool = False
) -> Shaped[np.ndarray, "..."]:
    """An array restored; with ``inks`` its four channels are CMYK.

    >>> restore_pixels(lambda batch: 1 - batch, np.zeros((16, 24), np.uint8)).max().item()
    255
    """
    if inks:
        return inks_of(engine(light(pixels)), pixels)
    return _restored(engine, pixels)


def _restored(engine: Restorer, image: Shaped[np.ndarray, "..."] | Shaped[Tensor, "..."]) -> object:
    return from_batch(engine(to_batch(image, as_bytes=isinstance(engine, Engine))), image)


def open_engine(
    task: str = "deblur",
    network: str | os.PathLike | nn.Module | Restorer | None = None,
    device: str = "auto",
    backend: str = "auto",
    looks: int = 1,
) -> Restorer:
    """The network of a task, ready to run; opened once for each of the shipped ones. Arguments as in ``restore``.

    Raises:
        ValueError: for an unknown task, weights that are neither shipped nor a file, or a number of looks that the
            task does not have.

    >>> open_engine(network=abs)(-1)
    1
    """
    if task not in WEIGHTS_FOR:
        raise ValueError(f"task is {task!r}; it can be {' or '.join(map(repr, WEIGHTS_FOR))}.")
    engine = _open(WEIGHTS_FOR[task] if network is None else network, device, backend)
    return SelfEnsemble(engine, task, looks) if looks != 1 else engine


def _open(network: str | os.PathLike | nn.Module | Restorer, device: str, backend: str) -> Restorer:
    if isinstance(network, nn.Module):
        return fast(network, device=device, backend=backend)
    if callable(network):
        return network
    if network in shipped():
        return _shipped(str(network), device, backend)
    path = Path(network) / FILE if Path(network).is_dir() else Path(network)
    if not path.is_file():
        close = difflib.get_close_matches(str(network), shipped(), n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ValueError(f"There are no weights {str(network)!r}.{hint} Give one of {', '.join(shipped())}, or a "
                         f"checkpoint's path.")  # fmt: skip
    return fast(load_weights(path)[0], device=device, backend=backend)


@functools.lru_cache(maxsize=2)
def _shipped(name: str, device: str, backend: str) -> Restorer:
    return fast(load_weights(name)[0], device=device, backend=backend)


def _restore_file(image: object, engine: Restorer, out: Path, overwrite: bool) -> Path:
    if not isinstance(image, str | os.PathLike):
        raise ValueError(f"out= goes with the path of a file; got {type(image).__name__}: save what restore returns.")
    if out.exists() and not overwrite:
        raise FileExistsError(f"{str(out)!r} exists; give another name, or overwrite=True.")
    photo = read_photo(image)
    return write_photo(out, photo, restore_pixels(engine, photo.pixels, photo.inks))


def _with_info(image: Image.Image, photo: PhotoFile) -> Image.Image:
    kept = photo.keepsakes
    beside = {"icc_profile": kept.icc, "exif": kept.exif, "dpi": kept.dpi, "xmp": kept.xmp}
    image.info.update({name: value for name, value in beside.items() if value})
    return image
