"""Run records: one small JSON file per run, written whole or not at all.

Everything that differs between two equal runs stands under ``seconds`` and ``environment``; the rest is the run's
identity and result.
"""

import functools
import json
import math
import os
import re
from collections.abc import Mapping
from pathlib import Path

from lmfn_core.parsing import parse_json
from lmfn_core.repro import environment

SCHEMA = 1
TEMPORARY = ".lmfn.tmp"
"""How the names of half-written files end, after a dot, the file's own name and the number of the process."""
RECORD_FIELDS = (
    "schema", "run", "notebook", "tier", "parameters", "data", "steps", "seed", "metrics", "seconds", "environment",
)  # fmt: skip


def write_bytes(path: Path | str, content: bytes) -> Path:
    """Write all or nothing: into a neighbouring temporary file, then moved over ``path``.

    A process killed on the way leaves its hidden temporary file, which the next one that writes there removes.

    Raises:
        OSError: when it cannot be written, in a sentence; what stood at ``path`` stays as it was.

    >>> import tempfile
    >>> write_bytes(Path(tempfile.mkdtemp()) / "a" / "b.txt", b"whole").read_bytes()
    b'whole'
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}{TEMPORARY}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path.parent.absolute(), os.getpid())
        with open(temporary, "wb") as file:
            try:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
                os.replace(temporary, path)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise OSError(f"{str(path)!r} could not be written: {error.strerror or error}.") from error
    return path


def check_writable(folder: Path | str) -> None:
    """Refuse a folder that nothing can be written into, before hours of work are put into what would go there.

    Raises:
        OSError: when the folder, or the one that it would be made in, is read-only or no folder.

    >>> check_writable("new/folder")
    """
    folder = Path(folder).absolute()
    there = next(place for place in (folder, *folder.parents) if place.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        why = "may not be written" if there.is_dir() else "is no folder"
        raise OSError(f"Nothing can be written into {str(folder)!r}: {str(there)!r} {why}; choose another folder.")


@functools.lru_cache(maxsize=1024)
def _sweep(folder: Path, asking: int) -> None:
    """Remove what killed processes left half-written in a folder; once for each process that asks."""
    for entry in os.scandir(folder):
        writer = re.fullmatch(rf"\..+\.(\d+){re.escape(TEMPORARY)}", entry.name)
        if writer and int(writer[1]) != asking and not _is_running(int(writer[1])):
            Path(entry).unlink(missing_ok=True)


def _is_running(process: int) -> bool:
    if os.name != "posix":
        return True  # there os.kill would end it
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True  # somebody else's
    return True


def write_text(path: Path | str, text: str) -> Path:
    """``write_bytes`` for text, UTF-8 and Unix line ends everywhere.

    >>> import tempfile
    >>> write_text(Path(tempfile.mkdtemp()) / "b.txt", "θ").read_bytes()
    b'\\xce\\xb8'
    """
    return write_bytes(path, text.encode())


def save_record(
    out: Path | str,
    run: str,
    *,
    notebook: str,
    tier: str,
    parameters: Mapping[str, object],
    data: str,
    metrics: Mapping[str, object],
    seconds: Mapping[str, float],
    steps: int | None = None,
    seed: int | None = None,
) -> Path:
    """Write the record of one run to ``out/run.json``.

    Args:
        parameters: the notebook's parameters. data: one sentence naming the images. metrics: the results.
        seconds: named durations. steps: training steps, None where nothing trained. seed: None where nothing is drawn.

    Raises:
        ValueError: when a metric is NaN or infinite (its name is given): such a run has no result to keep.

    >>> import tempfile
    >>> path = save_record(tempfile.mkdtemp(), "demo", notebook="n", tier="smoke", parameters={}, data="none",
    ...                    metrics={"answer": 42}, seconds={})
    >>> load_record(path)["metrics"]
    {'answer': 42}
    """
    _refuse_non_finite(metrics, "metrics")
    record = {
        "schema": SCHEMA, "run": run, "notebook": notebook, "tier": tier, "parameters": dict(parameters), "data": data,
        "steps": steps, "seed": seed, "metrics": dict(metrics),
        "seconds": {name: round(float(value), 3) for name, value in seconds.items()}, "environment": environment(),
    }  # fmt: skip
    text = json.dumps(record, indent=1, sort_keys=True, ensure_ascii=False)
    return write_text(Path(out) / f"{run}.json", text + "\n")


def load_record(path: Path | str) -> dict:
    """Read one record.

    Raises:
        ValueError: when the file is not a run record of this schema, naming the file and what is wrong.
    """
    path = Path(path)
    try:
        record = parse_json(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"{path} is not a run record: {error}. Delete it and run again.") from None
    missing = [f for f in RECORD_FIELDS if f not in record] if isinstance(record, dict) else list(RECORD_FIELDS)
    if missing or record["schema"] != SCHEMA or not isinstance(record["run"], str):
        raise ValueError(f"{path} is no run record of schema {SCHEMA} (missing: {missing}). Delete it and run again.")
    return record


def load_records(folder: Path | str) -> dict[str, dict]:
    """All records of a folder by run name, sorted.

    Raises:
        FileNotFoundError: when the folder does not exist.
        ValueError: from ``load_record``.

    >>> import tempfile
    >>> load_records(tempfile.mkdtemp())
    {}
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no folder of run records at {folder}; `make reproduce` writes one.")
    records = [load_record(path) for path in sorted(folder.glob("*.json"))]
    return {record["run"]: record for record in records}


def _refuse_non_finite(value: object, name: str) -> None:
    if isinstance(value, Mapping):
        for key, item in value.items():
            _refuse_non_finite(item, f"{name}.{key}")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _refuse_non_finite(item, f"{name}[{index}]")
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{name} is {value}: not written to the run record.")
