"""Which photographs go where, and what is refused before any work."""

import os
from pathlib import Path

import pytest

from lmfn_core.restoring.errands import errands


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """a.jpg, b.jpg, in/a.jpg, in/deep/c.png, in/notes.txt, and the working folder there."""
    for name in ("a.jpg", "b.jpg", "in/a.jpg", "in/deep/c.png", "in/notes.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def plan(*inputs, out=None, **options):
    found = errands(inputs, None if out is None else Path(out), "sharp", **options)
    return {Path(os.path.relpath(e.source)).as_posix(): Path(os.path.relpath(e.target)).as_posix() for e in found}


def test_one_photograph(photos):
    assert plan("a.jpg") == {"a.jpg": "a-sharp.jpg"}
    assert plan("a.jpg", out="x/y.png") == {"a.jpg": "x/y.png"}
    assert plan("a.jpg", out="new") == {"a.jpg": "new/a.jpg"}
    assert plan("a.jpg", out="in/deep") == {"a.jpg": "in/deep/a.jpg"}


def test_a_folder_keeps_its_folders(photos):
    assert plan("in") == {"in/a.jpg": "in-sharp/a.jpg", "in/deep/c.png": "in-sharp/deep/c.png"}
    assert plan("in/", out="v1.0") == {"in/a.jpg": "v1.0/a.jpg", "in/deep/c.png": "v1.0/deep/c.png"}
    here = plan(".")
    assert here["in/deep/c.png"] == f"../{photos.name}-sharp/in/deep/c.png"


def test_patterns_and_several_inputs(photos):
    assert plan("*.jpg", out="o") == {"a.jpg": "o/a.jpg", "b.jpg": "o/b.jpg"}
    assert plan("**/c.*", out="o") == {"in/deep/c.png": "o/c.png"}
    assert plan("b.jpg", "in", out="o") == {"b.jpg": "o/b.jpg", "in/a.jpg": "o/a.jpg", "in/deep/c.png": "o/deep/c.png"}
    assert plan("a.jpg", "./a.jpg", "*.jpg") == {"a.jpg": "a-sharp.jpg", "b.jpg": "b-sharp.jpg"}


def test_a_name_that_looks_like_a_pattern_is_a_name(photos):
    (photos / "a[1].jpg").touch()
    assert plan("a[1].jpg") == {"a[1].jpg": "a[1]-sharp.jpg"}


def test_an_output_folder_inside_the_input_is_no_input(photos):
    (photos / "in/out").mkdir()
    (photos / "in/out/a.jpg").touch()
    assert set(plan("in", out="in/out")) == {"in/a.jpg", "in/deep/c.png"}


def test_results_of_an_earlier_call_are_no_input(photos):
    for name in ("a-sharp.jpg", "a-sharp-sharp.jpg", "in-sharp/a.jpg"):
        (photos / name).parent.mkdir(exist_ok=True)
        (photos / name).touch()
    assert plan("*.jpg") == plan("a.jpg", "a-sharp.jpg", "b.jpg") == {"a.jpg": "a-sharp.jpg", "b.jpg": "b-sharp.jpg"}
    assert plan("in*") == plan("in")
    assert plan("a-sharp.jpg") == {"a-sharp.jpg": "a-sharp-sharp.jpg"}
    assert set(plan("*.jpg", out="o")) == {"a.jpg", "a-sharp.jpg", "a-sharp-sharp.jpg", "b.jpg"}


def test_in_place_needs_leave(photos):
    for inputs, out in ((["a.jpg"], "a.jpg"), (["in"], "in"), (["a.jpg"], ".")):
        with pytest.raises(ValueError, match="--overwrite"):
            plan(*inputs, out=out)
    assert plan("in", out="in", overwrite=True) == {name: name for name in ("in/a.jpg", "in/deep/c.png")}
    (photos / "link.jpg").symlink_to("a.jpg")
    with pytest.raises(ValueError, match="would be replaced"):
        plan("a.jpg", out="link.jpg")


@pytest.mark.parametrize(
    ("inputs", "out", "words"),
    [
        (["c.jpg"], None, "no file or folder 'c.jpg'"),
        (["*.gif"], None, "no file or folder"),
        (["in/notes.txt", "a.jpg"], "o.jpg", "one file for 2 photographs"),
        (["in"], "o.jpg", "one file for 2"),
        (["a.jpg"], "o.gif", "No photograph is written as '.gif'"),
        (["a.jpg", "in"], "o", "would both become"),
    ],
)
def test_misuse_is_told_before_any_work(photos, inputs, out, words):
    with pytest.raises((ValueError, FileNotFoundError), match=words):
        plan(*inputs, out=out)


def test_no_photograph_replaces_another(photos):
    with pytest.raises(ValueError, match="another photograph"):
        plan("a.jpg", "in", out="in", overwrite=True)


def test_a_folder_without_photographs(photos):
    (photos / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="no image under"):
        plan("empty")
