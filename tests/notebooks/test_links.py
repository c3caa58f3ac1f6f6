"""Links lead somewhere: those of masters, students' copies, README and reports/*.md; the network is not asked."""

import re
from functools import lru_cache
from urllib.parse import unquote, urlsplit

import nbformat
import pytest

from workflow import ROOT, student

PAGES = [ROOT / "README.md", *sorted((ROOT / "reports").glob("*.md"))]
for master in student.masters():
    PAGES += [master, student.copy_of(master)]


@lru_cache
def text_of(path):
    """The markdown of a page, without its code."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = nbformat.reads(text, as_version=4).cells
        text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return re.sub(r"^```.*?^```|`[^`\n]*`", "", text, flags=re.MULTILINE | re.DOTALL)


def links_in(text):
    """The targets of links and pictures, in markdown and in HTML."""
    return re.findall(r"\]\(<?([^)\s>]+)[^)]*\)", text) + re.findall(r"""\b(?:href|src)=["']([^"']+)["']""", text)


@lru_cache
def anchors_of(path):
    """What may stand after # in a link to this page: its headings as JupyterLab and as GitHub name them, and ids."""
    text = text_of(path)
    headings = [re.sub(r"\[([^\]]*)\]\([^)]*\)|[*`]", r"\1", h).strip() for h in re.findall(r"^#+ +(.+)", text, re.M)]
    as_github = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    ids = set(re.findall(r"""\b(?:id|name)=["']([^"']+)["']""", text))
    return {heading.replace(" ", "-") for heading in headings} | as_github | ids


def fault_of(link, page):
    """Why a link of a page leads nowhere, or an empty text."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        complete = parts.scheme in ("http", "https") and re.fullmatch(r"[\w-]+(\.[\w-]+)+(:\d+)?", parts.netloc)
        return "" if complete or (parts.scheme in ("mailto", "attachment") and parts.path) else "no whole address"
    target = page.parent / unquote(parts.path) if parts.path else page
    if not target.exists():
        return "no such file"
    if not target.resolve().is_relative_to(ROOT):
        return "outside the repository"
    if parts.fragment and unquote(parts.fragment) not in anchors_of(target.resolve()):
        return "no such heading"
    return ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page):
    faults = {link: fault for link in links_in(text_of(page)) if (fault := fault_of(link, page))}
    assert not faults, faults


def test_a_dead_link_would_be_seen(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    other = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# 02 · Small *parts*\n\n## What to see")])
    nbformat.write(other, tmp_path / "02_parts.ipynb")
    page = tmp_path / "01.md"
    page.write_text(
        "# One\n\n[a](02_parts.ipynb) [b](02_parts.ipynb#What-to-see) [c](#one) [d](https://arxiv.org/abs/2101.05403)\n"
        '![e](02_parts.ipynb "title") <img src="no.png"> `[code](none)`\n```\n[code](none)\n```\n'
        "[f](02.ipynb) [g](02_parts.ipynb#what) [h](#two) [i](https://arxiv) [j](../x.md) [k](http:/a.org)"
    )
    links = links_in(text_of(page))
    (tmp_path.parent / "x.md").touch()
    assert {link: fault for link in links if (fault := fault_of(link, page))} == {
        "no.png": "no such file", "02.ipynb": "no such file", "02_parts.ipynb#what": "no such heading",
        "#two": "no such heading", "https://arxiv": "no whole address", "../x.md": "outside the repository",
        "http:/a.org": "no whole address",
    }  # fmt: skip
    assert "02-·-Small-parts" in anchors_of(tmp_path / "02_parts.ipynb")
