"""What Sphinx reads: a small tree of pages with the repository's own paths, links made to fit."""

import posixpath
import re
import shutil
from pathlib import Path

import nbformat

from workflow import ROOT
from workflow.book.cells import prepare
from workflow.student import masters

TIERS = {
    "lesson": "Tables of the lesson tier",
    "study": "Tables of the study tier",
    "weights": "Tables of the weights in the package",
    "speed": "Tables of speed",
}
LINK = re.compile(r"(!?\[(?:[^\[\]]|\[[^\]]*\])*\])\((?P<target>[^()\s]+)\)")
CONTENTS = """
```{{toctree}}
:hidden:
:caption: {caption}

{pages}
```
"""


def write_sources(folder: Path, root: Path = ROOT) -> list[str]:
    """Write all pages of the book into a folder; their paths, the first one's is index.md."""
    book = Book(root, folder)
    chapters = [f"notebooks/{master.name}" for master in masters(root)]
    tables = {f"reports/tables/{tier}.md": title for tier, title in TIERS.items()}
    tables = {page: title for page, title in tables.items() if (root / page).with_suffix("").is_dir()}
    texts = ["reports/decisions.md", *(page for page in ["reports/reliability.md"] if (root / page).is_file())]
    book.pages |= {"index.md", *chapters, *tables, *texts}
    cards = sorted(book.cards(root / "README.md"))
    book.pages |= set(cards)

    for chapter in chapters:
        notebook = prepare(nbformat.read(root / chapter, as_version=4))
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = book.fit(cell.source, chapter)
        book.write(chapter, nbformat.writes(notebook))
    for page, title in tables.items():
        book.write(page, _tables(title, (root / page).with_suffix("")))
    for page in [*texts, *cards]:
        book.write(page, book.fit((root / page).read_text(encoding="utf-8"), page))
    contents = {"The course": chapters, "Evidence": [*tables, *texts], "Model cards": cards}
    front = book.fit((root / "README.md").read_text(encoding="utf-8"), "README.md")
    for caption, pages in contents.items():
        front += CONTENTS.format(caption=caption, pages="\n".join(pages)) if pages else ""
    book.write("index.md", front)
    return ["index.md", *chapters, *tables, *texts, *cards]


class Book:
    """The pages of a book, and where a link of the repository leads in it."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.root, self.folder, self.pages = root, folder, set()

    def write(self, page: str, text: str) -> None:
        """Write one page."""
        path = self.folder / page
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def cards(self, readme: Path) -> set[str]:
        """The pages in markdown that README links to and that are no pages yet."""
        targets = {link["target"] for link in LINK.finditer(readme.read_text(encoding="utf-8"))}
        own = {target for target in targets if target.endswith(".md") and "://" not in target}
        return {target for target in own - self.pages if not target.startswith("reports/tables/")}

    def fit(self, text: str, page: str) -> str:
        """The text of a page with each link as it must read in the book; code is left alone."""
        parts = re.split(r"(^```.*?^```|(?<!\[)`[^`\n]*`)", text, flags=re.MULTILINE | re.DOTALL)
        parts[::2] = [LINK.sub(lambda link: self._fitted(link, page), part) for part in parts[::2]]
        return "".join(parts)

    def _fitted(self, link: re.Match, page: str) -> str:
        target, _, heading = link["target"].partition("#")
        if "://" in target or target.startswith("mailto:"):
            return link[0]
        anchor = f"#{slug(heading)}" if heading else ""
        if not target:
            return f"{link[1]}({anchor})"
        path = posixpath.normpath(posixpath.join(posixpath.dirname(page), target))
        if match := re.fullmatch(r"reports/tables/(\w+)(?:/([\w-]+)\.md)?", path):
            path, anchor = f"reports/tables/{match[1]}.md", f"#{match[2]}" if match[2] else ""
        path = "index.md" if path == "README.md" else path  # which is the front page
        if path not in self.pages and not (self.root / path).is_file():
            return f"{link[1].lstrip('!')[1:-1]} (`{path}`)"  # a folder
        if path not in self.pages:  # a picture, or a file to download
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.root / path, self.folder / path)
        return f"{link[1]}({posixpath.relpath(path, posixpath.dirname(page) or '.')}{anchor})"


def slug(heading: str) -> str:
    """A heading's anchor in the book, from the one in JupyterLab or on GitHub.

    >>> slug("1-·-What-a-budget-buys")
    '1--what-a-budget-buys'
    """
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _tables(title: str, folder: Path) -> str:
    """All tables of a folder on one page."""
    texts = [f"## {path.stem}\n\n{path.read_text(encoding='utf-8')}" for path in sorted(folder.glob("*.md"))]
    return "\n\n".join([f"# {title}", *texts])
