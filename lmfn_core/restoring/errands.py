"""Which photographs go where: files, folders and patterns on one side, a file or a folder on the other."""

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lmfn_core.files.photo_writing import SUFFIX_OF, format_of
from lmfn_core.images.photos import folder


@dataclass(frozen=True)
class Errand:
    """One photograph and where its restored version goes.

    >>> Errand(Path("a.jpg"), Path("b.jpg")).target.name
    'b.jpg'
    """

    source: Path
    target: Path


def errands(
    inputs: Sequence[str], out: Path | None = None, mark: str = "restored", overwrite: bool = False
) -> list[Errand]:
    """Lay out the work before any of it is done.

    Args:
        inputs: files, folders (with everything below them) and patterns such as "holiday/**/*.jpg".
        out: a file for one photograph, else a folder, in which a folder's own folders come back. None: beside the
            photograph as "name-mark.jpg", beside a folder as "folder-mark"; what lies there of an earlier call is no
            input then, though a pattern matches it too.
        overwrite: whether a photograph may be replaced by its own restored version.

    Raises:
        FileNotFoundError: when an input names nothing, or a folder without photographs.
        ValueError: when two photographs would go to one file, or one over itself without ``overwrite`` or over another
            one; or when ``out`` is a file for several photographs, or of a kind that is not written.

    >>> import tempfile
    >>> photo = Path(tempfile.mkdtemp()) / "a.jpg"
    >>> photo.touch()
    >>> errands([str(photo)])[0].target.name
    'a-restored.jpg'
    """
    found: dict[str, tuple[Path, Path, Path]] = {}
    for source, inside, beside in _photographs(inputs, out, mark):
        found.setdefault(_place(source), (source, inside, beside))
    if out is None:
        results = {_place(beside) for _, _, beside in found.values()}
        found = {place: entry for place, entry in found.items() if place not in results}
    one_file = len(inputs) == 1 and len(found) == 1 and not Path(inputs[0]).is_dir()
    as_file = out is not None and not out.is_dir() and (one_file and out.suffix or out.suffix.lower() in SUFFIX_OF)
    if as_file and not one_file:
        raise ValueError(f"{str(out)!r} is one file for {len(found)} photographs; give a folder.")
    if as_file:
        format_of(out.suffix)
    targets = [out if as_file else beside if out is None else out / inside for _, inside, beside in found.values()]
    planned = [Errand(source, target) for (source, *_), target in zip(found.values(), targets, strict=True)]
    _check(planned, overwrite)
    return planned


def _photographs(inputs: Sequence[str], out: Path | None, mark: str) -> Iterator[tuple[Path, Path, Path]]:
    """Each photograph, what it is called inside an output folder, and where it goes when there is none."""
    for given in inputs:
        matched = [given] if os.path.exists(given) else sorted(glob.glob(given, recursive=True))
        if not matched:
            raise FileNotFoundError(f"There is no file or folder {given!r}; check the path.")
        for path in map(Path, matched):
            if path.is_dir():
                whole = Path(os.path.abspath(path))  # "." has no name of its own
                beside = whole.with_name(f"{whole.name}-{mark}")
                for inside, file in folder(path).items():
                    restored = out is not None and _within(out, path) != _within(path, out) and _within(file, out)
                    if not restored:  # of an earlier call with the same output folder
                        yield file, Path(inside), beside / inside
            else:
                yield path, Path(path.name), path.with_name(f"{path.stem}-{mark}{path.suffix}")


def _check(planned: Sequence[Errand], overwrite: bool) -> None:
    sources = {_place(errand.source): errand.source for errand in planned}
    taken: dict[str, Path] = {}
    for errand in planned:
        place = _place(errand.target)
        if place in taken:
            raise ValueError(f"{str(taken[place])!r} and {str(errand.source)!r} would both become "
                             f"{str(errand.target)!r}; restore them into different folders.")  # fmt: skip
        taken[place] = errand.source
        if sources.get(place, errand.source) != errand.source:
            raise ValueError(f"{str(errand.source)!r} would replace {str(errand.target)!r}, another photograph to "
                             f"restore; give another folder.")  # fmt: skip
        if place == _place(errand.source) and not overwrite:
            raise ValueError(f"{str(errand.source)!r} would be replaced by its restored version; give another name "
                             f"with -o, or --overwrite.")  # fmt: skip


def _place(path: Path) -> str:
    return os.path.normcase(os.path.realpath(path))


def _within(path: Path, top: Path) -> bool:
    return Path(_place(path)).is_relative_to(_place(top))
