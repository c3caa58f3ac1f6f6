"""That the other tests of the notebooks would notice: a wrong number, a lost parameter, a picture without words."""

import ast
import re
import subprocess
import sys
from xml.etree import ElementTree

import nbformat
import pytest
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from workflow import ROOT, masters, student

MASTERS = student.masters()
IGNORED = {"nbval-ignore-output", "nbval-skip"}
each_master = pytest.mark.parametrize("path", MASTERS, ids=lambda path: path.stem)


def tags(cell):
    return set(cell.metadata.get("tags", ()))


def beginning(path):
    """A master's cells down to the first count that it prints and nbval compares, without the title card."""
    book = nbformat.read(path, as_version=4)
    title, *cells = [cell for cell in book.cells if cell.cell_type == "code"]
    assert "title_card(" in title.source
    last = next(i for i, cell in enumerate(cells) if not tags(cell) & IGNORED and printed(cell))
    book.cells = cells[: last + 1]
    return book


def printed(cell):
    """What a cell printed, if it holds a count."""
    text = "".join(output.get("text", "") for output in cell.outputs)
    return text if re.search(r"\d", text) else ""


def with_another_digit(cell):
    """The last digit that the cell printed becomes another, and nothing else."""
    (output,) = cell.outputs
    at = [match.start() for match in re.finditer(r"\d", output.text)][-1]
    output.text = output.text[:at] + str((int(output.text[at]) + 1) % 10) + output.text[at + 1 :]


def test_one_changed_digit_fails_under_nbval_in_its_cell(tmp_path):
    book = beginning(ROOT / "notebooks/06_assembling.ipynb")
    nbformat.write(book, tmp_path / "as_it_was.ipynb")
    with_another_digit(book.cells[-1])
    nbformat.write(book, tmp_path / "changed.ipynb")
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT)]
    command += ["--numprocesses=0", "-p", "no:cacheprovider", f"--junitxml={tmp_path / 'told.xml'}", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    cells = list(ElementTree.parse(tmp_path / "told.xml").iter("testcase"))
    assert len(cells) == 2 * len(book.cells)
    failed = [(cell.get("classname"), cell.get("name")) for cell in cells if len(cell)]
    assert len(failed) == 1 and "changed" in failed[0][0] and failed[0][1] == f"Cell {len(book.cells) - 1}"
    assert "Cell outputs differ" in done.stdout and "changed.ipynb" in done.stdout


def another(value):
    """A value of the same type that is not this one."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    return f"{value}x" if isinstance(value, str) else [value]


@each_master
def test_every_parameter_of_papermill_arrives_before_it_is_used(path):
    defaults = masters.read(path).parameters
    given = {name: another(value) for name, value in defaults.items()}
    book = parameterize_notebook(load_notebook_node(str(path)), given)
    cells = [cell for cell in book.cells if cell.cell_type == "code"]
    (declared,) = [i for i, cell in enumerate(cells) if "parameters" in tags(cell)]
    (injected,) = [i for i, cell in enumerate(cells) if "injected-parameters" in tags(cell)]
    lines = [node for node in ast.parse(cells[injected].source).body if isinstance(node, ast.Assign)]
    assert {line.targets[0].id: ast.literal_eval(line.value) for line in lines} == given
    assert injected == declared + 1
    for name in defaults:
        users = [i for i, cell in enumerate(cells) if i not in (declared, injected) and name in read_by(cell)]
        assert users and users[0] > injected, f"{name} is read in cell {users[:1]}, before papermill has set it"


def read_by(cell):
    tree = ast.parse(masters.without_magics(cell.source))
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


@each_master
def test_every_committed_picture_has_its_alternative_text(path):
    texts = []
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", ()):
            for kind in [kind for kind in output.get("data", {}) if kind.startswith("image/")]:
                text = output.metadata.get(kind, {}).get("alt", "")
                assert len(text.split()) >= 4, f"cell {cell.id}: call describe of teaching.alt_text; got {text!r}"
                texts.append(text)
    assert len(set(texts)) == len(texts), "two pictures say the same"


EXERCISE = re.compile(r"^\*\*\d+ · .+?\*\* \([●○]{5}, \d+ minutes\)", re.MULTILINE)


def exercises(cells):
    """The order of things: e an exercise is announced, h hints (? when they are not whole), s a solution."""
    order = ""
    for cell in cells:
        if cell.cell_type == "markdown" and EXERCISE.search(cell.source):
            order += "e"
        if "hint" in tags(cell):
            order += "h" if is_hints(cell) else "?"
        if "solution" in tags(cell):
            order += "s"
    return order


def is_hints(cell):
    """Two or three blocks to open, each with its own name, all of them closed."""
    names = re.findall(r"<details>\s*<summary>(.+?)</summary>.+?</details>", cell.source, flags=re.DOTALL)
    whole = cell.source.count("<details>") == cell.source.count("</details>") == len(names)
    return cell.cell_type == "markdown" and whole and 2 <= len(names) <= 3 and len(set(names)) == len(names)


IN_ORDER = "(ehs+)+"


@each_master
def test_hints_stand_between_an_exercise_and_its_solution(path):
    cells = nbformat.read(path, as_version=4).cells
    if not exercises(cells):
        pytest.skip("has no exercises")
    assert re.fullmatch(IN_ORDER, exercises(cells)), f"exercise, hints, solution, and again: {exercises(cells)}"


def test_hints_out_of_place_would_be_seen():
    new = nbformat.v4
    text = "\n".join(f"<details><summary>Hint {n}</summary>\n\nLook.\n</details>" for n in (1, 2))
    exercise = new.new_markdown_cell("## Exercises\n\n**1 · Count** (●○○○○, 5 minutes). Count.")
    hints = new.new_markdown_cell(text, metadata={"tags": ["hint"]})
    solution = new.new_code_cell("def f(): ...", metadata={"tags": ["solution"]})
    assert re.fullmatch(IN_ORDER, exercises([exercise, hints, solution] * 2))
    for wrong in ([exercise, solution, hints], [exercise, hints, solution, exercise, solution], [hints, solution]):
        assert not re.fullmatch(IN_ORDER, exercises(wrong))
    for bad in (text.replace("Hint 2", "Hint 1"), text.replace("</details>", "", 1), text.split("\n<details>")[0]):
        hints.source = bad
        assert exercises([hints]) == "?"
