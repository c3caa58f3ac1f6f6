"""A reader's own photograph: found or missed in a sentence, restored beside the original, shown at full size."""

from pathlib import Path

from jaxtyping import Shaped
from torch import Tensor

from lmfn_core.images.photos import SUFFIXES, read_image
from lmfn_core.restoring.restoration import restore


def restore_own(photo: str | Path, out: Path | str) -> tuple[Path, Path]:
    """Restore the photograph at a path into a folder; both paths.

    Args:
        photo: a path; ``~`` is the home folder. out: the folder for the restored copy, made where it is missing.

    Raises:
        FileNotFoundError: when there is no such file, saying where it was looked for. ValueError: for a folder, or
            what is no image.
        OSError: when the image is damaged.

    >>> restore_own("nowhere.jpg", "scratch")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    FileNotFoundError: There is no photograph nowhere.jpg in ...; give its full path, or leave photo empty.
    """
    path = Path(photo).expanduser()
    if path.is_dir():
        raise ValueError(f"{photo} is a folder; name one photograph in it. A whole folder: lmfn deblur {photo}")
    if not path.is_file():
        where = path.resolve().parent
        raise FileNotFoundError(
            f"There is no photograph {path.name} in {where}; give its full path, or leave photo empty."
        )
    if path.suffix.lower() not in SUFFIXES:
        raise ValueError(f"{path.name} is no photograph that can be read; save it as one of {' '.join(SUFFIXES)}.")
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    restored = folder / f"{path.stem}-restored{path.suffix}"
    return path, restore(path, out=restored, overwrite=True)


def middle(image: Shaped[Tensor, "3 h w"] | Path, side: int = 640) -> Shaped[Tensor, "3 _ _"]:
    """The middle of an image, or of an image file, at most so many pixels a side: detail is seen at full size only.

    >>> import torch
    >>> middle(torch.zeros(3, 100, 30), 64).shape
    torch.Size([3, 64, 30])
    """
    image = read_image(image) if isinstance(image, Path) else image
    height, width = image.shape[-2:]
    top, left = max(height - side, 0) // 2, max(width - side, 0) // 2
    return image[:, top : top + side, left : left + side]
