"""Make the mutants of some Python files with Cosmic Ray's operators; runs in .venv-mutation and needs nothing else.

python -m workflow.reliability.cosmic FILE ...      prints a JSON list, see ``mutants_of``

Left out: bitwise operators (a tensor of floats refuses them all), "is" in place of a comparison of numbers, "+x" beside
"x", whatever stands in a message (an f-string), and what is no Python or no other program. Docstrings and annotations
hold nothing that these operators change.
"""

import ast
import json
import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

LEFT_OUT = re.compile(r"Variable|Shift|Bit|Unary.*_UAdd$|Comparison.*(?<!Is)(?<!IsNot)_Is(Not)?$")
"""Names of operators, as Cosmic Ray gives them; its two for variables want arguments."""


def mutants_of(source: str) -> Iterator[dict[str, object]]:
    """Every mutant once: "operator"; "line", from 1; "code", that line before; "change"; "source", the whole file."""
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.operators.provider import OperatorProvider

    provider, seen, tree = OperatorProvider(), {ast.dump(ast.parse(source))}, get_ast(source)
    for name in sorted(name for name in provider if not LEFT_OUT.search(name)):
        operator = provider[name]()
        places = [(node, at) for node in ast_nodes(tree) for at in operator.mutation_positions(node)]
        for occurrence, (node, (start, _)) in enumerate(places):
            mutated = mutate_code(source, operator, occurrence)
            if _in_message(node) or (dump := _dump(mutated)) is None or dump in seen:
                continue
            seen.add(dump)
            code = source.splitlines()[start[0] - 1].strip()
            yield {"operator": name, "line": start[0], "code": code, "change": _change(source, mutated),
                   "source": mutated}  # fmt: skip


def _in_message(node: object) -> bool:
    while node is not None and node.type != "fstring":
        node = node.parent
    return node is not None


def _dump(source: str) -> str | None:
    """The program, however it is written; None for what Python refuses or warns about."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            compile(source, "mutant", "exec")
            return ast.dump(ast.parse(source))
        except (SyntaxError, SyntaxWarning):
            return None


def _change(before: str, after: str) -> str:
    """What became what, in whole words and operators.

    >>> _change("a = b + 10", "a = b - 10"), _change("at = 10", "at =  11"), _change("(-2, a)", "( 2, a)")
    ('+ → -', '10 → 11', '- → nothing')
    """
    old, new = (re.findall(r"\w+(?:\.\w+)*|\*\*|//|[<>=!]=|[^\w\s]", text) for text in (before, after))
    while old and new and old[0] == new[0]:
        del old[0], new[0]
    while old and new and old[-1] == new[-1]:
        del old[-1], new[-1]
    return f"{' '.join(old) or 'nothing'} → {' '.join(new) or 'nothing'}"


if __name__ == "__main__":
    found = [{"file": file, **mutant} for file in sys.argv[1:] for mutant in mutants_of(Path(file).read_text("utf-8"))]
    json.dump(found, sys.stdout)
