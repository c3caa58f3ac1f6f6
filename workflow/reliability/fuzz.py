"""Hostile files: damaged inputs by the hundred thousand, none of which may crash, hang or surprise.

Each input is made from the seed, the reader's name and its number alone, so that one can be made again; it lies in
``current`` while it is read, which names it even where the interpreter is killed.
"""

import contextlib
import logging
import signal
import tempfile
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from shutil import rmtree
from time import perf_counter

from workflow.reliability.targets import TARGETS, Target

__all__ = ["TARGETS", "Target", "attack", "make", "run"]

PATIENCE = 10.0
"""Seconds of computing that one input may take."""
MEMORY = 6 * 2**30
"""Bytes of address space that reading may take beyond what the process has."""
FAILED = Path(tempfile.gettempdir()) / "lmfn-fuzz"
"""Where failing inputs are written."""


class Hang(BaseException):
    """Reading one input took longer than ``PATIENCE``; no ``except Exception`` swallows it."""


def make(reader: str, number: int, seed: int = 0) -> bytes:
    """Input ``number`` of a reader.

    >>> make("run records", 5) == make("run records", 5)
    True
    """
    return _make(TARGETS[reader], TARGETS[reader].seeds(), f"{seed}/{reader}/{number}")


def attack(target: Target, data: bytes, folder: Path) -> str:
    """Let the reader read: "read" or "refused", or the traceback of what must not happen.

    A refusal is one of the target's exceptions with one line of text that can be printed.
    """
    try:
        with warnings.catch_warnings(), _bounded():
            warnings.simplefilter("ignore")
            logging.disable()  # tifffile tells of every damaged tag
            target.read(data, folder)
        return "read"
    except target.allowed as error:
        said = f"no sentence: {str(error)[:2000]!r}\n{traceback.format_exc()}"
        return "refused" if _is_sentence(str(error)) else said
    except (Exception, Hang):
        return traceback.format_exc()
    finally:
        logging.disable(logging.NOTSET)


def run(inputs: int = 100_000, seed: int = 0, readers: tuple[str, ...] = tuple(TARGETS), out: Path = FAILED) -> dict:
    """Attack the readers with so many inputs in all, by their shares.

    Returns:
        ``tried``, ``survived``, ``rows`` (``reader``, ``inputs``, ``read``, ``refused``), ``seconds`` and ``seed``.
        A failing input lies in ``out``, named by reader, seed and number, with its traceback beside it.
    """
    started, rows, shares = perf_counter(), [], sum(TARGETS[name].share for name in readers)
    for reader in readers:
        target = TARGETS[reader]
        tried = max(1, round(inputs * target.share / shares))
        found = Counter(_attacked(reader, target, tried, seed, out))
        rows.append({"reader": reader, "inputs": tried, "read": found["read"], "refused": found["refused"]})
    tried, survived = sum(row["inputs"] for row in rows), sum(row["read"] + row["refused"] for row in rows)
    seconds = round(perf_counter() - started, 1)
    return {"tried": tried, "survived": survived, "rows": rows, "seconds": seconds, "seed": seed, "caption": CAPTION}


CAPTION = (
    "Valid files, mutated, and nonsense, by reader: how many were read and how many refused, in one sentence each. "
    "Nothing else counts as survived: no other exception, no crash, no hang, no memory without bound."
)


def _attacked(reader: str, target: Target, inputs: int, seed: int, out: Path) -> Iterator[str]:
    valid, name = target.seeds(), reader.replace(": ", "-").replace(" ", "-")
    with tempfile.TemporaryDirectory() as work:
        for number in range(inputs):
            data, folder = _make(target, valid, f"{seed}/{reader}/{number}"), Path(work) / "in"
            folder.mkdir()
            out.mkdir(parents=True, exist_ok=True)
            (out / "current").write_bytes(data)
            outcome = attack(target, data, folder)
            rmtree(folder)
            if outcome not in ("read", "refused"):
                (out / f"{name}-{seed}-{number}").write_bytes(data)
                (out / f"{name}-{seed}-{number}.txt").write_text(outcome, encoding="utf-8", errors="replace")
                outcome = "failed"
            yield outcome


def _make(target: Target, valid: list[bytes], identity: str) -> bytes:
    random = Random(identity)
    return target.damage(random.choice(valid), valid, random)


def _is_sentence(text: str) -> bool:
    return 0 < len(text) < 2000 and text.splitlines() == [text] and not any("\ud800" <= c <= "\udfff" for c in text)


def _hung(*_: object) -> None:
    raise Hang(f"more than {PATIENCE} s")


@contextlib.contextmanager
def _bounded() -> Iterator[None]:
    """Limits of time and memory; where decoders in C do not come back, the process ends with a traceback."""
    import resource

    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limits, handler = resource.getrlimit(resource.RLIMIT_AS), signal.signal(signal.SIGPROF, _hung)
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, limits[1]))
    signal.setitimer(signal.ITIMER_PROF, PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, handler)
        resource.setrlimit(resource.RLIMIT_AS, limits)
