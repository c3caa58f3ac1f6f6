"""Data sets as users unpack them: ``open_data("bundled")``, ``open_data("gopro:/folder")``, or a folder of any kind."""

import re
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from lmfn_core.datasets.corpus import open_corpus
from lmfn_core.datasets.frame_layouts import are_frames
from lmfn_core.datasets.frames import open_frames
from lmfn_core.datasets.kinds import FRAMES, PHOTOS, SHOTS, Kind, kind_of
from lmfn_core.datasets.layouts import BLURRED, GAMMA, SHARP, base, is_hide, named
from lmfn_core.datasets.rain_corpus import open_rain_corpus, rained_on
from lmfn_core.datasets.rain_layouts import is_rain, is_rain14000
from lmfn_core.images.pairs import DRAWS, PhotographPairs, Photographs, Source
from lmfn_core.images.photos import bundled, folder
from lmfn_core.images.trajectories import is_kohler, trajectories

CORPUS = "corpus"
TASKS = ("deblur", "derain")
"""What is done to sharp photographs, so that a network learns to undo it: "deblur" or "derain"."""
_KIND = re.compile(r"([A-Za-z][\w-]+):(.+)", re.DOTALL)  # two characters at least: C:\ is a drive


def open_data(data: str = "bundled", task: str = "deblur", later: bool = False) -> Source:
    """Open a data set by name or folder.

    Args:
        data: "bundled"; a folder, whose kind is recognised by its layout; or kind and folder, as in
            "gopro:/data/GOPRO_Large", for any of ``KINDS``; "corpus:/data" is what the shipped weights are trained on,
            every known set under one folder. A set that its authors split in ``train/`` and ``test/``
            stays so; of another, every tenth image is held out.
        task: one of ``TASKS``. It says what happens to sharp photographs; pairs are read as they are.
        later: for a training that goes on from trained weights; the corpus then holds more unblurred, or dry, pairs.

    Raises:
        FileNotFoundError: when the folder does not exist or holds no image.
        ValueError: for an unknown task or kind, for frames to derain, when pairs do not match, or there are too few
            images to hold one out.

    >>> open_data("bundled").describe.split(",")[0]
    'bundled photographs'
    """
    if task not in TASKS:
        raise ValueError(f"task is {task!r}; it can be {' or '.join(map(repr, TASKS))}.")
    if data == "bundled":
        return _sharp(dict(bundled("train")), dict(bundled("test")), "bundled photographs", task)
    name, place = split_kind(data)
    root = Path(place).expanduser()
    if name not in (None, CORPUS):
        kind_of(name)  # the kind's name is refused before the folder's
    if not root.is_dir():
        raise FileNotFoundError(f"There is no folder {place!r}; give DATA a folder of photographs, or leave it out.")
    if name == CORPUS:
        return (open_rain_corpus if task == "derain" else open_corpus)(root, later)
    name = name or recognise(root)
    return _open(name, kind_of(name), root, task)


def split_kind(data: str) -> tuple[str | None, str]:
    """Kind and folder of "kind:folder"; the kind is None where only a folder is given.

    >>> split_kind("hide:/data/HIDE"), split_kind("C:/data/HIDE")
    (('hide', '/data/HIDE'), (None, 'C:/data/HIDE'))
    """
    match = _KIND.fullmatch(data)
    return (match[1], match[2]) if match and not Path(data).is_dir() else (None, data)


def label(data: str) -> str:
    """``data`` without the folders above the last one: what a record may keep, which names no machine's folders.

    >>> label("bundled"), label("gopro:/data/GOPRO_Large"), label("/data/photos")
    ('bundled', 'gopro:GOPRO_Large', 'photos')
    """
    kind, place = split_kind(data)
    return f"{kind}:{Path(place).name}" if kind else Path(place).name


def recognise(root: Path) -> str:
    """The kind of data set that a folder holds, by its layout.

    Raises:
        ValueError: when it could be read in two ways; the sentence names them.

    >>> recognise(Path("nowhere"))
    'photos'
    """
    real = [f"realblur-{x}" for x in "jr" if any(root.rglob(f"RealBlur[-_]{x.upper()}_*"))]
    if len(real) > 1:
        raise ValueError(f"{root} holds RealBlur-J and RealBlur-R; say which: {real[0]}:{root} or {real[1]}:{root}.")
    if real:
        return real[0]
    if is_hide(base(root, is_hide)):
        return "hide"
    if named(root, BLURRED) and named(root, SHARP):
        return "pairs"
    if named(root, GAMMA):
        raise ValueError(f"{root} holds blur_gamma and no blur; say gopro-gamma:{root} if that is what you want.")
    tests = (
        (is_kohler, "kohler"),
        (is_rain14000, "rain14000"),
        (is_rain, "rain"),
        (_has_suffixes, "pairs"),
        (are_frames, "gopro-all"),
    )
    return next((name for fits, name in tests if fits(root)), "photos")


def _has_suffixes(root: Path) -> bool:
    return any(path.is_file() for word in ("blur", "blurred") for path in root.rglob(f"*[_-]{word}.*"))


def _open(name: str, kind: Kind, root: Path, task: str) -> Source:
    if kind.content in (FRAMES, SHOTS) and task == "derain":
        raise ValueError(f"{root} holds {kind.title}, which is for deblurring; derain photographs or rainy pairs.")
    if kind.content == FRAMES:
        return open_frames(root, gamma=name == "gopro-all-gamma")
    if kind.content == SHOTS:
        return trajectories(root)
    if kind.content == PHOTOS:
        return _sharp(*photographs(root, kind), f"photographs in {root.name}", task)
    return _pairs(name, kind, root)


def _sharp(train: Mapping[str, Path | Tensor], test: Mapping[str, Path | Tensor], name: str, task: str) -> Source:
    return rained_on(train, test, name, draws=DRAWS) if task == "derain" else Photographs(train, test, name)


def _pairs(name: str, kind: Kind, root: Path) -> PhotographPairs:
    found = kind.find(root)
    if found.alone:
        first = found.alone[0]
        raise ValueError(f"{len(found.alone)} images of {root} have no partner, the first {first.name!r} in "
                         f"{first.parent}; remove them, or get the set again.")  # fmt: skip
    if not found.test or not found.train and not (kind.counts and not kind.counts[0]):
        count = len(found.train) + len(found.test)
        raise ValueError(f"{root} holds {count} pairs of {kind.title}; at least 2 are needed, one to hold out.")
    official = kind_of("gopro").counts == (len(found.train), len(found.test))
    title = "GoPro" if official and name in ("pairs", "gopro") else f"{kind.title} in {root.name}"
    return PhotographPairs(found.train, found.test, title)


def photographs(root: Path, kind: Kind) -> tuple[dict[str, Path], dict[str, Path]]:
    """Sharp photographs to train and held out: of ``train/`` (and ``val/``) and ``test/``, else every tenth.

    Of a published set these folders may lie deeper, as its archive unpacks; of any other folder all images are taken.

    Raises:
        FileNotFoundError: when the folder holds no image.
        ValueError: when there is one image only.
    """
    split = base(root, _has_split) if kind.counts else root
    if _has_split(split):
        extra = folder(split / "val") if any((split / "val").glob("*.*")) else {}
        return {**folder(split / "train"), **extra}, folder(split / "test")
    everything = folder(root)
    if len(everything) < 2:
        raise ValueError(f"{root} holds {len(everything)} image; at least 2 are needed, one to hold out.")
    held = set(sorted(everything)[::10])
    return {k: v for k, v in everything.items() if k not in held}, {k: everything[k] for k in sorted(held)}


def _has_split(root: Path) -> bool:
    """BSDS500 has train/ and test/ twice: of images and of other files."""
    for part in ("train", "test"):
        try:
            folder(root / part)
        except FileNotFoundError:
            return False
    return True
