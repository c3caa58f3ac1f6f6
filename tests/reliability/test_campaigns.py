"""The campaigns' own logic: what counts as growth, as a clock, as a difference; the page that shows them."""

import pytest

from workflow.reliability import growth, twice
from workflow.reliability.__main__ import CAMPAIGNS, main, page, renew


def test_a_clock_is_no_difference_and_a_number_is():
    one = {"psnr": 25.0, "seconds": {"total": 1.0}, "rows": [1, 2], "name": "a", "latency_ms": {"x": 3}}
    two = {"psnr": 25.0, "seconds": {"total": 2.0}, "rows": [1, 2], "name": "a", "latency_ms": {"x": 4}}
    assert twice.differences(one, two) == {}
    found = twice.differences(one, two | {"rows": [1, 5], "name": "b", "new": 1})
    assert found == {"rows.1": 3, "name": float("inf"), "new": float("inf")}


def test_growth_compares_the_last_quarter_with_the_second():
    start_up = [50.0] * 25 + [100.0] * 75
    assert growth.grown(start_up) == 0
    assert growth.grown([100.0 + i for i in range(100)]) == pytest.approx(50 / 137, abs=0.01)


@pytest.mark.slow
def test_memory_stays_level_over_some_work():
    found = growth.run(frames=200, steps=200)
    assert found["survived"] == found["tried"] == 2, found["rows"]


@pytest.mark.slow
def test_a_notebook_twice_gives_the_same_numbers():
    found = twice.run(only="blur")
    assert found["survived"] == found["tried"] == 1, found["rows"]


def test_the_page_has_a_part_for_each_record(tmp_path):
    metrics = {"tried": 3, "survived": 2, "rows": [{"what": "a"}], "caption": "Three."}
    record = {"metrics": metrics, "seconds": {"total": 90}}
    text = page({"growth": record, "kills": record})
    assert text.index(CAMPAIGNS["kills"]) < text.index(CAMPAIGNS["growth"]) and "growth.svg" in text
    assert "| Memory over long work | 3 | 2 survived | 1.5 |" in text
    with pytest.raises(FileNotFoundError, match="no folder of run records"):
        renew(tmp_path)


def test_a_misspelt_campaign_gets_a_sentence(capsys, tmp_path):
    assert main(["growht"], tmp_path) == 2
    assert "no campaign 'growht'" in capsys.readouterr().err
