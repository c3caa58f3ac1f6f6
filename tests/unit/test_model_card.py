"""The model card says what its records say, and no more."""

import pytest

from lmfn_core.evidence.model_card import model_card
from lmfn_core.evidence.weights_tables import by_difficulty, by_set, curve


def image(name, before, after):
    measures = ("psnr_luma", "ssim_per_channel", "ssim_matlab_rgb", "ssim_luma")
    blurred, restored = ({"psnr_rgb": value} | dict.fromkeys(measures, value / 40) for value in (before, after))
    return {"name": name, "blurred": blurred, "restored": restored}


EVALUATION = {
    "metrics": {
        "images": [
            image("kodak24/1", 19.0, 19.5), image("kodak24/2", 25.0, 27.0), image("gopro-test/a", 30.0, 29.9),
        ],
        "sharp_kept": {"kodak24/1": 45.0, "kodak24/2": 39.5, "gopro-test/a": 37.0},
    }
}  # fmt: skip
CARD = {"network": "lmfn", "settings": {"image_skip": True}, "recipe": "modern-long", "steps": 18000, "data": "photos"}
POINTS = [{"step": 10 * i, "hours": 0.25 * i, "gains": {"kodak24": 0.25 + 0.25 * i}} for i in (1, 2)]


def test_scores_are_grouped_by_set():
    rows = {row["images"]: row for row in by_set(EVALUATION).rows}
    kodak = rows["Kodak, synthetic blur"]
    assert (kodak["pairs"], kodak["gain (dB)"], kodak["smallest"], kodak["largest"]) == (2, "+1.25", "+0.50", "+2.00")
    assert kodak["PSNR RGB blurred"] == "22.00" and kodak["restored"] == "23.25"
    assert kodak["sharp kept (dB), lowest"] == "39.5"
    assert rows["GoPro, official test pairs"]["gain (dB)"] == "-0.10"


def test_difficulty_sorts_by_the_blurred_input():
    rows = by_difficulty(EVALUATION).rows
    assert [row["PSNR RGB blurred"] for row in rows] == ["below 20", "23 to 26", "29 and up"]
    assert [row["pairs"] for row in rows] == [1, 1, 1]


def test_the_curve_is_the_recorded_one():
    rows = curve({"metrics": {"curve": POINTS}}).rows
    assert [(row["step"], row["hours"], row["Kodak, synthetic blur"]) for row in rows] == [
        (10, "0.25", "+0.50"), (20, "0.50", "+0.75"),
    ]  # fmt: skip


def test_the_card_states_data_recipe_steps_and_what_it_does_badly():
    text = model_card("lmfn", CARD, EVALUATION, {"metrics": {"curve": POINTS}})
    for words in ("modern-long", "18,000", "photos", "image_skip = True", "LMFN.from_pretrained"):
        assert words in text
    assert "1 of 3 images lose" in text and "some sharp images are visibly changed" in text
    assert text.startswith("---\nlicense: mit")


def test_deraining_is_scored_on_luma_and_says_so():
    rain = {"metrics": {"images": [image("rain100h/1", 14.0, 18.0)], "sharp_kept": {"rain100h/1": 40.0}}}
    rain["metrics"]["images"][0]["restored"]["psnr_luma"] = rain["metrics"]["images"][0]["blurred"]["psnr_luma"] + 5
    row = by_set(rain, "derain").rows[0]
    assert (row["gain (dB)"], row["RGB gain (dB)"]) == ("+5.00", "+4.00")
    assert "PSNR luma rainy" in row and "clean kept (dB), lowest" in row
    text = model_card("lfdn-derain", CARD | {"network": "lfdn", "task": "derain"}, rain, {})
    said = ("deraining", 'LFDN.from_pretrained("lfdn-derain")', "part of the rain", "(PSNR luma)", "no clean image")
    assert all(words in text for words in said)


def test_what_the_training_went_on_from_is_told_too():
    start = {"recipe": "modern-flat", "steps": 14000, "anew": "blocks.3"}
    text = model_card("lmfn", CARD | {"start": start}, EVALUATION, {})
    assert text.index("18,000") < text.index("It went on from") < text.index("modern-flat") < text.index("14,000")
    assert "- drawn anew before it: blocks.3" in text


def test_weights_that_nobody_scored_say_so():
    assert "Not evaluated yet." in model_card("lmfn", CARD, {}, {})


@pytest.mark.parametrize("table", [by_set, by_difficulty, curve])
def test_without_a_record_there_are_no_rows(table):
    assert table({}).rows == []


def test_a_training_on_two_machines_names_both_with_their_hours():
    ends = [(0.01, "NVIDIA A"), (0.25, "NVIDIA A"), (1.0, "1 thread of B")]
    points = [{"step": n, "hours": hours, "on": on, "gains": {"bsds500": 1.0}} for n, (hours, on) in enumerate(ends)]
    text = model_card("lmfn", CARD, EVALUATION, {"metrics": {"curve": points}})
    assert "- time: 0.25 hours on NVIDIA A, then 0.75 hours on 1 thread of B" in text
    assert "| 1 | 0.25 | NVIDIA A | +1.00 |" in text
