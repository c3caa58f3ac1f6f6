"""RealBlur as published: ``RealBlur_J_test_list.txt`` beside the folders of scenes; J are JPEGs, R come from raw files.

Layout: ``RealBlur-J_ECC_IMCORR_centroid_itensity_ref/scene001/{blur/blur_1.png,gt/gt_1.png}``, and lines "gt blur" in
the lists. Source: Rim et al., ECCV 2020, and the lists of the authors' repositories.
"""

from pathlib import Path

from lmfn_core.datasets.layouts import Found, base, siblings
from lmfn_core.parsing import quoted


def realblur(root: Path, letter: str) -> Found:
    """The pairs of RealBlur-J or RealBlur-R: split by the published lists where they are, else as ``siblings`` does.

    Args:
        letter: "J" or "R".

    Raises:
        ValueError: when a line of a list is no pair of paths, or a folder of blurred images has no sharp one.

    >>> realblur(Path("nowhere"), "J").test
    {}
    """
    top = base(root, lambda path: any(path.glob(f"RealBlur_{letter}_*list.txt")))
    lists = {split: top / f"RealBlur_{letter}_{split}_list.txt" for split in ("train", "test")}
    if not any(path.is_file() for path in lists.values()):
        return siblings(scenes(root, letter))
    halves = {split: pair_list(path) if path.is_file() else {} for split, path in lists.items()}
    there = {s: {k: pair for k, pair in half.items() if all(map(Path.is_file, pair))} for s, half in halves.items()}
    missing = [pair for split, half in halves.items() for key, pair in half.items() if key not in there[split]]
    alone = tuple(path for pair in missing for path in pair if path.is_file())
    return Found(there["train"], there["test"], alone)


def scenes(root: Path, letter: str) -> Path:
    """The folder of the scenes of J or R under ``root``; ``root`` itself where none is named so.

    >>> scenes(Path("nowhere"), "R").name
    'nowhere'
    """
    names = tuple(f"realblur{dash}{letter.lower()}" for dash in "-_")
    return base(root, lambda path: path.is_dir() and path.name.lower().startswith(names))


def pair_list(path: Path) -> dict[str, tuple[Path, Path]]:
    """Scene and name to the files of a blurred and a sharp image, from a published list.

    Raises:
        ValueError: when a line is no pair of paths, or the file is no text.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "list.txt"
    >>> path.write_text("gt/s1/gt/1.png blur/s1/blur/1.png")
    33
    >>> list(pair_list(path))
    ['s1/1']
    """
    pairs = {}
    for number, line in enumerate(_text(path).splitlines(), start=1):
        columns = line.split()
        if not columns:
            continue
        if len(columns) < 2:
            where = f"Line {number} of {path}"
            raise ValueError(f"{where} is {quoted(line)}; it should hold a sharp and a blurred image's path.")
        sharp, blurred = columns[:2]
        scene = Path(blurred).parts[-3] if len(Path(blurred).parts) > 2 else ""
        pairs[f"{scene}/{Path(blurred).stem}"] = (path.parent / blurred, path.parent / sharp)
    return pairs


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is no list of pairs ({error}); delete it or get it again.") from None
