"""Peak memory of one way to run a network, against the image's size.

On a CPU it is the process's own peak, which only ever grows: every way gets a fresh process, that takes the sizes from
small to large. On a GPU it is the allocator's peak during a way's first call of that size.

python -m lmfn_core.benchmark.footprint lmfn "eager float32" 256x256 1280x720      (prints JSON)
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from lmfn_core.benchmark.ways import prepare
from lmfn_core.models.checkpoints import load_weights

Size = tuple[int, int]
"""Width and height in pixels."""
MB = 1e6


def footprint(network: str, way: str, sizes: Sequence[Size], timeout: float = 600) -> dict[str, float]:
    """Megabytes that a process holds at most: "at rest", ready to take an image, then for each size, as "256x256".

    The interpreter and PyTorch are in every number; the differences are the images' own.

    Args:
        network: a name of shipped weights or a file. way: a key of ``ways.WAYS``. timeout: seconds for all of it.

    Raises:
        RuntimeError: when the process fails or takes too long, with its last line.
    """
    words = [network, way, *(f"{width}x{height}" for width, height in sorted(sizes, key=lambda s: s[0] * s[1]))]
    threads = str(torch.get_num_threads())
    environment = dict(os.environ, OMP_NUM_THREADS=threads, PYTHONPATH=os.pathsep.join(filter(None, sys.path)))
    command = [sys.executable, "-m", "lmfn_core.benchmark.footprint", *words]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"{way}: more than {timeout:.0f} s for {', '.join(words[2:])}") from None
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1])
    return json.loads(done.stdout.strip().splitlines()[-1])


def card_peak() -> Callable[[], float]:
    """Start watching a GPU's allocator; what is returned tells the most megabytes it held since, beyond now."""
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()

    def peak() -> float:
        torch.cuda.synchronize()
        return (torch.cuda.max_memory_allocated() - before) / MB

    return peak


def resident_peak() -> float:
    """Megabytes of the largest resident set that this process ever had.

    >>> resident_peak() > 10
    True
    """
    status = Path("/proc/self/status")
    if status.exists():  # Linux; its getrusage also counts what the parent held when it started this process
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / MB
    if sys.platform == "win32":
        import psutil

        return psutil.Process().memory_info().peak_wset / MB
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / MB


def main(words: Sequence[str]) -> None:
    """Measure in this process, which must be a fresh one, and print the result."""
    network, way, *sizes = words
    call = prepare(way, load_weights(network)[0])
    seen = {"at rest": resident_peak()}
    for size in sizes:
        width, height = map(int, size.split("x"))
        call(torch.rand(1, 3, height, width))
        seen[size] = resident_peak()
    print(json.dumps(seen))


if __name__ == "__main__":
    main(sys.argv[1:])
