"""Where the pairs of a data set lie: the published layouts and the re-packed ones in circulation.

Files are found and matched by name here, never opened. ``blur_gamma`` of GOPRO_Large is another set than its ``blur``:
it is read only when it is asked for.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from lmfn_core.images.photos import folder

BLURRED = ("blur", "blurred", "blurry", "input", "lq")
"""Names of folders that hold blurred images."""
SHARP = ("sharp", "target", "gt", "groundtruth", "hq")
"""Names of folders that hold the sharp ones, beside them."""
GAMMA = ("blur_gamma",)
"""GOPRO_Large's images averaged in linear light."""
DEPTH = 4
"""How many folders deep ``base`` looks for the one that an archive unpacked into."""

_SUFFIX = re.compile(r"(.+)[_-](blur|blurred|blurry|sharp|gt)", re.IGNORECASE)


@dataclass(frozen=True)
class Found:
    """The pairs of a data set by name, each (blurred, sharp); and the images that have no partner."""

    train: Mapping[str, tuple[Path, Path]] = field(default_factory=dict)  # to train
    test: Mapping[str, tuple[Path, Path]] = field(default_factory=dict)  # held out
    alone: tuple[Path, ...] = ()  # images without a partner


def base(root: Path, inside: Callable[[Path], bool] | None = None) -> Path:
    """The folder that ``inside`` accepts: ``root`` itself, or the first one at most ``DEPTH`` below it, else ``root``.

    Without ``inside`` it is the folder that holds both ``train/`` and ``test/``.

    Raises:
        ValueError: when several fit, so that one would be picked unseen.

    >>> base(Path("nowhere")).name
    'nowhere'
    """
    inside = inside or (lambda path: (path / "train").is_dir() and (path / "test").is_dir())
    level = [root]
    for _ in range(DEPTH + 1):
        fitting = list(filter(inside, level))
        if len(fitting) > 1:
            raise ValueError(f"{root} holds several data sets, {fitting[0].name} and {fitting[1].name} among them; "
                             f"give the folder of one.")  # fmt: skip
        if fitting:
            return fitting[0]
        level = [child for path in level if path.is_dir() for child in sorted(path.iterdir()) if child.is_dir()]
    return root


def named(root: Path, names: tuple[str, ...]) -> list[Path]:
    """Every folder under ``root`` with one of the names, upper or lower case.

    >>> named(Path("nowhere"), BLURRED)
    []
    """
    return [path for path in sorted(root.rglob("*")) if path.name.lower() in names and path.is_dir()]


def siblings(root: Path, blurred: tuple[str, ...] = BLURRED) -> Found:
    """Pairs in folders beside each other: ``train|test/<sequence>/{blur,sharp}``, ``train/{input,target}``, ``blur/``
    beside ``sharp/``, ``<scene>/{blur/blur_1.png,gt/gt_1.png}``.

    Without ``train/`` and ``test/`` every tenth pair is held out.

    Args:
        blurred: names of the folders of blurred images; ``GAMMA`` for ``blur_gamma``.

    Raises:
        ValueError: when a folder of blurred images has no sharp one beside it, or two files of one name.

    >>> siblings(Path("nowhere")).train
    {}
    """
    root = base(root)
    if not (root / "train").is_dir() or not (root / "test").is_dir():
        return held_out(*_beside(root, blurred))
    (train, odd), (test, odd_too) = _beside(root / "train", blurred), _beside(root / "test", blurred)
    return Found(train, test, (*odd, *odd_too))


def suffixed(root: Path) -> Found:
    """Pairs in one folder: ``a_blur.png`` (``_blurred``, ``-blur``) with ``a.png``, ``a_sharp.png`` or ``a_gt.png``.

    Raises:
        ValueError: when two files have one name.
        FileNotFoundError: when there is no image.
    """
    return held_out(*_match(*_sides(root)))


def hide(root: Path) -> Found:
    """HIDE: blurred ``train/`` and ``test/{test-close-ups,test-long-shot}/``, their sharp ones all in one ``GT/``.

    The re-packed form (``test/{input,target}``) is read too.

    Raises:
        ValueError: when two files have one name.

    >>> hide(Path("nowhere")).test
    {}
    """
    top = base(root, is_hide)
    if not is_hide(top):
        return siblings(root)
    sharp = _keyed(top / "GT")
    train, test = ({k.rsplit("/", 1)[-1]: v for k, v in _keyed(top / s).items()} for s in ("train", "test"))
    pairs, alone = _match(train | test, sharp)
    return Found({k: v for k, v in pairs.items() if k in train}, {k: pairs[k] for k in test if k in pairs}, alone)


def is_hide(root: Path) -> bool:
    """Whether ``root`` is HIDE as published.

    >>> is_hide(Path("nowhere"))
    False
    """
    return (root / "GT").is_dir() and (root / "test").is_dir() and not named(root, BLURRED)


def held_out(pairs: Mapping[str, tuple[Path, Path]], alone: tuple[Path, ...] = ()) -> Found:
    """A set that nobody has split: every tenth pair is held out.

    >>> found = held_out({str(i): (Path("a"), Path("b")) for i in range(3)})
    >>> list(found.train), list(found.test)
    (['1', '2'], ['0'])
    """
    held = set(sorted(pairs)[::10])
    return Found({k: v for k, v in pairs.items() if k not in held}, {k: pairs[k] for k in sorted(held)}, alone)


def _beside(root: Path, blurred: tuple[str, ...]) -> tuple[dict[str, tuple[Path, Path]], tuple[Path, ...]]:
    found: dict[str, tuple[Path, Path]] = {}
    odd: tuple[Path, ...] = ()
    for left in named(root, blurred):
        beside = (path for path in sorted(left.parent.iterdir()) if path.is_dir())
        right = next((path for path in beside if path.name.lower() in SHARP), None)
        if right is None:
            raise ValueError(f"{left} has no folder of sharp images beside it (one of {', '.join(SHARP)}).")
        pairs, alone = _match(_keyed(left), _keyed(right))
        prefix = "" if left.parent == root else f"{left.parent.relative_to(root).as_posix()}/"
        found |= {prefix + name: pair for name, pair in pairs.items()}
        odd += alone
    return found, odd


def _match(left: Mapping[str, Path], right: Mapping[str, Path]) -> tuple[dict, tuple[Path, ...]]:
    pairs = {name: (path, right[name]) for name, path in left.items() if name in right}
    return pairs, tuple(path for side in (left, right) for name, path in side.items() if name not in pairs)


def _keyed(root: Path) -> dict[str, Path]:
    """The images of a folder by name, without suffix and without a prefix that repeats the folder's name."""
    images = folder(root) if root.is_dir() and any(root.iterdir()) else {}
    start = f"{root.name.lower()}_"  # RealBlur: gt/gt_7.png
    found: dict[str, Path] = {}
    for name, path in images.items():
        inside = PurePosixPath(name).with_suffix("")
        key = str(inside.with_name(inside.name[len(start) :])) if inside.name.lower().startswith(start) else str(inside)
        _add(found, key, path)
    return found


def _sides(root: Path) -> tuple[dict[str, Path], dict[str, Path]]:
    """The images of one folder as (blurred, sharp), by their suffixes; a plain name is a sharp image's."""
    blurred: dict[str, Path] = {}
    sharp: dict[str, Path] = {}
    for name, path in folder(root).items():
        inside = PurePosixPath(name).with_suffix("")
        match = _SUFFIX.fullmatch(inside.name)
        side = blurred if match and match[2].lower().startswith("blur") else sharp
        _add(side, str(inside.with_name(match[1] if match else inside.name)), path)
    return blurred, sharp


def _add(found: dict[str, Path], key: str, path: Path) -> None:
    if key in found:
        raise ValueError(f"{found[key]} and {path} are two images of one name, {key!r}; keep one of them.")
    found[key] = path
