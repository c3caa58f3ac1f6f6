"""The launcher and the Makefile: when .venv is built, what is forwarded, what is said when it cannot be done."""

import ast
import importlib.util
import os
import shutil
import subprocess
import sys

import pytest

from workflow import ROOT

ECHO = '#!/bin/sh\nfor word in "$@"; do echo "[$word]"; done\nexit 7\n'
POSIX = pytest.mark.skipif(os.name == "nt", reason="stands in for .venv's Python by a shell script")


@pytest.fixture
def repository(tmp_path):
    """A copy of what the launcher needs, in a folder with a space."""
    root = tmp_path / "a clone"
    (root / "workflow").mkdir(parents=True)
    for name in ("lab.py", "Makefile", "pyproject.toml", "constraints.txt", "workflow/__init__.py", "workflow/lock.py"):
        shutil.copy(ROOT / name, root / name)
    return root


@pytest.fixture
def lab(repository):
    """lab.py of the copy, as a module."""
    spec = importlib.util.spec_from_file_location("lab_of_the_copy", repository / "lab.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pretend_installed(repository, lab, name=".venv"):
    """A finished environment whose Python prints its arguments and ends with code 7."""
    (repository / name / "bin").mkdir(parents=True)
    (repository / name / "bin/python").write_text(ECHO)
    (repository / name / "bin/python").chmod(0o755)
    (repository / name / "installed").write_text(lab.fingerprint(str(repository / name)))


def call(*command, cwd):
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}  # `make test`
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.splitlines(), done.stderr


def test_old_pythons_can_read_it_and_are_told(lab, monkeypatch):
    ast.parse((ROOT / "lab.py").read_text(encoding="utf-8"), feature_version=(3, 8))
    monkeypatch.setattr(lab, "OLDEST", (3, 99))
    with pytest.raises(SystemExit, match=r"Python 3\.99 or newer is needed, but .* is 3\."):
        lab.check_python()


def test_missing_venv_support_names_the_package(lab, monkeypatch):
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(SystemExit, match=r"sudo apt install python3\.\d+-venv"):
        lab.check_python()


@POSIX
def test_commands_are_forwarded_with_their_exit_code(repository, lab, tmp_path):
    pretend_installed(repository, lab)
    path = str(repository / "lab.py")
    words = ["TIER=smoke", "DATA=my photos", "steps=20"]
    code, lines, _ = call(sys.executable, path, "reproduce", *words, cwd=tmp_path)
    absolute = f"[DATA={tmp_path / 'my photos'}]"
    assert (code, lines) == (7, ["[-m]", "[workflow.reproduce]", "[TIER=smoke]", absolute, "[steps=20]"])
    assert call(sys.executable, path, "test", "-k", "a b", cwd=tmp_path)[:2] == (
        7,
        ["[-m]", "[pytest]", "[-k]", "[a b]"],
    )
    _, lines, _ = call(sys.executable, path, "student", "--without-hints", "--out", "for you", cwd=tmp_path)
    assert lines[2:] == ["[--without-hints]", "[--out]", f"[{tmp_path / 'for you'}]"]


@POSIX
def test_the_book_has_an_environment_of_its_own(repository, lab):
    shutil.copy(ROOT / "workflow/book.txt", repository / "workflow/book.txt")
    pretend_installed(repository, lab, ".venv-book")
    out = f"OUT={repository / 'my book'}"
    result = call("make", f"PYTHON={sys.executable}", "book", out, cwd=repository)
    assert result[0] == 2 and result[1][:3] == ["[-m]", "[workflow.book]", f"[{out}]"]
    assert not (repository / ".venv").exists()


@POSIX
def test_make_forwards_every_word_however_odd(repository, lab):
    pretend_installed(repository, lab)
    odd = """OUT=/a b/it's "so"; $HOME/back\\slash"""
    python = f"PYTHON={sys.executable}"
    code, lines, _ = call("make", python, "reproduce", "TEIR=smoke", odd.replace("$", "$$"), "steps=3", cwd=repository)
    assert code == 2 and lines[:2] == ["[-m]", "[workflow.reproduce]"]
    assert sorted(lines[2:]) == sorted(["[TEIR=smoke]", f"[{odd}]", "[steps=3]"])
    assert call("make", python, "test", "ARGS=-k 'a b'", cwd=repository)[1] == ["[-m]", "[pytest]", "[-k]", "[a b]"]


@POSIX
def test_venv_is_built_again_when_it_no_longer_fits(repository, lab):
    assert not lab.is_installed()
    pretend_installed(repository, lab)
    assert lab.is_installed()
    (repository / "constraints.txt").write_text("torch==2.13.0\n")
    assert not lab.is_installed()


@POSIX
def test_a_killed_installation_is_done_again(repository, lab, monkeypatch):
    pretend_installed(repository, lab)
    (repository / "pyproject.toml").write_text("# changed\n")
    steps = []
    monkeypatch.setattr(lab.subprocess, "call", lambda command: steps.append(command[1:]) or 0)
    monkeypatch.setattr(lab, "cpu_build", lambda: ["--extra-index-url", "cpu"])

    def killed(command, log):
        steps.append(command[-4:])
        raise KeyboardInterrupt

    monkeypatch.setattr(lab, "install", killed)
    with pytest.raises(KeyboardInterrupt):
        lab.ensure_venv()
    assert steps == [["-m", "venv", "--clear", lab.VENV], ["--extra-index-url", "cpu", "--editable", lab.PACKAGE]]
    assert not lab.is_installed()
    monkeypatch.setattr(lab, "install", lambda command, log: steps.append(command))
    lab.ensure_venv()
    assert lab.is_installed() and len(steps) == 4
    lab.ensure_venv()
    assert len(steps) == 4


def test_a_failing_installation_shows_the_end_of_its_log(lab, repository, capsys):
    (repository / ".venv").mkdir()
    code = "print('Collecting torch'); raise SystemExit('no space left on device')"
    with pytest.raises(SystemExit, match="The installation failed"):
        lab.install([sys.executable, "-c", code], repository / ".venv/install.log")
    assert "no space left on device" in capsys.readouterr().err
    assert lab.last_line(repository / ".venv/install.log") == "Collecting torch"


@pytest.mark.parametrize("system", ["Darwin", "Windows"])
def test_cpu_build_is_for_linux(lab, monkeypatch, system):
    monkeypatch.setattr(lab.platform, "system", lambda: system)
    assert lab.cpu_build() == []


@pytest.mark.parametrize(("driver", "answers"), [(True, True), (False, True), (False, False)])
def test_cpu_build_only_without_a_driver_and_with_an_index(lab, monkeypatch, driver, answers):
    class Answer:
        def close(self):
            pass

    def urlopen(address, timeout):
        assert address.startswith(lab.CPU_INDEX) and timeout <= 5
        if not answers:
            raise OSError("no network")
        return Answer()

    monkeypatch.setattr(lab.platform, "system", lambda: "Linux")
    monkeypatch.setattr(lab.shutil, "which", lambda name: "/usr/bin/nvidia-smi" if driver else None)
    monkeypatch.setattr(lab.os.path, "exists", lambda path: False)
    monkeypatch.setattr(lab.urllib.request, "urlopen", urlopen)
    assert bool(lab.cpu_build()) == (answers and not driver)


@pytest.mark.parametrize(("arguments", "code"), [([], 2), (["--help"], 0), (["reproduec"], 2)])
def test_help_and_unknown_commands(repository, arguments, code):
    result, lines, errors = call(sys.executable, str(repository / "lab.py"), *arguments, cwd=repository)
    assert result == code and "reproduce" in "\n".join(lines) + errors
    assert not (repository / ".venv").exists()
