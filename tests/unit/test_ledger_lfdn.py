"""The second paper's claims are complete and true to print, and its remarks hold among the printed numbers."""

import math
from collections import Counter
from pathlib import Path

import pytest
import torch

from lmfn_core import build
from lmfn_core.datasets.kinds import KINDS
from lmfn_core.evidence.ledger import load_ledger
from lmfn_core.training.recipes import RECIPES

LEDGER = load_ledger(Path(__file__).parents[2] / "reports" / "claims")
RAIN = ["Rain100H", "Rain100L", "Rain14000", "Test100"]
DERAINING = ["DerainingNet [55]", "SEMI [26]", "DIDMDN [24]", "UMRL [28]", "RESCAN [27]", "PreNet [22]", "MSPFN [19]",
             "LFDN (Ours)"]  # fmt: skip
GOPRO = ["DeepDeblur [9]", "Zhang et al. [13]", "Gao et al. [11]", "DeblurGAN [15]", "Tao et al. [10]",
         "DeblurGANv2 [16]", "DMPHN [12]", "SIS [20]", "Yuan et al. [21]", "Tang et al. [45]", "Zhang et al. [46]",
         "LFDN (Ours)"]  # fmt: skip
KOHLER = ["DeepDeblur [9]", "Tao et al. [10]", "Zhang et al. [13]", "DeblurGAN [15]", "DeblurGANv2 [16]",
          "Cai et al. [56]", "Xu et al. [1]", "LFDN (Ours)"]  # fmt: skip
HIDE = ["Sun et al. [57]", "DeepDeblur [9]", "Tao et al. [10]", "Kupyn et al. [15]", "Suin et al. [23]", "DMPHN [12]",
        "LFDN (Ours)"]  # fmt: skip
SETS = ["Rain14000 [51]", "Ranin100L [49]", "Rain100H [49]", "RainTest100 [54]", "GoPro [9]", "HIDE [48]",
        "Kolher [47]"]  # fmt: skip
PARTS = ["without all of these", "without ALFM/ACFM", "RFDB in FDNB's place", "CNN in FDNB's place", "without MSHF",
         "full"]  # fmt: skip
THETAS = ["0.002", "0.001", "0", "−0.001", "−0.002", "−0.0015", "−0.0008"]
ALPHAS = ["0.3", "0.2", "0.1", "0", "0.1724", "0.1137"]
SCORES = ["PSNR", "SSIM", "Model Size", "Ave. Inf. Time"]
BOTH = ["PSNR on GoPro", "PSNR on Rain100H"]
GRIDS = {
    "Table 1": (SETS, ["Train samples", "Test samples"]),
    "Table 2": (DERAINING, [*(f"{m}, {name}" for name in RAIN for m in ("PSNR", "SSIM")), "Ave. Inf. Time"]),
    "Table 3": (GOPRO, SCORES),
    "Table 4": (KOHLER, SCORES),
    "Table 5": (HIDE, SCORES),
    "Table 6": (PARTS, [*BOTH, "SSIM on GoPro", "SSIM on Rain100H", "Model Size"]),
    "Table 7": (THETAS, BOTH),
    "Table 8": (ALPHAS, BOTH),
    "Table 9": (list("123456"), [*BOTH, "Model Size"]),
}
PRINTED = {  # every column, typed a second time from the paper
    ("Table 1", "Train samples"): "11,200 0 0 0 2103 0 0",
    ("Table 1", "Test samples"): "2800 100 100 100 1111 2025 64",
    ("Table 2", "PSNR, Rain100H"): "14.92 16.56 17.35 26.01 26.36 26.77 28.66 29.12",
    ("Table 2", "SSIM, Rain100H"): "0.592 0.486 0.524 0.832 0.786 0.858 0.860 0.893",
    ("Table 2", "PSNR, Rain100L"): "27.03 25.03 25.23 29.18 29.80 32.44 32.40 32.79",
    ("Table 2", "SSIM, Rain100L"): "0.884 0.842 0.741 0.923 0.881 0.950 0.933 0.961",
    ("Table 2", "PSNR, Rain14000"): "24.31 24.43 28.13 29.97 31.29 31.75 32.82 32.90",
    ("Table 2", "SSIM, Rain14000"): "0.961 0.782 0.867 0.923 0.904 0.916 0.930 0.935",
    ("Table 2", "PSNR, Test100"): "22.77 22.35 22.56 24.41 25.00 24.81 27.50 28.44",
    ("Table 2", "SSIM, Test100"): "0.810 0.788 0.818 0.829 0.835 0.851 0.876 0.880",
    ("Table 2", "Ave. Inf. Time"): "- 4.567 2.789 2.552 1.530 0.760 0.230 0.043",
    ("Table 3", "PSNR"): "29.08 29.19 30.92 28.70 30.10 29.55 30.21 30.28 29.81 31.13 31.05 31.60",
    ("Table 3", "SSIM"): "0.841 0.9306 0.9421 0.927 0.9323 0.934 0.9345 0.912 0.9368 0.9507 0.9485 0.932",
    ("Table 3", "Model Size"): "303.6 37.1 2.84 37.1 33.6 15 21.7 36.54 3.1 31.1 26.3 1.55",
    ("Table 3", "Ave. Inf. Time"): "15 1.4 1.6 0.85 1.6 0.35 0.03 0.303 0.01 0.088 - 0.029",
    ("Table 4", "PSNR"): "26.48 26.57 24.21 26.10 26.97 28.92 27.47 30.98",
    ("Table 4", "SSIM"): "0.807 0.8373 0.7562 0.807 0.830 0.893 0.811 0.9032",
    ("Table 4", "Model Size"): "303.6 33.6 37.1 37.1 15 - - 1.55",
    ("Table 4", "Ave. Inf. Time"): "15 1.6 1.4 0.85 0.35 1200 13.41 0.029",
    ("Table 5", "PSNR"): "23.21 27.43 28.60 26.44 29.98 29.09 30.07",
    ("Table 5", "SSIM"): "0.797 0.902 0.928 0.890 0.930 0.924 0.932",
    ("Table 5", "Model Size"): "- 303.6 33.6 37.1 - 86.8 1.55",
    ("Table 5", "Ave. Inf. Time"): "23.45 4.33 1.6 0.85 0.77 0.98 0.029",
    ("Table 6", "PSNR on GoPro"): "28.71 30.84 29.28 28.56 31.01 31.60",
    ("Table 6", "SSIM on GoPro"): "0.901 0.917 0.891 0.882 0.921 0.932",
    ("Table 6", "PSNR on Rain100H"): "27.36 28.92 28.48 28.04 28.98 29.12",
    ("Table 6", "SSIM on Rain100H"): "0.862 0.885 0.871 0.867 0.886 0.893",
    ("Table 6", "Model Size"): "33.6 1.8 2.9 4.3 2.4 1.55",
    ("Table 7", "PSNR on GoPro"): "31.48 31.51 31.51 31.56 31.55 31.60 31.23",
    ("Table 7", "PSNR on Rain100H"): "28.95 28.97 29.01 29.10 29.07 29.01 29.12",
    ("Table 8", "PSNR on GoPro"): "31.37 31.55 31.48 31.25 31.60 31.53",
    ("Table 8", "PSNR on Rain100H"): "28.44 29.02 29.09 28.99 29.03 29.12",
    ("Table 9", "PSNR on GoPro"): "29.82 29.73 30.77 31.60 31.52 31.61",
    ("Table 9", "PSNR on Rain100H"): "28.03 28.14 28.88 29.12 29.11 29.13",
    ("Table 9", "Model Size"): "1.46 1.49 1.52 1.55 1.58 1.61",
}


@pytest.mark.parametrize("place", GRIDS)
def test_every_cell_of_a_table_is_there_once(place):
    rows, columns = GRIDS[place]
    cells = Counter((claim.row, claim.column) for claim in LEDGER.at(place, "lfdn"))
    assert cells == Counter((row, column) for row in rows for column in columns)


def test_every_column_is_typed_twice():
    assert set(PRINTED) == {(place, column) for place, (_, columns) in GRIDS.items() for column in columns}


@pytest.mark.parametrize(("place", "column"), PRINTED)
def test_a_column_reads_as_in_print(place, column):
    assert " ".join(c.printed for c in LEDGER.at(place, "lfdn") if c.column == column) == PRINTED[place, column]


def test_rows_of_the_sweeps_fix_what_their_heading_says():
    for place, scale in (("Table 7", "theta"), ("Table 8", "alpha")):
        for claim in LEDGER.at(place, "lfdn"):
            module = build(claim.subject).fusion
            scaled = module.layer_attention if scale == "theta" else module.channel_attention
            assert float(getattr(scaled, scale)) == pytest.approx(float(claim.row.replace("−", "-"))), claim.id


def test_what_the_settings_say_is_what_the_code_does():
    said = {claim.id.removeprefix("lfdn-text-"): claim for claim in LEDGER.claims if claim.paper == "lfdn"}
    model, recipe = build("lfdn"), RECIPES["paper"]
    assert len(model.blocks) == said["blocks"].value and model.fusion.layer_attention.theta.item() == 0
    width = int(said["channels"].value)
    assert model.blocks[0](torch.zeros(1, width, 16, 16)).shape[1] == width
    assert (said["width"].value, said["height"].value) == (1280 / 4, 720 / 4)
    assert recipe.optimizer(model.parameters()).defaults["betas"][0] == said["momentum"].value
    assert (said["weight-decay"].printed, said["learning-rate"].printed) == ("10−4", "10−4")  # a power, in print
    assert recipe.weight_decay == recipe.lr == 10**-4 and said["decay-factor"].value == 10


def test_the_sets_as_printed_are_the_sets_that_are_read():
    printed = {claim.id: claim.value for claim in LEDGER.at("Table 1", "lfdn")}
    for kind in ("gopro", "hide", "rain100l", "rain100h", "kohler"):
        counted = KINDS[kind].counts
        assert LEDGER.eligible["images"][kind] == counted[1]
        assert (printed[f"lfdn-t1-{kind}-test"] == counted[1]) == (kind != "kohler")
    assert KINDS["kohler"].counts[1] == 48 == LEDGER["lfdn-text-kohler-images"].value * 12


def number(name):
    return LEDGER[name].value


def cut(name, digits):
    return math.floor(number(name) * 10**digits + 1e-9) / 10**digits


def test_what_is_said_to_be_carried_over_is_equal_when_cut():
    twins = {"lfdn-t6-without-attention": "t3-without-mshf", "lfdn-t6-rfdb": "t3-without-distillation",
             "lfdn-t6-without-mshf": "t3-without-attention"}  # fmt: skip
    twins |= {f"lfdn-t9-n{n}": f"t4-n{n}" for n in (1, 2, 3)}
    for lfdn, lmfn in twins.items():
        assert cut(f"{lfdn}-psnr", LEDGER[f"{lmfn}-psnr"].digits) == number(f"{lmfn}-psnr")
    for lfdn, lmfn in list(twins.items())[:2]:
        assert number(f"{lfdn}-ssim") == number(f"{lmfn}-ssim") and number(f"{lfdn}-size") == number(f"{lmfn}-size")
    assert LEDGER["lfdn-t9-n5-psnr"].printed == LEDGER["t4-n5-psnr"].printed == "31.52"
    steps = {round(number(f"lfdn-t9-n{n}-size") - number(f"t4-n{n}-size"), 2) for n in range(1, 7)}
    assert steps == {0.30, 0.31}  # remark block-step


def test_the_marks_are_read_as_the_text_counts():
    rows = ("without-mshf", "without-attention")
    falls = [round(number("lfdn-t6-full-psnr") - number(f"lfdn-t6-{row}-psnr"), 2) for row in rows]
    grows = [round(number(f"lfdn-t6-{row}-size") - number("lfdn-t6-full-size"), 2) for row in rows]
    assert (falls, grows) == ([0.59, 0.76], [0.85, 0.25])
    assert (number("lfdn-text-without-mshf-psnr"), number("lfdn-text-without-mshf-size")) == (0.5, 0.8)


def test_the_other_remarks_hold_in_print():
    ssim = {claim.row: claim.value for claim in LEDGER.at("Table 3", "lfdn") if claim.column == "SSIM"}
    assert sum(value > ssim["LFDN (Ours)"] for value in ssim.values()) == 7 and len(ssim) == 12  # ssim-column
    assert round(number("lfdn-t6-without-all-psnr") - number("lfdn-t6-cnn-psnr"), 2) == 0.15  # all-removed
    assert round(number("lfdn-t6-cnn-rain-psnr") - number("lfdn-t6-without-all-rain-psnr"), 2) == 0.68
    assert LEDGER["lfdn-t6-without-all-size"].printed == LEDGER["lfdn-t3-tao-size"].printed == "33.6"
    assert number("lfdn-t5-dmphn-size") == 4 * number("lfdn-t3-dmphn-size")  # quoted-from
    assert LEDGER["lfdn-t4-cai-time"].value == LEDGER["t2-sun-time"].value == 1200  # copied-time
    assert LEDGER["lfdn-t2-derainingnet-rain14000-ssim"].printed == LEDGER["lfdn-t2-lfdn-rain100l-ssim"].printed
    twice = [LEDGER[f"lfdn-t2-umrl-{name}-ssim"].printed for name in ("rain100l", "rain14000")]
    assert twice == ["0.923", "0.923"]  # derain-typos
    gains = [round(number(f"lfdn-t{a}-lfdn-psnr") - number(f"t{b}-lmfn-psnr"), 2) for a, b in ((3, 1), (4, 2))]
    assert gains == [0.06, 0.04]  # no-comparison
    places = {claim.place for claim in LEDGER.claims if claim.paper == "lfdn" and claim.printed in ("1.55", "31.60")}
    assert places == {"Table 3", "Table 4", "Table 5", "Table 6", "Table 7", "Table 8", "Table 9", "Section 4.3.1"}


def test_the_counts_in_the_remarks_are_computed():
    def count(name):
        return sum(parameter.numel() for parameter in build(name).parameters())

    remarks = {remark["id"]: remark["text"] for remark in LEDGER.remarks if remark["paper"] == "lfdn"}
    assert (count("lfdn-rfdb") - count("lfdn")) / 4 == 6147 and "6,147" in remarks["rfdb-row"]
    assert count("lfdn-n4") - count("lfdn-n3") == 90_803 and "90,803" in remarks["block-step"]
    assert 0.45 < count("lfdn-without-all") / count("lfdn") < 0.55 and "half" in remarks["all-removed"]
    assert len(remarks) == len({remark["id"] for remark in LEDGER.remarks if remark["paper"] == "lfdn"}) > 20
