"""The graph of papermill runs and the tools around the notebooks; run from the repository root, not installed."""

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class Problem(Exception):
    """A mistake in the call, the graph or a notebook; its text is one sentence for the person at the keyboard."""


def suggest(name: str, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown name.

    >>> suggest("tabel3", ["table3", "report"])
    '; did you mean table3?'
    """
    close = get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else "."
