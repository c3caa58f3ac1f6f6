"""JSON and YAML from strangers: a parser's complaint becomes one sentence, and what is quoted is short."""

import json
import reprlib

import yaml

_QUOTED = reprlib.Repr()
_QUOTED.maxstring = _QUOTED.maxother = 120


def brief(text: object, most: int = 300) -> str:
    """Text for a sentence, on one line, short, and fit for every terminal.

    >>> brief("two\\nlines \\ud800"), brief("a" * 9, most=4)
    ('two lines \\\\ud800', 'aaaa...')
    """
    line = "".join(c if c.isprintable() else " " if c.isspace() else repr(c)[1:-1] for c in str(text)[: most + 1])
    line = " ".join(line.split())
    return line if len(line) <= most else f"{line[:most]}..."


def quoted(value: object) -> str:
    """``repr`` for a sentence: short, however deep, wide or circular the value.

    >>> len(quoted(["a" * 999] * 999)) < 400, quoted({"steps": 3})
    (True, "{'steps': 3}")
    """
    try:
        return brief(_QUOTED.repr(value))
    except ValueError:  # Python refuses to write integers of thousands of digits
        return "a number of thousands of digits"


def parse_json(data: bytes | str) -> object:
    """What a JSON text says.

    Raises:
        ValueError: when it is no JSON, is no UTF-8, is nested too deep or holds a number of thousands of digits.

    >>> parse_json(b'{"steps": 3}')
    {'steps': 3}
    """
    try:
        return json.loads(data)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    except ValueError as error:
        raise ValueError(brief(error)) from None


def parse_yaml(data: bytes | str) -> object:
    """What a YAML text says. Aliases are refused: a few lines of them stand for more than a memory holds.

    Raises:
        ValueError: when it is no YAML, is no UTF-8, is nested too deep or uses aliases.

    >>> parse_yaml("a: &x [1]\\nb: *x")
    Traceback (most recent call last):
    ValueError: it uses aliases ('*x'); write the value out
    """
    try:
        text = data.decode() if isinstance(data, bytes) else data
        if "&" in text and "*" in text:
            for event in yaml.parse(text, Loader=yaml.SafeLoader):
                if isinstance(event, yaml.AliasEvent):
                    raise ValueError(f"it uses aliases ({f'*{event.anchor}'!r}); write the value out")
        return yaml.safe_load(text)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    except (yaml.YAMLError, ValueError, ArithmeticError, LookupError, TypeError, AttributeError) as error:
        raise ValueError(brief(error)) from None  # PyYAML's constructors raise more than its own errors
