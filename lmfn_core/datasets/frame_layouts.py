"""Raw frames as they lie in GOPRO_Large_all's folders: found, put in order, and split."""

import re
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path

from lmfn_core.datasets.layouts import BLURRED, base, named
from lmfn_core.images.photos import folder

_NUMBER = re.compile(r"(\d+)$")
_GOPRO = re.compile(r"GOPR\d{4}_\d\d_\d\d")


def halves(root: Path) -> tuple[dict[str, tuple[Path, ...]], dict[str, tuple[Path, ...]]]:
    """The sequences of ``train/`` and of ``test/``; all to train where there are no such folders.

    Raises:
        FileNotFoundError: when the folder does not exist or holds no image.
        ValueError: when a frame has no number, or there are blurred images among them.
    """
    if named(root, BLURRED):
        raise ValueError(f"{root} holds blurred images, not only raw frames; say gopro:{root} for GOPRO_Large's pairs.")
    root = base(root)
    if (root / "train").is_dir() and (root / "test").is_dir():
        return sequences(root / "train"), sequences(root / "test")
    return sequences(root), {}


def sequences(root: Path) -> dict[str, tuple[Path, ...]]:
    """Each folder's images in order of their numbers; where a number is missing, another sequence begins.

    Raises:
        FileNotFoundError: when the folder does not exist or holds no image.
        ValueError: when a frame has no number.
    """
    found = {}
    for place, inside in groupby(folder(root).values(), key=lambda path: path.parent):
        numbered = sorted((_number(path), path) for path in inside)
        runs = groupby(enumerate(numbered), key=lambda item: item[1][0] - item[0])
        for _, run in runs:
            paths = tuple(path for _, (_, path) in run)
            found[f"{place.relative_to(root).as_posix()}/{paths[0].stem}"] = paths
    return found


def are_frames(root: Path) -> bool:
    """Whether images lie as in GOPRO_Large_all: directly in folders named like GOPR0372_07_00, by number.

    >>> are_frames(Path("nowhere"))
    False
    """
    return any(_GOPRO.fullmatch(path.parent.name) and path.stem.isdigit() for path in root.rglob("*.png"))


def last_tenth(
    whole: Mapping[str, tuple[Path, ...]], most: int, held: int
) -> tuple[dict[str, tuple[Path, ...]], dict[str, tuple[Path, ...]]]:
    """Sequences to train with, and what is held out: the last tenth of each, ``held`` frames at least.

    A sequence that would keep fewer than ``most`` frames trains as a whole.

    >>> train, test = last_tenth({"s": tuple(map(Path, "abcdefg"))}, most=4, held=2)
    >>> len(train["s"]), len(test["s"])
    (5, 2)
    """
    cut = {name: len(frames) - max(len(frames) // 10, held) for name, frames in whole.items()}
    kept = {name: cut[name] >= most for name in whole}
    train = {name: frames[: cut[name]] if kept[name] else frames for name, frames in whole.items()}
    return train, {name: frames[cut[name] :] for name, frames in whole.items() if kept[name]}


def _number(path: Path) -> int:
    match = _NUMBER.search(path.stem)
    if not match:
        raise ValueError(f"The frame {path} has no number at the end of its name; frames are ordered by it.")
    return int(match[1])
