"""Downloading a data set from its authors: checked, continued where it was cut, unpacked whole or not at all."""

import logging
from collections.abc import Callable
from pathlib import Path

import pooch

from lmfn_core.datasets.addresses import Address, Remote
from lmfn_core.datasets.archives import unpack
from lmfn_core.datasets.resume import Resume
from lmfn_core.parsing import quoted
from lmfn_core.records import write_text

LOCK = "checksums.sha256"
"""The file beside the downloads that keeps the SHA-256 of each first download whose checksum no one has published: the
second download, anywhere the file is copied to, must be equal. ``sha256sum -c`` reads it."""
Tell = Callable[[str, int, int | None], None]


def get(address: Address, to: Path, tell: Tell = lambda name, done, total: None) -> Path:
    """Download a data set and unpack it; what is there already is kept.

    Args:
        to: the folder for the archives; the images go to ``address.folder`` in it. tell: called with a file's name,
            its bytes so far and in all.

    Returns:
        The folder of the images.

    Raises:
        ValueError: when the set has to be downloaded by hand, a checksum is wrong, or an archive is not safe.
        ConnectionError: when the connection is cut; the next call goes on from there.
        OSError: when the folder cannot be written, or what should be unpacked is there already.
    """
    if not address.files:
        raise ValueError(f"{address.title} cannot be downloaded by a program: visit {address.page}, unpack it, and run "
                         f"`lmfn data check {address.kind} FOLDER`.")  # fmt: skip
    place = to / address.folder
    if address.archives and place.is_dir() and any(place.iterdir()):
        raise FileExistsError(f"{place} is there already; check it, delete it, or give --to another folder.")
    files = [fetch(remote, to if address.archives else place, tell) for remote in address.files]
    return unpack(files, place) if address.archives else place


def fetch(remote: Remote, to: Path, tell: Tell = lambda name, done, total: None) -> Path:
    """Download one file into the folder ``to``, unless it is there and as it should be.

    Raises:
        ValueError: when its checksum is wrong; the bytes are kept in ``FILE.wrong``.
        ConnectionError: when the connection is cut; the next call goes on from there.
    """
    to.mkdir(parents=True, exist_ok=True)
    file, part = to / remote.name, to / f"{remote.name}.part"
    expected = remote.known or locked(to / LOCK).get(remote.name)
    if file.exists():
        _confirm(file, expected)
    downloader = Resume(part, lambda done, total: tell(remote.name, done, total))
    pooch.get_logger().setLevel(logging.WARNING)
    try:
        pooch.retrieve(remote.url, expected, fname=file.name, path=to, downloader=downloader)
    except ValueError as error:
        if "does not match the known hash" not in str(error):
            raise
        wrong = part.replace(to / f"{remote.name}.wrong")
        _json(part).unlink(missing_ok=True)
        raise ValueError(f"{remote.url} has not the expected checksum {expected} and was kept as {wrong}: the file has "
                         f"changed or was tampered with; see the authors' page first.") from error  # fmt: skip
    for rest in (part, _json(part)):
        rest.unlink(missing_ok=True)
    if expected is None:
        _keep(to / LOCK, file)
    return file


def _json(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _confirm(file: Path, expected: str | None) -> None:
    if expected is not None and pooch.file_hash(str(file), _algorithm(expected)) != expected.split(":")[-1]:
        raise ValueError(f"{file} is there already, and has not the expected checksum {expected}; move it away.")


def _algorithm(expected: str) -> str:
    return expected.split(":")[0] if ":" in expected else "sha256"


def locked(lock: Path) -> dict[str, str]:
    """File name to checksum, as a lock file of sha256sum's form states them; empty where there is none.

    Raises:
        ValueError: when a line is no checksum with a name.

    >>> locked(Path("nowhere"))
    {}
    """
    if not lock.is_file():
        return {}
    text = lock.read_bytes().decode("utf-8", "replace")
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line.strip()]
    for line in lines:
        if len(line) < 2:
            raise ValueError(f"{lock} has the line {quoted(line[0])}, which is no checksum and name; delete the line.")
    return {name.lstrip("*"): f"sha256:{value}" for value, name in lines}


def _keep(lock: Path, file: Path) -> None:
    known = locked(lock) | {file.name: f"sha256:{pooch.file_hash(str(file))}"}
    write_text(lock, "".join(f"{value.split(':')[1]}  {name}\n" for name, value in sorted(known.items())))
