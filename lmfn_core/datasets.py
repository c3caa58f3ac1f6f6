"""Data sets as users unpack them: ``open_data("bundled")``, a folder of photographs, or a folder of pairs."""

from collections.abc import Callable
from pathlib import Path

from lmfn_core.pairs import PhotographPairs, Photographs, Source
from lmfn_core.photos import bundled, folder

BLURRED = ("blur", "blurred", "input")
"""Names of folders that hold blurred images; ``blur_gamma`` of GOPRO_Large is another set and is not read."""
SHARP = ("sharp", "target", "gt")
"""Names of folders that hold the sharp ones, beside them."""
GOPRO = (2103, 1111)
"""Published pair counts of GOPRO_Large, to train and to test."""


def open_data(data: str = "bundled") -> Source:
    """Open a data set by name or folder.

    Args:
        data: "bundled", or a folder: one with ``train/`` and ``test/``, or without (then every tenth image is held
            out); of sharp photographs, or of pairs in sibling folders (``blur`` or ``input`` beside ``sharp`` or
            ``target``), as in GOPRO_Large.

    Raises:
        FileNotFoundError: when the folder does not exist or holds no image.
        ValueError: when pairs do not match, or there are too few images to hold one out.

    >>> open_data("bundled").describe.split(",")[0]
    'bundled photographs'
    """
    if data == "bundled":
        return Photographs(dict(bundled("train")), dict(bundled("test")), "bundled photographs")
    root = Path(data).expanduser()
    if not root.is_dir():
        raise FileNotFoundError(f"There is no folder {data!r}; give DATA a folder of photographs, or leave it out.")
    train, test = _split(root, _pairs if _paired(root) else folder)
    if _paired(root):
        name = "GoPro" if (len(train), len(test)) == GOPRO else f"pairs in {root.name}"
        return PhotographPairs(train, test, name)
    return Photographs(train, test, f"photographs in {root.name}")


def _paired(root: Path) -> bool:
    return any(_folders(root, BLURRED)) and any(_folders(root, SHARP))


def _folders(root: Path, names: tuple[str, ...]) -> list[Path]:
    return [path for path in sorted(root.rglob("*")) if path.is_dir() and path.name.lower() in names]


def _pairs(root: Path) -> dict[str, tuple[Path, Path]]:
    found: dict[str, tuple[Path, Path]] = {}
    for blurred in _folders(root, BLURRED):
        sharp = next((blurred.parent / n for n in SHARP if (blurred.parent / n).is_dir()), None)
        if sharp is None:
            raise ValueError(f"{blurred} has no folder of sharp images beside it (one of {', '.join(SHARP)}).")
        left, right = folder(blurred), folder(sharp)
        if odd := sorted(set(left) ^ set(right)):
            raise ValueError(f"{len(odd)} images of {blurred} and {sharp} have no partner, the first {odd[0]!r}.")
        prefix = "" if blurred.parent == root else f"{blurred.parent.relative_to(root).as_posix()}/"
        found |= {prefix + name: (left[name], right[name]) for name in left}
    return found


def _split(root: Path, read: Callable[[Path], dict]) -> tuple[dict, dict]:
    if (root / "train").is_dir() and (root / "test").is_dir():
        return read(root / "train"), read(root / "test")
    everything = read(root)
    if len(everything) < 2:
        raise ValueError(f"{root} holds {len(everything)} image; at least 2 are needed, one to hold out.")
    held = set(sorted(everything)[::10])
    return {k: v for k, v in everything.items() if k not in held}, {k: everything[k] for k in held}
