"""Unpacking: what would be written outside is refused whole, and nothing half-written is left."""

import io
import stat
import tarfile
import zipfile

import pytest

from lmfn_core.datasets.archives import unpack


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def tarred(path, *members: tuple[tarfile.TarInfo, bytes]):
    with tarfile.open(path, "w:gz") as archive:
        for info, content in members:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", content: bytes = b"") -> tuple:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info, content


CLIMBING = ["../out.txt", "a/../../out.txt", "/out.txt", "..\\out.txt", "C:\\out.txt", "C:out.txt", "\\\\host\\out"]


@pytest.mark.parametrize("name", CLIMBING)
def test_archives_that_climb_out_are_refused_whole(tmp_path, name):
    (tmp_path / "a.zip").write_bytes(zipped(**{"fine.txt": b"fine", name: b"bad"}))
    tarred(tmp_path / "a.tgz", member("fine.txt", content=b"fine"), member(name, content=b"bad"))
    for archive in ("a.zip", "a.tgz"):
        with pytest.raises(ValueError, match="would be written outside the folder; it was not unpacked"):
            unpack([tmp_path / archive], tmp_path / "deep" / "out")
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix not in (".zip", ".tgz")]


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (member("l", tarfile.SYMTYPE, "/etc/passwd"), "links to '/etc/passwd'"),
        (member("l", tarfile.SYMTYPE, "../../x"), r"links to '\.\./\.\./x'"),
        (member("l", tarfile.LNKTYPE, "../x"), r"links to '\.\./x'"),
        (member("l", tarfile.SYMTYPE, "folder"), "links to 'folder'"),
        (member("l", tarfile.CHRTYPE), "a device or pipe, 'l'"),
        (member("l", tarfile.FIFOTYPE), "a device or pipe, 'l'"),
    ],
)
def test_links_out_and_devices_are_refused(tmp_path, bad, why):
    archive = tarred(tmp_path / "a.tgz", member("fine.txt", content=b"fine"), member("folder", tarfile.DIRTYPE), bad)
    with pytest.raises(ValueError, match=why):
        unpack([archive], tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["a.tgz"]


def test_links_inside_become_copies(tmp_path):
    links = member("d/soft", tarfile.SYMTYPE, "../a.txt"), member("hard", tarfile.LNKTYPE, "a.txt")
    out = unpack([tarred(tmp_path / "a.tgz", member("a.txt", content=b"text"), *links)], tmp_path / "out")
    for name in ("a.txt", "d/soft", "hard"):
        assert (out / name).read_bytes() == b"text" and not (out / name).is_symlink()


def test_links_in_circles(tmp_path):
    links = member("a", tarfile.SYMTYPE, "b"), member("b", tarfile.SYMTYPE, "a")
    with pytest.raises(ValueError, match="cannot be unpacked"):
        unpack([tarred(tmp_path / "a.tgz", *links)], tmp_path / "out")


def test_links_in_zips_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        info = zipfile.ZipInfo("link")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(ValueError, match="holds a link, 'link'"):
        unpack([tmp_path / "a.zip"], tmp_path / "out")


def test_damaged_archives_leave_nothing(tmp_path):
    whole = zipped(**{"a.txt": b"first", "b.txt": b"second" * 1000})
    (tmp_path / "bad.zip").write_bytes(whole.replace(b"second", b"SECOND", 1))  # its CRC is another
    (tmp_path / "good.zip").write_bytes(whole)
    (tmp_path / "no.zip").write_bytes(b"<html>")
    short = tarred(tmp_path / "cut.tgz", member("a", content=bytes(range(256)) * 400))
    short.write_bytes(short.read_bytes()[:-300])
    before = sorted(tmp_path.iterdir())
    for name, why in (
        ("bad.zip", "cannot be unpacked"),
        ("no.zip", "neither a zip nor a tar"),
        ("cut.tgz", "cannot be"),
    ):
        with pytest.raises(ValueError, match=why):
            unpack([tmp_path / "good.zip", tmp_path / name], tmp_path / "out")
        assert sorted(tmp_path.iterdir()) == before


def test_too_little_room_is_said_before_anything_is_written(tmp_path, monkeypatch):
    (tmp_path / "a.zip").write_bytes(zipped(a=b"12345"))
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 4}))
    with pytest.raises(OSError, match="unpacks to 0.0 GB, and .* left; make room"):
        unpack([tmp_path / "a.zip"], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_is_there_is_not_overwritten(tmp_path):
    (tmp_path / "a.zip").write_bytes(zipped(a=b"new"))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a").write_bytes(b"old")
    with pytest.raises(FileExistsError, match="is there already"):
        unpack([tmp_path / "a.zip"], tmp_path / "out")
    assert (tmp_path / "out" / "a").read_bytes() == b"old"
    (tmp_path / "out" / "a").unlink()
    assert (unpack([tmp_path / "a.zip"], tmp_path / "out") / "a").read_bytes() == b"new"
