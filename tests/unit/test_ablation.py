"""Tables 3 and 4 from hand-made records."""

from pathlib import Path

from lmfn_core.evidence.ablation import SKIP, table3, table4
from lmfn_core.evidence.ledger import load_ledger

LEDGER = load_ledger(Path(__file__).parents[2] / "reports" / "claims")
COUNTS = {"parameters": 1_223_766, "parameters_published": 1_247_707}


def training(run, network, seed=0, gain=0.5, skip=True, **changes):
    restored = {"psnr_rgb": 25 + gain, "psnr_luma": 26.4 + gain, "ssim_per_channel": 0.8, "ssim_matlab_rgb": 0.9}
    return {"run": run, "tier": "lesson", "data": "bundled photographs", "steps": 600, "seed": seed,
            "parameters": {"network": network, "recipe": "modern", "image_skip": skip, "batch": 8, "crop": 96},
            "metrics": {"restored": restored, "gain_psnr_rgb": gain, "images": 12}} | changes  # fmt: skip


def full_set():
    counted = {"run": "assembling", "metrics": {"networks": {"lmfn": COUNTS, "lmfn-n4": COUNTS}}}
    seeds = [training(f"ablate-lmfn-s{seed}", "lmfn", seed, 0.5 + 0.1 * seed) for seed in (0, 1)]
    without = training("ablate-lmfn-without-mshf", "lmfn-without-mshf", gain=-0.254)
    return {record["run"]: record for record in (counted, *seeds, without)}


def test_table3_shows_published_counts_and_seeds():
    rows = {row["variant"]: row for row in table3(LEDGER, full_set()).rows}
    assert rows["full"] == {
        "variant": "full", "published PSNR (dB)": "31.54", "published SSIM": "0.923",
        "published Model Size (M)": "1.25", "size verdict": "reproduced", "parameters, as published": 1_247_707,
        "parameters, equations": 1_223_766, "steps": "600", "seeds": "0, 1", "gain (dB)": "+0.55 ± 0.07",
        "PSNR RGB": "25.55 ± 0.07", "PSNR luma": "26.95 ± 0.07", "SSIM per channel": "0.8000 ± 0.0000",
        "SSIM MATLAB RGB": "0.9000 ± 0.0000",
    }  # fmt: skip
    assert (rows["without MSHF"]["gain (dB)"], rows["without MSHF"]["seeds"]) == ("-0.25", "0")
    assert rows["without ALFM/ACFM"]["PSNR RGB"] is rows["without ALFM/ACFM"]["parameters, equations"] is None


def test_table4_takes_the_full_network_for_four_blocks():
    rows = {row["variant"]: row for row in table4(LEDGER, full_set()).rows}
    assert list(rows) == ["1", "2", "3", "4", "5", "6"]
    assert rows["4"]["gain (dB)"] == "+0.55 ± 0.07" and rows["3"]["gain (dB)"] is None


def test_the_caption_says_tier_data_steps_crop_recipe_and_skip():
    caption = table3(LEDGER, full_set()).caption
    for words in ("tier lesson", "recipe modern", "steps 600", "batch 8", "crop in pixels 96", "seeds 0, 1",
                  "data bundled photographs", "2-D windows", "on GoPro, ours are not", SKIP):  # fmt: skip
        assert words in caption
    assert SKIP.startswith("All rows use the image skip (no parameters)")


def test_the_caption_tells_rows_with_the_skip_from_rows_without():
    mixed = full_set() | {"ablate-lmfn-without-mshf": training("ablate-lmfn-without-mshf", "x", skip=False, steps=900)}
    caption = table3(LEDGER, mixed).caption
    assert "The image skip (no parameters) is in some rows only: full." in caption and "steps 900, 600" in caption
    one_seed = full_set() | {"ablate-lmfn-s1": training("ablate-lmfn-s1", "lmfn", skip=False)}
    assert "in some rows only: without MSHF, full." in table3(LEDGER, one_seed).caption
    plain = {"ablate-lmfn": training("ablate-lmfn", "lmfn", skip=False, data="GoPro, 1111 test pairs", tier="paper")}
    caption = table3(LEDGER, plain).caption
    assert "All rows are in the published form" in caption and "ours are not" not in caption
    assert "No training record yet." in table3(LEDGER, {}).caption
