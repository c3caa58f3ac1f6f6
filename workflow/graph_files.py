"""The two YAML files behind the matrix of runs, graph.yaml and a tier's, read and checked field by field."""

import re
import reprlib
from collections.abc import Callable, Mapping
from pathlib import Path

import yaml

from workflow import Problem, suggest
from workflow.masters import is_plain as _is_plain

Check = tuple[str, Callable[[object], bool]]


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 200 and value.isprintable()


def _is_names(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_name, value))


def _is_values(value: object) -> bool:
    return isinstance(value, dict) and all(map(_is_name, value)) and _is_plain(value)


def _is_values_or_none(value: object) -> bool:
    return value is None or _is_values(value)


def _is_axis(value: object) -> bool:
    return _is_name(value) or isinstance(value, list) and all(isinstance(v, int | str) and _is_plain(v) for v in value)


def _is_each(value: object, check: Callable[[object], bool]) -> bool:
    return isinstance(value, dict) and all(map(_is_name, value)) and all(map(check, value.values()))


NAMES: Check = "a list of names", _is_names
VALUES: Check = "a mapping of parameters to words, finite numbers and lists of them", _is_values
RUN: Mapping[str, Check] = {
    "notebook": ("the stem of a file under notebooks/", lambda v: isinstance(v, str) and bool(re.fullmatch(r"\w+", v))),
    "parameters": VALUES,
    "each": ("a mapping of parameters to lists, or to names of lists", lambda v: _is_each(v, _is_axis)),
    "needs": NAMES,
    "after": NAMES,
    "exclusive": ("true or false", lambda v: isinstance(v, bool)),
    "gpu": ("a number of graphics cards", lambda v: isinstance(v, int) and 0 <= v < 1000),
    "reads": NAMES,
    "publish": NAMES,
}
GRAPH: Mapping[str, Check] = {
    "runs": ("a mapping of names to runs", lambda v: _is_each(v, lambda run: True)),
    "targets": ("a mapping of names to lists of names", lambda v: _is_each(v, _is_names)),
}
TIER: Mapping[str, Check] = {
    "seeds": ("a list of whole numbers", lambda v: _is_axis(v) and all(type(seed) is int for seed in v)),
    "data": NAMES,
    "needs_data": ("a sentence", lambda v: isinstance(v, str)),
    "notebooks": ("a mapping of notebooks to their parameters", lambda v: _is_each(v, _is_values_or_none)),
    "runs": ("a mapping of runs to their parameters", lambda v: _is_each(v, _is_values_or_none)),
    "skip": NAMES,
}


def read_graph(path: Path) -> dict:
    """The content of graph.yaml, every run checked; a Problem that names what is wrong."""
    content = checked(_content(path), GRAPH, path.name)
    if missing := sorted(set(GRAPH) - set(content)):
        raise Problem(f"{path.name} lacks the section {missing[0]!r}.")
    for name, entry in content["runs"].items():
        if not checked(entry, RUN, f"{path.name}, run {name}").get("notebook"):
            raise Problem(f"{path.name}, run {name} names no notebook.")
    return content


def read_tier(path: Path) -> dict:
    """The content of a tier's file; a Problem that names what is wrong."""
    return checked(_content(path), TIER, path.name)


def checked(content: object, known: Mapping[str, Check], where: str) -> dict:
    """The mapping without its empty fields, when it has known fields only, each of its kind.

    >>> checked({"gpu": 1, "needs": None}, RUN, "run a")
    {'gpu': 1}
    """
    if not isinstance(content, dict):
        raise Problem(f"{where} must be a mapping with the keys {', '.join(sorted(known))}.")
    for key, value in content.items():
        if key not in known:
            raise Problem(f"{where} has an unknown key {reprlib.repr(key)}{suggest(str(key)[:100], known)}")
        what, fits = known[key]
        if value is not None and not fits(value):
            raise Problem(f"{where}: {key} is {what}, not {_quoted(value)}.")
    return {key: value for key, value in content.items() if value is not None}


def _content(path: Path) -> object:
    """What the file says. Aliases are refused: a few lines of them stand for more than a memory holds."""
    try:
        text = path.read_text(encoding="utf-8")
        if "&" in text and "*" in text:
            for event in yaml.parse(text, Loader=yaml.SafeLoader):
                if isinstance(event, yaml.AliasEvent):
                    raise Problem(f"{path.name} uses aliases ('*{event.anchor[:40]}'); write the value out.")
        return yaml.safe_load(text)
    except RecursionError:
        raise Problem(f"{path.name} is not valid YAML: it is nested too deep.") from None
    except (yaml.YAMLError, ValueError, ArithmeticError, LookupError, TypeError, AttributeError) as error:
        raise Problem(f"{path.name} is not valid YAML: {' '.join(ascii(str(error))[1:-1].split())[:400]}") from None


def _quoted(value: object) -> str:
    try:
        return reprlib.repr(value)
    except ValueError:  # Python refuses to write integers of thousands of digits
        return "a number of thousands of digits"
