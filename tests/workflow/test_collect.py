"""Collecting from a class: toy notebooks, handed in right, wrong, empty, cheating, endless, broken."""

import csv

import nbformat
import pytest

from workflow import Problem, collect, handins
from workflow.collect import Settings
from workflow.handins import courses, handed_in, tasks
from workflow.marks import BROKEN, LATE, MISSING, OPEN, RIGHT, WRONG, Mark, table, write_csv

new = nbformat.v4
CHECKER = """\
def check(title, wanted):
    def checker(answer):
        try:
            verdict = "✓ {}: right." if answer(2) == wanted else "✗ {}: Multiply."
        except NotImplementedError:
            verdict = "… {}: your turn."
        print(verdict.format(title))
    return checker


check_double, check_cube = check("Double", 4), check("Cube", 8)"""
DOUBLE, CUBE = "def double(x):\n    return 2 * x", "def cube(x):\n    return x**3"
UNDONE = "def double(x):\n    raise NotImplementedError"


def notebook(double=DOUBLE, cube=CUBE, first="check_double(double)", title="# 03 · Toys", steps="steps = 7"):
    return new.new_notebook(
        cells=[
            new.new_markdown_cell(title, id="title"),
            new.new_code_cell(f'out = "scratch"\n{steps}', metadata={"tags": ["parameters"]}, id="parameters"),
            new.new_code_cell(CHECKER, id="toys"),
            new.new_markdown_cell("## Exercises\n\n**1 · Double** (●○○○○, 5 minutes). Double it.", id="one"),
            new.new_code_cell(double, id="double"),
            new.new_code_cell(first, id="check-double"),
            new.new_markdown_cell("**2 · Cube** (●●○○○, 5 minutes). Cube it.", id="two"),
            new.new_code_cell(cube, id="cube"),
            new.new_code_cell("check_cube(cube)\nprint(steps)", id="check-cube"),
        ]
    )


def write(book, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(book, path)
    return path


@pytest.fixture
def masters(tmp_path):
    write(notebook(), tmp_path / "masters/03_toys.ipynb")
    return tmp_path / "masters"


@pytest.fixture
def hand_in(tmp_path, masters, monkeypatch):
    """Run notebooks, and give the marks by student."""
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "1")

    def run(books, **settings):
        for student, book in books.items():
            write(book, tmp_path / "returned" / student / "toys.ipynb")
        given = Settings(masters, settings.pop("sizes", {}), **settings)
        found, trouble = collect.collect(tmp_path / "returned", given)
        by_student = {}
        for mark in found:
            by_student.setdefault(mark.student, []).append(mark.verdict)
        return by_student, found, trouble

    return run


def test_the_exercises_of_a_master_are_found(masters):
    (_, exercises) = courses(masters)["03"]
    assert [(task.number, task.title, task.cell) for task in exercises] == [
        (1, "Double", "check-double"),
        (2, "Cube", "check-cube"),
    ]


def test_every_exercise_of_the_course_is_found():
    for path in collect.ROOT.glob("notebooks/*.ipynb"):
        book = nbformat.read(path, as_version=4)
        announced = [n for cell in book.cells for n in handins.ANNOUNCED.findall(cell.source) if "●" in cell.source]
        found = tasks(book)
        assert [(str(task.number), task.title) for task in found] == announced, path.stem
        assert len({task.source for task in found}) == len(found), "two checkers' cells are word for word the same"


def test_right_wrong_undone_and_broken_answers(hand_in):
    by_student, found, trouble = hand_in(
        {
            "ada": notebook(),
            "bob": notebook(double="def double(x):\n    return x + 1", cube="def cube(x) return x"),
            "cy": notebook(double=UNDONE),
        }
    )
    assert by_student == {"ada": [RIGHT, RIGHT], "bob": [WRONG, BROKEN], "cy": [OPEN, RIGHT]} and not trouble
    said = {(mark.student, mark.exercise): mark.said for mark in found}
    assert said["bob", 1] == "✗ Double: Multiply." and said["bob", 2].startswith("NameError")


def test_a_verdict_that_is_only_printed_does_not_count(hand_in):
    wrong = "def double(x):\n    return 0"
    fake = notebook(double=wrong, first='print("✓ Double: right.")')
    elsewhere = notebook(double=f'{wrong}\nprint("✓ Double: right.")')
    without = notebook(double=wrong)
    without.cells = [cell for cell in without.cells if cell.id != "check-double"]
    by_student, *_ = hand_in({"fake": fake, "elsewhere": elsewhere, "without": without})
    assert by_student == {"fake": [WRONG, RIGHT], "elsewhere": [WRONG, RIGHT], "without": [MISSING, RIGHT]}


def test_an_editor_that_drops_the_ids_costs_nothing(hand_in):
    book = notebook()
    for cell in book.cells:
        del cell["id"]
    book.nbformat_minor = 4
    assert hand_in({"ada": book})[0] == {"ada": [RIGHT, RIGHT]}


def test_an_endless_answer_is_stopped_and_the_next_one_still_counts(hand_in):
    endless = notebook(double="def double(x):\n    while True:\n        pass")
    assert hand_in({"eve": endless}, cell=3)[0] == {"eve": [LATE, RIGHT]}


def test_the_time_of_a_whole_notebook_ends(hand_in):
    slow = notebook(double=f"import time\n{DOUBLE}\ntime.sleep(60)")
    assert hand_in({"eve": slow}, limit=3)[0] == {"eve": [LATE, LATE]}


def test_a_kernel_that_dies_ends_only_its_own_notebook(hand_in):
    dies = notebook(cube=f"import os\nos._exit(1)\n{CUBE}")
    assert hand_in({"eve": dies, "fay": notebook()})[0] == {"eve": [RIGHT, LATE], "fay": [RIGHT, RIGHT]}


def test_sizes_and_scratch_folder_are_set_before_the_cells_run(hand_in, masters):
    shown = notebook(cube=f"{CUBE}\nassert steps == 1 and out != 'scratch'\nopen(out + '/x', 'w').close()")
    undeclared = {"03_toys": {"steps": 1, "not_there": 5}}
    by_student, *_ = hand_in({"ada": shown}, sizes=undeclared)
    assert by_student == {"ada": [RIGHT, RIGHT]} and sorted(path.name for path in masters.iterdir()) == [
        "03_toys.ipynb"
    ]


def test_students_are_folders_or_files(tmp_path):
    for name in ("ada/deep/a.ipynb", "bob.ipynb", "ada/.ipynb_checkpoints/a-checkpoint.ipynb", "__MACOSX/c.ipynb"):
        write(new.new_notebook(), tmp_path / name)
    assert [(student, path.name) for student, path in handed_in(tmp_path)] == [("ada", "a.ipynb"), ("bob", "bob.ipynb")]


def test_what_is_no_notebook_of_the_course_is_told_and_the_others_are_run(hand_in, tmp_path):
    (tmp_path / "returned").mkdir()
    (tmp_path / "returned/broken.ipynb").write_text("{")
    by_student, _, trouble = hand_in({"ada": notebook(), "bob": notebook(title="# My own")})
    assert by_student == {"ada": [RIGHT, RIGHT]}
    assert "has the title of no notebook" in trouble[0] and "broken.ipynb is not a notebook" in trouble[1]


MARKS = [
    Mark("ada", "03_toys", 1, "Double", RIGHT, "✓ Double: right."),
    Mark("ada", "03_toys", 2, "Cube", OPEN, "… Cube: your turn."),
    Mark("=bob()", "03_toys", 1, "Double", WRONG, "✗ Double: Multiply."),
    Mark("=bob()", "03_toys", 2, "Cube", MISSING, ""),
]


def test_the_table_shows_the_class_and_its_commonest_hint():
    lines = table(MARKS).splitlines()
    assert lines[0] == "ada     03_toys  ✓ …  1 of 2" and lines[1] == "=bob()  03_toys  ✗ -  0 of 2"
    assert "03_toys, 1 · Double: 1 of 2 right" in lines and "    1 x Multiply." in lines
    assert "- not in the notebook" in lines and not [line for line in lines if line.startswith("! ")]


def test_the_csv_has_a_row_per_student_and_exercise(tmp_path):
    write_csv(MARKS, tmp_path / "marks.csv")
    with open(tmp_path / "marks.csv", newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert [row["student"] for row in rows] == ["ada", "ada", "'=bob()", "'=bob()"], "never a formula"
    assert rows[2] | {"student": ""} == {
        "student": "", "notebook": "03_toys", "exercise": "1", "title": "Double", "verdict": "✗",
        "meaning": "wrong, with its hint", "said": "✗ Double: Multiply.",
    }  # fmt: skip
    assert rows[3]["verdict"] == "-"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nowhere"], "There is no folder nowhere"),
        (["."], "There is no notebook under"),
        ([".", "--tier", "smoek"], "no tier 'smoek'"),
        ([".", "--limit", "0"], "above 0"),
    ],
)
def test_a_mistaken_call_is_one_sentence(words, says, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Problem, match=says):
        collect.main(words)


def test_the_command(tmp_path, masters, capsys):
    write(notebook(), tmp_path / "returned/ada.ipynb")
    (tmp_path / "returned/bob.ipynb").write_text("")
    words = [str(tmp_path / "returned"), "--csv", str(tmp_path / "marks.csv"), "--masters", str(masters)]
    assert collect.main(words) == 1
    said = capsys.readouterr().out
    assert "ada  03_toys  ✓ ✓  2 of 2" in said and "bob.ipynb is not a notebook" in said
    assert (tmp_path / "marks.csv").read_text(encoding="utf-8-sig").count("\n") == 3
