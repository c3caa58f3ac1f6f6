"""Every command is killed with SIGKILL at random moments; the same command finishes, as if it had not been."""

import os

import pytest

from workflow.reliability.blows import Blow, strike
from workflow.reliability.kills import campaign
from workflow.reliability.victims import VICTIMS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="SIGKILL is POSIX"),
]
MOMENTS = 20
NAMES = [victim.what for victim in VICTIMS]


@pytest.mark.parametrize("victim", VICTIMS, ids=NAMES)
def test_killed_at_random_moments(victim, tmp_path):
    row = campaign(victim, tmp_path / "campaign", MOMENTS, seed=int.from_bytes(os.urandom(4), "big"))
    assert row["problems"] == []
    assert row["survived"] == row["equal"] == MOMENTS and row["resumed"] > 0


@pytest.mark.parametrize("victim", VICTIMS[1:], ids=NAMES[1:])
def test_killed_before_each_of_its_last_changes(victim, tmp_path):
    """Between the last result and the tidying up: nothing that is done is done again."""
    victim.prepare(tmp_path / "whole")
    usual = strike(victim.command, tmp_path / "whole", Blow())
    expected = victim.result(tmp_path / "whole")
    for change in range(usual.changes - 9, usual.changes + 1):
        here = tmp_path / f"{change}"
        victim.prepare(here)
        assert strike(victim.command, here, Blow(change=change)).killed
        done, again = victim.done(here), strike(victim.command, here, Blow())
        assert again.code == 0 and victim.found(again.text) >= done > 0, (change, again.text)
        assert victim.result(here) == expected, change


def test_a_damaged_result_is_seen(tmp_path):
    """The campaign can fail: what is cut short is no result."""
    for victim in VICTIMS[1:3]:
        here = tmp_path / victim.what
        victim.prepare(here)
        assert strike(victim.command, here, Blow()).code == 0 and victim.done(here) == 6
        for file in (*here.glob("weights/tiny.safetensors"), *here.glob("out/0/0.png")):
            file.write_bytes(file.read_bytes()[:-100])
        with pytest.raises((ValueError, OSError)):
            victim.done(here)
