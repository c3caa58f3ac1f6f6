"""What competed for a part's place in the trained network, from hand-made records; and that each can begin there."""

from pathlib import Path

import pytest
from hand_made import LUCK, seeds

from lmfn_core import build, networks
from lmfn_core.evidence.differences import rivals as table
from lmfn_core.evidence.effects import CANNOT_TELL, EFFECT, UNLIKE
from lmfn_core.evidence.ledger import load_ledger
from lmfn_core.evidence.rivals import RIVALS, rivals
from lmfn_core.models.checkpoints import load_weights
from lmfn_core.training.asked import begin

LEDGER = load_ledger(Path(__file__).parents[2] / "reports" / "claims")
PLACED = [(place, network) for place, competing in RIVALS.items() for network in competing]


def rival(place, network, gain, luck=LUCK, steps=800):
    return seeds(f"anew-{place}-{network}", gain, luck, recipe="modern-fine", steps=steps, parameters=100)


def study():
    return {
        **rival("encoder", "lmfn-without-mshf", 0.5), **rival("encoder", "lmfn", 0.75),
        **rival("blocks", "lmfn", 1.5), **rival("blocks", "lmfn-without-distillation", 1.5, LUCK[::-1]),
    }  # fmt: skip


def test_a_rival_is_held_against_the_papers_part_in_the_same_place():
    rfdb, residual, mshf, plain = rivals(study())
    assert [(r.place, r.what) for r in (rfdb, plain)] == [("blocks", "RFDB"), ("encoder", "strided convolutions")]
    assert rfdb.effect is None and mshf.effect is None
    assert residual.effect.verdict == CANNOT_TELL, "their luck is opposite, seed by seed"
    assert plain.effect.difference == pytest.approx(-0.25) and plain.effect.verdict == EFFECT


def test_nothing_is_compared_across_places_or_budgets():
    alone = rivals(rival("blocks", "lmfn-without-distillation", 1.5) | rival("encoder", "lmfn", 0.75))
    assert [rival.effect for rival in alone] == [None, None], "the paper's part stands in another place"
    longer = rivals(rival("blocks", "lmfn", 1.5) | rival("blocks", "lmfn-without-distillation", 2.0, steps=1600))
    assert longer[1].effect.verdict == UNLIKE


def test_the_table_says_how_and_what_won():
    shown = table(LEDGER, study())
    assert [row["learnt there"] for row in shown.rows] == [
        "RFDB", "residual blocks", "MSHF", "strided convolutions"
    ]  # fmt: skip
    assert [row["less the paper's (dB)"] for row in shown.rows] == [None, "+0.000", None, "-0.250"]
    assert [row["printed, GoPro (dB)"] for row in shown.rows] == [None, "-2.34", None, "-0.74"]
    assert shown.rows[0]["gain (dB)"] == "+1.50 ± 0.05"
    assert "steps 800" in shown.caption and "Recipe modern-fine." in shown.caption
    assert table(LEDGER, {}).rows == [] and "No training record" in table(LEDGER, {}).caption


@pytest.mark.parametrize(("place", "network"), PLACED)
def test_everything_but_the_place_was_trained(place, network):
    assert network in networks()
    asked = {"network": network, "image_skip": True, "start": "lmfn", "anew": place}
    begun, trained = begin(asked).state_dict(), load_weights("lmfn")[0].state_dict()
    inside = {name for name in begun if name.startswith(f"{place}.")}
    assert inside and all(begun[name].equal(trained[name]) for name in begun.keys() - inside)
    learnt = {name for name in inside & trained.keys() if begun[name].shape == trained[name].shape}
    assert not any(begun[name].equal(trained[name]) for name in learnt if begun[name].ndim > 1)
    own = build(network, image_skip=True).state_dict()
    assert begun.keys() == own.keys()
