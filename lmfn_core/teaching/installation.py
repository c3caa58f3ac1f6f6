"""What a reader has before the first lesson: versions, weights, photographs, threads; and what to do about a gap."""

import importlib.util
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

from lmfn_core import __version__
from lmfn_core.images.photos import bundled
from lmfn_core.models.checkpoints import load_tensors
from lmfn_core.models.pretrained import WEIGHTS, shipped

OLDEST_PYTHON = (3, 10)
"""The first version of Python that the package runs on."""
OLDEST_TORCH = (2, 6)
"""The first version of PyTorch that it was written for."""
AGAIN = "run python3 lab.py venv in the course's folder"
"""What mends most installations."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked for."""

    name: str
    found: str  # what is there, in words
    advice: str = ""  # what to do; empty where nothing is to be done
    needed: bool = True  # whether the course needs it; without it some cells are slower or look plainer

    @property
    def fine(self) -> bool:
        """Whether there is nothing to do."""
        return not self.advice

    def __str__(self) -> str:
        mark = "ok  " if self.fine else "MEND" if self.needed else "-   "
        return f"{mark}  {self.name:14} {self.found}" + ("" if self.fine else f": {self.advice}")


def check_installation(notebooks: Path | str = ".") -> bool:
    """Print a line for each thing that the course uses, with ``ok`` or with what to do; True when nothing is lacking.

    Args:
        notebooks: the folder of the notebooks; they run in it.

    >>> check_installation("nowhere")  # doctest: +ELLIPSIS
    ok    Python         3...
    MEND  this folder    no notebooks here: open them through python3 lab.py lab...
    False
    """
    found = look(notebooks)
    for finding in found:
        print(finding)
    return all(finding.fine for finding in found if finding.needed)


def look(notebooks: Path | str = ".") -> list[Finding]:
    """The findings, in the order in which they are printed.

    >>> [finding.name for finding in look("nowhere")][:3]
    ['Python', 'PyTorch', 'lmfn_core']
    """
    looks = (_python, _torch, _package, _weights, _photographs)
    found = [_told(look) for look in looks]
    return [*found, _folder(Path(notebooks)), *map(_extra, EXTRAS), *_hardware()]


EXTRAS = (  # module, name, what goes without it, extra of the package that brings it
    ("ipywidgets", "widgets", "pictures do not move", ""),
    ("nbval", "nbval", "only teachers need it", "test"),
    ("openvino", "OpenVINO", "photographs take longer on a CPU", "openvino"),
    ("onnxruntime", "ONNX Runtime", "no other runtime is compared", "onnx"),
)


def _told(look: Callable[[], Finding]) -> Finding:
    """What a look finds; what it raises is told in a sentence, since this page is where people come with trouble."""
    try:
        return look()
    except Exception as error:  # noqa: BLE001 (a broken installation may raise anything)
        return Finding(look.__name__.strip("_"), f"{type(error).__name__}: {error}", AGAIN)


def _python() -> Finding:
    wanted = ".".join(map(str, OLDEST_PYTHON))
    advice = "" if sys.version_info >= OLDEST_PYTHON else f"install Python {wanted} or newer, then {AGAIN}"
    return Finding("Python", platform.python_version(), advice)


def _torch() -> Finding:
    wanted = ".".join(map(str, OLDEST_TORCH))
    here = tuple(int(part) for part in torch.__version__.split(".")[:2])
    return Finding("PyTorch", torch.__version__, "" if here >= OLDEST_TORCH else f"{wanted} is needed, {AGAIN}")


def _package() -> Finding:
    try:
        installed = version("lmfn-core")
    except PackageNotFoundError:
        installed = __version__  # imported from the folder of a clone: as good
    stale = installed != __version__
    return Finding("lmfn_core", __version__, f"{installed} is installed, {AGAIN}" if stale else "")


def _weights() -> Finding:
    there = shipped()
    for name in there:
        load_tensors(WEIGHTS / f"{name}.safetensors")
    lacking = sorted({"lfdn-deblur", "lfdn-derain", "lmfn"} - set(there))
    advice = f"{', '.join(lacking)} missing, copy the repository again" if lacking else ""
    return Finding("weights", ", ".join(there) or "none", advice)


def _photographs() -> Finding:
    return Finding("photographs", f"{len(bundled())} inside the installed packages")


def _folder(notebooks: Path) -> Finding:
    if (notebooks / "examples" / "records").is_dir() and (notebooks / "params").is_dir():
        return Finding("this folder", "notebooks/, with its example records")
    return Finding("this folder", "no notebooks here", "open them through python3 lab.py lab")


def _extra(extra: tuple[str, str, str, str]) -> Finding:
    module, name, without, brings = extra
    if importlib.util.find_spec(module) is not None:
        return Finding(name, version(module), needed=False)
    package = f'"lmfn-core[{brings}]"' if brings else module
    return Finding(name, f"not here, {without}", f"pip install {package}, if you want it", needed=False)


def _hardware() -> list[Finding]:
    card = torch.cuda.get_device_name() if torch.cuda.is_available() else "none, and none is needed"
    return [Finding("CPU threads", str(torch.get_num_threads())), Finding("GPU", card)]
