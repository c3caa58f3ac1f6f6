"""A ladder refuses a rung that gives something else, and times the others."""

import re
import time

import pytest
import torch

from lmfn_core.teaching.ladder import ladder


def slow(x):
    time.sleep(0.005)
    return x + x


def test_every_rung_gets_its_time_and_the_first_is_the_measure(capsys):
    ladder({"twice": lambda x: 2 * x, "slow": slow}, torch.ones(4), repeats=3)
    first, second = capsys.readouterr().out.splitlines()
    assert re.match(r"twice +[\d.]+ ms +1\.0 times the first$", first)
    assert second.startswith("slow ") and second.endswith("equal to it")
    assert float(re.search(r"([\d.]+) times", second)[1]) > 2


def test_other_numbers_are_refused_with_their_difference():
    with pytest.raises(ValueError, match=r"off differs from twice by up to 5\.0e-01"):
        ladder({"twice": lambda x: 2 * x, "off": lambda x: 2 * x + 0.5}, torch.ones(4))


def test_a_shape_that_would_broadcast_is_refused():
    with pytest.raises(ValueError, match=r"row gives \(1, 4\), twice gives \(4,\)"):
        ladder({"twice": lambda x: 2 * x, "row": lambda x: 2 * x[None]}, torch.ones(4))


def test_several_inputs_and_a_wider_tolerance(capsys):
    forms = {"add": torch.add, "near": lambda x, y: x + y + 0.01}
    ladder(forms, torch.ones(2), torch.ones(2), tolerance=0.1)
    assert len(capsys.readouterr().out.splitlines()) == 2
