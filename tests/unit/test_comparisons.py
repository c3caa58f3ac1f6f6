"""The questions beside the paper's, and the experiments of its review, from hand-made records."""

import matplotlib.pyplot as plt
import pytest
from hand_made import LUCK, seeds

from lmfn_core import networks
from lmfn_core.evidence.ablation_figures import alternatives as draw
from lmfn_core.evidence.comparisons import BETTER, QUESTIONS, WORSE, answers
from lmfn_core.evidence.differences import alternatives, proposed
from lmfn_core.evidence.orderings import CONTRADICTED, HOLDS, NOT_RUN, WITHIN_NOISE
from lmfn_core.evidence.review import GOPRO_TAKES, NOT_ATTEMPTED, experiments


def study():
    counted = {"lmfn": {"parameters": 100, "macs_720p": 1000}, "nafnet-small": {"parameters": 90, "macs_720p": 250}}
    timed = {"lmfn": {"ratio": 1.0}, "nafnet-small": {"ratio": 1.5}}
    return {
        "assembling": {"metrics": {"networks": counted}}, "profiling": {"metrics": {"networks": timed}},
        **seeds("ablate-lmfn", 0.5), **seeds("compare-nafnet-small", 0.7), **seeds("compare-lmfn-aspp", 0.4),
        **seeds("compare-lmfn-alfm-cosine", 0.51, LUCK[::-1]),
    }  # fmt: skip


def test_every_network_that_is_no_row_of_the_paper_is_asked_about():
    rows = {"lmfn-published", "lmfn-without-mshf", "lmfn-without-distillation", *(f"lmfn-n{n}" for n in range(1, 7))}
    asked = {name for question in QUESTIONS for name in (question.network, question.against)}
    assert asked == set(networks()) - rows - set(networks(family="lfdn"))


def test_answers_go_by_code_and_none_is_left_out():
    found = {(answer.question.network, answer.question.against): answer for answer in answers(study())}
    assert found["nafnet-small", "lmfn"].verdict == BETTER and found["lmfn-aspp", "lmfn"].verdict == WORSE
    assert found["lmfn-alfm-cosine", "lmfn"].verdict == WITHIN_NOISE
    assert found["lmfn-pyramid-pooling", "lmfn"].verdict == NOT_RUN
    assert len(found) == len(QUESTIONS) == len(alternatives({}).rows)


def test_costs_stand_beside_the_answer():
    rows = {row["network"]: row for row in alternatives(study()).rows}
    naf = rows["NAFNet of equal size"]
    assert [naf[f"{cost}, times"] for cost in ("parameters", "MAC", "time")] == ["0.90", "0.25", "1.50"]
    assert (naf["here (dB)"], naf["verdict"], naf["seeds"]) == ("+0.200", "better", 3)
    assert rows["ASPP"]["parameters, times"] is None
    assert "steps 400" in alternatives(study()).caption and "No training record" in alternatives({}).caption


def test_the_picture_has_a_line_for_every_pair_that_was_trained():
    axis = draw(study()).axes[0]
    labels = [label.get_text() for label in axis.get_yticklabels()]
    assert len(labels) == 3 and labels[-1] == "network: NAFNet of equal size against LMFN"
    plt.close("all")


def falls(without_mshf, without_attention):
    return (
        study()
        | seeds("ablate-lmfn-without-mshf", without_mshf)
        | seeds("ablate-lmfn-without-attention", without_attention, LUCK[::-1])
    )


def test_the_reviews_experiments_have_direction_and_size():
    sanity, encoder, attention = experiments(falls(0.5 - 0.7, 0.49))
    assert (sanity.verdict, sanity.found, sanity.because) == (NOT_ATTEMPTED, None, GOPRO_TAKES)
    assert (encoder.verdict, encoder.found, encoder.size) == (HOLDS, "-0.700 dB", True)
    assert (attention.verdict, attention.size) == (WITHIN_NOISE, False)
    assert experiments(falls(0.6, 0.49))[1].verdict == CONTRADICTED
    assert [row["verdict"] for row in proposed({}).rows] == [NOT_ATTEMPTED, NOT_RUN, NOT_RUN]


@pytest.mark.parametrize(("psnr", "said"), [(30.5, HOLDS), (29.5, CONTRADICTED)])
def test_the_sanity_check_is_decided_on_gopro_alone(psnr, said):
    scored = {"data": "GoPro, 1111 test pairs", "metrics": {"restored": {"psnr_rgb": psnr}}}
    assert experiments({"evaluation": scored})[0].verdict == said
    elsewhere = scored | {"data": "bundled photographs"}
    assert experiments({"evaluation": elsewhere})[0].verdict == NOT_ATTEMPTED
