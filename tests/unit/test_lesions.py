"""What parts taken out of the trained network cost, from hand-made records."""

import matplotlib.pyplot as plt
import pytest
from hand_made import LUCK, seeds

from lmfn_core import build, networks
from lmfn_core.evidence.differences import lesions as table
from lmfn_core.evidence.effects import CANNOT_TELL, EFFECT
from lmfn_core.evidence.lesions import TAKEN_OUT, lesions, picture
from lmfn_core.models.checkpoints import load_weights
from lmfn_core.models.inheritance import inherited


def lesion(network, at_once, after, luck=LUCK):
    return seeds(f"lesion-{network}", after, luck, recipe="modern-last", steps=800, first_gain=at_once, parameters=100)


def study():
    return {
        **lesion("lmfn-without-attention", 0.5, 2.0), **lesion("lmfn", 3.25, 3.0),
        **lesion("lmfn-without-alfm", 2.9, 2.99, LUCK[::-1]),
    }  # fmt: skip


def test_a_lesion_is_held_against_the_whole_network_trained_on_alike():
    whole, alfm, both = lesions(study())
    assert (whole.taken_out, alfm.taken_out, both.taken_out) == ("nothing", "ALFM", "ALFM and ACFM")
    assert whole.effect is None and (whole.at_once, whole.after) == (3.25, pytest.approx(3.0))
    assert both.effect.difference == pytest.approx(-1.0) and both.effect.verdict == EFFECT
    assert alfm.effect.verdict == CANNOT_TELL, "their luck is opposite, seed by seed"


def test_without_the_whole_network_nothing_is_compared():
    alone = lesions(lesion("lmfn-n3", 2.0, 2.5))
    assert [lesion.effect for lesion in alone] == [None]
    assert len(picture(lesion("lmfn-n3", 2.0, 2.5)).axes[0].lines) == 3, "no dashed line"
    plt.close("all")
    assert table({}).rows == [] and "No training record" in table({}).caption


def test_the_table_says_how_and_what_is_missing():
    shown = table(study())
    assert [row["at once (dB)"] for row in shown.rows] == ["+3.25", "+2.90", "+0.50"]
    assert [row["less the whole one (dB)"] for row in shown.rows] == [None, "-0.010", "-1.000"]
    assert shown.rows[2]["after (dB)"] == "+2.00 ± 0.05" and shown.rows[2]["more than noise?"] == EFFECT
    assert "steps 800" in shown.caption and "Recipe modern-last." in shown.caption


def test_the_picture_has_a_line_a_lesion_and_one_for_the_whole_network():
    axis = picture(study()).axes[0]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["nothing", "ALFM", "ALFM and ACFM"]
    upright = [line.get_xdata() for line in axis.lines if len(line.get_xdata()) == 2]
    assert upright == [[0, 0], [pytest.approx(3.0)] * 2]
    plt.close("all")
    low = picture(study() | lesion("lmfn-n1", -0.5, 1.0)).axes[0]
    assert low.get_xlim()[0] < -0.5, "worse than the blurred input is drawn too"
    plt.close("all")


def test_records_from_before_the_first_gain_was_kept_have_no_grey_dot():
    old = study()
    for record in old.values():
        del record["metrics"]["first_gain"]
    assert [row["at once (dB)"] for row in table(old).rows] == [None] * 3
    assert picture(old) is not None
    plt.close("all")


@pytest.mark.parametrize("network", TAKEN_OUT)
def test_everything_left_was_trained(network):
    assert network in networks()
    wanted = build(network, image_skip=True).state_dict()
    given = load_weights("lmfn")[0].state_dict()
    found = inherited(given, wanted)
    assert {name: tensor.shape for name, tensor in found.items()} == {n: t.shape for n, t in wanted.items()}
    cut = {name for name, tensor in found.items() if tensor.shape != given[name].shape}
    assert cut == ({"fusion.fuse.weight"} if network.startswith("lmfn-n") else set())
