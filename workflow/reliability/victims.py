"""The commands that are killed: what each is given, what it leaves, and how much of its work a second call found."""

import os
import re
import runpy
import sys
from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import Image

from lmfn_core.models.checkpoints import load_tensors, load_weights
from lmfn_core.records import TEMPORARY
from workflow import reproduce
from workflow.reliability.toy import make_project
from workflow.stamps import read_json

STEPS = 6
PHOTOS = 6
LONG_AGO = 1_000_000_000
"""The time of the photographs before they are restored, in Unix seconds."""


class Victim(Protocol):
    """A command and its folder."""

    what: str  # in words, for the table

    def prepare(self, folder: Path) -> None:
        """Lay out what the command reads."""

    def command(self, folder: Path) -> None:
        """Run it, as its own command line does."""

    def done(self, folder: Path) -> int:
        """Steps, photographs or runs whose result lies in the folder; ValueError or OSError when one is damaged."""

    def found(self, text: str) -> int:
        """As many of them as a call found done, by what it printed."""

    def result(self, folder: Path) -> dict[str, bytes]:
        """Everything that is to be the same after an interruption: files by name, and what they hold."""


class Training:
    """A few steps on the bundled photographs; every step is saved."""

    what = "a training run"

    def prepare(self, folder: Path) -> None:
        """Nothing: the images come with the package."""
        folder.mkdir()

    def command(self, folder: Path) -> None:
        """``python -m lmfn_core.training.run``."""
        sizes = f"--steps {STEPS} --batch 1 --crop 64 --network lmfn-n1 --device cpu --precision 32-true --threads 1"
        _module("lmfn_core.training.run", *sizes.split(), "--name", "tiny", "--out", str(folder))

    def done(self, folder: Path) -> int:
        """Steps behind the checkpoint, or behind the state."""
        steps = 0
        for file in (folder / "weights").glob("*.safetensors"):
            tensors, _ = load_tensors(file)
            steps = max(steps, len(tensors.get("losses", ())))
            if file.stem == "tiny":
                load_weights(file)
        return steps

    def found(self, text: str) -> int:
        """Steps behind the state that it went on from."""
        went_on = re.search(r"^going on from step (\d+)$", text, flags=re.MULTILINE)
        return STEPS if "is finished" in text else int(went_on[1]) if went_on else 0

    def result(self, folder: Path) -> dict[str, bytes]:
        """The names of all files, the checkpoint's bytes, every loss."""
        files = {file.name: b"" for file in (folder / "weights").iterdir()}
        losses = load_tensors(folder / "weights" / "tiny.history.safetensors")[0]["losses"]
        return files | {"losses": losses.numpy().tobytes(),
                        "weights": (folder / "weights" / "tiny.safetensors").read_bytes()}  # fmt: skip


class Deblurring:
    """A folder of small photographs, into another folder or in place."""

    def __init__(self, in_place: bool = False) -> None:
        self.what = "lmfn deblur in place" if in_place else "lmfn deblur of a folder"
        self.out, self.options = ("in", ["--overwrite"]) if in_place else ("out", [])

    def prepare(self, folder: Path) -> None:
        """Photographs of noise, the same each time."""
        random = np.random.default_rng(0)
        for number in range(PHOTOS):
            path = folder / "in" / f"{number % 2}" / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(random.integers(0, 256, (48, 64, 3), dtype=np.uint8)).save(path)
            os.utime(path, (LONG_AGO, LONG_AGO))

    def command(self, folder: Path) -> None:
        """``python -m lmfn_core deblur``."""
        os.environ["LMFN_CACHE"] = str(folder / "cache")
        places = [str(folder / "in"), "-o", str(folder / self.out)]
        _module("lmfn_core", "deblur", *places, "--backend", "torch", "--device", "cpu", *self.options)

    def done(self, folder: Path) -> int:
        """Restored photographs."""
        files = [file for file in (folder / self.out).rglob("*.png") if file.stat().st_mtime != LONG_AGO]
        for file in files:
            with Image.open(file, formats=["PNG"]) as image:
                image.load()
        return len(files)

    def found(self, text: str) -> int:
        """All but those it wrote."""
        return PHOTOS - len(re.findall(r"\.png$", text, flags=re.MULTILINE))

    def result(self, folder: Path) -> dict[str, bytes]:
        """The bytes of all files, hidden ones too."""
        return _files(folder, self.out) | _files(folder, "cache")


class Reproducing:
    """``make reproduce`` of a small course: two runs, and one that needs both and writes a table."""

    what = "make reproduce"

    def prepare(self, folder: Path) -> None:
        """A repository."""
        make_project(folder)

    def command(self, folder: Path) -> None:
        """What ``make reproduce JOBS=2`` calls."""
        sys.exit(reproduce.main(["JOBS=2"], folder / "a repository"))

    def done(self, folder: Path) -> int:
        """Run records."""
        files = list((folder / "a repository/reports/runs/lesson").glob("*.json"))
        for file in files:
            if read_json(file).get("run") != file.stem:
                raise ValueError(f"{file} is no run record.")
        return len(files)

    def found(self, text: str) -> int:
        """All but those it ran."""
        return 3 - len(re.findall(r"\bdone in\b", text))

    def result(self, folder: Path) -> dict[str, bytes]:
        """The bytes of all records and tables."""
        return _files(folder, "a repository/reports/runs") | _files(folder, "a repository/reports/tables")


VICTIMS = (Reproducing(), Training(), Deblurring(), Deblurring(in_place=True))


def leftovers(folder: Path) -> list[str]:
    """Temporary files that nobody has removed."""
    return sorted(path.name for path in folder.rglob(f"*{TEMPORARY}"))


def _module(name: str, *words: str) -> None:
    sys.argv = [name, *words]
    runpy.run_module(name, run_name="__main__", alter_sys=True)


def _files(folder: Path, part: str) -> dict[str, bytes]:
    found = (path for path in (folder / part).rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}
