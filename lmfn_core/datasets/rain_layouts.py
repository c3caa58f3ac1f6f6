"""Where the pairs of the rain sets lie: the published layouts and the re-packed ones in circulation.

The rainy image of ``norain-001.png`` may be ``rain-001.png`` in the same folder; ``rain-001x2.png``, or even
``norain-001x2.png``, in a folder ``rain/`` or ``rainy/`` beside ``norain/``; ``input/1.png`` beside ``target/1.png``.
In Rain14000 it is ``rainy_image/1_1.jpg`` to ``1_14.jpg``, beside ``ground_truth/1.jpg``. Which side an image is of is
said by its folder, or by its name where there are no two folders; which pair, by its number.
"""

import re
from pathlib import Path

from lmfn_core.datasets.layouts import Found, base, held_out, named
from lmfn_core.images.photos import folder

RAINY = ("rain", "rainy", "rainy_image", "rain_image", "input", "lq")
"""Names of folders that hold rainy images."""
CLEAN = ("norain", "ground_truth", "groundtruth", "gt", "clean", "target", "hq")
"""Names of folders that hold the clean ones, beside them."""
STREAKS = 14
"""Rainy images of each clean one in Rain14000."""
HALVES = (("train", "test"), ("training", "testing"))
_NUMBER = re.compile(r"(no)?(?:rain-?)?(\d+)(?:_(\d+))?(?:x\d)?", re.IGNORECASE)
_PREFIXED = re.compile(r"(?:no)?rain-.+", re.IGNORECASE)

Pairs = dict[str, tuple[Path, Path]]


def rain(root: Path, split: bool = True) -> Found:
    """Rainy with clean images in any of the layouts above, named ``rain-001``, or ``1_14`` for one of several streaks.

    Args:
        split: True keeps ``train/`` and ``test/`` apart, and of a set without them holds every tenth pair out; False
            makes all of them test pairs, as Rain100L, Rain100H and Test100 are published.

    Raises:
        ValueError: when a folder of rainy images has no clean one beside it, or two images have one number.
        FileNotFoundError: when there is no image.
    """
    if split and (halves := _halves(root)):
        return halves
    pairs, alone = _pairs(root)
    return held_out(pairs, alone) if split else Found({}, pairs, alone)


def rain14000(root: Path) -> Found:
    """Rain14000: as split on the disk, else every fifth clean image is held out with all its streaks.

    Its authors' split, and those of later papers, differ; none of them shares a clean image between its halves.

    Raises:
        ValueError: as ``rain``.
        FileNotFoundError: when there is no image.
    """
    if halves := _halves(root):
        return halves
    pairs, alone = _pairs(root)
    held = set(sorted({clean for _, clean in pairs.values()})[::5])
    train = {name: pair for name, pair in pairs.items() if pair[1] not in held}
    return Found(train, {name: pair for name, pair in pairs.items() if pair[1] in held}, alone)


def is_rain(root: Path) -> bool:
    """Whether a folder is named and filled as the rain sets are; ``input/`` beside ``target/`` alone does not say.

    >>> is_rain(Path("nowhere"))
    False
    """
    by_name = any(root.rglob("norain-*.*")) and any(root.rglob("rain-*.*"))
    return by_name or bool(named(root, RAINY[:4]) and named(root, CLEAN))


def is_rain14000(root: Path) -> bool:
    """Whether a folder is named as Rain14000's are.

    >>> is_rain14000(Path("nowhere"))
    False
    """
    return bool(named(root, ("rainy_image",)) and named(root, ("ground_truth",)))


def _halves(root: Path) -> Found | None:
    for names in HALVES:
        top = base(root, lambda path, names=names: all((path / name).is_dir() for name in names))
        if all((top / name).is_dir() for name in names):
            (train, odd), (test, odd_too) = (_pairs(top / name) for name in names)
            return Found(train, test, (*odd, *odd_too))
    return None


def _pairs(root: Path) -> tuple[Pairs, tuple[Path, ...]]:
    """The pairs under a folder, and the images without a partner."""
    rainy: dict[str, Path] = {}
    clean: dict[str, Path] = {}
    for left, right in _beside(root):
        _gather(rainy, folder(left).values())
        _gather(clean, folder(right).values())
    if not rainy:
        images = [path for path in folder(root).values() if _PREFIXED.fullmatch(path.stem)]
        _gather(rainy, (path for path in images if path.stem.lower().startswith("rain")))
        _gather(clean, (path for path in images if path.stem.lower().startswith("norain")))
    partner = {name: name if name in clean else _clean_name(name) for name in rainy}
    pairs = {name: (rainy[name], clean[partner[name]]) for name in sorted(rainy) if partner[name] in clean}
    used = {partner[name] for name in pairs}
    alone = [path for name, path in rainy.items() if name not in pairs]
    return pairs, (*alone, *(path for name, path in clean.items() if name not in used))


def _beside(root: Path) -> list[tuple[Path, Path]]:
    """Folders of rainy images, each with the folder of clean ones beside it."""
    found = []
    for left in named(root, RAINY):
        right = next((path for path in named(left.parent, CLEAN) if path.parent == left.parent), None)
        if right:
            found.append((left, right))
        elif left.name.lower() != "rain":  # a set itself may be called so
            raise ValueError(f"{left} has no folder of clean images beside it (one of {', '.join(CLEAN)}).")
    return found


def _gather(found: dict[str, Path], images) -> None:
    for path in images:
        name = name_of(path)
        if name in found:
            raise ValueError(f"{found[name]} and {path} are two images of one number, {name!r}; keep one of them.")
        found[name] = path


def name_of(path: Path) -> str:
    """The name of the pair that an image belongs to: by its number, else the file's own.

    >>> [name_of(Path(file)) for file in ("norain-001x2.png", "7.png", "rain-12.png", "901_14.jpg", "street.png")]
    ['rain-001', 'rain-007', 'rain-012', '901_14', 'street']
    """
    match = _NUMBER.fullmatch(path.stem)
    if not match:
        return path.stem
    return f"{int(match[2])}_{match[3]}" if match[3] else f"rain-{int(match[2]):03}"


def _clean_name(name: str) -> str:
    """The clean image of one of several streaks."""
    number, _, streak = name.rpartition("_")
    return f"rain-{int(number):03}" if number.isdecimal() and streak.isdecimal() else name
