"""A notebook's parameter is text from outside: papermill writes it into a cell, and it stays text there."""

import ast

import nbformat
import pytest
from papermill.parameterize import parameterize_notebook

from workflow import Problem, masters, words
from workflow.reliability.injected import injected

HOSTILE = [
    '"""', "'''", '"', "'", "\\", '\\"', '\\\\"', "\n", "\r", "\r\n", "\t", "\x0b\x0c\x1c\x85\u2028\u2029", "\0",
    "__import__('os')", '"+__import__("os").getcwd()+"', '"\n__import__("os").abort()\n"', '\\"+exit()+\\"', "{exit()}",
    "${HOME}", "$(id)", "`id`", "%run x", "!id", "# comment", "\\N{BULLET}", "\\x22+exit()+\\x22", "\\u0022", "é" * 9,
    "\u202e", "\U0001f600", "x" * 100_000, "", "nan", "f'{exit()}'", "None", "\\", "a\\", "\ufeff",
]  # fmt: skip


def cell_of(parameters):
    """The cell that papermill injects."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("value = 1", metadata={"tags": ["parameters"]})])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    book.metadata["papermill"] = {}
    return parameterize_notebook(book, parameters, kernel_name="python3", language="python").cells[1].source


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_text_stays_text(text):
    values = {"value": text, "rates": [text, [text]], "mapping": {text: text, "a": {text: [text]}}}
    assert injected(values) == values
    for node in ast.parse(cell_of(values)).body:
        assert isinstance(node, ast.Assign)
        assert not [part for part in ast.walk(node) if isinstance(part, ast.Call | ast.JoinedStr | ast.Name)][1:]


def test_numbers_that_are_none_are_the_three_known_calls():
    found = injected({"a": float("nan"), "b": float("inf"), "c": float("-inf")})
    assert found["a"] != found["a"] and (found["b"], found["c"]) == (float("inf"), float("-inf"))


CODE = ["x = open('a')", "x = 1; import os", "print(1)", "x.y = 1", "x = [exit()]", "x = f'{a}'"]


@pytest.mark.parametrize("code", CODE)
def test_the_reading_back_refuses_code(code, monkeypatch):
    monkeypatch.setattr("papermill.translators.PythonTranslator.codify", lambda parameters: code)
    with pytest.raises(ValueError):
        injected({"x": 1})


@pytest.mark.parametrize("default", [3, 0.5, False, "word", [1], {"a": 1}, None], ids=repr)
@pytest.mark.parametrize(
    "text", [*HOSTILE, "nan", "inf", "-inf", "1e999", "9" * 900, "b'+exit()+'", "(1,)", "{1}", "1j", "...",
             "-" * 900 + "1", "[b'']", "{1: 2}", "{'a': float('nan')}", "(" * 500, "[" * 500, "1_0", "[1e999]"],
)  # fmt: skip
def test_a_word_is_a_plain_value_or_a_problem(text, default):
    try:
        value = masters.convert("value", text, default)
    except Problem as problem:
        assert str(problem)
    else:
        assert masters.is_plain(value)
        assert injected({"value": value}) == {"value": value}


@pytest.mark.parametrize(
    "word", ["data=a\nimport os", "steps=\udcff", "data=a\0b", "OUT=a\0b", "DATA=~nobody-here/x", "OUT=~nobody-here",
             "steps=" + "9" * 5000, "data=\u202ex", "a b=1", "__import__('os')=1", "x" * 5000, "JOBS=" + "9" * 5000],
)  # fmt: skip
def test_words_that_are_none_are_problems(word):
    with pytest.raises(Problem) as problem:
        words.parse([word])
    assert len(str(problem.value).splitlines()) == 1 and str(problem.value).encode()
