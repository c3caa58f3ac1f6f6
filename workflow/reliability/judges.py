"""Tests of a copy of this tree, run in forks of a process that has loaded what is slow to load; POSIX.

This file imports nothing of the package: what a fork finds loaded would not be the copy's.
"""

import json
import multiprocessing
import os
import shutil
import signal
import sys
import time
from pathlib import Path

SLOW_TO_LOAD = [
    "torch", "torch.utils.flop_counter", "torch.func", "torch._dynamo", "torchinfo", "numpy", "scipy.ndimage",
    "skimage.metrics", "matplotlib.pyplot", "PIL.Image", "pytest", "hypothesis", "beartype", "jaxtyping", "yaml",
    "huggingface_hub.hub_mixin",
]  # fmt: skip
OPTIONS = ["-x", "-q", "-oaddopts=", "--import-mode=importlib", "--doctest-modules", "-mnot slow and not gpu",
           "-pno:cacheprovider", "-pno:unraisableexception"]  # fmt: skip
LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "executed", "book", "*.egg-info", "scratch", "student")


class Judge:
    """Judges mutants by the tests of a copy of ``root``, made in ``folder``; the tree itself is never written to."""

    def __init__(self, root: Path, folder: Path, loaded: list[str] = SLOW_TO_LOAD) -> None:
        self.root, self.copy = root, folder / "copy"
        shutil.copytree(root, self.copy, ignore=LEFT_OUT)
        self.processes = multiprocessing.get_context("forkserver")
        self.processes.set_forkserver_preload(loaded)

    def passes(self, tests: list[str], limit: float, keep: bool = False) -> tuple[int, float]:
        """Run pytest on files of the copy until one fails.

        Args:
            limit: seconds after which it is killed. keep: whether to keep compiled files for the calls that follow.

        Returns:
            pytest's exit code, or minus the signal that ended it; seconds.
        """
        began = time.monotonic()
        process = self.processes.Process(target=_pytest, args=(self.copy, tests, keep, self.root))
        process.start()
        process.join(limit)
        if process.exitcode is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.join()
        return process.exitcode, time.monotonic() - began

    def mutate(self, file: str, source: str | None) -> None:
        """Put a mutant, or for None the file itself, in its place in the copy; nothing compiled is left of the file."""
        path = self.copy / file
        path.write_text((self.root / file).read_text("utf-8") if source is None else source, "utf-8")
        for compiled in path.parent.glob(f"__pycache__/{path.stem}.*"):
            compiled.unlink()


def _pytest(copy: Path, tests: list[str], keep: bool, root: Path) -> None:
    """In the fork: only the copy can be imported, in a session of its own so that all it starts is killed with it."""
    os.setsid()
    os.chdir(copy)
    os.environ |= {"PYTHONDONTWRITEBYTECODE": "" if keep else "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    sys.dont_write_bytecode = not keep
    sys.path[:] = [str(copy)] + [place for place in sys.path if place not in ("", str(root))]
    silence = os.open(os.environ.get("LMFN_JUDGE_LOG", os.devnull), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    import pytest

    assert not [name for name in sys.modules if name.split(".")[0] in ("lmfn_core", "tests")]
    quickest = QuickestFirst(copy / "seconds.json", keep)
    os._exit(pytest.main([f"--rootdir={copy}", f"-c{copy / 'pyproject.toml'}", *OPTIONS, *tests], [quickest]))


class QuickestFirst:
    """For pytest: notes how long each test took, and starts those that took least."""

    def __init__(self, path: Path, measure: bool) -> None:
        self.path, self.measure = path, measure
        self.seconds: dict[str, float] = json.loads(path.read_text("utf-8")) if path.exists() else {}

    def pytest_collection_modifyitems(self, items: list) -> None:
        """Called once, with all tests of the call."""
        items.sort(key=lambda item: self.seconds.get(item.nodeid, 0))

    def pytest_runtest_logreport(self, report: object) -> None:
        """Called after each test's preparation, the test itself, and its clearing up."""
        self.seconds[report.nodeid] = report.duration + self.seconds.get(report.nodeid, 0)

    def pytest_sessionfinish(self) -> None:
        """Called at the end."""
        if self.measure:
            self.path.write_text(json.dumps(self.seconds), "utf-8")
