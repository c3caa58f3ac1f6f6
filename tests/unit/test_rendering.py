"""Markdown, CSV and generated blocks: the same bytes for the same rows."""

import csv
import io

import pytest

from lmfn_core.evidence.rendering import csv as to_csv
from lmfn_core.evidence.rendering import fill, markdown


def test_csv_reads_back_without_separators():
    rows = [{"name": 'a, "b"', "count": 1_223_766, "none": None}]
    assert list(csv.DictReader(io.StringIO(to_csv(rows)))) == [{"name": 'a, "b"', "count": "1223766", "none": ""}]
    assert to_csv([]) == ""


def test_markdown_escapes_bars_and_aligns_numbers():
    text = markdown([{"a|b": "x|y\nz", "n": 1200, "gain": "+0.78 ± 0.02", "none": None}], "C.")
    assert text == "C.\n\n| a\\|b | n | gain | none |\n|---|---:|---:|---|\n| x\\|y z | 1,200 | +0.78 ± 0.02 | – |\n"
    assert markdown([], "C.") == "C.\n\nNo rows: no record holds them yet.\n"


def test_fill_replaces_one_block_and_is_idempotent():
    text = "top\n<!-- a -->\nold\n<!-- /a -->\nmiddle\n<!-- b --><!-- /b -->\nend\n"
    once = fill(fill(text, "a", "| new |\n"), "b", "B")
    assert once == "top\n<!-- a -->\n| new |\n<!-- /a -->\nmiddle\n<!-- b -->\nB\n<!-- /b -->\nend\n"
    assert fill(once, "a", "| new |") == once


@pytest.mark.parametrize("text", ["", "<!-- a -->", "<!-- /a --> <!-- a -->", "<!-- a --><!-- a --><!-- /a -->"])
def test_fill_refuses_missing_doubled_or_swapped_markers(text):
    with pytest.raises(ValueError, match="must hold <!-- a --> and, after it, <!-- /a -->"):
        fill(text, "a", "new")
