"""The book: its pages and links before Sphinx sees them, and (slow) what Sphinx makes of them."""

import base64
import html
import re
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from workflow import ROOT, Problem, student
from workflow.book.__main__ import build, main
from workflow.book.cells import SHOW, prepare
from workflow.book.sources import LINK, slug, write_sources

PIXELS = [
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==",
]
METADATA = {"kernelspec": {"name": "python3", "display_name": "Python 3"}, "language_info": {"name": "python"}}
TEXTS = ["Two bars; the second is “twice” as long as the first.", "A line that falls & then stays level."]


@pytest.fixture
def repository(tmp_path):
    """A small repository with one notebook: two pictures in a cell, hints, a solution, formulas, links."""
    root = tmp_path / "repository"
    for folder in ("notebooks", "reports/tables/lesson", "reports/figures", "weights"):
        (root / folder).mkdir(parents=True)
    pictures = [
        new_output("display_data", {"image/png": data, "text/plain": "<Figure>"}, metadata={"image/png": {"alt": text}})
        for data, text in zip(PIXELS, TEXTS, strict=True)
    ]
    hints = "<details><summary>Hint 1</summary>\n\nThink of *x*.\n\n</details>"
    cells = [
        new_markdown_cell(
            "# 00 · Start\n\nEither $k \\iff \\dots$ or\n\n$$P = \\left(\\sum_{k=1}^K k\\right)$$\n\n## 1 · What"
        ),
        new_code_cell('tier = "lesson"', metadata={"tags": ["parameters"]}),
        new_markdown_cell(
            "[here](#1-·-What) [why](../reports/decisions.md#the-first) [all](../reports/tables/lesson)\n"
            "[`front`](../README.md)"
        ),
        new_code_cell("draw()", outputs=pictures, execution_count=1),
        new_markdown_cell("**1 · Count** (●○○○○, 5 minutes). Count."),
        new_markdown_cell(hints, metadata={"tags": ["hint"]}),
        new_code_cell(
            "def f(x):\n    ### BEGIN SOLUTION\n    return 41 + 1\n    ### END SOLUTION",
            metadata={"tags": ["solution"]},
        ),
    ]
    nbformat.write(
        new_notebook(cells=cells, metadata=METADATA),
        root / "notebooks/00_start.ipynb",
    )
    (root / "reports/tables/lesson/costs.md").write_text("Costs.\n\n| network | size |\n|---|---:|\n| lmfn | 1 |\n")
    (root / "reports/decisions.md").write_text("# Decisions\n\n## The first\n\nWe decided.\n")
    (root / "reports/figures/plan.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
    (root / "weights/lmfn.md").write_text("---\nlicense: mit\n---\n\n# Card of lmfn\n\nWhat it is.\n")
    (root / "LICENSE").write_text("MIT")
    (root / "README.md").write_text(README, encoding="utf-8")
    return root


README = """\
# A repository

![A plan.](reports/figures/plan.svg) [start](notebooks/00_start.ipynb) [costs](reports/tables/lesson/costs.md)
[figures](reports/figures) [licence](LICENSE) [card](weights/lmfn.md) [paper](https://arxiv.org/abs/2101.05403)
`[code](LICENSE)`

```sh
lmfn [more](LICENSE)
```
"""


def test_links_are_fitted_to_the_book(repository, tmp_path):
    folder = tmp_path / "sources"
    pages = write_sources(folder, repository)
    assert pages == [
        "index.md", "notebooks/00_start.ipynb", "reports/tables/lesson.md", "reports/decisions.md", "weights/lmfn.md",
    ]  # fmt: skip
    front = (folder / "index.md").read_text(encoding="utf-8")
    assert "![A plan.](reports/figures/plan.svg)" in front and (folder / "reports/figures/plan.svg").exists()
    assert "[costs](reports/tables/lesson.md#costs)" in front and "[card](weights/lmfn.md)" in front
    assert "figures (`reports/figures`)" in front and "(https://arxiv.org/abs/2101.05403)" in front
    assert "[licence](LICENSE)" in front and (folder / "LICENSE").exists()
    assert "`[code](LICENSE)`" in front and "lmfn [more](LICENSE)" in front
    text = nbformat.read(folder / "notebooks/00_start.ipynb", as_version=4).cells[2].source
    here, front = text.split("\n")
    assert here == "[here](#1--what) [why](../reports/decisions.md#the-first) [all](../reports/tables/lesson.md)"
    assert front == "[`front`](../index.md)"


def test_every_page_is_in_the_contents_and_every_link_leads_to_a_page(tmp_path):
    pages = write_sources(tmp_path)
    front = (tmp_path / "index.md").read_text(encoding="utf-8")
    listed = "\n".join(re.findall(r"```\{toctree\}(.*?)```", front, flags=re.DOTALL)).splitlines()
    assert [line for line in listed if line and line[0] not in "`:"] == pages[1:]
    assert {f"notebooks/{master.name}" for master in student.masters()} < set(pages)
    for page in [page for page in pages if page.endswith(".md")]:
        for link in LINK.finditer((tmp_path / page).read_text(encoding="utf-8")):
            target = link["target"].split("#")[0]
            assert "://" in target or not target or (tmp_path / page).parent.joinpath(target).is_file(), (page, target)


def test_a_solution_is_hidden_and_loses_its_marks(repository):
    notebook = prepare(nbformat.read(repository / "notebooks/00_start.ipynb", as_version=4))
    solution = notebook.cells[-1]
    assert solution.source == "def f(x):\n    return 41 + 1"
    assert solution.metadata["tags"] == ["solution", "hide-input"]
    assert solution.metadata["mystnb"]["code_prompt_show"] == SHOW
    assert [cell for cell in notebook.cells if "mystnb" in cell.metadata] == [solution]


def test_an_anchor_is_the_same_from_jupyterlab_and_from_github():
    assert slug("2-·-Shapes,-and-parts") == slug("2--shapes-and-parts") == "2--shapes-and-parts"


def test_mistakes_are_told_in_one_sentence(tmp_path, monkeypatch, capsys):
    assert main(["out=x"]) == 2 and "knows one word, OUT=/folder" in capsys.readouterr().err
    (tmp_path / "thesis.txt").touch()
    assert main([f"OUT={tmp_path}"]) == 2 and "something else than a book" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    monkeypatch.setitem(sys.modules, "furo", None)
    with pytest.raises(Problem, match="furo is not installed here: python3 lab.py book builds"):
        build(tmp_path / "new")


def build_elsewhere(python, out, repository):
    """Build a book in a process of the book's own environment."""
    code = "import sys; from pathlib import Path; from workflow.book.__main__ import build; "
    code += "build(*map(Path, sys.argv[1:]))"
    command = [python, "-c", code, str(out), str(repository)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def pictures_of(page):
    """Each picture of a page as (alternative text, address)."""
    tags = re.findall(r"<img [^>]+>", page)
    return [(html.unescape(re.search(r'alt="([^"]*)"', t)[1]), re.search(r'src="([^"]*)"', t)[1]) for t in tags]


@pytest.mark.slow
def test_the_small_repository_as_a_book(repository, book_python, tmp_path):
    out = tmp_path / "book"
    for _ in range(2):  # an older book makes room
        done = build_elsewhere(book_python, out, repository)
        assert done.returncode == 0, done.stdout + done.stderr
    page = (out / "notebooks/00_start.html").read_text(encoding="utf-8")
    for (text, address), data, expected in zip(pictures_of(page), PIXELS, TEXTS, strict=True):
        assert text == expected
        assert (out / "notebooks" / address).resolve().read_bytes() == base64.b64decode(data)
    assert page.count("<math") == 2 and "\N{LONG LEFT RIGHT DOUBLE ARROW}" in html.unescape(page)
    before, after = page.split(SHOW)
    assert before.rstrip().endswith('<p class="collapsed admonition-title">') and "<details" in before[-300:]
    assert "41" in after and "SOLUTION" not in page
    assert re.search(r"<summary>Hint 1</summary>\s*<p>Think of <em>x</em>.</p>\s*</details>", page)
    assert 'href="../reports/decisions.html#the-first"' in page
    assert "<munderover>" in page and "<msubsup>" not in page
    (target,) = re.findall(r'href="#([^"]+)">here<', page)
    assert f'id="{target}"' in page
    assert 'id="costs"' in (out / "reports/tables/lesson.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_link_into_nothing_stops_the_book(repository, book_python, tmp_path):
    (repository / "reports/decisions.md").write_text("# Decisions\n\n[gone](#no-such-heading)\n")
    done = build_elsewhere(book_python, tmp_path / "book", repository)
    assert done.returncode != 0 and "no-such-heading" in done.stderr and not (tmp_path / "book").exists()


@pytest.mark.slow
def test_the_course_as_a_book(book):
    for master in student.masters():
        page = (book / "notebooks" / f"{master.stem}.html").read_text(encoding="utf-8")
        shown = [
            output.metadata.get(kind, {}).get("alt", "")
            for cell in nbformat.read(master, as_version=4).cells
            for output in cell.get("outputs", ())
            for kind in output.get("data", {})
            if kind.startswith("image/")
        ]
        assert [text for text, _ in pictures_of(page)] == shown
        assert page.count(SHOW) == master.read_text(encoding="utf-8").count('"solution"')
    index = (book / "index.html").read_text(encoding="utf-8")
    assert all(f'href="notebooks/{master.stem}.html"' in index for master in student.masters())
    assert '"distil":' in (book / "searchindex.js").read_text(encoding="utf-8").lower()


@pytest.mark.slow
def test_the_book_needs_no_network(book):
    for page in book.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert not re.findall(r"<(?:script|img|iframe)\b[^>]*\bsrc=[\"'](?:https?:)?//[^\"']*", text), page
        assert not re.findall(r"<link\b(?![^>]*rel=[\"']canonical)[^>]*\bhref=[\"'](?:https?:)?//[^\"']*", text), page
        assert str(ROOT) not in text and "/home/" not in text, page
    for style in book.rglob("*.css"):
        assert not re.findall(r"url\([\"']?https?:|@import[^;]*https?:", style.read_text(encoding="utf-8")), style
