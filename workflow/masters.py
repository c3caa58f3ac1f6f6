"""What a master notebook declares: its code cells, its parameters with their defaults, and what it does with them."""

import ast
import json
import math
import re
import reprlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from workflow import Problem

PLUMBING = ("tier", "run", "out")  # every master declares these; the runner sets them


@dataclass(frozen=True)
class Master:
    """A notebook as the runner sees it, read without starting Jupyter."""

    path: Path
    cells: tuple[str, ...]  # sources of the code cells, in order
    tags: tuple[frozenset[str], ...]  # the tags of each

    @cached_property
    def parameters(self) -> dict[str, object]:
        """Name and default of each parameter, from the one cell tagged `parameters`."""
        tagged = [source for source, tags in zip(self.cells, self.tags, strict=True) if "parameters" in tags]
        if len(tagged) != 1:
            raise Problem(f"{self.path.name} has {len(tagged)} cells tagged 'parameters'; it needs exactly one.")
        found = dict(_assignment(node, self.path) for node in self._parse(tagged[0]).body)
        if missing := [name for name in PLUMBING if name not in found]:
            raise Problem(f"{self.path.name} lacks the parameter {missing[0]!r} in its parameters cell.")
        return found

    @property
    def body(self) -> list[ast.Module]:
        """The syntax trees of all code cells except the parameters cell."""
        pairs = zip(self.cells, self.tags, strict=True)
        return [self._parse(source) for source, tags in pairs if "parameters" not in tags]

    def check(self) -> None:
        """Raise where papermill would stay silent: a parameter that no cell uses, or that a cell overwrites."""
        used = {node.id for tree in self.body for node in ast.walk(tree) if _is_read(node)}
        bound = {name for tree in self.body for name in _bound(tree)}
        for name in self.parameters:
            if name in bound:
                raise Problem(
                    f"{self.path.name} overwrites its parameter {name[:100]!r} in a later cell; rename one of them."
                )
            if name not in used:
                raise Problem(f"{self.path.name} declares the parameter {name[:100]!r} but no cell uses it.")

    def _parse(self, source: str) -> ast.Module:
        try:
            return ast.parse(without_magics(source))
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:  # memory: the parser's own, a stack
            raise Problem(f"{self.path.name}, cell {self.cells.index(source) + 1}: {error}.") from error


def read(path: Path) -> Master:
    """The master at `path`; a Problem when it is missing or is no notebook."""
    try:
        cells = [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
        sources = tuple("".join(cell["source"]) for cell in cells)
        return Master(path, sources, tuple(frozenset(cell["metadata"].get("tags", ())) for cell in cells))
    except FileNotFoundError:
        raise Problem(f"{path} does not exist, but the graph names it.") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise Problem(f"{path} is not a notebook: {type(error).__name__}, {reason}.") from None


def without_magics(source: str) -> str:
    """The cell as plain Python: IPython's `%` and `!` lines become `pass`, a `%%` first line goes.

    >>> without_magics("%matplotlib inline\\nx = 1")
    'pass\\nx = 1'
    """
    return re.sub(r"^([ \t]*)(%%?|!!?)[A-Za-z].*$", r"\1pass", source, flags=re.MULTILINE)


def convert(name: str, text: str, default: object) -> object:
    """The word `name=text` as a value of the type of the parameter's default.

    >>> convert("steps", "20", 600), convert("image_skip", "no", True), convert("lr", "1e-4", 0.1)
    (20, False, 0.0001)
    """
    kind = type(default)
    switches = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    try:
        if kind is bool:
            return switches[text.lower()]
        value = kind(text) if kind in (int, float, str) else ast.literal_eval(text)
    except (KeyError, ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        raise Problem(f"{name}={text} does not fit: {name} is {describe(default)} by default.") from None
    if not is_plain(value):
        raise Problem(f"{name}={text} does not fit: {name} holds words, finite numbers, and lists of them.")
    return value


def is_plain(value: object) -> bool:
    """Whether a value goes through JSON, and through papermill into a notebook, as it is.

    >>> is_plain([1, "a", None]), is_plain(float("nan")), is_plain(b"bytes, which papermill would not escape")
    (True, False, False)
    """
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, int):
        return abs(value) < 2**63
    if isinstance(value, str):
        return not any("\ud800" <= character <= "\udfff" for character in value)
    if isinstance(value, dict):
        return all(isinstance(key, str) and is_plain(key) for key in value) and all(map(is_plain, value.values()))
    return value is None or isinstance(value, list) and all(map(is_plain, value))


def fits(value: object, default: object) -> bool:
    """Whether a tier's value has the type of the notebook's default (an int may stand for a float).

    >>> fits(3, 0.5), fits("3", 3), fits(True, 3), fits([1], None)
    (True, False, False, True)
    """
    if default is None or type(value) is type(default):
        return is_plain(value)
    return isinstance(default, float) and type(value) is int


def describe(default: object) -> str:
    """A default with its type, for an error sentence."""
    kinds = {bool: "true or false", int: "a whole number", float: "a number", str: "a word"}
    shown = repr(default) if len(repr(default)) < 200 else reprlib.repr(default)
    return f"{kinds.get(type(default), type(default).__name__)} ({shown})"


def _assignment(node: ast.stmt, path: Path) -> tuple[str, object]:
    """`name = literal` as a pair; anything else does not belong into a parameters cell."""
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    try:
        (target,) = targets
        return target.id, ast.literal_eval(node.value)
    except (AttributeError, ValueError, TypeError):
        line = ast.unparse(node)[:200]
        raise Problem(f"{path.name}: a parameters cell holds only 'name = literal' lines, not {line!r}.") from None


def _is_read(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)


def _bound(tree: ast.AST) -> set[str]:
    """Names that a cell sets at its own level: not those local to functions, classes, lambdas and comprehensions."""
    scopes = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    comprehensions = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
    names: set[str] = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, ast.alias):
            names.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, scopes):
            names.add(getattr(node, "name", ""))
        names |= {node.name} if isinstance(node, (ast.ExceptHandler, ast.MatchAs)) and node.name else set()
        if not isinstance(node, scopes + comprehensions):
            names |= _bound(node)
    return names
