"""Printed numbers against each other: intervals, exact counts, equal digits, units, and whose numbers they are."""

import pytest

from lmfn_core.evidence.in_print import compare_in_print, span
from lmfn_core.evidence.ledger import Claim, Ledger


def claim(name, printed, quantity="parameters", unit="M", paper="lmfn", row="", place="Table 1", **check):
    return Claim(name, place, row or name, "Size", name, printed, quantity, unit, "", check, paper)


def compared(said, *cells):
    return compare_in_print(said, Ledger((said, *cells), (), {}, {}))


@pytest.mark.parametrize(
    ("form", "said", "first", "second", "agrees"),
    [
        ("difference", "0.50", "1.8", "1.25", True),  # 1.75 less 1.255 rounds to 0.50
        ("difference", "0.45", "1.8", "1.25", False),
        ("difference", "0.5", "31.60", "31.01", False),  # cut, not rounded
        ("product", "3.1", "1.2", "2.6", True),
        ("product", "3.4", "1.2", "2.6", False),
        ("ratio", "196", "303.6", "1.55", True),
        ("ratio", "197", "303.6", "1.55", True),  # 303.65 / 1.545 rounds to 197
        ("ratio", "198", "303.6", "1.55", False),
        ("ratio", "300", "303.6", "1.55", False),
    ],
)
def test_arithmetic_takes_every_number_that_rounds_to_the_printed_one(form, said, first, second, agrees):
    found = compared(claim("said", said, **{form: ["a", "b"]}), claim("a", first), claim("b", second))
    assert found.agrees is agrees and (f"not {said}" in found.sentence) is not agrees


def test_counts_of_images_are_exact():
    four, twelve = (claim(name, name, quantity="images") for name in ("4", "12"))
    for said, agrees in (("48", True), ("49", False), ("64", False)):
        assert compared(claim("n", said, "images", product=["4", "12"]), four, twelve).agrees is agrees
    assert span(four) == (4, 4) and span(claim("t", "4")) == (3.5, 4.5)


def test_at_least_so_many_times():
    fast, slow = claim("fast", "0.043"), claim("slow", "0.230")
    for least, agrees in ((5, True), (100, False)):
        found = compared(claim("said", "two orders", ratio=["slow", "fast"], least=least), fast, slow)
        assert found.agrees is agrees and "0.230 / 0.043 = 5.35" in found.sentence
    assert found.sentence.endswith("= 5.35, less than 100.")


@pytest.mark.parametrize(
    ("said", "printed", "agrees"),
    [("31.60", "31.60", True), ("31.60", "31.61", False), ("31.6", "31.58", True), ("1200", "1,200", True),
     ("−0.0015", "-0.0015", True), ("0.93", "0.9368", False)],
)  # fmt: skip
def test_equal_means_the_same_at_the_fewer_digits(said, printed, agrees):
    found = compared(claim("said", said, equal="cell"), claim("cell", printed))
    assert found.agrees is agrees and printed in found.sentence


def test_more_and_units():
    small, large = claim("small", "1.20"), claim("large", "1.25")
    assert compared(claim("said", "more", more=["large", "small"]), small, large).agrees
    assert not compared(claim("said", "more", more=["small", "large"]), small, large).agrees
    assert not compared(claim("said", "more", more=["small", "same"]), small, claim("same", "1.20")).agrees
    assert compared(claim("said", "1.25", unit_of="large"), large).agrees
    megabytes = compared(claim("said", "1.25", unit="MB", unit_of="large"), large)
    assert (megabytes.agrees, megabytes.sentence) == (False, "LMFN Table 1, large, Size: 1.25 M, not MB.")


def test_an_extreme_is_searched_in_its_own_papers_table():
    cells = [claim("ours", "0.5"), claim("dash", "-"), claim("theirs", "0.4"), claim("far", "0.9", paper="lfdn")]
    assert compared(claim("said", "largest", place="Text", extreme="largest", column_of="ours"), *cells).agrees
    found = compared(claim("said", "smallest", place="Text", extreme="smallest", column_of="ours"), *cells)
    assert (found.agrees, found.sentence) == (False, "LMFN Table 1 does not agree: 0.5 against 0.4 in row theirs.")


def test_whose_numbers_they_are_is_told():
    said = claim("said", "0.841", paper="lfdn", equal="cell")
    assert compared(said, claim("cell", "0.9135")).abroad
    assert not compared(said, claim("cell", "0.9135", paper="lfdn")).abroad
