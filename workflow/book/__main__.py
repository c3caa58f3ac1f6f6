"""Write the book with Sphinx, which lives in an environment of its own (started by: python3 lab.py book).

python -m workflow.book [OUT=/folder]      (default: reports/book; open its index.html in any browser, offline too)
"""

import shutil
import sys
import tempfile
from pathlib import Path

from workflow import ROOT, Problem

OUT = ROOT / "reports" / "book"
CONFIGURATION = Path(__file__).parent


def main(arguments: list[str]) -> int:
    """Write the book; the exit code."""
    try:
        out = _out(arguments)
        build(out)
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 2
    print(f"The book is written; open {out / 'index.html'}")
    return 0


def build(out: Path, root: Path = ROOT) -> None:
    """Write the book of a repository into a folder, in place of an older one.

    Raises:
        Problem: when Sphinx is missing, when the folder holds something else, or when anything is worth a warning.
    """
    if out.exists() and any(out.iterdir()) and not (out / ".buildinfo").exists():
        raise Problem(f"{out} holds something else than a book; name another folder by OUT=.")
    try:
        import furo  # noqa: F401
        import latex2mathml  # noqa: F401
        import myst_nb  # noqa: F401
        from sphinx.cmd.build import main as sphinx
    except ImportError as error:
        raise Problem(f"{error.name} is not installed here: python3 lab.py book builds its environment.") from None
    from workflow.book.sources import write_sources

    with tempfile.TemporaryDirectory() as folder:
        sources, pages = Path(folder) / "sources", Path(folder) / "pages"
        write_sources(sources, root)
        options = ["--quiet", "--fail-on-warning", "--keep-going", "--conf-dir", str(CONFIGURATION)]
        code = sphinx([*options, "--doctree-dir", str(Path(folder) / "doctrees"), str(sources), str(pages)])
        if code != 0:
            raise Problem("The book was not written: Sphinx's warnings above say why.")
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(pages, out)


def _out(arguments: list[str]) -> Path:
    out = OUT
    for word in arguments:
        key, _, value = word.partition("=")
        if key != "OUT" or not value:
            raise Problem(f"{word!r} is not understood; the book knows one word, OUT=/folder.")
        out = Path(value)
    return out


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
