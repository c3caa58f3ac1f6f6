"""Predictions: kept, compared, sorted by how far off; refused where they are none."""

import pytest

from lmfn_core.teaching import predictions
from lmfn_core.teaching.predictions import predict, reveal, surprises


@pytest.fixture(autouse=True)
def forgotten(monkeypatch):
    monkeypatch.setattr(predictions, "_said", {})
    monkeypatch.setattr(predictions, "_came_out", {})


@pytest.mark.parametrize(
    ("guess", "truth", "said"),
    [
        (58_000, 94_450, "you said 58,000, it is 94,450 (1.6 times as much)"),
        (2.0, 0.5, "you said 2, it is 0.5 (0.25 of it)"),
        (100, 102, "(close)"),
        (7, 7, "(right)"),
        (1, -1, "(another sign)"),
        (0, 3, "(off by 3)"),
    ],
)
def test_what_is_said(guess, truth, said, capsys):
    predict("it", guess)
    reveal("it", truth)
    assert said in capsys.readouterr().out


def test_the_furthest_off_comes_first_and_open_ones_are_left_out(capsys):
    for what, guess, truth in [("near", 10, 11), ("far", 1, 100), ("sign", 1, -1), ("low", 30, 3), ("right", 5, 5)]:
        predict(what, guess)
        reveal(what, truth)
    predict("open", 1)
    capsys.readouterr()
    surprises()
    lines = capsys.readouterr().out.splitlines()[1:]
    assert [line.split(":")[0].strip() for line in lines] == ["sign", "far", "low", "near", "right"]


def test_a_new_guess_takes_the_old_ones_place(capsys):
    predict("it", 1)
    reveal("it", 2)
    predict("it", 2)
    capsys.readouterr()
    surprises()
    assert "it:" not in capsys.readouterr().out


@pytest.mark.parametrize("guess", [float("nan"), float("inf"), True])
def test_no_number_is_no_prediction(guess):
    with pytest.raises(ValueError, match="A prediction is a number; for 'it' you gave"):
        predict("it", guess)


def test_nothing_predicted():
    predict("this", 1)
    with pytest.raises(KeyError, match="Nothing was predicted under 'that'; predicted are 'this'"):
        reveal("that", 1)
