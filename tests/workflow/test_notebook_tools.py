"""Masters are read right, refreshed without noise, and copied for students without their solutions."""

import json
import os
import zipfile

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from workflow import ROOT, Problem, refresh, student
from workflow.masters import Master, convert


def master(tmp_path, *sources):
    return Master(
        tmp_path / "nb.ipynb", ("tier = ''\nrun = ''\nout = ''\nsteps = 3", *sources), TAGS[: len(sources) + 1]
    )


TAGS = (frozenset({"parameters"}), frozenset(), frozenset())
KERNEL = {"name": "python3", "display_name": "Python 3"}
USES = "print(tier, run, out, steps)"


@pytest.mark.parametrize(
    "cell",
    [
        "steps += 1",
        "for steps in range(3):\n    pass",
        "with open(out) as steps:\n    pass",
        "import steps",
        "from a import b as steps",
        "def steps():\n    pass",
        "if run:\n    a, *steps = run",
        "print(steps := 4)",
        "%matplotlib inline\ndel steps",
        "try:\n    pass\nexcept ValueError as steps:\n    pass",
    ],
)
def test_an_overwritten_parameter_is_found(tmp_path, cell):
    with pytest.raises(Problem, match="nb.ipynb overwrites its parameter 'steps'"):
        master(tmp_path, USES, cell).check()


@pytest.mark.parametrize(
    "cell",
    [
        "def f(steps):\n    steps = 4\n    return steps",
        "[steps for steps in range(3)]",
        "lambda steps: steps",
        "class A:\n    steps = 4",
        "train(steps=4)",
        "%time\n!ls\nx = (1\n     % 2)",
    ],
)
def test_a_name_of_a_smaller_scope_is_left_in_peace(tmp_path, cell):
    master(tmp_path, USES, cell).check()


def test_an_unused_parameter_is_found(tmp_path):
    with pytest.raises(Problem, match="declares the parameter 'steps' but no cell uses it"):
        master(tmp_path, "print(tier, run, out)\nf(steps=3)").check()


def test_a_missing_parameter_is_found(tmp_path):
    broken = Master(tmp_path / "nb.ipynb", ("tier = ''",), TAGS[:1])
    with pytest.raises(Problem, match="lacks the parameter 'run'"):
        broken.check()


def test_words_take_the_type_of_the_default():
    assert convert("data", "123", "bundled") == "123"
    assert convert("seeds", "[1, 2]", [0]) == [1, 2]
    with pytest.raises(Problem, match=r"image_skip=maybe does not fit: image_skip is true or false \(True\)"):
        convert("image_skip", "maybe", True)


@pytest.fixture
def course(tmp_path):
    """A repository with one master, executed, with everything that a refresh must drop."""
    figure = {"image/png": "iVBORw0KGgo=", "text/plain": "<Figure>"}
    widget = {refresh.WIDGET: {"model_id": "4f2c"}, "text/plain": "slider"}
    cells = [
        new_markdown_cell("[next](07_profiling.ipynb#top) ![plan](images/plan.png) [paper](https://arxiv.org)"),
        new_code_cell('tier = "lesson"', metadata={"tags": ["parameters"]}),
        new_code_cell("x = 1\nprint(x)", metadata={"execution": {"iopub.status.busy": "now"}}),
        new_code_cell("a = 1", outputs=[new_output("display_data", widget)]),
        new_code_cell("b = 1", metadata={"tags": ["photograph"]}, outputs=[new_output("display_data", figure)]),
        new_code_cell(
            "def f(x):\n    ### BEGIN SOLUTION\n    y = x\n    return y\n    ### END SOLUTION",
            metadata={"tags": ["solution"]},
        ),
    ]
    book = new_notebook(cells=cells, metadata={"kernelspec": KERNEL, "widgets": {"state": {}}})
    (tmp_path / "notebooks").mkdir()
    path = tmp_path / "notebooks/06_first.ipynb"
    path.write_text(json.dumps(book), encoding="utf-8")
    (tmp_path / "notebooks/07_profiling.ipynb").write_text(json.dumps(new_notebook(cells=[new_code_cell("1")])))
    return path


def test_cleaning_drops_noise_and_photographs(course):
    book = nbformat.read(course, as_version=4)
    refresh.clean(book)
    cells = book.cells
    assert set(book.metadata) == {"kernelspec", "language_info"} and "execution" not in cells[2].metadata
    assert cells[3].outputs[0].data == {"text/plain": refresh.MOVING}
    assert cells[4].outputs[0].data == {"text/plain": refresh.DRAWN}
    once = nbformat.writes(book)
    refresh.clean(book)
    assert nbformat.writes(book) == once


def test_refreshing_twice_changes_nothing(course):
    ids = [cell.id for cell in nbformat.read(course, as_version=4).cells]
    refresh.refresh(course)
    once = course.read_text(encoding="utf-8")
    assert [cell.id for cell in nbformat.reads(once, as_version=4).cells] == ids
    assert nbformat.reads(once, as_version=4).cells[2].outputs[0].text == "1\n"
    refresh.refresh(course)
    assert course.read_text(encoding="utf-8") == once


def test_a_failing_cell_leaves_the_master_as_it_was(course):
    text = course.read_text(encoding="utf-8").replace("x = 1", "x = 1 / 0")
    course.write_text(text, encoding="utf-8")
    with pytest.raises(Problem, match=r"(?s)06_first.ipynb was left as it was.*ZeroDivisionError"):
        refresh.refresh(course)
    assert course.read_text(encoding="utf-8") == text


def test_students_copy(course):
    root = course.parent.parent
    (course.parent / "student").mkdir()
    (course.parent / "student/05_gone.ipynb").write_text("{}")
    changed = student.write(root)
    assert [path.name for path in changed] == ["06_first.ipynb", "07_profiling.ipynb", "05_gone.ipynb"]
    cells = nbformat.read(student.copy_of(course), as_version=4).cells
    assert cells[0].source == "[next](07_profiling.ipynb#top) ![plan](../images/plan.png) [paper](https://arxiv.org)"
    assert cells[1].source == student.HOME
    assert cells[-1].source == 'def f(x):\n    raise NotImplementedError("your turn")'
    assert all(cell.execution_count is None and not cell.outputs for cell in cells if cell.cell_type == "code")
    assert student.write(root) == [] and student.is_fresh(course)
    course.write_text(course.read_text(encoding="utf-8").replace("print(x)", "print(x + 1)"), encoding="utf-8")
    assert not student.is_fresh(course)


def test_a_copy_starts_in_the_masters_folder(course, monkeypatch):
    folder = course.parent / "student"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for _ in range(2):  # a student may run the cell again
        exec(student.HOME, {})
        assert os.getcwd() == str(course.parent)


def with_hints(course):
    """The course with two hint cells before its solution."""
    book = nbformat.read(course, as_version=4)
    for number in (1, 2):
        hint = f"<details><summary>Hint {number}</summary>Look at x.</details>"
        book.cells.insert(-1, new_markdown_cell(hint, metadata={"tags": ["hint"]}))
    nbformat.write(book, course)
    return course.parent.parent


def hints_in(text):
    return text.count("<summary>Hint")


def test_copies_keep_the_hints_unless_they_are_left_out(course):
    root = with_hints(course)
    student.write(root)
    assert hints_in(student.copy_of(course).read_text(encoding="utf-8")) == 2
    assert student.write(root, hints=False) == [student.copy_of(course)] and not student.is_fresh(course)
    copy = nbformat.read(student.copy_of(course), as_version=4)
    masters = nbformat.read(course, as_version=4).cells
    assert [cell.id for cell in copy.cells if cell.id != "home"] == [
        c.id for c in masters if c.metadata.get("tags") != ["hint"]
    ]


@pytest.mark.parametrize("name", ["for the class", "for the class.zip"])
def test_a_handout_is_a_folder_or_a_zip(course, name):
    root = with_hints(course)
    out = root / "elsewhere" / name
    for _ in range(2):  # again over the first
        student.hand_out(out, hints=False, root=root)
    if out.suffix == ".zip":
        zipfile.ZipFile(out).extractall(out.parent)
    folder = out.with_suffix("")
    assert sorted(path.name for path in folder.iterdir()) == ["06_first.ipynb", "07_profiling.ipynb"]
    text = (folder / "06_first.ipynb").read_text(encoding="utf-8")
    assert hints_in(text) == 0 and "END SOLUTION" not in text
    assert nbformat.reads(text, as_version=4).cells[1].source == student.HOME_OF_A_HANDOUT
    assert not (root / "notebooks/student").exists()


def test_a_handout_leaves_masters_and_strangers_alone(course):
    root, text = course.parent.parent, course.read_text(encoding="utf-8")
    with pytest.raises(Problem, match="masters themselves"):
        student.hand_out(root / "elsewhere/../notebooks", root=root)
    (root / "mine").mkdir()
    (root / "mine/05_notes.ipynb").write_text("my notes")
    student.hand_out(root / "mine", root=root)
    assert (root / "mine/05_notes.ipynb").read_text() == "my notes" and course.read_text(encoding="utf-8") == text


def test_a_handout_finds_the_course_from_anywhere_or_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        exec(student.HOME_OF_A_HANDOUT, {})
        assert os.path.samefile(os.getcwd(), ROOT / "notebooks")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(RuntimeError, match=r"Put this folder into notebooks/ of the course's repository.*lab\.py lab"):
        exec(student.HOME_OF_A_HANDOUT, {})
    assert os.path.samefile(os.getcwd(), tmp_path)


def test_the_command_writes_a_handout_from_the_masters(tmp_path, capsys):
    assert student.main(["--without-hints", "--out", str(tmp_path / "out")]) == 0
    written = capsys.readouterr().out.splitlines()
    assert [line.removeprefix("wrote ") for line in written] == [
        str(tmp_path / "out" / m.name) for m in student.masters()
    ]
    assert student.main(["--out", str(ROOT / "notebooks")]) == 1 and "another folder" in capsys.readouterr().err
    assert student.main(["--check"]) == 0
