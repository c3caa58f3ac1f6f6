"""The orderings in print against hand-made records: which hold, which are contradicted, which drown in noise."""

from pathlib import Path

import pytest

from lmfn_core.evidence.differences import effects, orders
from lmfn_core.evidence.effects import EFFECT, UNLIKE
from lmfn_core.evidence.ledger import load_ledger
from lmfn_core.evidence.orderings import CONTRADICTED, HOLDS, NOT_RUN, WITHIN_NOISE, orderings, tally, variants

LEDGER = load_ledger(Path(__file__).parents[2] / "reports" / "claims")
NAMES = [f"{name}-{draw}" for name in ("cat", "cup", "face", "moon") for draw in (1, 2, 3)]
GAINS = {"lmfn": 0.5, "lmfn-without-mshf": 0.3, "lmfn-without-distillation": 0.52, "lmfn-n1": 0.6, "lmfn-n2": 0.5}


def training(run="ablate-lmfn", gain=0.5, seed=0, **changes):
    settings = {"recipe": "modern", "image_skip": True, "batch": 8, "crop": 96}
    return {"run": run, "tier": "study", "data": "photographs", "steps": 400, "seed": seed, "parameters": settings,
            "metrics": {"gain_psnr_rgb": gain, "gains": dict.fromkeys(NAMES, gain)}} | changes  # fmt: skip


def study():
    """Three seeds of five networks; each training of the network without distillation is off by its own luck."""
    found = {}
    for network, middle in GAINS.items():
        for seed, luck in enumerate((-0.05, 0.0, 0.05)):
            own = -2 * luck if "distillation" in network else luck
            found[f"ablate-{network}" + (f"-s{seed}" if seed else "")] = training(gain=middle + own, seed=seed)
    return found


def named(records):
    return {(o.upper, o.lower): o for o in orderings(LEDGER, records)}


def test_variants_are_the_rows_of_tables_3_and_4():
    counted = {"metrics": {"networks": {"lmfn": {"parameters_published": 1_247_707}}}}
    records = {"assembling": counted, "ablate-lmfn": training(), "ablate-lmfn-n1": training("ablate-lmfn-n1", 0.1)}
    rows = {row.label: row for row in variants(LEDGER, records)}
    assert list(rows) == ["full", "without MSHF", "without distillation block", "without ALFM/ACFM",
                          "N = 1", "N = 2", "N = 3", "N = 5", "N = 6"]  # fmt: skip
    assert (rows["full"].size, rows["full"].printed_difference, rows["full"].effect) == (1.247707, 0.0, None)
    assert (rows["without MSHF"].printed_difference, rows["N = 5"].printed_difference) == (-0.74, -0.02)
    assert rows["N = 1"].effect.difference == pytest.approx(-0.4) and rows["N = 1"].size is None
    assert rows["N = 2"].effect is None and rows["N = 6"].network == "lmfn-n6"


def test_every_order_in_print_is_there_once_and_a_tie_is_none():
    found = named({})
    assert list(found)[:3] == [("full", f"without {part}") for part in ("MSHF", "distillation block", "ALFM/ACFM")]
    fours = [(f"N = {a}", f"N = {b}") for a, b in ((1, 2), (3, 2), (4, 3), (4, 5), (6, 5), (4, 1), (4, 2))]
    assert list(found)[3:] == fours, "N = 6 and N = 4 are equal in print"
    assert found["N = 1", "N = 2"].printed == 0.1 and all(o.printed > 0 for o in found.values())
    assert {o.verdict for o in found.values()} == {NOT_RUN}


def test_verdicts_go_by_code():
    found = named(study())
    assert found["full", "without MSHF"].verdict == HOLDS
    assert found["full", "without MSHF"].effect.difference == pytest.approx(0.2)
    assert found["full", "without distillation block"].verdict == WITHIN_NOISE
    assert found["N = 4", "N = 1"].verdict == CONTRADICTED
    assert found["N = 1", "N = 2"].verdict == HOLDS, "the paper's own oddity: one block better than two"
    assert found["N = 4", "N = 2"].verdict == WITHIN_NOISE, "equal is not better"
    assert found["full", "without ALFM/ACFM"].verdict == NOT_RUN


def test_what_was_trained_longer_is_not_compared():
    longer = {run: r | ({"steps": 900} if "mshf" in run else {}) for run, r in study().items()}
    assert named(longer)["full", "without MSHF"].verdict == UNLIKE


def test_the_tally_counts_every_ordering_once():
    said = tally(orderings(LEDGER, study()))
    assert said == "The 10 orderings in print: holds 2, contradicted 1, within the noise 2, not run here 5."


def test_the_table_says_order_interval_and_size():
    table = orders(LEDGER, study())
    rows = {(row["better in print"], row["worse"]): row for row in table.rows}
    row = rows["full", "without MSHF"]
    assert (row["printed, GoPro (dB)"], row["here (dB)"], row["seeds"]) == ("+0.74", "+0.200", 3)
    assert row["over seeds (dB)"] == "+0.200 to +0.200" and row["printed size in our interval?"] == "no"
    assert rows["full", "without ALFM/ACFM"]["here (dB)"] is None
    for words in ("tier study", "steps 400", "seeds 0, 1, 2", "data photographs", "holds 2", "one difference"):
        assert words in table.caption
    assert "No training record yet." in orders(LEDGER, {}).caption


def test_effects_show_mean_and_spread_of_every_row():
    rows = {row["variant"]: row for row in effects(LEDGER, study()).rows}
    assert rows["full"]["gain (dB)"] == "+0.50 ± 0.05" and rows["full"]["here (dB)"] is None
    assert rows["without distillation block"]["gain (dB)"] == "+0.52 ± 0.10"
    assert rows["N = 1"]["more than noise?"] == EFFECT and rows["N = 3"]["gain (dB)"] is None
