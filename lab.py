#!/usr/bin/env python3
"""Set up and run everything; needs nothing but Python.

python3 lab.py venv                     build .venv (the other commands do so by themselves)
python3 lab.py reproduce [KEY=value]    run the notebooks and renew reports/: TIER=lesson TASK=derain ONLY=table3
                                        DATA=/folder OUT=/folder JOBS=2, and notebook parameters such as steps=20
python3 lab.py plan [KEY=value]         print what reproduce would do and how long it would take; writes nothing
python3 lab.py snakemake [KEY=value]    the same runs through Snakemake, for large machines and clusters; then come
                                        its own options: --cores 8, -n, --profile workflow/profiles/slurm
python3 lab.py test [...]               run the tests; further arguments go to pytest
python3 lab.py lab [...]                open the notebooks in JupyterLab
python3 lab.py bench [KEY=value]        time every way to run the network against each other: ROUNDS=7 DEVICE=auto
                                        SIZES=256x256,1280x720 BATCHES=1,8 NETWORK=lmfn WITHOUT=compiled OUT=/folder
python3 lab.py refresh [...]            execute the master notebooks in place, renew the students' copies
python3 lab.py student [...]            renew the students' copies; for a class: --without-hints --out handout.zip
python3 lab.py reliability [NAME ...]   kills, nonsense, twice, mutants, old and new versions; reports/reliability.md
python3 lab.py book [OUT=/folder]       write the course as a book of static pages: reports/book/index.html
python3 lab.py ship [WEIGHTS]           take better weights into the package; renew their card and tables
python3 lab.py environment              write environment.yml from pyproject.toml and constraints.txt

.venv is made from pyproject.toml and constraints.txt; .venv-snakemake, .venv-book and .venv-mutation, each only for its
command, from a list in workflow/; again when they, the Python version or the folder change.
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
SNAKEMAKE = os.path.join(HERE, ".venv-snakemake")
BOOK = os.path.join(HERE, ".venv-book")
MUTATION = os.path.join(HERE, ".venv-mutation")
SOURCES = {
    VENV: ("pyproject.toml", "constraints.txt"),
    SNAKEMAKE: ("workflow/snakemake.txt",),
    BOOK: ("workflow/book.txt",),
    MUTATION: ("workflow/mutation.txt",),
}
SIZES = {
    VENV: "about 1.6 GB to download (more with CUDA), a few minutes",
    SNAKEMAKE: "about 80 MB to download",
    BOOK: "about 40 MB to download",
    MUTATION: "about 10 MB to download",
}
OLDEST = (3, 10)
PACKAGE = ".[test,onnx,openvino]"  # with what its tests need and the runtimes that restore fastest
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
COMMANDS = {
    "venv": ["-c", "import torch; print('.venv is ready, with PyTorch', torch.__version__)"],
    "reproduce": ["-m", "workflow.reproduce"],
    "plan": ["-m", "workflow.plan"],
    "snakemake": ["-m", "workflow.engine"],
    "test": ["-m", "pytest"],
    "lab": ["-m", "jupyterlab", "notebooks"],
    "bench": ["-m", "workflow.bench"],
    "refresh": ["-m", "workflow.refresh"],
    "student": ["-m", "workflow.student"],
    "book": ["-m", "workflow.book"],
    "reliability": ["-m", "workflow.reliability"],
    "ship": ["-m", "workflow.ship"],
    "environment": ["-m", "workflow.environment"],
}


def main(arguments):
    """Run one command inside its environment, building that first where needed; the exit code."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(__doc__)
        return 0 if arguments else 2
    if arguments[0] not in COMMANDS:
        print(f"{arguments[0]!r} is no command. Known: {', '.join(COMMANDS)}.", file=sys.stderr)
        return 2
    check_python()
    venv = BOOK if arguments[0] == "book" else VENV  # the book reads what is committed: it needs no PyTorch
    ensure_venv(venv)
    if arguments[0] == "snakemake":
        ensure_venv(SNAKEMAKE)
    if arguments[0] == "reliability" and ("mutants" in arguments or not arguments[1:]):
        ensure_venv(MUTATION)
    words = [absolute(word, before) for before, word in zip(arguments, arguments[1:], strict=False)]
    return run([python_of(venv)] + COMMANDS[arguments[0]] + words)


def absolute(word, before=""):
    """DATA= (a folder, or kind:folder), OUT= and --out as the caller's folder means them: commands run in this one."""
    if before == "--out":
        return os.path.abspath(os.path.expanduser(word))
    key, _, path = word.partition("=")
    if key not in ("DATA", "OUT") or not path:
        return word
    kind, colon, folder = path.partition(":")
    if key == "OUT" or not colon or len(kind) < 2 or os.path.exists(path):  # one letter is a drive of Windows
        kind, colon, folder = "", "", path
    return f"{key}={kind}{colon}{os.path.abspath(os.path.expanduser(folder))}"


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


def python_of(venv):
    """The Python of an environment."""
    return os.path.join(venv, *(("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")))


def ensure_venv(venv=VENV):
    """Build the environment unless the one that is there was finished and still fits; one process at a time."""
    from workflow import lock

    def wait(path):
        print(f"Another process is building {os.path.basename(venv)}; waiting until it ends.", flush=True)

    if is_installed(venv):
        return
    with lock.held(venv + ".lock", wait):
        if not is_installed(venv):
            build(venv)


def is_installed(venv=VENV):
    """Whether the last installation ended well, from the files as they are now."""
    try:
        with open(os.path.join(venv, "installed"), encoding="utf-8") as stamp:
            return stamp.read() == fingerprint(venv) and os.path.exists(python_of(venv))
    except OSError:
        return False


def fingerprint(venv=VENV):
    """A hash over what the environment is made from: requirements, pins, Python, and its own place."""
    digest = hashlib.sha256("\n".join([sys.version, venv]).encode())
    for name in SOURCES[venv]:
        with open(os.path.join(HERE, name), "rb") as source:
            digest.update(source.read())
    return digest.hexdigest()


def build(venv):
    """Make the environment from scratch. Its stamp is written last, so a killed installation is done again."""
    name, stamp = os.path.basename(venv), os.path.join(venv, "installed")
    print(f"Building {name}: {SIZES[venv]}, the first time.", flush=True)
    with contextlib.suppress(FileNotFoundError):
        os.remove(stamp)
    base = getattr(sys, "_base_executable", None) or sys.executable  # not the .venv that is about to be replaced
    if subprocess.call([base, "-m", "venv", "--clear", venv]) != 0:
        sys.exit(f"Making {name} failed; the lines above say why.")
    pip = [
        python_of(venv),
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--no-input",
        "install",
        "--progress-bar",
        "off",
    ]
    ours = ["--constraint", "constraints.txt"] + cpu_build() + ["--editable", PACKAGE] if venv == VENV else []
    install(pip + (ours or ["--requirement", SOURCES[venv][0]]), os.path.join(venv, "install.log"))
    with open(stamp, "w", encoding="utf-8") as done:
        done.write(fingerprint(venv))


def install(command, log):
    """Run pip with its output in a log file, and say every few seconds how far it is."""
    began = told = time.monotonic()
    with open(log, "wb") as output:
        process = subprocess.Popen(command, cwd=HERE, stdout=output, stderr=subprocess.STDOUT)
        try:
            while process.poll() is None:
                time.sleep(0.2)
                if time.monotonic() - told >= 10:
                    told = time.monotonic()
                    print(f"  {told - began:4.0f} s  {last_line(log)[:100]}", flush=True)
        finally:
            process.terminate()
            process.wait()
    if process.returncode != 0:
        with open(log, encoding="utf-8", errors="replace") as output:
            print("".join(output.readlines()[-15:]), file=sys.stderr)
        sys.exit(f"The installation failed: see the lines above, and all of it in {os.path.relpath(log)}.")
    print(f"  installed in {time.monotonic() - began:.0f} s", flush=True)


def last_line(log):
    """What pip is doing, from its log."""
    told = ("Collecting", "Downloading", "Processing", "Building", "Installing")
    with open(log, encoding="utf-8", errors="replace") as output:
        lines = [line.strip() for line in output if line.strip().startswith(told)]
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
    """Hand over to a command inside an environment; its exit code is ours."""
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
