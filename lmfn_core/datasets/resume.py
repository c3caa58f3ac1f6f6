"""A downloader for pooch that goes on where a cut connection left off.

The bytes wait in ``FILE.part``, what the server said of the file in ``FILE.part.json``. Where the server has another
file by now, or does not continue at a byte, it starts again.
"""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import requests

from lmfn_core.parsing import parse_json
from lmfn_core.records import write_text

PIECE = 1 << 16
"""Bytes written at a time; what came of an unfinished piece is lost where the connection is cut."""


@dataclass(frozen=True)
class Resume:
    """What pooch calls to download: ``Resume(part)(url, output_file, pooch)``."""

    part: Path  # where the bytes wait until they are complete
    tell: Callable[[int, int | None], None] = lambda done, total: None  # called with bytes there, and in all if known
    attempts: int = 4  # connections tried in one call, as long as bytes arrive
    timeout: float = 30.0  # seconds without an answer

    def __call__(self, url: str, output_file: str, pooch: object = None) -> None:
        """Download ``url`` and hand the complete file over.

        Raises:
            ValueError: when the server refuses, or answers with a web page.
            ConnectionError: when the connection is cut; the next call goes on from there.
        """
        for attempt in range(self.attempts):
            before = self._waiting()
            try:
                self._get(url)
                break
            except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
                there = self._waiting()
                if not there:
                    raise ConnectionError(f"There is no connection to {url}; try again later.") from error
                if attempt + 1 == self.attempts or there == before:
                    raise ConnectionError(f"The connection to {url} was cut after {there:,} bytes; run the same "
                                          f"command again to continue there.") from error  # fmt: skip
        _hand_over(self.part, Path(output_file))

    @property
    def _said(self) -> Path:
        return self.part.with_name(f"{self.part.name}.json")

    def _waiting(self) -> int:
        return self.part.stat().st_size if self.part.is_file() else 0

    def _get(self, url: str) -> None:
        start = self._waiting()
        said = remembered(self._said) if start else None
        if said is None or said.get("url") != url:
            start = 0
        if start and start == said.get("size"):
            return
        answer = self._ask(url, start)
        if start and not (_continues(answer, start) and _identity(url, answer, start) == said):
            answer.close()  # no ranges, or another file by now: from the beginning
            start, answer = 0, self._ask(url, 0)
        with answer:
            _refuse(url, answer)
            write_text(self._said, json.dumps(_identity(url, answer, start)))
            self._write(answer, start)

    def _ask(self, url: str, start: int) -> requests.Response:
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
        return requests.get(url, headers=headers, stream=True, timeout=self.timeout)

    def _write(self, answer: requests.Response, start: int) -> None:
        length = answer.headers.get("Content-Length")
        total = start + int(length) if length else None
        with self.part.open("r+b" if start else "wb") as file:
            file.seek(start)
            for piece in answer.iter_content(PIECE):
                file.write(piece)
                start += len(piece)
                self.tell(start, total)


def remembered(file: Path) -> dict[str, object] | None:
    """What the server said of the file whose bytes wait, or None: nothing was kept, or it is damaged.

    >>> remembered(Path("nowhere"))
    """
    try:
        said = parse_json(file.read_bytes())
    except (OSError, ValueError):
        return None
    return said if isinstance(said, dict) else None


def _continues(answer: requests.Response, start: int) -> bool:
    return answer.status_code == 206 and answer.headers.get("Content-Range", "").startswith(f"bytes {start}-")


def _identity(url: str, answer: requests.Response, start: int) -> dict[str, object]:
    length = answer.headers.get("Content-Length")
    size = start + int(length) if length else None
    return {"url": url, "size": size, **{key: answer.headers.get(key) for key in ("ETag", "Last-Modified")}}


def _refuse(url: str, answer: requests.Response) -> None:
    if answer.status_code not in (200, 206):
        raise ValueError(f"{url} answered {answer.status_code} {answer.reason}; the file may have moved.")
    if answer.headers.get("Content-Type", "").startswith("text/html"):
        raise ValueError(f"{url} answered with a web page and not with a file; the file may have moved.")


def _hand_over(part: Path, output: Path) -> None:
    """As a second name for the same bytes, so that they are not lost where their checksum turns out wrong."""
    output.unlink(missing_ok=True)
    try:
        os.link(part, output)
    except OSError:  # a file system without hard links
        shutil.copyfile(part, output)
