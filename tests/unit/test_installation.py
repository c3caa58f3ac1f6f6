"""The look at the installation: each gap is told with what to do, and nothing that fails ends in a traceback."""

import re
from pathlib import Path

import pytest
import torch

from lmfn_core.teaching import installation
from lmfn_core.teaching.installation import AGAIN, Finding, check_installation, look

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def found(name, notebooks=NOTEBOOKS):
    (finding,) = [finding for finding in look(notebooks) if finding.name == name]
    return finding


def test_here_everything_is_in_order(capsys):
    assert check_installation(NOTEBOOKS) is True
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(look(NOTEBOOKS)) and all(re.match(r"(ok  |-   )  \S", line) for line in lines)
    assert any(torch.__version__ in line for line in lines)
    assert "13 inside the installed packages" in str(found("photographs"))


def test_another_folder_is_told(tmp_path, capsys):
    assert check_installation(tmp_path) is False
    assert "MEND  this folder    no notebooks here: open them through python3 lab.py lab" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "what", "value", "says"),
    [
        ("Python", "OLDEST_PYTHON", (9, 1), "install Python 9.1 or newer"),
        ("PyTorch", "OLDEST_TORCH", (9, 1), "9.1 is needed"),
        ("lmfn_core", "__version__", "9.1", "is installed, " + AGAIN),
        ("weights", "shipped", lambda: ["lmfn"], "lfdn-deblur, lfdn-derain missing"),
    ],
)
def test_a_gap_is_told_with_what_to_do(name, what, value, says, monkeypatch):
    monkeypatch.setattr(installation, what, value)
    finding = found(name)
    assert not finding.fine and finding.needed and says in finding.advice
    assert str(finding).startswith(f"MEND  {name}") and not check_installation(NOTEBOOKS)


def test_what_only_some_cells_use_is_no_fault(monkeypatch, capsys):
    there = installation.importlib.util.find_spec
    monkeypatch.setattr(
        installation.importlib.util, "find_spec", lambda name: None if name in ("openvino", "nbval") else there(name)
    )
    assert 'pip install "lmfn-core[openvino]", if you want it' in found("OpenVINO").advice
    assert check_installation(NOTEBOOKS) is True
    said = capsys.readouterr().out
    assert "-     OpenVINO" in said and "-     nbval" in said and "MEND" not in said


def test_trouble_is_a_sentence_and_no_traceback(monkeypatch, tmp_path):
    def broken():
        raise FileNotFoundError("The photograph 'coins' comes with scikit-image: pip install scikit-image.")

    monkeypatch.setattr(installation, "bundled", broken)
    assert "pip install scikit-image" in found("photographs").found and found("photographs").advice == AGAIN
    monkeypatch.undo()
    monkeypatch.setattr(installation, "WEIGHTS", tmp_path)
    assert not found("weights").fine


@pytest.mark.parametrize("cuda", [True, False])
def test_a_gpu_is_named_and_never_missed(cuda, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "Some Card")
    assert found("GPU") == Finding("GPU", "Some Card" if cuda else "none, and none is needed")
