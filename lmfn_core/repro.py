"""What makes a run repeatable and its result traceable: seeds, threads, device, precision, environment stamp."""

import hashlib
import os
import platform
import random
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch


def seed_everything(seed: int) -> None:
    """Seed Python's and torch's global generators.

    >>> seed_everything(0); a = torch.rand(()); seed_everything(0); bool(a == torch.rand(()))
    True
    """
    random.seed(seed)
    torch.manual_seed(seed)


def use_threads(threads: int) -> int:
    """Use ``threads`` CPU threads (0 leaves torch's own choice); returns the number in use.

    Raises:
        ValueError: for a negative number.

    >>> use_threads(0) >= 1
    True
    """
    if threads < 0:
        raise ValueError(f"threads is {threads}; give 0 (torch chooses) or a positive number.")
    if threads:
        torch.set_num_threads(threads)
    return torch.get_num_threads()


def pick_device(name: str = "auto") -> torch.device:
    """"auto" is CUDA where there is a GPU, else the CPU.

    Raises:
        ValueError: for an unknown name, or for "cuda" on a machine without a usable GPU.

    >>> pick_device("cpu")
    device(type='cpu')
    """
    if name not in ("auto", "cpu", "cuda"):
        raise ValueError(f"device is {name!r}; it can be 'auto', 'cpu' or 'cuda'.")
    if name == "cuda" and not torch.cuda.is_available():
        raise ValueError("device is 'cuda', but torch finds no usable GPU here; use device='auto' or 'cpu'.")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def pick_precision(name: str = "auto", device: torch.device | str = "cpu") -> str:
    """Lightning Fabric's precision name; "auto" is bf16 autocast where the hardware multiplies bf16, else float32.

    Raises:
        ValueError: for an unknown name.

    >>> pick_precision("32-true")
    '32-true'
    """
    if name not in ("auto", "32-true", "bf16-mixed"):
        raise ValueError(f"precision is {name!r}; it can be 'auto', '32-true' or 'bf16-mixed'.")
    if name != "auto":
        return name
    return "bf16-mixed" if _multiplies_bf16(torch.device(device)) else "32-true"


def _multiplies_bf16(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    # torch has no public question for this; an older CPU emulates bf16, slower than float32
    probes = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, probe, lambda: False)() for probe in probes)


@contextmanager
def full_float32() -> Iterator[None]:
    """Inside the ``with``, a GPU multiplies float32 in float32, where torch's default for convolutions is TF32.

    TF32 keeps 10 bits of each factor's fraction, about three decimal digits, without a word.

    >>> with full_float32():
    ...     torch.full((1, 1), 1 + 2**-20) @ torch.ones(1, 1) > 1
    tensor([[True]])
    """
    backends = [torch.backends.cudnn, torch.backends.cuda.matmul]
    switch, full = "allow_tf32", False
    if hasattr(torch.backends.cudnn, "conv"):  # torch 2.9 and later, which forbid mixing both kinds of switch
        backends[0], switch, full = torch.backends.cudnn.conv, "fp32_precision", "ieee"
    before = [getattr(backend, switch) for backend in backends]
    try:
        for backend in backends:
            setattr(backend, switch, full)
        yield
    finally:
        for backend, value in zip(backends, before, strict=True):
            setattr(backend, switch, value)


def environment() -> dict[str, object]:
    """Versions, processor, device, threads and commit: what a reader needs to judge a number from another machine.

    >>> sorted(environment())[:3]
    ['commit', 'cores', 'cpu']
    """
    packages = ("torch", "numpy", "lightning-fabric", "papermill", "lmfn-core")
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "cpu": _cpu_name(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "cuda": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "commit": _commit(),
        "packages": {name: _version(name) for name in packages},
    }


def device_name(device: torch.device | str) -> str:
    """What a tensor's device is called: the card's name, or the processor's with the threads that torch uses.

    >>> device_name("cpu").split(" of ")[0] == f"{torch.get_num_threads()} thread" + "s" * (torch.get_num_threads() > 1)
    True
    """
    device = torch.device(device)
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    threads = torch.get_num_threads()
    return f"{threads} thread{'s' * (threads > 1)} of {_cpu_name()}"


def source_digest() -> str:
    """Hash of this package's source: a training state made by other code is never resumed.

    >>> len(source_digest())
    64
    """
    digest = hashlib.sha256()
    root = Path(__file__).parent
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def _commit() -> str | None:
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
