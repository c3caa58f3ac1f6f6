"""What a call that was killed or failed midway has written already, so that the same call goes on behind it.

Before the work, the call notes size and time of every file that it reads or may replace, in the user's cache folder. A
target that was not there and is there now, from an unchanged source, is the call's own work, since files are written
whole or not at all; so is a photograph restored in place that is no longer the noted one. A call that did everything
forgets its notes, and notes that no call came back for within ``KEPT`` days are swept by the next one. Where no notes
can be kept, the same call does all again, as far as it may.
"""

import hashlib
import json
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pooch

from lmfn_core.records import write_text
from lmfn_core.repro import source_digest
from lmfn_core.restoring.errands import Errand

KEPT = 30
"""Days that the notes of an unfinished call are kept."""
Stamp = list[int] | None  # a file's size and time; None: there is none


@dataclass(frozen=True)
class Unfinished:
    """The notes of one call.

    >>> Unfinished(Path("none.json"), frozenset()).done
    frozenset()
    """

    file: Path
    done: frozenset[Errand]  # by an earlier call of the same words

    def forget(self) -> None:
        """Everything is done."""
        with suppress(OSError):
            self.file.unlink(missing_ok=True)


def unfinished(planned: Sequence[Errand], *how: str | int | None) -> Unfinished:
    """Find what an interrupted call with the same plan has done, and note how things stand.

    Args:
        how: whatever else decides what is written: task, network, device, backend, looks, leave to replace.

    >>> unfinished([], "deblur").done
    frozenset()
    """
    files = [str(place) for errand in planned for place in _places(errand)]
    weights = [_stamp(Path(word)) for word in how if isinstance(word, str)]  # of a network that is given as a file
    identity = json.dumps([how, files, weights, source_digest()])
    file = notes_folder() / f"{hashlib.sha256(identity.encode()).hexdigest()[:32]}.json"
    _sweep(file.parent)
    noted, now = _read(file), [[_stamp(place) for place in _places(errand)] for errand in planned]
    if len(noted) != len(now):
        noted = now
    written = [_is_written(*stamps) for stamps in zip(planned, noted, now, strict=True)]
    with suppress(OSError):
        write_text(file, json.dumps([a if done else b for done, a, b in zip(written, noted, now, strict=True)]))
    return Unfinished(file, frozenset(errand for errand, done in zip(planned, written, strict=True) if done))


def _sweep(folder: Path) -> None:
    with suppress(OSError):
        for file in folder.glob("*.json"):
            if time.time() - file.stat().st_mtime > KEPT * 24 * 3600:
                file.unlink(missing_ok=True)


def notes_folder() -> Path:
    """Where notes lie: ``unfinished`` in the user's cache folder for ``lmfn``, or in ``$LMFN_CACHE``.

    >>> notes_folder().name
    'unfinished'
    """
    return Path(os.environ.get("LMFN_CACHE") or pooch.os_cache("lmfn")).expanduser() / "unfinished"


def _is_written(errand: Errand, noted: list[Stamp], now: list[Stamp]) -> bool:
    source, target = _places(errand)
    if source == target:
        return now[1] is not None and now[1] != noted[1]
    return noted[1] is None and now[1] is not None and now[0] == noted[0]


def _places(errand: Errand) -> tuple[Path, Path]:
    return Path(os.path.realpath(errand.source)), Path(os.path.realpath(errand.target))


def _stamp(path: Path) -> Stamp:
    try:
        state = path.stat()
    except OSError:
        return None
    return [state.st_size, state.st_mtime_ns]


def _read(file: Path) -> list[list[Stamp]]:
    try:
        noted = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return noted if isinstance(noted, list) else []
