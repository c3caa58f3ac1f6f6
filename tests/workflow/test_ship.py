"""Weights into the package: only better ones, and everything that is said of them from records."""

import json
import shutil

import pytest

from lmfn_core import build
from lmfn_core.models.checkpoints import load_tensors, save_weights
from lmfn_core.models.pretrained import shipped
from lmfn_core.records import save_record
from workflow import ROOT, ship


def images(gain, image):
    ssims = dict.fromkeys(("ssim_per_channel", "ssim_matlab_rgb", "ssim_luma"), 0.5)
    return [{"name": image, "blurred": dict.fromkeys(("psnr_rgb", "psnr_luma"), 25.0) | ssims,
             "restored": dict.fromkeys(("psnr_rgb", "psnr_luma"), 25.0 + gain) | ssims}]  # fmt: skip


def record(root, run, gain, image="kodak24/1"):
    scored = images(gain, image)
    metrics = {kind: scored[0][kind] for kind in ("blurred", "restored")}
    metrics |= {"images": scored, "sharp_kept": {image: 40.0}}
    save_record(root / "reports" / "runs" / "weights", run, notebook="09_evaluation", tier="weights", parameters={},
                data="Kodak", metrics=metrics, seconds={"total": 1.0})  # fmt: skip


@pytest.fixture
def place(tmp_path):
    (tmp_path / "README.md").write_text("before <!-- weights -->old<!-- /weights --> after", encoding="utf-8")
    weights = tmp_path / "package"
    network = build("lmfn-n1", image_skip=True)
    card = dict(network.card) | {"steps": 10, "data": "photographs"}
    save_weights(weights / "lmfn.safetensors", network, card)
    save_weights(tmp_path / "new.safetensors", network, card | {"steps": 20})
    record(tmp_path, "shipped", 0.5)
    return tmp_path, weights


def steps(weights):
    assert json.loads((weights / "lmfn.json").read_text()) == load_tensors(weights / "lmfn.safetensors")[1]
    return load_tensors(weights / "lmfn.safetensors")[1]["steps"]


def test_renewing_writes_card_tables_and_readme_from_the_records(place):
    root, weights = place
    assert ship.main([], root, weights) == 0
    assert "+0.50" in (weights / "lmfn.md").read_text(encoding="utf-8")
    readme = (root / "README.md").read_text(encoding="utf-8")
    assert "+0.50" in readme and readme.startswith("before ") and readme.endswith(" after")
    written = sorted(path.name for path in (root / "reports" / "tables" / "weights").glob("*.md"))
    assert written == ["lmfn-curve.md", "lmfn-difficulty.md", "lmfn-scores.md"]


def test_better_weights_are_taken_and_others_are_not(place, capsys):
    root, weights = place
    assert ship.main([str(root / "new.safetensors")], root, weights) == 2
    assert "not evaluated yet" in capsys.readouterr().err
    record(root, "evaluation", 0.5)
    assert ship.main([str(root / "new.safetensors")], root, weights) == 2 and steps(weights) == 10
    assert "they stay" in capsys.readouterr().err
    record(root, "evaluation", 0.6)
    assert ship.main([str(root / "new.safetensors")], root, weights) == 0 and steps(weights) == 20
    assert "+0.600 dB instead of +0.500" in capsys.readouterr().out


def test_weights_of_another_task_stand_beside_the_first(place, capsys):
    root, weights = place
    network = build("lfdn-n1", image_skip=True)
    save_weights(root / "rain.safetensors", network, dict(network.card) | {"steps": 30, "task": "derain"})
    assert ship.main([str(root / "rain.safetensors")], root, weights) == 2
    assert "ONLY=evaluation-derain" in capsys.readouterr().err
    record(root, "evaluation-derain", 4.0, "rain100h/1")
    assert ship.main([str(root / "rain.safetensors")], root, weights) == 0 and steps(weights) == 10
    record(root, "shipped-derain", 4.0, "rain100h/1")
    assert ship.main([], root, weights) == 0
    assert "+4.00" in (weights / "lfdn-derain.md").read_text(encoding="utf-8")
    readme = (root / "README.md").read_text(encoding="utf-8")
    assert readme.index("`lmfn`") < readme.index("`lfdn-derain`") and "PSNR luma rainy" in readme
    assert (root / "reports" / "tables" / "weights" / "lfdn-derain-scores.csv").is_file()


@pytest.mark.parametrize(("words", "said"), [(["a", "b"], "got 2 words"), (["nowhere.safetensors"], "no checkpoint")])
def test_a_wrong_call_is_one_sentence(place, words, said, capsys):
    root, weights = place
    assert ship.main(words, root, weights) == 2
    assert said in capsys.readouterr().err and steps(weights) == 10


def test_what_is_committed_is_what_the_records_give(tmp_path):
    for part in ("reports/runs/weights", "reports/tables/weights", "lmfn_core/weights"):
        shutil.copytree(ROOT / part, tmp_path / part)
    shutil.copyfile(ROOT / "README.md", tmp_path / "README.md")
    ship.renew(tmp_path, tmp_path / "lmfn_core" / "weights")
    made = ["README.md", *(f"lmfn_core/weights/{name}.md" for name in shipped())]
    made += [path.relative_to(ROOT).as_posix() for path in (ROOT / "reports" / "tables" / "weights").glob("*")]
    stale = [name for name in made if (tmp_path / name).read_bytes() != (ROOT / name).read_bytes()]
    assert not stale, f"python3 lab.py ship: {', '.join(stale)}"
