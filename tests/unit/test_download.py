"""Downloads from a server on this machine: whole, cut and continued, changed, wrong, refused."""

import hashlib
import io
import threading
import zipfile
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from typer.testing import CliRunner

from lmfn_core.cli.main import app
from lmfn_core.datasets.addresses import Address, Remote, address_of
from lmfn_core.datasets.download import LOCK, fetch, get
from lmfn_core.datasets.resume import PIECE

BODY = bytes(range(256)) * 4096  # 1 MiB
SHA = hashlib.sha256(BODY).hexdigest()


class Server(ThreadingHTTPServer):
    """Serves ``files``; ``cut`` connections are closed after that many bytes, each once."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.cuts, self.asked = {}, [], []
        self.ranges, self.tag, self.content_type = True, '"one"', "application/octet-stream"

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{name}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server, name = self.server, self.path.split("?")[0].lstrip("/")
        wanted = self.headers.get("Range")
        server.asked.append((name, wanted))
        if name not in server.files:
            return self.send_error(404)
        body, start = server.files[name], 0
        if wanted and server.ranges:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            if start >= len(body):
                return self.send_error(416)
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(body) - start))
        self.send_header("Content-Type", server.content_type)
        self.send_header("ETag", server.tag)
        self.end_headers()
        end = start + server.cuts.pop(0) if server.cuts else len(body)
        self.wfile.write(body[start:end])

    def log_message(self, *arguments):
        """Quiet."""


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Server()
    server.files["set.bin"] = BODY
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def remote(server, known=f"sha256:{SHA}", name="set.bin"):
    return Remote(server.url(name), known)


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def test_a_complete_download(server, tmp_path):
    told = []
    file = fetch(remote(server), tmp_path, lambda *seen: told.append(seen))
    assert file.read_bytes() == BODY
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set.bin"]
    assert told[-1] == ("set.bin", len(BODY), len(BODY)) and len(told) > 2
    fetch(remote(server), tmp_path)
    assert len(server.asked) == 1  # what is there and right is not asked for again


def test_a_cut_connection_is_continued_at_once(server, tmp_path):
    server.cuts = [300_000, 400_000]
    assert fetch(remote(server), tmp_path).read_bytes() == BODY
    starts = [wanted for _, wanted in server.asked]
    assert starts[0] is None and starts[1] == f"bytes={4 * PIECE}-" and starts[2] == f"bytes={10 * PIECE}-"


def test_a_cut_connection_is_continued_by_the_next_call(server, tmp_path):
    server.cuts = [100_000] * 4
    with pytest.raises(ConnectionError, match="was cut after 262,144 bytes; run the same command again"):
        fetch(remote(server), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set.bin.part", "set.bin.part.json"]
    assert fetch(remote(server), tmp_path).read_bytes() == BODY
    assert server.asked[-1] == ("set.bin", f"bytes={4 * PIECE}-")


def test_a_server_without_ranges_starts_again(server, tmp_path):
    server.ranges, server.cuts = False, [300_000]
    assert fetch(remote(server), tmp_path).read_bytes() == BODY


@pytest.mark.parametrize("change", ["tag", "size"])
def test_a_file_that_changed_meanwhile_starts_again(server, tmp_path, change):
    server.cuts = [100_000] * 4
    with pytest.raises(ConnectionError):
        fetch(remote(server), tmp_path)
    other = BODY[::-1] + (b"x" if change == "size" else b"")
    server.files["set.bin"] = other
    server.tag = '"two"' if change == "tag" else server.tag
    file = fetch(remote(server, f"sha256:{hashlib.sha256(other).hexdigest()}"), tmp_path)
    assert file.read_bytes() == other


def test_a_part_that_is_complete_is_not_asked_for(server, tmp_path, monkeypatch):
    stop = lambda part, output: (_ for _ in ()).throw(KeyboardInterrupt)  # noqa: E731
    monkeypatch.setattr("lmfn_core.datasets.resume._hand_over", stop)
    with pytest.raises(KeyboardInterrupt):  # stopped after the last byte
        fetch(remote(server), tmp_path)
    monkeypatch.undo()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert fetch(remote(server), tmp_path).read_bytes() == BODY and len(server.asked) == 1


def test_a_wrong_checksum_is_set_aside(server, tmp_path):
    with pytest.raises(ValueError, match=r"has not the expected checksum sha256:0000.* kept as .*set\.bin\.wrong"):
        fetch(remote(server, "sha256:" + "0" * 64), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["set.bin.wrong"]
    assert (tmp_path / "set.bin.wrong").read_bytes() == BODY
    assert fetch(remote(server), tmp_path).read_bytes() == BODY  # the next one starts afresh


def test_md5_is_understood(server, tmp_path):
    assert fetch(remote(server, f"md5:{hashlib.md5(BODY).hexdigest()}"), tmp_path).exists()
    with pytest.raises(ValueError, match="is there already, and has not the expected checksum md5:00"):
        fetch(remote(server, "md5:" + "0" * 32), tmp_path)
    assert (tmp_path / "set.bin").read_bytes() == BODY


def test_an_unpublished_checksum_is_kept_from_the_first_download(server, tmp_path):
    fetch(remote(server, None), tmp_path)
    assert (tmp_path / LOCK).read_text() == f"{SHA}  set.bin\n"
    (tmp_path / "set.bin").unlink()
    server.files["set.bin"] = BODY[::-1]
    with pytest.raises(ValueError, match=f"has not the expected checksum sha256:{SHA}"):
        fetch(remote(server, None), tmp_path)
    server.files["other"] = b"small"
    fetch(remote(server, None, "other"), tmp_path)
    assert (tmp_path / LOCK).read_text().splitlines()[1] == f"{SHA}  set.bin"


def test_a_web_page_in_the_files_place(server, tmp_path):
    server.content_type = "text/html; charset=utf-8"
    with pytest.raises(ValueError, match="answered with a web page and not with a file"):
        fetch(remote(server, None), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_gone(server, tmp_path):
    with pytest.raises(ValueError, match=r"/gone answered 404 Not Found; the file may have moved"):
        fetch(remote(server, None, "gone"), tmp_path)
    server.shutdown()
    server.server_close()
    with pytest.raises(ConnectionError, match=r"There is no connection to http://127\.0\.0\.1"):
        fetch(remote(server), tmp_path)
    assert not list(tmp_path.iterdir())


def test_get_unpacks_whole(server, tmp_path):
    server.files = {"a.zip": zipped(**{"top/train/x.txt": b"1"}), "b.zip": zipped(**{"top/test/y.txt": b"2"})}
    address = Address("Set", "pairs", "page", "terms", "set", tuple(Remote(server.url(f"{n}.zip")) for n in "ab"))
    place = get(address, tmp_path)
    assert (place / "top/train/x.txt").read_bytes() == b"1" and (place / "top/test/y.txt").read_bytes() == b"2"
    with pytest.raises(FileExistsError, match="is there already; check it, delete it"):
        get(address, tmp_path)
    assert len(server.asked) == 2


def test_get_of_single_files_continues_with_those_that_lack(server, tmp_path):
    server.files = {"1.png": b"one", "2.png": b"two"}
    files = tuple(Remote(server.url(f"{n}.png")) for n in (1, 2))
    address = Address("Set", "photos", "page", "terms", "set", files, archives=False)
    get(replace(address, files=files[:1]), tmp_path)
    assert sorted(path.name for path in get(address, tmp_path).glob("*.png")) == ["1.png", "2.png"]
    assert len(server.asked) == 2


def test_the_command_line_gets_a_set_and_says_what_failed(server, tmp_path, monkeypatch):
    server.files, server.cuts = {"set.zip": zipped(**{"a.txt": BODY})}, [5 * PIECE]
    files = (Remote(server.url("set.zip"), "sha256:" + hashlib.sha256(server.files["set.zip"]).hexdigest()),)
    address = Address("Set", "pairs", "http://page", "some terms", "set", files)
    monkeypatch.setattr("lmfn_core.datasets.addresses.ADDRESSES", {"set": address, "bad": replace(address, files=(
        replace(files[0], known="sha256:" + "0" * 64),), folder="bad")})  # fmt: skip
    ran = CliRunner().invoke(app, ["data", "get", "set", "--to", str(tmp_path), "--yes"])
    assert ran.exit_code == 0 and "some terms" in ran.stdout and len(server.asked) == 2
    assert (tmp_path / "set" / "a.txt").read_bytes() == BODY
    ran = CliRunner().invoke(app, ["data", "get", "bad", "--to", str(tmp_path / "other"), "--yes"])
    assert ran.exit_code == 1 and "has not the expected checksum" in ran.stderr
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["set.zip.wrong"]


def test_get_by_hand_names_the_page(tmp_path):
    with pytest.raises(ValueError, match="cannot be downloaded by a program: visit http://cg.postech"):
        get(address_of("realblur-j"), tmp_path)
