"""What makes a run up to date: one hash over its code, parameters and inputs, kept with hashes of what it wrote."""

import ast
import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from pathlib import Path

from workflow import masters
from workflow.graph import Run
from workflow.places import Places

PACKAGE = "lmfn_core"
STATE = "state.json"


def key(run: Run, places: Places, current: Collection[str] = ()) -> str:
    """The hash of everything that the run's result depends on; its needed runs must be done.

    Of the runs named as `current`, the record counts that they left, whatever became of its copy among the reports.

    Comments, docstrings and formatting of the package do not count, nor do a notebook's texts and outputs. Of the
    records read, everything counts but the environment they were made in.
    """
    master = masters.read(places.notebooks / f"{run.notebook}.ipynb")
    folders = {name: places.work / name if name in current else places.records for name in run.needs + run.after}
    inputs = {name: _record_digest(folder / f"{name}.json") for name, folder in folders.items()}
    files = {name: _digest(places.root / name) for name in run.reads}
    package = sources(places.root, master.body)
    parts = [[cell.strip() for cell in master.cells], run.parameters, inputs, files, package]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def sources(root: Path, trees: Iterable[ast.AST]) -> dict[str, str]:
    """The package's modules that the trees import, directly or through others, each with the hash of its code."""
    found: dict[str, str] = {}
    waiting = {name for tree in trees for name in _imported(tree)}
    while waiting:
        module = waiting.pop()
        path = root.joinpath(*module.split("."))
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        if module in found or not path.is_file():
            continue
        found[module], imported = _code(path.read_text(encoding="utf-8"))
        waiting |= imported
    return found


def begin(folder: Path, stamp: str) -> None:
    """Prepare the run's folder: emptied, unless an interrupted run with the very same stamp can go on from it."""
    if _state(folder).get("key") != stamp:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        write_json(folder / STATE, {"key": stamp})


def finish(folder: Path, stamp: str, run: Run, seconds: float) -> None:
    """Note that the run is done, with the hashes of what it wrote."""
    outputs = {path.relative_to(folder).as_posix(): _digest(path) for path in _results(folder, run)}
    write_json(folder / STATE, {"key": stamp, "seconds": round(seconds, 1), "outputs": outputs})


def is_current(folder: Path, stamp: str) -> bool:
    """Whether the run was finished under this stamp and everything it wrote is still there, unchanged."""
    state = _state(folder)
    outputs = state.get("outputs", {})
    return bool(outputs) and state["key"] == stamp and all(_digest(folder / n) == d for n, d in outputs.items())


def last_seconds(folder: Path) -> float | None:
    """How long the run took when it was last finished."""
    return _state(folder).get("seconds")


def publish(run: Run, places: Places) -> None:
    """Copy the run's record, and the folders it publishes, to where the reports keep them; each file atomically."""
    folder = places.work / run.name
    _copy(folder / f"{run.name}.json", places.records / f"{run.name}.json")
    for kind in run.publish:
        for path in sorted((folder / kind).rglob("*")):
            if path.is_file():
                _copy(path, places.out / kind / places.tier / path.relative_to(folder / kind))


def set_aside(places: Places, names: Iterable[str]) -> list[str]:
    """Move records of runs that the graph no longer has out of the reports' way; return the runs' names."""
    moved, names = [], set(names)
    for path in sorted(places.records.glob("*.json")):
        record = read_json(path)
        if path.stem not in names and record.get("schema") == 1 and record.get("run") == path.stem:
            (places.work / "set-aside").mkdir(parents=True, exist_ok=True)
            os.replace(path, places.work / "set-aside" / path.name)
            moved.append(path.stem)
    return moved


def read_json(path: Path) -> dict:
    """The mapping in a JSON file; empty when the file is missing, damaged or holds something else."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def write_json(path: Path, content: object) -> None:
    """Write JSON so that a reader sees the old file or the new one, never a part."""
    with _whole(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")


@cache
def _code(text: str) -> tuple[str, frozenset[str]]:
    """The hash of a module's code, and the modules that it may import; many runs ask for the same."""
    tree = ast.parse(text)
    imported = frozenset(_imported(tree))
    return hashlib.sha256(ast.dump(_without_docstrings(tree)).encode()).hexdigest(), imported


def _imported(tree: ast.AST) -> set[str]:
    """Modules of the package that the code may import; `from a import b` counts as both a and a.b."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = node.module or "" if not node.level else ".".join(filter(None, (PACKAGE, node.module)))
            names |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    parts = [name.split(".") for name in names if name.split(".")[0] == PACKAGE]
    return {".".join(path[:length]) for path in parts for length in range(1, len(path) + 1)}  # with the packages above


def _without_docstrings(tree: ast.AST) -> ast.AST:
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            node.body = node.body[ast.get_docstring(node, clean=False) is not None :]
    return tree


def _results(folder: Path, run: Run) -> list[Path]:
    """What a finished run leaves for others: its record, checkpoints, and the folders it publishes."""
    published = [path for kind in run.publish for path in (folder / kind).rglob("*") if path.is_file()]
    return [folder / f"{run.name}.json", *sorted(folder.rglob("*.safetensors")), *sorted(published)]


def _record_digest(path: Path) -> str:
    record = {name: value for name, value in read_json(path).items() if name != "environment"}
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _state(folder: Path) -> dict:
    return read_json(folder / STATE)


def _copy(source: Path, target: Path) -> None:
    if _digest(source) == _digest(target):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with _whole(target) as temporary:
        shutil.copyfile(source, temporary)


@contextlib.contextmanager
def _whole(target: Path) -> Iterator[Path]:
    """A neighbouring file to write, which then takes the target's place; where that fails, it is gone and told."""
    temporary = target.with_name(f".{target.name}.tmp")
    try:
        yield temporary
        os.replace(temporary, target)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise OSError(f"{str(target)!r} could not be written: {error.strerror or error}") from error
