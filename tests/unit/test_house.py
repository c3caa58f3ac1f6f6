"""The rules of the house: arrows run one way, every public name is documented, stated shapes are the annotated ones."""

import ast
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest
from torch import nn

import lmfn_core

PACKAGE = Path(lmfn_core.__file__).parent
FLOORS = [  # a file imports from its own floor and those before it
    {"repro", "records", "parsing"},
    {"parts"},
    {"models", "__init__"},
    {"images"},
    {"files"},
    {"measures"},
    {"datasets"},
    {"training"},
    {"restoring"},
    {"benchmark"},
    {"evidence"},
    {"teaching", "cli", "__main__"},
]
UPWARD = {  # fetched when they are asked for
    ("__init__.py", "restoring.restoration"),
}
MODULES = sorted(m.name for m in pkgutil.walk_packages([str(PACKAGE)], "lmfn_core."))


def floor_of(module: str) -> int:
    return next(i for i, floor in enumerate(FLOORS) if module.split(".")[0] in floor)


def public_names() -> list[tuple[str, object]]:
    found = []
    for module in map(importlib.import_module, MODULES):
        for name, value in vars(module).items():
            defined_here = getattr(value, "__module__", None) == module.__name__
            if not name.startswith("_") and defined_here and (inspect.isclass(value) or inspect.isfunction(value)):
                found.append((f"{module.__name__}.{name}", value))
    return found


PUBLIC = public_names()


def annotations_of(value: object) -> str:
    """Source text of the annotations: of a function, or of a class's fields and methods."""
    return re.sub(r'"""[\s\S]*?"""', "", inspect.getsource(value))


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_imports_go_down_only(path):
    place = path.relative_to(PACKAGE)
    here = floor_of(place.with_suffix("").as_posix().replace("/", "."))
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lmfn_core"):
            names = [node.module.removeprefix("lmfn_core").removeprefix(".") or "__init__"]
        for name in names:
            allowed = (place.as_posix(), name) in UPWARD
            assert allowed or floor_of(name) <= here, f"{place} imports {name}, which stands above it"


def test_the_house_has_every_file_on_a_floor():
    files = {m.removeprefix("lmfn_core.").split(".")[0] for m in MODULES} | {"__init__"}
    placed = set().union(*FLOORS)
    assert files <= placed, sorted(files - placed)
    assert placed <= files, sorted(placed - files)


@pytest.mark.parametrize(("name", "value"), PUBLIC, ids=[n for n, _ in PUBLIC])
def test_public_names_are_documented_and_annotated(name, value):
    text = inspect.getdoc(value) or ""
    assert len(text) > 20, "no docstring"
    if inspect.isfunction(value):
        signature = inspect.signature(value)
        bare = [p for p in signature.parameters.values() if p.annotation is p.empty]
        assert not bare and signature.return_annotation is not signature.empty or "exercises" in name, bare
    if "Raises" in text:
        assert re.search(r"Raises:\n\s+\w+(Error|Exception|Diverged|Hint)?: \S+", text), "Raises says what and when"


CHECKERS = "lmfn_core.teaching.exercises"  # they state the shapes of the answer, not their own
BLOCKS = [(n, v) for n, v in PUBLIC if not n.startswith(CHECKERS)]


@pytest.mark.parametrize(("name", "value"), BLOCKS, ids=[n for n, _ in BLOCKS])
def test_stated_shapes_are_the_annotated_ones(name, value):
    """A shape that a docstring quotes, such as "b c h w", stands in an annotation of the same name."""
    text, annotated = inspect.getdoc(value) or "", annotations_of(value)
    loose = lambda shape: re.sub(r"//", "/", shape.strip())  # noqa: E731
    for shape in re.findall(r'"((?:b|c|\d) [^"\n]{1,20})"', text):
        assert loose(shape) in loose(annotated), f"{name} states {shape!r}, its annotations do not"


TENSOR_WORDS = ("Float[", "UInt8[", "Shaped[", "Tensor")
WITH_TENSORS = [(n, v) for n, v in PUBLIC if any(w in annotations_of(v).split(") ->")[0] for w in TENSOR_WORDS)]


@pytest.mark.parametrize(("name", "value"), WITH_TENSORS, ids=[n for n, _ in WITH_TENSORS])
def test_callables_on_tensors_have_a_doctest_that_shows_them(name, value):
    if name.startswith(CHECKERS) or inspect.isclass(value) and not issubclass(value, nn.Module):
        pytest.skip("a class of data or a checker")
    needs_files = {"train", "save_weights", "save_trained"}
    if name.rsplit(".", 1)[1] in needs_files:
        pytest.skip("shown by its tests: it writes files or runs for long")
    assert ">>>" in (inspect.getdoc(value) or ""), "no doctest"
