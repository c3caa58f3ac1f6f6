"""Verdicts from hand-made records: counts to the digit, and no short run in a row of the paper."""

import copy
import functools
from pathlib import Path

import pytest
import torch

from lmfn_core import build, networks
from lmfn_core.evidence.claims import CONTRADICTS, CONTRADICTS_OTHER, VERDICTS, tally, verdicts
from lmfn_core.evidence.ledger import PAPERS, load_ledger, parse_ledger
from lmfn_core.evidence.runs import RAIN, eligible, runs_of

FOLDER = Path(__file__).parents[2] / "reports" / "claims"
TEXTS = {name: (FOLDER / f"{name}.yaml").read_text(encoding="utf-8") for name in ("rules", *PAPERS)}
LEDGER = load_ledger(FOLDER)
OF_LMFN = [claim.id for claim in LEDGER.claims if claim.paper == "lmfn"]


def changed(paper, old, new):
    """The ledger with one printed number replaced."""
    assert old in TEXTS[paper]
    texts = {name: TEXTS[name].replace(old, new) if name == paper else TEXTS[name] for name in PAPERS}
    return parse_ledger(TEXTS["rules"], texts)


@functools.cache
def counted():
    def count(name, published):
        with torch.device("meta"):
            return sum(parameter.numel() for parameter in build(name, published=published).parameters())

    found = {n: {"parameters": count(n, False)} for n in networks()}
    for n in networks(published=True):
        found[n]["parameters_published"] = count(n, True)
    return found


def assembling():
    return {"run": "assembling", "tier": "lesson", "data": "no images", "steps": None, "seed": None,
            "metrics": {"networks": copy.deepcopy(counted()), "unused_published": 23903}}  # fmt: skip


def training(run, network="lmfn", psnr=31.54, gain=0.5, seed=0, **changes):
    """A record that meets every condition of the paper's GoPro rows, unless changed."""
    record = {
        "run": run, "tier": "paper", "data": "GoPro, 1111 test pairs", "steps": 1_000_000, "seed": seed,
        "parameters": {"network": network, "recipe": "paper", "image_skip": False, "batch": 16, "crop": 256},
        "metrics": {"restored": {"psnr_rgb": psnr, "psnr_luma": psnr + 1.4, "ssim_per_channel": 0.9231,
                                 "ssim_matlab_rgb": 0.952}, "gain_psnr_rgb": gain, "images": 1111},
    }  # fmt: skip
    for path, value in changes.items():
        place = record
        *parents, last = path.split("__")
        for parent in parents:
            place = place[parent]
        place[last] = value
    return record


def decide(*records, ledger=LEDGER):
    return {verdict.claim.id: verdict for verdict in verdicts(ledger, {record["run"]: record for record in records})}


COUNTED = decide(assembling())
WITHIN = {  # claim: what its own paper prints instead
    "text-without-mshf-size": "LMFN Table 3 gives 1.8 - 1.25 = 0.55, not 0.45.",
    "lfdn-t1-kohler-test": "LFDN Section 4.1.1 gives 4 x 12 = 48, not 64.",
    "lfdn-t5-deepdeblur-time": "LFDN Table 3, DeepDeblur [9], Ave. Inf. Time: 15, not 4.33.",
    "lfdn-t5-dmphn-size": "LFDN Table 3, DMPHN [12], Model Size: 21.7, not 86.8.",
    "lfdn-t5-dmphn-time": "LFDN Table 3, DMPHN [12], Ave. Inf. Time: 0.03, not 0.98.",
    "lfdn-picture-psnr": "LFDN Table 3, LFDN (Ours), PSNR: 31.60, not 31.54.",
    "lfdn-picture-ssim": "LFDN Table 3, LFDN (Ours), SSIM: 0.932, not 0.923.",
    "lfdn-picture-size": "LFDN Table 3, LFDN (Ours), Model Size: 1.55, not 1.25.",
    "lfdn-picture-time": "LFDN Table 3, LFDN (Ours), Ave. Inf. Time: 0.029, not 0.019.",
    "lfdn-text-fig1-gopro-time": "LFDN Table 3 does not agree: 0.029 against 0.01 in row Yuan et al. [21].",
    "lfdn-text-least-gopro-time": "LFDN Table 3 does not agree: 0.029 against 0.01 in row Yuan et al. [21].",
    "lfdn-text-best-rain14000-ssim": "LFDN Table 2 does not agree: 0.935 against 0.961 in row DerainingNet [55].",
    "lfdn-text-best-gopro-ssim": "LFDN Table 3 does not agree: 0.932 against 0.9507 in row Tang et al. [45].",
    "lfdn-text-orders-faster": "LFDN Table 2 gives 0.230 / 0.043 = 5.35, less than 100.",
    "lfdn-text-size-unit": "LFDN Table 3, LFDN (Ours), Model Size: 1.55 MB, not M.",
    "lfdn-text-300-times": "LFDN Table 3 gives 303.6 / 1.55 = 195.87, not 300.",
    "lfdn-text-without-mshf-psnr": "LFDN Table 6 gives 31.60 - 31.01 = 0.59, not 0.5.",
    "lfdn-text-four-are-enough-psnr": "LFDN Table 9 does not agree: 31.60 against 31.61 in row 6.",
    "lfdn-text-four-are-enough-rain-psnr": "LFDN Table 9 does not agree: 29.12 against 29.13 in row 6.",
}
BETWEEN = {  # claim: what the other paper prints instead
    "lfdn-t3-deepdeblur-ssim": "LMFN Table 1, DeepDeblur [4], SSIM: 0.9135, not 0.841.",
    "lfdn-t5-sun-time": "LMFN Table 2, Sun et al. [29], Time: 1,200, not 23.45.",
    "lfdn-text-attention-saves": "LMFN Table 3 does not agree: 1.20 (without ALFM/ACFM) and 1.25 (full).",
}


def test_without_records_only_the_papers_contradict_themselves_and_each_other():
    decided = verdicts(LEDGER, {})
    assert [verdict.claim for verdict in decided] == list(LEDGER.claims)
    assert tally(decided) == {**dict.fromkeys(VERDICTS, 0), CONTRADICTS: len(WITHIN), CONTRADICTS_OTHER: len(BETWEEN),
                              "not attempted here": len(LEDGER.claims) - len(WITHIN) - len(BETWEEN)}  # fmt: skip
    assert all(verdict.ours is None and verdict.evidence for verdict in decided)
    assert {v.claim.id for v in decided if v.verdict == CONTRADICTS} == set(WITHIN)
    assert {v.claim.id for v in decided if v.verdict == CONTRADICTS_OTHER} == set(BETWEEN)


def test_tally_with_the_counts_alone():
    assert list(tally([COUNTED[name] for name in OF_LMFN]).values()) == [5, 0, 10, 1, 0, 101]
    of_lfdn = tally([verdict for name, verdict in COUNTED.items() if name not in OF_LMFN])
    assert list(of_lfdn.values()) == [0, 0, 17, 19, 3, 300]


@pytest.mark.parametrize(
    ("claim", "verdict", "ours"),
    [
        ("t1-lmfn-size", "reproduced", "1.25"),
        ("t2-lmfn-size", "reproduced", "1.25"),
        ("t3-full-size", "reproduced", "1.25"),
        ("t3-without-attention-size", "reproduced", "1.20"),
        ("t3-without-mshf-size", "not reproduced", "0.73"),
        ("t3-without-distillation-size", "not reproduced", "1.05"),
        ("t4-n1-size", "not reproduced", "0.96"),
        ("t4-n2-size", "not reproduced", "1.05"),
        ("t4-n3-size", "not reproduced", "1.15"),
        ("t4-n4-size", "reproduced", "1.25"),
        ("t4-n5-size", "not reproduced", "1.34"),
        ("t4-n6-size", "not reproduced", "1.44"),
        ("t4-each-rfdb", "not reproduced", "0.10"),
        ("text-mshf-saves", "not reproduced", "-0.52"),
        ("text-distillation-saves", "not reproduced", "-0.20"),
        ("lfdn-t3-lfdn-size", "not reproduced", "1.54"),
        ("lfdn-t6-without-all-size", "not reproduced", "0.81"),
        ("lfdn-t6-without-attention-size", "not reproduced", "1.54"),
        ("lfdn-t6-rfdb-size", "not reproduced", "1.56"),
        ("lfdn-t6-cnn-size", "not reproduced", "1.55"),
        ("lfdn-t6-without-mshf-size", "not reproduced", "0.80"),
        ("lfdn-t9-n1-size", "not reproduced", "1.27"),
        ("lfdn-t9-n6-size", "not reproduced", "1.72"),
        ("lfdn-text-without-mshf-size", "not reproduced", "-0.74"),
        ("lfdn-text-mshf-saves", "not reproduced", "-0.74"),
    ],
)
def test_sizes_are_settled_by_the_count(claim, verdict, ours):
    assert (COUNTED[claim].verdict, f"{COUNTED[claim].ours:.2f}") == (verdict, ours)


def test_the_evidence_of_a_count_shows_both_families_and_the_run():
    assert COUNTED["t1-lmfn-size"].evidence == (
        "lmfn 1,247,707 parameters as published (1,223,766 by the equations); "
        "run assembling, tier lesson, data: no images."
    )


def test_a_count_is_compared_after_rounding_to_the_printed_digits():
    record = assembling()
    for count, verdict in ((1_245_000, "reproduced"), (1_254_999, "reproduced"), (1_255_001, "not reproduced")):
        record["metrics"]["networks"]["lmfn"]["parameters_published"] = count
        assert decide(record)["t1-lmfn-size"].verdict == verdict
    del record["metrics"]["networks"]["lmfn"]
    assert decide(record)["t1-lmfn-size"].verdict == "not attempted here"


def test_the_texts_growth_without_mshf_contradicts_the_table():
    verdict = COUNTED["text-without-mshf-size"]
    assert verdict.verdict == "contradicts the paper's own text"
    assert "LMFN Table 3 gives 1.8 - 1.25 = 0.55, not 0.45." in verdict.evidence


@pytest.mark.parametrize(("claim", "sentence"), (WITHIN | BETWEEN).items())
def test_a_contradiction_names_the_place_and_both_numbers(claim, sentence):
    assert COUNTED[claim].evidence.startswith(sentence)


def test_a_block_that_the_text_fixes_contradicts_the_step_in_print():
    verdict = COUNTED["lfdn-t9-each-fdnb"]
    assert (verdict.verdict, round(verdict.ours, 6)) == (CONTRADICTS, 0.090803)
    assert verdict.evidence.startswith("Section 3.3.1 (Equations 1 to 8, Fig. 4) with C = 50")
    assert "gives 0.091 M, not 0.03. lfdn-n4 1,539,860 parameters, lfdn-n3 1,449,057 parameters;" in verdict.evidence
    assert COUNTED["t4-each-rfdb"].verdict == "not reproduced", "LMFN's text states neither C nor the block's layers"
    rounded = changed("lfdn", 'printed: "0.03", quantity: parameters', 'printed: "0.09", quantity: parameters')
    assert decide(assembling(), ledger=rounded)["lfdn-t9-each-fdnb"].verdict == "reproduced"


def test_a_row_quoted_in_both_papers_is_held_against_the_other():
    repeated = [(claim, LEDGER[claim.check["equal"]]) for claim in LEDGER.claims if "equal" in claim.check]
    shared = [(mine, theirs) for mine, theirs in repeated if (mine.paper, theirs.paper) == ("lfdn", "lmfn")]
    quoted = [(mine, theirs) for mine, theirs in shared if theirs.place.startswith("Table")]
    assert len(quoted) == 9 * 4 + 6 * 4 - 1 + 1  # nine methods on GoPro, six on Köhler but for Xu's size; Sun's time
    assert all((mine.subject, mine.quantity) == (theirs.subject, theirs.quantity) for mine, theirs in quoted)
    assert len(shared) == len(quoted) + 4, "and four settings"
    other = changed("lmfn", 'printed: "0.9421"', 'printed: "0.9422"')
    assert decide(ledger=other)["lfdn-t3-gao-ssim"].verdict == CONTRADICTS_OTHER
    fewer = changed("lmfn", 'printed: "0.9421"', 'printed: "0.94"')
    assert decide(ledger=fewer)["lfdn-t3-gao-ssim"].verdict == "not attempted here", "equal at the fewer digits"


def test_a_number_printed_twice_in_one_paper_is_held_against_itself():
    other = changed("lfdn", 'subject: "lfdn-n4", printed: "1.55"', 'subject: "lfdn-n4", printed: "1.56"')
    assert decide(ledger=other)["lfdn-t9-n4-size"].verdict == CONTRADICTS
    for name, verdict in (("lfdn-t6-full-psnr", "not attempted here"), ("lfdn-t6-full-size", "not reproduced")):
        assert COUNTED[name].verdict == verdict


def test_rain_and_blur_are_not_quoted_for_each_other():
    blur = training("ablate-lfdn", "lfdn", tier="lesson", data="bundled photographs, 9 to train", gain=0.4)
    rain = training("compare-lfdn", "lfdn", tier="lesson", gain=1.5, parameters__task="derain")
    decided = decide(blur, rain)
    assert "+0.40 dB over the blurred input" in decided["lfdn-t3-lfdn-psnr"].evidence
    assert "+1.50 dB over the rainy input" in decided["lfdn-t2-lfdn-rain100h-psnr"].evidence
    assert set(RAIN) < set(LEDGER.eligible["images"])
    assert "No training record of this network on rain." in decide(blur)["lfdn-t2-lfdn-rain100h-psnr"].evidence


def test_what_rounding_can_explain_is_no_contradiction():
    near = changed("lmfn", 'printed: "0.45"', 'printed: "0.50"')  # 1.8 may be 1.75, 1.25 may be 1.254
    assert decide(ledger=near)["text-without-mshf-size"].verdict == "not attempted here"
    far = changed("lmfn", 'printed: "0.74"', 'printed: "0.84"')
    assert decide(ledger=far)["text-without-mshf-psnr"].verdict == "contradicts the paper's own text"


def test_an_order_in_words_is_held_against_the_printed_column():
    assert COUNTED["text-lmfn-smallest-gopro"].verdict == "not attempted here"
    smallest = COUNTED["text-lmfn-smallest-gopro"].evidence
    assert "LMFN Table 1 agrees: 1.25 against 2.84 in row Gao et al. [6]." in smallest
    swapped = changed("lmfn", 'printed: "30.92"', 'printed: "31.92"')
    assert decide(ledger=swapped)["text-lmfn-best-psnr-gopro"].verdict == "contradicts the paper's own text"
    assert "agrees: 31.54 against 31.54 in row 6" in COUNTED["text-four-are-enough"].evidence


@pytest.mark.parametrize(
    ("psnr", "verdict"), [(31.54, "reproduced"), (31.46, "within tolerance"), (30.1, "not reproduced")]
)
def test_a_full_run_on_gopro_settles_the_scores(psnr, verdict):
    decided = decide(training("ablate-lmfn", psnr=psnr))
    for claim in ("t1-lmfn-psnr", "t3-full-psnr", "t4-n4-psnr"):
        assert (decided[claim].verdict, decided[claim].ours) == (verdict, psnr)
    assert decided["t1-lmfn-ssim"].verdict == "reproduced"
    assert "run ablate-lmfn, tier paper, data: GoPro, 1111 test pairs, 1,000,000 steps, seed 0" in (
        decided["t1-lmfn-psnr"].evidence
    )
    assert decided["t3-without-mshf-psnr"].verdict == "not attempted here"


def test_several_seeds_are_averaged():
    decided = decide(*(training(f"ablate-lmfn-s{seed}", psnr=31 + seed, seed=seed) for seed in (0, 1)))
    assert decided["t1-lmfn-psnr"].ours == 31.5
    assert decided["t1-lmfn-psnr"].verdict == "within tolerance"


@pytest.mark.parametrize(
    "change",
    [
        {"tier": "smoke"}, {"tier": "lesson"}, {"tier": "bench"}, {"steps": 499_999}, {"steps": None},
        {"data": "bundled photographs"}, {"metrics__images": 1110}, {"metrics__images": [{"name": "a"}] * 12},
        {"metrics__images": None}, {"parameters__recipe": "modern"}, {"parameters__image_skip": True},
        {"parameters__image_skip": None}, {"parameters__network": "lmfn-n3"}, {"parameters": {}}, {"metrics": {}},
        {"metrics__restored": {"psnr_luma": 31.54}},
    ],
)  # fmt: skip
def test_a_record_that_misses_one_condition_never_fills_a_row_of_the_paper(change):
    assert eligible(LEDGER.eligible, {"a": training("ablate-lmfn")}, "lmfn", "gopro", "psnr_rgb")
    decided = decide(training("ablate-lmfn", **change))
    for name in ("t1-lmfn-psnr", "t1-lmfn-ssim", "t2-lmfn-psnr", "t3-full-psnr", "t3-full-ssim", "t4-n4-psnr"):
        assert (decided[name].verdict, decided[name].ours) == ("not attempted here", None)


def test_a_gopro_score_never_fills_the_kohler_row_nor_a_plain_psnr():
    kohler = training("evaluation-kohler", data="Köhler", metrics__images=48, psnr=30.94)
    decided = decide(training("ablate-lmfn", psnr=30.94), kohler)
    assert decided["t2-lmfn-psnr"].verdict == "not attempted here"
    kohler["metrics"]["restored"]["psnr_kohler"] = 30.94
    assert decide(kohler)["t2-lmfn-psnr"].verdict == "reproduced"


def test_what_was_measured_instead_is_said_with_run_tier_data_steps_and_seed():
    lesson = {"tier": "lesson", "data": "bundled photographs", "steps": 600}
    full, without = (training(f"ablate-{name}", name, gain=gain, **lesson)
                     for name, gain in (("lmfn", 0.5), ("lmfn-without-mshf", 0.2)))  # fmt: skip
    decided = decide(full, without)
    assert decided["t3-full-psnr"].evidence.startswith(
        "Measured instead: +0.50 dB over the blurred input (PSNR on RGB; run ablate-lmfn, tier lesson, "
        "data: bundled photographs, 600 steps, seed 0). It would take GoPro"
    )
    assert "31.54 - 30.8 = 0.74. Measured instead: 0.30 dB less than lmfn" in decided["text-without-mshf-psnr"].evidence
    long = training("train-lmfn", gain=0.9, **lesson)
    assert "+0.90 dB" in decide(full, long)["t1-lmfn-psnr"].evidence
    assert "+0.50 dB" in decide(full, long)["t3-full-psnr"].evidence
    assert "No training record of this network." in decided["t4-n1-psnr"].evidence


def test_the_fall_without_mshf_needs_both_networks():
    full, without = training("ablate-lmfn"), training("ablate-lmfn-without-mshf", "lmfn-without-mshf", psnr=30.80)
    assert decide(without)["text-without-mshf-psnr"].verdict == "not attempted here"
    verdict = decide(full, without)["text-without-mshf-psnr"]
    assert (verdict.verdict, round(verdict.ours, 2)) == ("reproduced", 0.74)


def test_a_time_counts_only_on_the_papers_card():
    record = {"run": "profiling", "tier": "lesson", "data": "no images", "steps": None, "seed": None, "metrics": {},
              "parameters": {"height": 720, "width": 1280}, "seconds": {"forward_lmfn": 0.019},
              "environment": {"cpu": "a processor", "cuda": None}}  # fmt: skip
    verdict = decide(record)["t1-lmfn-time"]
    assert (verdict.verdict, verdict.ours) == ("not attempted here", None)
    assert "0.019 s at 1280 x 720 on a processor; run profiling" in verdict.evidence
    card = copy.deepcopy(record)
    card["environment"]["cuda"] = "NVIDIA GeForce RTX 2080 Ti"
    for seconds, verdict in ((0.019, "reproduced"), (0.022, "within tolerance"), (0.05, "not reproduced")):
        card["seconds"]["forward_lmfn"] = seconds
        assert decide(card)["t2-lmfn-time"].verdict == verdict
    assert "No time in the record" in decide({**record, "seconds": {}})["t1-lmfn-time"].evidence


def test_runs_of_one_network_are_its_own_and_in_order_of_seed():
    names = ["ablate-lmfn-s10", "ablate-lmfn-s2", "ablate-lmfn", "ablate-lmfn-n1", "ablate-lmfn-n1-s0", "train-lmfn"]
    records = {name: {"run": name} for name in names}
    assert [record["run"] for record in runs_of(records, "lmfn")] == [names[2], names[1], names[0]]
    assert runs_of(records, "lmfn-n4") == runs_of(records, "lmfn")
    assert [record["run"] for record in runs_of(records, "lmfn-n1")] == ["ablate-lmfn-n1", "ablate-lmfn-n1-s0"]
    assert runs_of(records, "lmfn-n2") == []
