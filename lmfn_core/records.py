"""Run records: one small JSON file per run, written whole or not at all.

Everything that differs between two equal runs stands under ``seconds`` and ``environment``; the rest is the run's
identity and result.
"""

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path

from lmfn_core.parsing import parse_json
from lmfn_core.repro import environment

SCHEMA = 1
RECORD_FIELDS = (
    "schema", "run", "notebook", "tier", "parameters", "data", "steps", "seed", "metrics", "seconds", "environment",
)  # fmt: skip


def write_bytes(path: Path | str, content: bytes) -> Path:
    """Write all or nothing: into a neighbouring temporary file, then moved over ``path``.

    Raises:
        OSError: when the folder cannot be written; what stood at ``path`` stays as it was.

    >>> import tempfile
    >>> write_bytes(Path(tempfile.mkdtemp()) / "a" / "b.txt", b"whole").read_bytes()
    b'whole'
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


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
