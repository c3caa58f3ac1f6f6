"""The table of deraining: every network that was scored, set by set, and how to get it where nothing was."""

from lmfn_core.deraining import deraining


def record(steps, gain):
    measures = ("psnr_luma", "ssim_luma", "psnr_rgb", "ssim_per_channel")
    rainy, restored = (dict.fromkeys(measures, value) for value in (20.0, 20.0 + gain))
    images = [{"name": name, "blurred": rainy, "restored": restored} for name in ("light/a", "heavy/a", "heavy/b")]
    return {"tier": "lesson", "seed": 0, "data": "d", "metrics": {"network": "lfdn", "steps": steps, "images": images}}


def test_networks_stand_one_after_the_other_set_by_set():
    table = deraining({"evaluation-derain": record(400, 1.5), "shipped-derain": record(5000, 4.0)})
    assert [row["pairs"] for row in table.rows] == [1, 2, 1, 2]
    assert [row["network"].split(", ")[-1] for row in table.rows] == ["400 steps"] * 2 + ["5,000 steps"] * 2
    assert table.rows[-1]["PSNR luma (dB)"] == "20.00 to 24.00" and "heavy rain" in table.rows[-1]["images"]
    assert "Tier lesson, seed 0" in table.caption


def test_without_a_record_the_caption_says_what_makes_one():
    assert deraining({}).rows == [] and "TASK=derain" in deraining({}).caption
