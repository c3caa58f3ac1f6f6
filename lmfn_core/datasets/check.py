"""Looking a data set through: counts, sizes, unreadable and unmatched files, and how blurred its images are."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from jaxtyping import UInt8
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from lmfn_core.datasets.frame_layouts import halves
from lmfn_core.datasets.kinds import FRAMES, PHOTOS, SHOTS, Kind, kind_of
from lmfn_core.datasets.opening import photographs
from lmfn_core.datasets.verdict import Check
from lmfn_core.images.photos import FORMATS, SUFFIXES, read_image, reason
from lmfn_core.images.trajectories import trajectories
from lmfn_core.measures.metrics import psnr

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
    there = contents(kind, root)
    sizes: Counter[tuple[int, int]] = Counter()
    unreadable: dict[Path, str] = {}
    for file in progress(there.files):
        _attempt(file, unreadable, lambda file=file: sizes.update([_size(file, everything)]))
    measured = []
    for pair in progress(there.pairs if everything else spread(there.pairs, SAMPLE)):
        images = [_attempt(file, unreadable, lambda file=file: read_image(file)) for file in pair]
        measured += _psnr(*images, kind.measure)
    return Check(kind, root, there.counts, len(there.files), tuple(sizes.most_common()), tuple(unreadable.items()),
                 there.alone, tuple(measured), everything, there.missing)  # fmt: skip


@dataclass(frozen=True)
class Contents:
    """The image files of a set, of whatever kind it is."""

    counts: tuple[int, int]  # to train and to test, in what the kind is counted in
    files: tuple[Path, ...]  # every image once
    alone: tuple[Path, ...] = ()  # those without a partner
    pairs: tuple[tuple[Path, Path], ...] = ()  # to compare: the test pairs where there are some; none without alignment
    missing: tuple[str, ...] = ()  # names of published pairs that are not there


def contents(kind: Kind, root: Path) -> Contents:
    """Find the files of a set.

    Raises:
        ValueError: for a layout that cannot be read.
        FileNotFoundError: when nothing of this kind is there.
    """
    if kind.content == SHOTS:
        source = trajectories(root)
        files = [file for shot in source.shots for file in (shot.blurred, *shot.frames)]
        return Contents((0, len(source.shots)), (*files, *source.alone), source.alone)
    if kind.content == PHOTOS:
        train, test = photographs(root, kind)
        return Contents((len(train), len(test)), (*train.values(), *test.values()))
    if kind.content == FRAMES:
        train, test = halves(root)
        return Contents((len(train), len(test)), tuple(chain(*train.values(), *test.values())))
    found = kind.find(root)
    pairs = [*found.train.values(), *found.test.values()]
    if not pairs and not found.alone:
        raise FileNotFoundError(f"There is no pair of {kind.title} under {str(root)!r}; is it another kind of set?")
    half = found.test or found.train
    files = dict.fromkeys((*chain(*pairs), *found.alone))  # a sharp image may serve several blurred ones
    missing = tuple(name for name in kind.names if name not in found.train and name not in found.test)
    compared = tuple(half[name] for name in sorted(half))
    return Contents((len(found.train), len(found.test)), tuple(files), found.alone, compared, missing)


def spread(items: Sequence, most: int) -> list:
    """At most ``most`` of the items, evenly spread from the first to the last.

    >>> spread(range(10), 4), spread(range(3), 4)
    ([0, 3, 6, 9], [0, 1, 2])
    """
    if len(items) <= most:
        return list(items)
    return [items[round(i * (len(items) - 1) / (most - 1))] for i in range(most)]


def _attempt(file: Path, unreadable: dict[Path, str], read: Callable[[], object]) -> object:
    try:
        return read()
    except (ValueError, OSError, SyntaxError) as error:
        unreadable.setdefault(file, str(error))


def _size(file: Path, decode: bool) -> tuple[int, int]:
    if not decode:
        return header_size(file)
    height, width = read_image(file).shape[1:]
    return width, height


def header_size(file: Path) -> tuple[int, int]:
    """Width and height that an image file states; its pixels are not decoded.

    Raises:
        ValueError: when it is no image.
        OSError: when it cannot be read, or is a PNG without an end.

    >>> header_size(Path(__import__("matplotlib").get_data_path()) / "sample_data" / "grace_hopper.jpg")
    (512, 600)
    """
    try:
        with Image.open(file, formats=FORMATS) as image:
            size, form = image.size, image.format
    except UnidentifiedImageError as error:
        raise ValueError(f"{str(file)!r} is not an image; give one of {' '.join(SUFFIXES)}.") from error
    except OSError:
        raise
    except Exception as error:  # decoders raise whatever they like on a damaged file
        raise ValueError(f"{str(file)!r} cannot be read: {reason(error)}.") from error
    if form == "PNG":
        with file.open("rb") as stream:
            stream.seek(-12, 2)
            if b"IEND" not in stream.read():
                raise OSError(f"{str(file)!r} is truncated (it has no end); copy or download it again.")
    return size


def _psnr(blurred: UInt8[Tensor, "3 h w"] | None, sharp: UInt8[Tensor, "3 y x"] | None, measure: str) -> list[float]:
    if blurred is None or sharp is None or blurred.shape != sharp.shape:
        return []
    return psnr(*(image.float().div(255)[None] for image in (blurred, sharp)), measure).tolist()
