"""A device's limits as measured on it, and how much of them a network needs.

No forward pass can be faster than its arithmetic at the speed of the device's best matrix product, nor than its memory
traffic at the speed of a copy (Williams et al., "Roofline", 2009). What is counted is the traffic of the plain
operators, each reading its inputs and writing its result; a compiler that fuses some stays below it.
"""

import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from lmfn_core.measures.profiling import macs


def matmul_speed(device: torch.device | str, size: int = 8192, repeats: int = 10) -> float:
    """Floating point operations per second of a bfloat16 product of two square matrices, the best of ``repeats``.

    >>> matmul_speed("cpu", size=16, repeats=1) > 0
    True
    """
    a, b = (torch.randn(size, size, device=device, dtype=torch.bfloat16) for _ in range(2))
    return 2 * size**3 / _best(lambda: a @ b, repeats)


def copy_speed(device: torch.device | str, megabytes: int = 1024, repeats: int = 10) -> float:
    """Bytes per second, read plus written, of a copy within the device's memory, the best of ``repeats``.

    >>> copy_speed("cpu", megabytes=1, repeats=1) > 0
    True
    """
    a = torch.zeros(megabytes * 2**20, dtype=torch.uint8, device=device)
    b = torch.empty_like(a)
    return 2 * a.numel() / _best(lambda: b.copy_(a), repeats)


def traffic(model: nn.Module, height: int, width: int) -> int:
    """Bytes that the operators of one forward pass in bfloat16 read and write, for one RGB image; views are free.

    >>> traffic(nn.Sequential(nn.ReLU()), height=10, width=10)  # float32: 300 numbers read, 300 written
    2400
    """
    with FakeTensorMode(allow_non_fake_inputs=True), torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        image = torch.zeros(1, 3, height, width)
        with _Traffic() as counter:
            model(image)
    return counter.bytes


def limits(
    model: nn.Module, device: torch.device, sizes: Sequence[tuple[int, int]], matrix: int = 8192, megabytes: int = 1024
) -> dict[str, object]:
    """The device's two speeds and, for each size (width, height), as "1280x720", what one image needs of either.

    >>> sorted(limits(nn.ReLU(), torch.device("cpu"), [], matrix=16, megabytes=1))
    ['bytes_per_s', 'flop_per_s', 'needs']
    """
    needs = {f"{w}x{h}": {"flop": 2 * macs(model, h, w), "bytes": traffic(model, h, w)} for w, h in sizes}
    return {"flop_per_s": matmul_speed(device, matrix), "bytes_per_s": copy_speed(device, megabytes), "needs": needs}


class _Traffic(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.bytes = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        view = any(r.alias_info is not None and not r.alias_info.is_write for r in func._schema.returns)
        if isinstance(out, Tensor) and not view:
            seen = [value for value in tree_leaves((args, kwargs, out)) if isinstance(value, Tensor)]
            self.bytes += sum(value.numel() * value.element_size() for value in seen)
        return out


def _best(work: Callable[[], object], repeats: int) -> float:
    seconds = []
    for _ in range(repeats + 1):
        _finish()
        start = time.perf_counter()
        work()
        _finish()
        seconds.append(time.perf_counter() - start)
    return min(seconds[1:])


def _finish() -> None:
    if torch.accelerator.is_available():
        torch.accelerator.synchronize()
