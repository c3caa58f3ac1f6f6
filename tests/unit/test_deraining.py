"""The table of deraining, from the record of its evaluation."""

from lmfn_core.deraining import RUN, deraining
from lmfn_core.ledger import Ledger
from lmfn_core.metrics import ON_LUMA
from lmfn_core.report import tables


def image(name, luma):
    values = dict.fromkeys(ON_LUMA, 0.5) | {"psnr_luma": luma}
    return {"name": name, "blurred": values, "restored": values | {"psnr_luma": luma + 2, "ssim_luma": 0.9}}


RECORD = {
    "run": RUN, "tier": "lesson", "seed": 0, "data": "rainy photographs",
    "metrics": {"network": "lmfn", "steps": 1400,
                "images": [image("light/a-1", 26.0), image("light/b-1", 28.0), image("rain100h/rain-001", 13.0)]},
}  # fmt: skip


def test_every_set_has_a_row_with_means_before_and_after():
    table = deraining({RUN: RECORD})
    assert [(row["images"], row["pairs"]) for row in table.rows] == [
        ("held-out photographs, light rain", 2), ("Rain100H", 1),
    ]  # fmt: skip
    assert table.rows[0]["PSNR luma (dB)"] == "27.00 to 29.00" and table.rows[1]["SSIM luma"] == "0.500 to 0.900"
    assert "Tier lesson; lmfn after 1,400 steps, seed 0; rainy photographs." in table.caption


def test_deblurring_fills_no_row_of_it_nor_deraining_one_of_deblurring():
    assert deraining({"evaluation": RECORD}).rows == [] and "TASK=derain" in deraining({}).caption
    found = tables(Ledger((), (), {}, {}), {RUN: RECORD | {"notebook": "09_evaluation", "seconds": {}}})
    assert found["deraining"].rows and not found["measured"].rows and not found["conventions"].rows
