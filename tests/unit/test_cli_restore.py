"""``lmfn deblur`` and its fellows from outside: files, what is printed, exit codes, and what is left behind."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from lmfn_core.cli import reproduce as cli_reproduce
from lmfn_core.cli import restore as cli_restore
from lmfn_core.cli.main import app
from lmfn_core.restoring import restoration

RANDOM = np.random.default_rng(0)


def lmfn(*arguments):
    """Exit code, stdout and stderr, without colours."""
    ran = CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "200", "TERM": "dumb"})
    assert ran.exception is None or isinstance(ran.exception, SystemExit), ran.exception
    return (ran.exit_code, *(re.sub(r"\x1b\[[0-9;]*m", "", text) for text in (ran.stdout, ran.stderr)))


@pytest.fixture(autouse=True)
def inverse(monkeypatch):
    """In place of a network: the negative, and what options it was opened with."""
    asked = []

    def open_engine(*options):
        asked.append(options)
        return lambda batch: 1 - batch

    monkeypatch.setattr(cli_restore, "open_engine", open_engine)
    return asked


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    """A cache folder of the test's own."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("LMFN_CACHE", str(folder))
    return folder


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """a.png, in/b.png, in/deep/c.jpg; the working folder is there."""
    (tmp_path / "in" / "deep").mkdir(parents=True)
    for name in ("a.png", "in/b.png", "in/deep/c.jpg"):
        Image.fromarray(RANDOM.integers(0, 256, (20, 24, 3), dtype=np.uint8)).save(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image).astype(int)


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_one_photograph(photos):
    assert lmfn("deblur", "a.png") == (0, "a-deblurred.png\n", "")
    assert np.array_equal(pixels("a-deblurred.png"), 255 - pixels("a.png"))
    assert lmfn("derain", "a.png", "-o", "new/dry.jpg")[:2] == (0, f"{os.path.join('new', 'dry.jpg')}\n")
    assert np.abs(pixels("new/dry.jpg") - (255 - pixels("a.png"))).mean() < 30


README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
IN_README = re.findall(r"^lmfn ((?:deblur|derain|compare) [^#\n]+)", README, flags=re.MULTILINE)


@pytest.mark.parametrize("line", IN_README)
def test_the_commands_in_readme_run(photos, line):
    for name in ("photo.jpg", "wet.jpg"):
        Image.new("RGB", (24, 20)).save(name)
    code, out, err = lmfn(*line.split())
    assert (code, err) == (0, "") and Path(out.strip()).is_file() and len(IN_README) == 4


def test_a_folder_and_a_pattern(photos):
    code, out, err = lmfn("deblur", "in", "-o", "out")
    assert (code, err) == (0, "") and out.splitlines() == [
        os.path.join("out", "b.png"),
        os.path.join("out", "deep", "c.jpg"),
    ]
    assert files(photos / "out") == ["b.png", "deep/c.jpg"]
    assert lmfn("derain", "in/**/*.jpg", "*.png", "-o", "flat")[0] == 0 and files(photos / "flat") == ["a.png", "c.jpg"]


def test_options_reach_the_engine(photos, inverse):
    lmfn("deblur", "a.png")
    lmfn("derain", "a.png", "--network", "lfdn-derain", "--device", "cpu", "--backend", "onnxruntime", "--looks", "4")
    assert inverse == [("deblur", None, "auto", "auto", 1), ("derain", "lfdn-derain", "cpu", "onnxruntime", 4)]


def test_a_number_of_looks_that_the_task_does_not_have_is_refused_before_the_work(photos, inverse):
    sentence = "lmfn: looks is 8; to derain it can be 1, 2 or 4.\n"
    assert lmfn("derain", "nowhere.png", "--looks", "8") == (2, "", sentence)
    assert inverse == []


def test_bad_files_are_told_at_the_end_and_the_rest_are_done(photos):
    (photos / "in" / "bad.jpg").write_bytes(b"\xff\xd8\xff\xe0 no more")
    (photos / "in" / "empty.png").touch()
    code, out, err = lmfn("deblur", "in", "-o", "out")
    assert code == 1 and files(photos / "out") == ["b.png", "deep/c.jpg"] and len(out.splitlines()) == 2
    lines = err.splitlines()
    assert lines[0] == "lmfn: 2 of 4 could not be done:" and len(lines) == 3
    assert "bad.jpg' is truncated or damaged" in lines[1] and "empty.png' is empty" in lines[2]


def test_what_exists_is_not_replaced_unless_asked(photos):
    before = (photos / "a.png").read_bytes()
    assert lmfn("deblur", "a.png", "-o", "a.png")[0] == 2 and (photos / "a.png").read_bytes() == before
    assert lmfn("deblur", "a.png")[0] == 0
    done = (photos / "a-deblurred.png").read_bytes()
    (photos / "a-deblurred.png").write_bytes(b"mine")
    code, out, err = lmfn("deblur", "a.png")
    assert (code, out) == (1, "") and "a-deblurred.png' exists; --overwrite replaces it." in err
    assert (photos / "a-deblurred.png").read_bytes() == b"mine"
    assert lmfn("deblur", "a.png", "--overwrite")[0] == 0 and (photos / "a-deblurred.png").read_bytes() == done
    assert lmfn("deblur", "in", "-o", "in", "--overwrite")[0] == 0 and files(photos / "in") == ["b.png", "deep/c.jpg"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["no.png"], "There is no file or folder 'no.png'"),
        (["a.png", "in", "-o", "x.png"], "one file for 3 photographs"),
        (["a.png", "-o", "a.gif"], "No photograph is written as '.gif'"),
        (["in/b.png", "in", "sub/b.png"], "no file or folder 'sub/b.png'"),
    ],
)
def test_misuse_is_one_sentence_exit_code_2_and_nothing_done(photos, arguments, words):
    before = files(photos)
    code, out, err = lmfn("deblur", *arguments)
    assert (code, out) == (2, "") and err.startswith("lmfn: ") and words in err and err.count("\n") == 1
    assert files(photos) == before


def test_two_photographs_for_one_file(photos):
    (photos / "other").mkdir()
    (photos / "other" / "a.png").write_bytes((photos / "a.png").read_bytes())
    code, _, err = lmfn("deblur", "a.png", "other/a.png", "-o", "out")
    assert code == 2 and "would both become" in err and not (photos / "out").exists()


def test_unknown_options_and_none_at_all(photos):
    assert lmfn("deblur")[0] == 2 and lmfn("deblur", "a.png", "--devise", "cpu")[0] == 2
    assert lmfn("deblur", "a.png", "--device", "tpu")[0] == 2 and lmfn("deblur", "a.png", "--backend", "jax")[0] == 2


def test_nothing_is_lost_on_the_way_to_another_format(photos):
    (photos / "deep.png").write_bytes(imagecodecs.png_encode(RANDOM.integers(0, 65536, (20, 24, 3), dtype=np.uint16)))
    code, _, err = lmfn("deblur", "deep.png", "-o", "flat.jpg")
    assert code == 1 and "cannot hold 16 bits per channel; write a .png" in err and not (photos / "flat.jpg").exists()
    assert lmfn("deblur", "deep.png")[0] == 0
    assert imagecodecs.png_decode((photos / "deep-deblurred.png").read_bytes()).dtype == np.uint16


def test_a_full_disk(photos, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    code, out, err = lmfn("deblur", "in", "-o", "out")
    assert (code, out) == (1, "") and err.count("could not be written: No space left on device.") == 2
    assert files(photos / "out") == []


@pytest.mark.parametrize("error", [MemoryError(), torch.OutOfMemoryError("CUDA out of memory.\nmore")])
def test_too_little_memory(photos, monkeypatch, error):
    def engine(batch):
        raise error

    monkeypatch.setattr(cli_restore, "open_engine", lambda *_: engine)
    code, _, err = lmfn("deblur", "a.png")
    assert code == 1 and "'a.png': there is not enough memory" in err and len(err.splitlines()) == 2


def test_a_network_that_fails(photos, monkeypatch):
    monkeypatch.setattr(cli_restore, "open_engine", lambda *_: lambda batch: batch * torch.nan)
    code, _, err = lmfn("deblur", "a.png")
    assert code == 1 and "'a.png': The network's answer is not finite" in err


def test_weights_and_backends_that_are_not_there(photos, monkeypatch):
    monkeypatch.setattr(cli_restore, "open_engine", restoration.open_engine)
    code, _, err = lmfn("deblur", "a.png", "--network", "lmnf")
    assert code == 1 and "Did you mean 'lmfn'?" in err

    def missing(*_):
        raise ImportError("pip install 'lmfn-core[openvino]'")

    monkeypatch.setattr(cli_restore, "open_engine", missing)
    code, _, err = lmfn("deblur", "a.png", "--backend", "openvino")
    assert code == 1 and err == "lmfn: openvino is not to be had here: pip install 'lmfn-core[openvino]'\n"


def test_ctrl_c(photos, monkeypatch):
    asked = []

    def engine(batch):
        asked.append(batch)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return batch

    monkeypatch.setattr(cli_restore, "open_engine", lambda *_: engine)
    code, _, err = lmfn("deblur", "in", "a.png", "-o", "out")
    assert code == 130 and err == "lmfn: stopped; what is done stays.\n" and files(photos / "out") == ["b.png"]
    done = (photos / "out" / "b.png").stat()
    monkeypatch.setattr(cli_restore, "open_engine", lambda *_: lambda batch: batch)
    code, out, err = lmfn("deblur", "in", "a.png", "-o", "out")
    assert code == 0 and err == "lmfn: 1 of 3 were done before this call was interrupted; they stay.\n"
    assert len(out.splitlines()) == 2 and (photos / "out" / "b.png").stat() == done


SLOW = """
import signal, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in what a shell starts in the background
from lmfn_core.cli import restore as cli_restore
from lmfn_core.cli.main import main
def engine(batch):
    print("computing", flush=True)
    time.sleep(60 if batch.mean() < 0.5 else 0)
    return batch
cli_restore.open_engine = lambda *_: engine
main()
"""


@pytest.mark.skipif(os.name == "nt", reason="SIGINT is sent another way")
def test_ctrl_c_from_outside_leaves_no_partial_file(photos):
    (photos / "two").mkdir()
    Image.new("RGB", (32, 32), "white").save(photos / "two" / "1.png")
    Image.new("RGB", (32, 32), "black").save(photos / "two" / "2.png")
    command = [sys.executable, "-c", SLOW, "deblur", "two", "-o", "out"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            for _ in range(2):
                assert "computing" in process.stdout.readline()
            time.sleep(0.1)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=50)
        finally:
            process.kill()  # where it did not stop by itself; else it is gone
    assert process.returncode == 130 and err.endswith("lmfn: stopped; what is done stays.\n")
    assert files(photos / "out") == ["1.png"]


def test_as_a_module(photos):
    ran = subprocess.run([sys.executable, "-m", "lmfn_core", "deblur", "no.png"], capture_output=True, text=True)
    assert ran.returncode == 2 and ran.stderr == "lmfn: There is no file or folder 'no.png'; check the path.\n"


def test_help_has_examples():
    for command in ("deblur", "derain", "compare", "info", "reproduce"):
        code, out, _ = lmfn(command, "--help")
        assert code == 0 and f"lmfn {command} " in out and "Example" in out
    assert all(command in lmfn("--help")[1] for command in ("deblur", "derain", "compare", "info", "reproduce", "data"))


def test_compare(photos, inverse):
    assert lmfn("compare", "a.png") == (0, "a-before-after.html\n", "")
    assert "<input" in (photos / "a-before-after.html").read_text()
    assert lmfn("compare", "a.png", "-o", "sheet.png", "--task", "derain")[0] == 0
    assert inverse[-1][0] == "derain" and pixels("sheet.png").shape[1] == 2 * 24 + 8
    assert lmfn("compare", "a.png")[0] == 2 and lmfn("compare", "a.png", "--overwrite")[0] == 0
    assert lmfn("compare", "a.png", "--overwrite", "--looks", "2")[0] == 0 and inverse[-1][-1] == 2
    assert lmfn("compare", "a.png", "--overwrite", "--looks", "3")[0] == 2
    assert lmfn("compare", "a.png", "-o", "x.jpg")[0] == 2 and lmfn("compare", "no.png")[0] == 2
    (photos / "bad.png").write_bytes(b"bad")
    code, _, err = lmfn("compare", "bad.png")
    assert code == 1 and "no image of a kind" in err and not (photos / "bad-before-after.html").exists()


def test_info():
    code, out, _ = lmfn("info")
    assert code == 0 and "1,223,766" in out and "backends" in out
    facts = json.loads(lmfn("info", "--json")[1])
    assert facts["weights"]["lmfn"] == ["lmfn", 1_223_766] and "torch" in facts["backends"]


def test_reproduce_hands_over_in_a_checkout_and_says_so_elsewhere(tmp_path, monkeypatch):
    called = []
    monkeypatch.setattr(cli_reproduce.subprocess, "call", lambda command: called.append(command) or 7)
    assert lmfn("reproduce", "TIER=smoke", "ONLY=table3")[0] == 7
    (command,) = called
    assert command[0] == sys.executable and command[1].endswith("lab.py")
    assert command[2:] == ["reproduce", "TIER=smoke", "ONLY=table3"]
    monkeypatch.setattr(cli_reproduce, "PACKAGE", tmp_path / "site-packages" / "lmfn_core")
    monkeypatch.chdir(tmp_path)
    code, _, err = lmfn("reproduce")
    assert code == 1 and "takes a checkout" in err and err.count("\n") == 1 and len(called) == 1
