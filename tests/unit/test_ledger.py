"""The ledger is complete and true to print; every mistake in it is one clear sentence."""

import copy
import re
from collections import Counter
from pathlib import Path

import pytest
import torch
import yaml

from lmfn_core import build
from lmfn_core.evidence.ledger import load_ledger, parse_ledger
from lmfn_core.parts.fusion import ACFM
from lmfn_core.parts.mshf import MSHF, PlainEncoder
from lmfn_core.parts.published import VolumeAttention, never_called
from lmfn_core.parts.rfdb import RFDB
from lmfn_core.training.recipes import RECIPES

REPORTS = Path(__file__).parents[2] / "reports"
LEDGER = load_ledger(REPORTS / "claims")
GOPRO = ["DeepDeblur [4]", "Tao et al. [5]", "Gao et al. [6]", "DMPHN [7]", "Zhang et al. [8]", "DeblurGAN [10]",
         "DeblurGANv2 [11]", "SIS [27]", "Yuan et al. [28]", "LMFN(Ours)"]  # fmt: skip
KOHLER = ["DeepDeblur [4]", "Tao et al. [5]", "Zhang et al. [8]", "DeblurGAN [10]", "DeblurGANv2 [11]",
          "Sun et al. [29]", "Xu et al. [1]", "LMFN(Ours)"]  # fmt: skip
ABLATION = ["without MSHF", "without distillation block", "without ALFM/ACFM", "full"]
GRIDS = {
    "Table 1": (GOPRO, ["PSNR", "SSIM", "Model Size", "Time"]),
    "Table 2": (KOHLER, ["PSNR", "SSIM", "Model Size", "Time"]),
    "Table 3": (ABLATION, ["PSNR", "SSIM", "Model Size"]),
    "Table 4": ([str(n) for n in range(1, 7)], ["PSNR", "Model Size"]),
}
PRINTED = {  # one column of each table, typed a second time from the paper
    ("Table 1", "SSIM"): "0.9135 0.9323 0.9421 0.9345 0.9306 0.927 0.934 0.912 0.9368 0.923",
    ("Table 1", "PSNR"): "29.08 30.10 30.92 30.21 29.19 28.70 29.55 30.28 29.81 31.54",
    ("Table 1", "Model Size"): "303.6 33.6 2.84 21.7 37.1 37.1 15 36.54 3.1 1.25",
    ("Table 1", "Time"): "15 1.6 1.6 0.03 1.4 0.85 0.35 0.303 0.01 0.019",
    ("Table 2", "PSNR"): "26.48 26.57 24.21 26.10 26.97 25.22 27.47 30.94",
    ("Table 2", "SSIM"): "0.807 0.8373 0.7562 0.807 0.830 0.773 0.811 0.9027",
    ("Table 2", "Model Size"): "303.6 33.6 37.1 37.1 15 54.1 N/A 1.25",
    ("Table 2", "Time"): "15 1.6 1.4 0.85 0.35 1,200 13.41 0.019",
    ("Table 3", "PSNR"): "30.8 29.2 31.0 31.54",
    ("Table 3", "SSIM"): "0.917 0.891 0.911 0.923",
    ("Table 3", "Model Size"): "1.8 2.9 1.20 1.25",
    ("Table 4", "PSNR"): "29.8 29.7 30.7 31.54 31.52 31.54",
    ("Table 4", "Model Size"): "1.15 1.18 1.22 1.25 1.28 1.31",
}


@pytest.mark.parametrize("place", GRIDS)
def test_every_cell_of_a_table_is_there_once(place):
    rows, columns = GRIDS[place]
    cells = Counter((claim.row, claim.column) for claim in LEDGER.at(place))
    assert cells == Counter((row, column) for row in rows for column in columns)


@pytest.mark.parametrize(("place", "column"), PRINTED)
def test_a_column_reads_as_in_print(place, column):
    assert " ".join(c.printed for c in LEDGER.at(place) if c.column == column) == PRINTED[place, column]


def test_digits_and_values_come_from_the_characters_in_print():
    printed = {name: (LEDGER[name].value, LEDGER[name].digits) for name in ("t3-without-attention-psnr", "t2-sun-time")}
    assert printed == {"t3-without-attention-psnr": (31.0, 1), "t2-sun-time": (1200.0, 0)}
    assert LEDGER["t2-xu-size"].value is None


def test_what_the_settings_say_is_what_the_code_does():
    stated = [claim for claim in LEDGER.claims if (claim.paper, claim.quantity) == ("lmfn", "setting")]
    said = {claim.id.removeprefix("text-"): claim.value for claim in stated}
    recipe, model = RECIPES["paper"], build("lmfn")
    done = {
        "stem-width": model.encoder.out_channels, "scales": len(model.encoder.down), "blocks": len(model.blocks),
        "theta-start": model.fusion.layer_attention.theta.item(), "weight-decay": recipe.weight_decay,
        "learning-rate": recipe.lr, "decay-factor": round(1 / recipe.schedule(500_000, 10**6)),
        "momentum": recipe.optimizer(model.parameters()).defaults["betas"][0],
    }  # fmt: skip
    assert done == {name: value for name, value in said.items() if name != "decay-every"}
    assert said["decay-every"] is None  # printed as 5×105
    assert recipe.schedule(499_999, 10**6) == 1 and LEDGER.eligible["steps"] == 500_000


def test_every_remark_of_ours_about_ranks_holds_in_print():
    ssim = {claim.row: claim.value for claim in LEDGER.at("Table 1") if claim.column == "SSIM"}
    assert sum(value > ssim["LMFN(Ours)"] for value in ssim.values()) == 7  # remark ssim-rank
    assert LEDGER["t1-yuan-time"].value < LEDGER["t1-lmfn-time"].value  # remark times
    assert LEDGER["t1-zhang-size"].printed == LEDGER["t1-deblurgan-size"].printed  # remark units
    assert f"{4 * 5_424_393 / 1e6:.1f}" == LEDGER["t1-dmphn-size"].printed  # remark units
    assert len([c for c in LEDGER.claims if (c.printed, c.paper) == ("1.25", "lmfn")]) == 4  # remark printed-four-times
    assert LEDGER["t4-n1-psnr"].value - LEDGER["t4-n2-psnr"].value == pytest.approx(0.1)  # remark blocks-not-monotone
    assert {"units", "edvr", "psnr-ssim-pair", "kohler-training"} <= {remark["id"] for remark in LEDGER.remarks}


def test_every_count_in_the_decisions_is_computed():
    def count(module):
        return sum(parameter.numel() for parameter in module.parameters())

    with torch.device("meta"):
        names = ("lmfn", "lmfn-without-mshf", "lmfn-without-distillation", "lmfn-without-attention")
        models = [build(name, published=published) for name in names for published in (False, True)]
        wide = [build("lmfn", encoder=lambda: PlainEncoder(128), published=published) for published in (False, True)]
        parts = [MSHF(), RFDB(), build("lmfn-without-distillation").blocks[0], models[0].fusion.join, never_called(50)]
        known = {count(module) for module in (*models, *wide, *parts)}
        three, four = build("lmfn-n3"), build("lmfn-n4")
        known |= {count(four) - count(three), count(four.fusion.fuse) - count(three.fusion.fuse)}
        known.add(count(build("nafnet-small")))
        assert (count(ACFM()), count(VolumeAttention())) == (15, 29)
    first, second = (REPORTS / "decisions.md").read_text(encoding="utf-8").split("## The second network")
    assert "1,539,860" in second  # its counts: test_lfdn_variants.py
    written = {int(number.replace(",", "")) for number in re.findall(r"\d{1,3}(?:,\d{3})+", first)}
    assert written - {500_000} <= known
    assert {1_223_766, 1_247_707, 23_903} <= written


CONTENT = {}
for name in ("rules", "lmfn"):
    CONTENT |= yaml.safe_load((REPORTS / "claims" / f"{name}.yaml").read_text(encoding="utf-8"))
CONTENT["claims"] = [c for c in CONTENT["claims"] if c["id"] in ("t3-full-psnr", "t3-full-size", "t4-n4-psnr")]
OF_PAPER = ("paper", "claims", "remarks")


def internal(content, **form):
    """Give the second claim, a size, an internal check of this form."""
    content["claims"][1]["check"] = {"kind": "internal", "otherwise": {"kind": "note", "takes": "gopro"}, **form}


def broken(change):
    content = copy.deepcopy(CONTENT)
    change(content)
    of_paper = {section: content.pop(section) for section in OF_PAPER if section in content}
    return yaml.safe_dump(content), {"lmfn": yaml.safe_dump(of_paper)}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: c.pop("takes"), "rules.yaml lacks the section 'takes'"),
        (lambda c: c.pop("remarks"), "lmfn.yaml lacks the section 'remarks'"),
        (lambda c: c.update(schema=1), "schema 1"),
        (lambda c: c["claims"][0].pop("unit"), "'t3-full-psnr' lacks the field 'unit'"),
        (lambda c: c["claims"][0].pop("id"), "at Table 3, full, PSNR' lacks the field 'id'"),
        (lambda c: c["claims"][0].update(colour="red"), "'t3-full-psnr' has the unknown field 'colour'"),
        (lambda c: c["claims"][0].update(printed=31.0), "printed: 31.0; put it in quotes"),
        (lambda c: c["claims"][0].update(id="t3-full-size"), "Two claims have the id 't3-full-size'"),
        (lambda c: c["claims"][0].update(column="Model Size"), "the cell 'LMFN Table 3, full, Model Size'"),
        (lambda c: c["claims"][0].update(convention="mine"), "unknown convention 'mine'"),
        (lambda c: c["claims"][0].update(quantity="psrn"), "unknown quantity 'psrn'; did you mean 'psnr'?"),
        (lambda c: c["claims"][0].update(subject="lmfn-n9"), "unknown network 'lmfn-n9'; did you mean 'lmfn-n"),
        (lambda c: c["claims"][0].update(check="count"), "has the check 'count'"),
        (lambda c: c["claims"][0]["check"].update(kind="guess"), "unknown kind of check 'guess'"),
        (lambda c: c["claims"][0]["check"].pop("tolerance"), "'score' needs the field 'tolerance'"),
        (lambda c: c["claims"][0]["check"].update(data="hyde"), "unknown data 'hyde'; did you mean 'hide'?"),
        (lambda c: c["claims"][0]["check"].update(takes="luck"), "unknown takes 'luck'"),
        (lambda c: c["claims"][1]["check"].update(minus="lmfn-m1"), "unknown network 'lmfn-m1'"),
        (lambda c: c["claims"][1]["check"].update(metrics="x"), "unknown field of a 'count' check 'metrics'"),
        (lambda c: c["claims"][1].update(check={"kind": "internal", "otherwise": {}}), "exactly one of difference, "),
        (lambda c: internal(c, equal="t4-n4-psnr", unit_of="t4-n4-psnr"), "exactly one of difference, "),
        (lambda c: internal(c, difference=["t3-full-psnr", "t9"]), "unknown claim 't9'"),
        (lambda c: internal(c, difference=["t3-full-psnr"]), "'difference' takes two claims, not ['t3-full-psnr']"),
        (lambda c: internal(c, equal=["t3-full-psnr", "t4-n4-psnr"]), "'equal' takes one claim"),
        (lambda c: internal(c, extreme="best", column_of="t3-full-psnr"), "unknown extreme 'best'"),
        (lambda c: internal(c, extreme="largest"), "'extreme' needs the field 'column_of'"),
        (
            lambda c: c["claims"][0].update(printed="N/A") or internal(c, equal="t3-full-psnr"),
            "'equal' compares numbers, and 't3-full-psnr' prints none",
        ),
        (
            lambda c: c["claims"][1].update(printed="less") or internal(c, ratio=["t3-full-psnr", "t4-n4-psnr"]),
            "'ratio' compares numbers, and 't3-full-size' prints none",
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence_that_names_the_claim(change, words):
    with pytest.raises(ValueError) as error:
        parse_ledger(*broken(change))
    assert words in str(error.value) and "\n" not in str(error.value)


def test_the_unbroken_excerpt_is_accepted():
    assert len(parse_ledger(*broken(lambda content: None)).claims) == 3


def test_no_file_and_no_yaml(tmp_path):
    with pytest.raises(FileNotFoundError, match="no claims ledger at .*rules.yaml; give the folder reports/claims"):
        load_ledger(tmp_path)
    rules, papers = broken(lambda content: None)
    with pytest.raises(ValueError, match="lmfn.yaml is no valid YAML") as error:
        parse_ledger(rules, {"lmfn": "claims: ["})
    assert "\n" not in str(error.value)
    with pytest.raises(ValueError, match="rules.yaml lacks the section 'schema'"):
        parse_ledger("just words", papers)
    with pytest.raises(KeyError):
        LEDGER["t9"]
