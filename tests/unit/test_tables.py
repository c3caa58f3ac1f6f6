"""The report's tables from hand-made records; what is missing is a dash, never an error."""

from pathlib import Path

import pytest

from lmfn_core import networks
from lmfn_core.evidence.ablation import table3, table4
from lmfn_core.evidence.ledger import load_ledger
from lmfn_core.evidence.paper_tables import printed_tables
from lmfn_core.evidence.rendering import csv as to_csv
from lmfn_core.evidence.rendering import markdown
from lmfn_core.evidence.tables import claims_table, contradictions, conventions, costs, remarks

LEDGER = load_ledger(Path(__file__).parents[2] / "reports" / "claims")
COUNTS = {"parameters": 1_223_766, "parameters_published": 1_247_707, "macs_256": 4_818_943_232,
          "macs_720p": 67_860_000_000, "macs_720p_published": 63_300_000_000}  # fmt: skip


def training(run, network, seed=0, gain=0.5, skip=True, **changes):
    restored = {"psnr_rgb": 25 + gain, "psnr_luma": 26.4 + gain, "ssim_per_channel": 0.8, "ssim_matlab_rgb": 0.9}
    return {"run": run, "tier": "lesson", "data": "bundled photographs", "steps": 600, "seed": seed,
            "parameters": {"network": network, "recipe": "modern", "image_skip": skip, "batch": 8, "crop": 96},
            "metrics": {"restored": restored, "gain_psnr_rgb": gain, "images": 12}} | changes  # fmt: skip


def full_set():
    records = [
        {"run": "assembling", "tier": "lesson", "data": "no images", "steps": None, "seed": None,
         "metrics": {"networks": {"lmfn": COUNTS, "lmfn-n4": COUNTS}, "unused_published": 23903}},
        *(training(f"ablate-lmfn-s{seed}", "lmfn", seed, 0.5 + 0.1 * seed) for seed in (0, 1)),
        training("ablate-lmfn-without-mshf", "lmfn-without-mshf", gain=-0.254),
        {"run": "evaluation", "metrics": {"card": {"blurred": {"psnr_rgb": 25.0, "ssim_matlab_rgb": 0.86721},
                                                   "restored": {"psnr_rgb": 25.512, "ssim_matlab_rgb": 0.9}}}},
    ]  # fmt: skip
    return {record["run"]: record for record in records}


PRINTED = ["table1", "table2", *(f"lfdn-table{n}" for n in range(1, 10))]
BUILDERS = {name: lambda records, name=name: printed_tables(LEDGER, records)[name] for name in PRINTED} | {
    "table3": lambda records: table3(LEDGER, records), "table4": lambda records: table4(LEDGER, records),
    "costs": costs, "conventions": conventions, "claims": lambda records: claims_table(LEDGER, records),
    "contradictions": lambda records: contradictions(LEDGER, records), "remarks": lambda records: remarks(LEDGER),
}  # fmt: skip


@pytest.mark.parametrize("name", BUILDERS)
def test_every_table_renders_the_same_twice_and_needs_no_record(name):
    backwards = dict(reversed(full_set().items()))
    for records in ({}, full_set()):
        table = BUILDERS[name](records)
        assert table.caption.endswith(".") and all(list(row) == list(table.rows[0]) for row in table.rows)
        assert markdown(table.rows, table.caption).count("\n|") == (len(table.rows) + 2 if table.rows else 0)
    again = BUILDERS[name](backwards)
    assert (markdown(again.rows, again.caption), to_csv(again.rows)) == (
        markdown(table.rows, table.caption), to_csv(table.rows)
    )  # fmt: skip


@pytest.mark.parametrize("record", [{}, {"run": "ablate-lmfn", "metrics": {}, "parameters": {}}])
def test_half_empty_records_leave_dashes(record):
    records = {"ablate-lmfn": record, "assembling": record, "evaluation": record, "profiling": record}
    for build in BUILDERS.values():
        table = build(records)
        markdown(table.rows, table.caption)
    assert table3(LEDGER, records).rows[3]["PSNR RGB"] is None


def test_table1_fills_only_what_a_record_settles():
    table = printed_tables(LEDGER, full_set())["table1"]
    rows = {row["row"]: row for row in table.rows}
    quoted = ["DMPHN [7]", "30.21", "0.9345", "21.7", "0.03", None, "not attempted here"]
    assert list(rows["DMPHN [7]"].values()) == quoted
    ours = {title: cell for title, cell in rows["LMFN(Ours)"].items() if title.startswith("here")}
    assert ours == {"here: Model Size (M)": "1.248"}
    assert rows["LMFN(Ours)"]["verdicts"] == "not attempted here: PSNR, SSIM, Time; reproduced: Model Size"
    assert "tier lesson, data: bundled photographs, 600 steps" in table.caption


def test_lfdns_tables_are_printed_numbers_ours_and_verdicts():
    counted = full_set()
    counted["assembling"]["metrics"]["networks"]["lfdn"] = {"parameters": 1_539_860}
    found = printed_tables(LEDGER, counted | {"ablate-lfdn": training("ablate-lfdn", "lfdn", gain=0.3)})
    assert list(found) == PRINTED
    own = next(row for row in found["lfdn-table3"].rows if row["row"] == "LFDN (Ours)")
    assert (own["Model Size (MB)"], own["here: Model Size (MB)"]) == ("1.55", "1.540")
    assert own["verdicts"] == "not attempted here: PSNR, SSIM, Ave. Inf. Time; not reproduced: Model Size"
    deepdeblur = found["lfdn-table3"].rows[0]["verdicts"]
    assert deepdeblur == "not attempted here: PSNR, Model Size, Ave. Inf. Time; contradicts the other paper: SSIM"
    kohler = found["lfdn-table1"].rows[-1]
    assert kohler["Test samples"] == "64" and "contradicts the paper's own text: Test samples" in kohler["verdicts"]
    full = found["lfdn-table6"].rows[-1]
    assert (full["gain (dB)"], full["steps"]) == ("+0.30", "600") and found["lfdn-table6"].rows[0]["gain (dB)"] is None
    assert found["lfdn-table9"].rows[3]["gain (dB)"] == "+0.30", "N = 4 is the full network"
    assert [len(found[name].rows) for name in PRINTED] == [10, 8, 7, 8, 12, 8, 7, 6, 7, 6, 6]


def test_costs_lists_every_network_once_and_the_dead_weight():
    table = costs(full_set())
    fixed = [name for name in networks() if "-theta-" in name or "-alpha-" in name]
    assert len(fixed) == 13
    assert [row["network"] for row in table.rows] == [n for n in networks() if n not in ("lmfn-published", *fixed)]
    assert table.rows[0]["MAC at 1280 x 720, as published"] == 63_300_000_000
    assert table.rows[1]["parameters, equations"] is None
    assert "23,903 of the parameters" in table.caption


def test_conventions_define_what_they_list():
    rows = conventions(full_set()).rows
    assert [(row["measure"], row["blurred image"], row["restored image"]) for row in rows] == [
        ("psnr_rgb", "25.00", "25.51"), ("ssim_matlab_rgb", "0.8672", "0.9000")
    ]  # fmt: skip
    assert all(row["definition"] for row in rows)


def test_claims_and_contradictions():
    table = claims_table(LEDGER, full_set())
    assert len(table.rows) == len(LEDGER.claims)
    rows = {row["claim"]: row for row in table.rows}
    assert (rows["t1-lmfn-size"]["printed"], rows["t1-lmfn-size"]["here"]) == ("1.25 M", "1.248")
    found = [row["claim"] for row in contradictions(LEDGER, {}).rows]
    assert found[0] == "text-without-mshf-size" and {"lfdn-t1-kohler-test", "lfdn-t3-deepdeblur-ssim"} <= set(found)
    assert {row["paper"] for row in remarks(LEDGER).rows} == {"LMFN", "LFDN"}
