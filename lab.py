#!/usr/bin/env python3
"""Set up and run everything; needs nothing but Python.

python3 lab.py venv                     build .venv (the other commands do so by themselves)
python3 lab.py reproduce [KEY=value]    run the notebooks and renew reports/: TIER=lesson ONLY=table3 DATA=/folder
                                        OUT=/folder JOBS=2, and notebook parameters such as steps=20
python3 lab.py test [...]               run the tests; further arguments go to pytest
python3 lab.py lab [...]                open the notebooks in JupyterLab
python3 lab.py refresh [...]            execute the master notebooks in place, renew the students' copies
python3 lab.py environment              write environment.yml from pyproject.toml and constraints.txt

.venv is made from pyproject.toml and constraints.txt; again when they, the Python version or the folder change.
"""

import contextlib
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(HERE, ".venv")
PYTHON = os.path.join(VENV, "Scripts", "python.exe") if os.name == "nt" else os.path.join(VENV, "bin", "python")
STAMP = os.path.join(VENV, "installed")
LOG = os.path.join(VENV, "install.log")
OLDEST = (3, 10)
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
COMMANDS = {
    "venv": ["-c", "import torch; print('.venv is ready, with PyTorch', torch.__version__)"],
    "reproduce": ["-m", "workflow.reproduce"],
    "test": ["-m", "pytest"],
    "lab": ["-m", "jupyterlab", "notebooks"],
    "refresh": ["-m", "workflow.refresh"],
    "environment": ["-m", "workflow.environment"],
}


def main(arguments):
    """Run one command inside .venv, building it first where needed; the exit code."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(__doc__)
        return 0 if arguments else 2
    if arguments[0] not in COMMANDS:
        print(f"{arguments[0]!r} is no command. Known: {', '.join(COMMANDS)}.", file=sys.stderr)
        return 2
    check_python()
    ensure_venv()
    return run([PYTHON] + COMMANDS[arguments[0]] + [absolute(word) for word in arguments[1:]])


def absolute(word):
    """DATA= and OUT= as the caller's folder means them: the commands run in the repository's folder."""
    key, _, path = word.partition("=")
    return f"{key}={os.path.abspath(os.path.expanduser(path))}" if key in ("DATA", "OUT") and path else word


def check_python():
    """Stop with a clear sentence when this Python is too old or has no venv."""
    if sys.version_info < OLDEST:
        names = [f"python3.{minor}" for minor in range(15, OLDEST[1] - 1, -1)]
        newer = next((name for name in names if shutil.which(name)), "python3.11")
        found = f"{sys.executable} is {platform.python_version()}"
        advice = f"Try: {newer} lab.py ..., or make ... PYTHON={newer}"
        sys.exit(f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed, but {found}. {advice}")
    try:
        import ensurepip  # noqa: F401 - Debian ships Python without it
        import venv  # noqa: F401
    except ImportError:
        package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        sys.exit(f"This Python cannot make virtual environments. On Debian and Ubuntu: sudo apt install {package}")


def ensure_venv():
    """Build .venv unless the one that is there was finished and still fits; one process at a time."""
    from workflow import lock

    def wait(path):
        print("Another process is building .venv; waiting until it ends.", flush=True)

    if is_installed():
        return
    with lock.held(os.path.join(HERE, ".venv.lock"), wait):
        if not is_installed():
            build()


def is_installed():
    """Whether the last installation ended well, from the files as they are now."""
    try:
        with open(STAMP, encoding="utf-8") as stamp:
            return stamp.read() == fingerprint() and os.path.exists(PYTHON)
    except OSError:
        return False


def fingerprint():
    """A hash over what the environment is made from: requirements, pins, Python, and its own place."""
    digest = hashlib.sha256("\n".join([sys.version, VENV]).encode())
    for name in ("pyproject.toml", "constraints.txt"):
        with open(os.path.join(HERE, name), "rb") as source:
            digest.update(source.read())
    return digest.hexdigest()


def build():
    """Make .venv from scratch. Its stamp is written last, so a killed installation is done again."""
    print("Building .venv: about 1.5 GB to download (more with CUDA), a few minutes the first time.", flush=True)
    with contextlib.suppress(FileNotFoundError):
        os.remove(STAMP)
    base = getattr(sys, "_base_executable", None) or sys.executable  # not the .venv that is about to be replaced
    if subprocess.call([base, "-m", "venv", "--clear", VENV]) != 0:
        sys.exit("Making .venv failed; the lines above say why.")
    pip = [PYTHON, "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--progress-bar", "off"]
    install(pip + ["--constraint", "constraints.txt"] + cpu_build() + ["--editable", ".[test]"])
    with open(STAMP, "w", encoding="utf-8") as stamp:
        stamp.write(fingerprint())


def install(command):
    """Run pip with its output in a log file, and say every few seconds how far it is."""
    began = told = time.monotonic()
    with open(LOG, "wb") as log:
        process = subprocess.Popen(command, cwd=HERE, stdout=log, stderr=subprocess.STDOUT)
        try:
            while process.poll() is None:
                time.sleep(0.2)
                if time.monotonic() - told >= 10:
                    told = time.monotonic()
                    print(f"  {told - began:4.0f} s  {last_line()[:100]}", flush=True)
        finally:
            process.terminate()
            process.wait()
    if process.returncode != 0:
        with open(LOG, encoding="utf-8", errors="replace") as log:
            print("".join(log.readlines()[-15:]), file=sys.stderr)
        sys.exit(f"The installation failed: see the lines above, and all of it in {os.path.relpath(LOG)}.")
    print(f"  installed in {time.monotonic() - began:.0f} s", flush=True)


def last_line():
    """What pip is doing, from its log."""
    told = ("Collecting", "Downloading", "Processing", "Building", "Installing")
    with open(LOG, encoding="utf-8", errors="replace") as log:
        lines = [line.strip() for line in log if line.strip().startswith(told)]
    return lines[-1].split(": ")[0] if lines else "starting"


def cpu_build():
    """Options that take PyTorch's CPU build: on Linux without an NVIDIA driver, if its index answers.

    The default wheel works without a GPU too, but carries gigabytes of CUDA.
    """
    driver = shutil.which("nvidia-smi") or os.path.exists("/proc/driver/nvidia/version")
    if platform.system() != "Linux" or driver:
        return []
    try:
        urllib.request.urlopen(CPU_INDEX + "/torch/", timeout=4).close()
    except OSError:
        return []
    return ["--extra-index-url", CPU_INDEX]


def run(command):
    """Hand over to a command inside .venv; its exit code is ours."""
    environment = dict(os.environ, JUPYTER_PREFER_ENV_PATH="1")  # no kernel of the user's may shadow this one
    os.chdir(HERE)
    if os.name != "nt":
        os.execve(command[0], command, environment)  # the very same process: signals and exit code are the command's
    process = subprocess.Popen(command, env=environment)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:  # Ctrl-C reached the command too; let it end in its own way
            continue


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit("Stopped. The same command starts over from here.")
