"""The table of deraining: every network that was scored, set by set, and how to get it where nothing was."""

from lmfn_core.evidence.deraining import deraining
from lmfn_core.evidence.ledger import Ledger
from lmfn_core.evidence.report import tables
from lmfn_core.measures.metrics import ON_LUMA


def image(name, luma, gain):
    values = dict.fromkeys(ON_LUMA, 0.5) | {"psnr_luma": luma}
    return {"name": name, "blurred": values, "restored": values | {"psnr_luma": luma + gain, "ssim_luma": 0.9}}


def record(steps, gain):
    images = [image("light/a-1", 26.0, gain), image("light/b-1", 28.0, gain), image("rain100h/rain-001", 13.0, gain)]
    metrics = {"network": "lfdn", "steps": steps, "images": images}
    return {"tier": "lesson", "seed": 0, "data": "rainy photographs", "metrics": metrics}


def test_networks_stand_one_after_the_other_set_by_set_with_means_before_and_after():
    table = deraining({"evaluation-derain": record(1400, 2.0), "shipped-derain": record(5000, 4.0)})
    assert [row["pairs"] for row in table.rows] == [2, 1, 2, 1]
    assert [row["network"].split(", ")[-1] for row in table.rows] == ["1,400 steps"] * 2 + ["5,000 steps"] * 2
    assert table.rows[0]["PSNR luma (dB)"] == "27.00 to 29.00" and table.rows[1]["SSIM luma"] == "0.500 to 0.900"
    assert "Rain100H" in table.rows[3]["images"] and table.rows[3]["PSNR luma (dB)"] == "13.00 to 17.00"
    assert "Tier lesson, seed 0; rainy photographs." in table.caption


def test_deblurring_fills_no_row_of_it_nor_deraining_one_of_deblurring():
    assert deraining({"evaluation": record(10, 1.0)}).rows == [] and "TASK=derain" in deraining({}).caption
    one = record(10, 1.0) | {"run": "evaluation-derain", "notebook": "09_evaluation", "seconds": {}}
    found = tables(Ledger((), (), {}, {}), {"evaluation-derain": one})
    assert found["deraining"].rows and not found["measured"].rows and not found["conventions"].rows
