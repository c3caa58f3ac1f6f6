"""Looking a data set through: counts, sizes, unreadable and unmatched files, and how blurred its images are."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from jaxtyping import UInt8
from PIL import Image
from torch import Tensor

from lmfn_core.dataset_verdict import Check
from lmfn_core.datasets import photographs
from lmfn_core.frames import halves
from lmfn_core.kinds import FRAMES, PAIRS, PHOTOS, SHOTS, Kind, kind_of
from lmfn_core.layouts import Found
from lmfn_core.metrics import psnr
from lmfn_core.photos import read_image
from lmfn_core.trajectories import trajectories

SAMPLE = 60
"""Pairs compared, evenly spread over the test set, unless all are asked for."""


def check(
    name: str, path: Path | str, everything: bool = False, progress: Callable[[Sequence], Iterable] = iter
) -> Check:
    """Look a data set through. Every file's header is read, and a sample of pairs is compared.

    Args:
        name: a kind, as in ``KINDS``. everything: decode every image and compare every pair. progress: wraps what is
            looped over, for a bar.

    Raises:
        ValueError: for an unknown kind, or a layout that cannot be read.
        FileNotFoundError: when the folder does not exist or holds nothing of this kind.

    >>> check("photos", "nowhere")
    Traceback (most recent call last):
    FileNotFoundError: There is no folder 'nowhere'; check the path.
    """
    kind, root = kind_of(name), Path(path).expanduser()
    if not root.is_dir():
        raise FileNotFoundError(f"There is no folder {str(path)!r}; check the path.")
    found, files = contents(kind, root)
    sizes: Counter[tuple[int, int]] = Counter()
    unreadable: dict[Path, str] = {}
    for file in progress(files):
        _attempt(file, unreadable, lambda file=file: sizes.update([_size(file, decode=everything)]))
    measured = []
    for pair in progress(_to_compare(kind, found, everything)):
        images = [_attempt(file, unreadable, lambda file=file: read_image(file)) for file in pair]
        measured += _psnr(*images)
    return Check(kind, root, (len(found.train), len(found.test)), len(files), tuple(sizes.most_common()),
                 tuple(unreadable.items()), found.alone, tuple(measured), everything)  # fmt: skip


def contents(kind: Kind, root: Path) -> tuple[Found, list[Path]]:
    """A set's parts to train and to test, whatever they are, and all of its image files.

    Raises:
        ValueError: for a layout that cannot be read.
        FileNotFoundError: when nothing of this kind is there.
    """
    if kind.content == SHOTS:
        source = trajectories(root)
        files = [file for shot in source.shots for file in (shot.blurred, *shot.frames)]
        return Found({}, source.test, source.alone), [*files, *source.alone]
    if kind.content in (PHOTOS, FRAMES):
        train, test = photographs(root) if kind.content == PHOTOS else halves(root)
        parts = (*train.values(), *test.values())
        return Found(train, test), list(parts) if kind.content == PHOTOS else [file for run in parts for file in run]
    found = kind.find(root)
    pairs = [file for half in (found.train, found.test) for pair in half.values() for file in pair]
    if not pairs and not found.alone:
        raise FileNotFoundError(f"There is no pair of {kind.title} under {str(root)!r}; is it another kind of set?")
    return found, [*dict.fromkeys(pairs), *found.alone]  # HIDE-like sets may use a sharp image twice


def spread(items: Sequence, most: int) -> list:
    """At most ``most`` of the items, evenly spread from the first to the last.

    >>> spread(range(10), 4), spread(range(3), 4)
    ([0, 3, 6, 9], [0, 1, 2])
    """
    if len(items) <= most:
        return list(items)
    return [items[round(i * (len(items) - 1) / (most - 1))] for i in range(most)]


def _to_compare(kind: Kind, found: Found, everything: bool) -> list[tuple[Path, Path]]:
    if kind.content != PAIRS:  # nothing to compare, or not without alignment
        return []
    half = found.test or found.train
    pairs = [half[name] for name in sorted(half)]
    return pairs if everything else spread(pairs, SAMPLE)


def _attempt(file: Path, unreadable: dict[Path, str], read: Callable[[], object]) -> object:
    try:
        return read()
    except (ValueError, OSError, SyntaxError) as error:
        unreadable.setdefault(file, str(error))


def _size(file: Path, decode: bool) -> tuple[int, int]:
    if decode:
        height, width = read_image(file).shape[1:]
        return width, height
    with Image.open(file) as image:
        size, form = image.size, image.format
    if form == "PNG":
        with file.open("rb") as stream:
            stream.seek(-12, 2)
            if b"IEND" not in stream.read():
                raise OSError(f"{str(file)!r} is truncated (it has no end); copy or download it again.")
    return size


def _psnr(blurred: UInt8[Tensor, "3 h w"] | None, sharp: UInt8[Tensor, "3 y x"] | None) -> list[float]:
    if blurred is None or sharp is None or blurred.shape != sharp.shape:
        return []
    return psnr(*(image.float().div(255)[None] for image in (blurred, sharp))).tolist()
