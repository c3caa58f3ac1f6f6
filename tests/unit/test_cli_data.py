"""``lmfn data`` from outside: what it prints, and its exit codes."""

import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from lmfn_core.cli import data as cli_data
from lmfn_core.cli.errors import in_one_sentence
from lmfn_core.cli.main import app
from lmfn_core.datasets.addresses import ADDRESSES
from lmfn_core.datasets.kinds import KINDS


def lmfn(*arguments: str, answer: str = "") -> tuple[int, str, str]:
    """Exit code, stdout and stderr, without colours and with the spaces of tables closed up."""
    ran = CliRunner().invoke(app, arguments, input=answer, env={"COLUMNS": "200", "TERM": "dumb"})
    assert ran.exception is None or isinstance(ran.exception, SystemExit), ran.exception
    plain = (re.sub(r"\x1b\[[0-9;]*m", "", text) for text in (ran.stdout, ran.stderr))
    return (ran.exit_code, *(re.sub(r" +", " ", text) for text in plain))


@pytest.fixture
def pairs(tmp_path):
    for side, level in (("blur", 110), ("sharp", 100)):
        (tmp_path / side).mkdir()
        for i in range(3):
            Image.fromarray(np.full((20, 24, 3), level, np.uint8)).save(tmp_path / side / f"{i}.png")
    return tmp_path


def test_check_of_usable_pairs(pairs):
    code, out, err = lmfn("data", "check", "pairs", str(pairs))
    assert (code, err) == (0, "")
    for line in ("pairs to train / to test │ 2 / 1", "images │ 6", "sizes │ 6 of 24 x 20", "unreadable │ 0",
                 "mean 28.13 dB, from 28.13 to 28.13; RGB, a sample of 1 pairs", "Fit for use"):  # fmt: skip
        assert line in out


def test_check_of_another_set_than_the_official(pairs):
    (pairs / "blur" / "2.png").unlink()
    code, out, _ = lmfn("data", "check", "gopro", str(pairs), "--all")
    assert code == 1
    assert "(published: 2103 / 1111)" in out and "without a partner │ 1" in out and "2.png" in out
    assert "This is not the official GOPRO_Large as published: 1 of 2103 pairs to train" in out
    assert "all 1 pairs" in out


def test_wrong_use_is_one_sentence_and_exit_code_2(tmp_path):
    code, out, err = lmfn("data", "check", "gorpo", str(tmp_path))
    assert (code, out) == (2, "") and err.startswith(
        "lmfn: There is no kind of data set 'gorpo'. Did you mean 'gopro'?"
    )
    assert err.count("\n") == 1
    assert lmfn("data", "check", "gopro", str(tmp_path / "nowhere"))[0] == 2
    assert lmfn("data", "get", "bsd500")[0] == 2
    assert lmfn("data", "check")[0] == 2 and lmfn("data", "chekc")[0] == 2


def test_get_shows_the_terms_first_and_takes_no_for_an_answer(monkeypatch, tmp_path):
    monkeypatch.setattr(cli_data, "get", lambda *_: pytest.fail("it was downloaded without consent"))
    for answer in ("n\n", ""):  # "": no one is there to answer
        code, out, _ = lmfn("data", "get", "bsds500", "--to", str(tmp_path), answer=answer)
        assert code == 1 and "Terms: Non-commercial research and education." in out


@pytest.mark.parametrize("consent", [("y\n", ()), ("", ("--yes",))])
def test_get_downloads_after_consent(monkeypatch, tmp_path, consent):
    monkeypatch.setattr(cli_data, "get", lambda address, to, tell: tell("x", 1, 2) or to / address.folder)
    answer, option = consent
    code, out, _ = lmfn("data", "get", "bsds500", "--to", str(tmp_path), *option, answer=answer)
    assert code == 0 and f"Next: lmfn data check bsds500 {tmp_path / 'BSDS500'}" in out


def test_get_by_hand_asks_nothing_and_names_the_page(tmp_path):
    code, _, err = lmfn("data", "get", "realblur-r", "--to", str(tmp_path))
    assert code == 1 and "visit http://cg.postech.ac.kr/research/realblur/" in err
    assert not list(tmp_path.iterdir())


def test_get_that_fails_says_so(monkeypatch, tmp_path):
    def cut(*_):
        raise ConnectionError("The connection was cut.")

    monkeypatch.setattr(cli_data, "get", cut)
    assert lmfn("data", "get", "kodak", "--yes", "--to", str(tmp_path))[::2] == (1, "lmfn: The connection was cut.\n")


def test_list_names_every_set():
    code, out, _ = lmfn("data", "list")
    assert code == 0
    for name in KINDS:
        assert re.search(rf"│ {name} │", out), name
    assert re.search(r"│ gopro │ GOPRO_Large │ 2103 / 1111 │ pairs │ yes │", out)
    assert re.search(r"│ realblur-j │.*│ by hand │", out) and set(ADDRESSES) <= set(KINDS)


def test_a_defect_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError), in_one_sentence():
        _ = 1 / 0


def test_as_a_module():
    ran = subprocess.run(
        [sys.executable, "-m", "lmfn_core", "data", "check", "gopro", "nowhere"], capture_output=True, text=True
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == "lmfn: There is no folder 'nowhere'; check the path.\n"
