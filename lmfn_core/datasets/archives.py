"""Unpacking archives that came from elsewhere: nothing is written outside the folder, and nothing is left half-written.

A zip or tar file may name members that climb out (``../x``), start at the root, or are links and devices. Such an
archive is refused whole, before anything of it is written.
"""

import errno
import gzip
import lzma
import os
import shutil
import stat
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO

from lmfn_core.parsing import brief, quoted

DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    gzip.BadGzipFile,
    RuntimeError,
    NotImplementedError,
    UnicodeError,
    OverflowError,
    IndexError,
    struct.error,
)
MISNAMED = (None, errno.EINVAL, errno.ENAMETOOLONG, errno.EILSEQ)  # None: said by a decoder, not by the system
COLLIDING = (FileExistsError, NotADirectoryError, IsADirectoryError)
SMALL, RATIO = 100_000_000, 100
"""Bytes that any archive may unpack to, and how many times its size beyond them: photographs unpack to about their
size, a "bomb" to thousands of times."""
ABOUT = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE)
LONGEST = 1 << 20
"""Bytes of a name or of other words about a member of a tar file."""


@dataclass(frozen=True)
class Member:
    """One file of an archive."""

    name: str  # as the archive spells it
    size: int  # bytes, unpacked
    read: Callable[[], IO[bytes]]


def unpack(archives: Iterable[Path], to: Path) -> Path:
    """Unpack archives into the new folder ``to``: all of them, or none.

    Args:
        archives: zip or tar files (also .tgz and the like). to: a folder that does not exist yet, or is empty.

    Raises:
        ValueError: when a file is no archive or damaged, or holds a member that would be written outside of ``to``.
        FileExistsError: when ``to`` holds something.
        OSError: when the disk has too little room.
    """
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise FileExistsError(f"{to} is there already; delete it, or give another folder.")
    to.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=to.parent, prefix=f".{to.name}.", ignore_cleanup_errors=True) as work:
        inside = Path(work) / to.name
        inside.mkdir()
        for archive in archives:
            _unpack_one(archive, inside)
        if to.exists():
            to.rmdir()
        os.replace(inside, to)
    return to


def _unpack_one(archive: Path, to: Path) -> None:
    try:
        with _opened(archive) as members:
            checked = [(member, _safe(archive, member.name)) for member in members]
            needed, free = sum(member.size for member, _ in checked), shutil.disk_usage(to).free
            if needed > max(SMALL, RATIO * archive.stat().st_size):
                raise ValueError(f"{archive} would unpack to {needed / 1e9:.1f} GB, more than {RATIO} times its size; "
                                 f"it was not unpacked.")  # fmt: skip
            if needed > free:
                raise _NoRoom(f"{archive.name} unpacks to {needed / 1e9:.1f} GB, and {to.parent.parent} has "
                              f"{free / 1e9:.1f} GB left; make room, or give another folder.")  # fmt: skip
            for member, inside in checked:
                target = to / inside
                target.parent.mkdir(parents=True, exist_ok=True)
                with member.read() as source, target.open("wb") as file:
                    shutil.copyfileobj(source, file, 1 << 20)
    except DAMAGED as error:
        raise ValueError(f"{archive} cannot be unpacked ({brief(error)}); delete it and get it again.") from error
    except OSError as error:
        if isinstance(error, _NoRoom) or not isinstance(error, COLLIDING) and error.errno not in MISNAMED:
            raise
        raise ValueError(f"{archive} holds names that cannot be written, or is damaged ({brief(error)}).") from error


class _NoRoom(OSError):
    """The disk has too little room; anything else that the system says of an archive's names is the archive's fault."""


@contextmanager
def _opened(archive: Path) -> Iterator[list[Member]]:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as file:
            yield [_of_zip(archive, file, info) for info in file.infolist() if not info.is_dir()]
        return
    try:
        file = tarfile.open(archive, tarinfo=_Info)  # noqa: SIM115 (closed below; only opening it is tried here)
    except tarfile.ReadError as error:
        raise ValueError(f"{archive} is neither a zip nor a tar file; delete it and get it again.") from error
    with file:
        yield [_of_tar(archive, file, info) for info in file.getmembers() if not info.isdir()]


class _Info(tarfile.TarInfo):
    """A member whose long name is not read into memory however long the archive claims it to be."""

    def _proc_member(self, tar: tarfile.TarFile) -> tarfile.TarInfo:  # tarfile's hook for subclasses
        if self.type in ABOUT and self.size > LONGEST:
            raise tarfile.ReadError(f"{self.size} bytes about one member")
        return super()._proc_member(tar)


def _of_zip(archive: Path, file: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    if stat.S_ISLNK(info.external_attr >> 16):
        raise ValueError(f"{archive} holds a link, {quoted(info.filename)}; it was not unpacked.")
    return Member(info.orig_filename, info.file_size, lambda: file.open(info))


def _of_tar(archive: Path, file: tarfile.TarFile, info: tarfile.TarInfo) -> Member:
    """A link is unpacked as a copy of the file it points to; what is neither file nor link is refused."""
    if not (info.isfile() or info.islnk() or info.issym()):
        raise ValueError(f"{archive} holds a device or pipe, {quoted(info.name)}; it was not unpacked.")
    if info.islnk() or info.issym():
        start = PurePosixPath(info.name).parent if info.issym() else PurePosixPath()
        target = os.path.normpath(start / info.linkname).replace(os.sep, "/")
        if target not in file.getnames() or file.getmember(target).isdir():
            name = quoted(info.linkname)
            raise ValueError(f"{archive} links to {name}, which is no file in it; it was not unpacked.")
    return Member(info.name, info.size, lambda: file.extractfile(info))


def _is_outside(name: str) -> bool:
    posix, windows = PurePosixPath(name), PureWindowsPath(name)
    return posix.is_absolute() or bool(windows.drive or windows.root) or ".." in posix.parts + windows.parts


def _safe(archive: Path, name: str) -> PurePosixPath:
    if _is_outside(name) or "\0" in name or not name.strip("/."):
        shown = quoted(name)
        raise ValueError(f"{archive} holds {shown}, which would be written outside the folder; it was not unpacked.")
    return PurePosixPath(name.replace("\\", "/"))
