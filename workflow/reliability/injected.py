"""What papermill writes into a notebook for its parameters, read back as literals: text from outside is never code."""

import ast
import math

from papermill.translators import PythonTranslator


def injected(parameters: dict[str, object]) -> dict[str, object]:
    """The parameters as the kernel will see them, got without running anything.

    Raises:
        ValueError: when the injected cell holds anything but ``name = literal``.

    >>> injected({"data": '"+__import__("os").getcwd()+"', "steps": 3})
    {'data': '"+__import__("os").getcwd()+"', 'steps': 3}
    """
    cell = ast.parse(PythonTranslator.codify(parameters))
    return {_name(node): _literal(node.value) for node in cell.body}


def _name(node: ast.stmt) -> str:
    if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
        raise ValueError(f"{ast.unparse(node)!r} is no assignment of a literal.")
    return node.targets[0].id


def _literal(node: ast.expr) -> object:
    if ast.unparse(node) in ("float('nan')", "float('inf')", "float('-inf')"):  # papermill's three calls
        return math.nan if "nan" in ast.unparse(node) else float(node.args[0].value)
    return ast.literal_eval(node)
