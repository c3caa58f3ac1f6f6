"""The report from hand-made records: short tables, figures, README's blocks; what is missing leaves a gap, no error."""

import random
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

from lmfn_core import networks
from lmfn_core.evidence.differences import effects, recipes
from lmfn_core.evidence.ledger import load_ledger
from lmfn_core.evidence.report import SHOWN, fill_readme, readme_blocks, tables, write_report
from lmfn_core.evidence.report_figures import draw
from lmfn_core.evidence.summary import CHOSEN, measured, results, speed, tally_table, timings, turned

LEDGER = load_ledger(Path(__file__).parents[2] / "reports" / "claims")
NAMES = [f"{name}-{draw}" for name in ("cat", "cup", "face", "moon") for draw in (1, 2, 3)]
COUNTS = {"parameters": 1_223_766, "parameters_published": 1_247_707, "macs_256": 4_818_943_232,
          "macs_720p": 67_860_000_000, "macs_720p_published": 63_300_000_000}  # fmt: skip
MACHINE = {"cpu": "a processor", "threads": 2, "cuda": None}


def record(run, notebook, seconds, metrics, **fields):
    fields = {"steps": None, "seed": None, "parameters": {}} | fields
    return {"run": run, "notebook": notebook, "tier": "lesson", "data": "photographs", "metrics": metrics,
            "seconds": {"total": seconds}, "environment": MACHINE} | fields  # fmt: skip


def training(run, network="lmfn", gain=0.5, steps=120, **settings):
    draw = random.Random(run)
    by_image = {name: gain + draw.gauss(0, 0.1) for name in NAMES}
    scores = {"psnr_rgb": 25.0, "psnr_luma": 26.4, "ssim_per_channel": 0.8, "ssim_matlab_rgb": 0.9}
    metrics = {"blurred": scores, "restored": scores | {"psnr_rgb": 25 + gain}, "gain_psnr_rgb": gain, "images": 12,
               "gains": by_image, "losses": [0.1, 0.05, 0.04],
               "relative_losses": [1.0, 0.98, 0.97]}  # fmt: skip
    asked = {"network": network, "recipe": "modern", "image_skip": True, "batch": 8, "crop": 96} | settings
    return record(run, "08_training", 30, metrics, steps=steps, seed=0, parameters=asked)


def full_set():
    after = {name: 25 + place / 10 for place, name in enumerate(NAMES)}
    images = [{"name": n, "blurred": {"psnr_rgb": 25.0}, "restored": {"psnr_rgb": after[n]}} for n in NAMES]
    counts = {"networks": {n: COUNTS for n in networks()}, "unused_published": 23903}
    times = {"bf16": {"median": 400.0}, "float32": {"median": 1500.0}}
    scored = training("train-lmfn")["metrics"]
    found = [
        record("assembling", "06_assembling", 14, counts),
        record("profiling", "07_profiling", 40, {"latency_ms": times}, parameters={"height": 720, "width": 1280}),
        training("train-lmfn", steps=400, gain=0.7),
        *(training(f"ablate-{n}", n, 0.3) for n in networks()[:11] if n not in ("lmfn-published", "lmfn-n4")),
        training("recipe-published", gain=-9.0, recipe="paper", image_skip=False),
        training("recipe-modern", gain=-3.0, image_skip=False),
        record("evaluation", "09_evaluation", 20, {"blurred": scored["blurred"], "restored": scored["restored"],
                                                   "images": images, "card": {"blurred": {"psnr_rgb": 25.0}}}),
        record("shipped", "09_evaluation", 20, {"restored": training("x", gain=1.5)["metrics"]["restored"]}),
    ]  # fmt: skip
    return {one["run"]: one for one in found}


def test_results_show_the_chosen_claims_and_only_settled_numbers():
    rows = {row["in the paper"]: row for row in results(LEDGER, full_set()).rows}
    assert len(rows) == len(CHOSEN) == len({claim.id for claim in LEDGER.claims} & set(CHOSEN))
    assert list(rows["LMFN Table 1: LMFN, Model Size"].values())[1:] == ["1.25 M", "1.248 M", "reproduced"]
    assert list(rows["LFDN Table 3: LFDN, Model Size"].values())[1:] == ["1.55 MB", "1.224 M", "not reproduced"]
    assert list(rows["LMFN Table 1: LMFN, PSNR"].values())[1:] == ["31.54 dB", None, "not attempted here"]
    assert all(row["here"] is None for row in results(LEDGER, {}).rows)


def test_measured_says_how_and_takes_the_evaluation_first():
    table = measured(full_set())
    titles = ["blurred input", "restored by LMFN, trained in this run", "restored by LMFN, the package's weights"]
    assert [row["held-out images"] for row in table.rows] == titles
    assert table.rows[2]["PSNR RGB"] == "26.50" and "their model card" in table.caption
    assert table.rows[0]["PSNR RGB"] == "25.00" and table.rows[1]["SSIM per channel"] == "0.8000"
    for words in ("Tier lesson", "photographs", "12 held-out", "image skip", "recipe modern", "400 steps of 8", "seed"):
        assert words in table.caption
    training_alone = {"train-lmfn": training("train-lmfn", gain=0.25)}
    assert measured(training_alone).rows[1]["PSNR RGB"] == "25.25" and len(measured(training_alone).rows) == 2
    assert measured({}).rows == [] and "No training record yet." in measured({}).caption


def test_tally_counts_every_claim_once():
    rows = tally_table(LEDGER, full_set()).rows
    assert sum(row["claims"] for row in rows) == len(LEDGER.claims)
    for row in rows:
        kinds = [n for name, n in row.items() if name not in ("verdict", "claims", "LMFN", "LFDN")]
        assert row["claims"] == sum(kinds) == row["LMFN"] + row["LFDN"]
    assert "117 of LMFN and 339 of LFDN" in tally_table(LEDGER, full_set()).caption


def test_timings_add_up_and_leave_the_report_out():
    timed = full_set() | {"report": record("report", "12_report", 6000, {})}
    rows = {row["notebook"]: row for row in timings(timed).rows}
    assert "12_report" not in rows and rows["08_training"] == {"notebook": "08_training", "runs": 12, "minutes": "6.0"}
    assert rows["all"]["runs"] == 16 and rows["all"]["minutes"] == f"{(14 + 40 + 20 + 20 + 12 * 30) / 60:.1f}"
    assert "2 CPU threads of a processor, no GPU." in timings(timed).caption
    assert timings({}).rows == [] and "no record yet" in timings({}).caption


def test_a_table_turned_on_its_side_keeps_its_numbers():
    table = turned(timings(full_set()), ["runs", "minutes"])
    assert [row[""] for row in table.rows] == ["runs", "minutes"] and table.rows[0]["08_training"] == 12
    assert list(table.rows[1]) == ["", *(row["notebook"] for row in timings(full_set()).rows)]
    assert turned(timings({}), ["runs"]).rows == []


def test_speed_goes_from_slow_to_fast():
    table = speed(full_set())
    assert [list(row.values()) for row in table.rows] == [["float32", "1500", "1.00"], ["bf16", "400", "3.75"]]
    assert "1280 x 720" in table.caption


def test_speed_gives_training_steps_a_second_where_they_were_timed():
    timed = {"latency_ms": {"bf16": {"median": 400.0}}, "training_step_ms": {"bf16": {"median": 250.0}}}
    table = speed({"profiling": {"metrics": timed, "parameters": {"batch": 8, "crop": 128}, "environment": MACHINE}})
    assert table.rows[0]["training steps a second"] == "4.00"
    assert table.caption.endswith("A training step takes 8 crops of 128 x 128 pixels.")


def test_effects_and_recipes_say_more_than_noise_or_cannot_tell():
    rows = {row["variant"]: row for row in effects(LEDGER, full_set()).rows}
    assert len(rows) == 9 and rows["full"]["here (dB)"] is None
    assert rows["without MSHF"]["printed, GoPro (dB)"] == "-0.74" and rows["without MSHF"]["here (dB)"] == "+0.000"
    assert rows["without MSHF"]["more than noise?"] == "cannot tell"
    steps = recipes(full_set()).rows
    assert [row["run"] for row in steps] == ["recipe-published", "recipe-modern", "ablate-lmfn"]
    assert [row["against the row above (dB)"] for row in steps] == [None, "+6.000", "+3.300"]
    assert steps[2]["more than noise?"] == "more than noise"
    longer = full_set() | {"recipe-modern": training("recipe-modern", gain=-3.0, image_skip=False, steps=500)}
    assert "steps 500 against 120" in recipes(longer).rows[1]["because"]


def test_every_figure_is_drawn_from_a_full_set_and_none_from_nothing():
    drawn = draw(LEDGER, full_set())
    assert list(drawn) == ["overview", "gain", "size_and_difference", "tally", "costs", "losses", "images"]
    plt.close("all")
    assert list(draw(LEDGER, {})) == ["tally"]  # the ledger alone has verdicts
    plt.close("all")


def test_figures_say_what_the_records_say():
    drawn = draw(LEDGER, full_set())
    left, right = drawn["overview"].axes
    assert [label.get_text() for label in left.get_yticklabels()][:2] == ["full", "without MSHF"]
    printed, ours = left.lines[-2:]
    assert list(printed.get_xdata())[:2] == [1.25, 1.8] and set(ours.get_xdata()) == {1.247707}
    assert len(drawn["gain"].axes[0].lines) == 2 * 9 + 1
    assert drawn["losses"].axes[0].lines[0].get_xdata()[-1] == 400
    names = [label.get_text() for label in drawn["images"].axes[0].get_yticklabels()]
    assert names == NAMES  # from the smallest gain to the largest
    assert "(tier lesson, 120 steps, other images)" in drawn["overview"].legends[0].get_texts()[1].get_text()
    plt.close("all")


def test_a_large_test_set_is_no_cloud_of_dots():
    many = full_set()
    many["ablate-lmfn"]["metrics"]["gains"] = {f"{i}.png": 0.1 for i in range(1111)}
    many["evaluation"]["metrics"]["images"] *= 100
    drawn = draw(LEDGER, many)
    assert len(drawn["gain"].axes[0].lines) == 2 * 9 and "images" not in drawn
    plt.close("all")


def test_the_same_records_give_the_same_bytes_whatever_was_set_before(tmp_path):
    first = write_report(LEDGER, full_set(), tmp_path / "a", tmp_path / "a")
    plt.rcParams.update({"font.size": 21, "axes.grid": False, "svg.hashsalt": "another"})
    older = {"report": record("report", "12_report", 6000, {})}
    second = write_report(LEDGER, dict(reversed((full_set() | older).items())), tmp_path / "b", tmp_path / "b")
    plt.rcdefaults()
    assert [path.name for path in first] == [path.name for path in second]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert len(first) == 2 * len(tables(LEDGER, {})) + 7 and plt.get_fignums() == []


def test_figures_are_well_formed_and_hold_no_date(tmp_path):
    for path in write_report(LEDGER, full_set(), tmp_path, tmp_path):
        if path.suffix == ".svg":
            text = path.read_text(encoding="utf-8")
            assert ElementTree.fromstring(text).tag.endswith("svg") and "<dc:date>" not in text and "<image" not in text


def test_readme_is_refilled_and_the_rest_is_left_alone(tmp_path):
    path = tmp_path / "README.md"
    shown = ("timings", "results", "tally", "orderings", "lesions", "rivals")
    blocks = "\n\n".join(f"<!-- {name} -->\nold\n<!-- /{name} -->" for name in shown)
    path.write_text(f"# Title\n\n{blocks}\n\nThe end: θ.\n", encoding="utf-8")
    text = fill_readme(path, LEDGER, full_set(), "lesson").read_text(encoding="utf-8")
    assert text.startswith("# Title\n\n<!-- timings -->\nMinutes") and text.endswith("The end: θ.\n")
    assert text.count("\nold\n") == 3, "orderings, lesions and rivals are the study tier's"
    assert fill_readme(path, LEDGER, full_set(), "lesson").read_text(encoding="utf-8") == text
    text = fill_readme(path, LEDGER, full_set(), "study").read_text(encoding="utf-8")
    assert "\nold\n" not in text and fill_readme(path, LEDGER, {}, "smoke").read_text(encoding="utf-8") == text
    assert all(block.strip() in text for block in readme_blocks(LEDGER, full_set()).values())
    assert sorted(name for names in SHOWN.values() for name in names) == sorted(readme_blocks(LEDGER, {}))


def test_a_readme_without_markers_or_none_at_all_is_refused(tmp_path):
    path = tmp_path / "README.md"
    with pytest.raises(FileNotFoundError, match="There is no README at"):
        fill_readme(path, LEDGER, {}, "lesson")
    path.write_text("<!-- results --><!-- /results -->\n", encoding="utf-8")
    with pytest.raises(ValueError, match="<!-- tally -->"):
        fill_readme(path, LEDGER, {}, "lesson")
    assert path.read_text(encoding="utf-8") == "<!-- results --><!-- /results -->\n"


@pytest.mark.parametrize("empty", [{}, {"run": "ablate-lmfn", "metrics": {}, "parameters": {}}])
def test_half_empty_records_leave_gaps_and_no_error(empty, tmp_path):
    names = ("ablate-lmfn", "recipe-modern", "assembling", "evaluation", "profiling", "train-lmfn")
    written = write_report(LEDGER, dict.fromkeys(names, empty), tmp_path, tmp_path)
    assert len(written) >= 2 * len(tables(LEDGER, {}))
