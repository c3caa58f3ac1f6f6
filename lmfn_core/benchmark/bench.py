"""How fast, how large and how exact every way to run a network is, measured against each other in one run.

All ways take turns, round by round (``timing.latency``), so that a busy machine slows all of them alike: the ratios
can be compared between runs, the seconds cannot. A way that fails is reported, and the others go on.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from lmfn_core.benchmark.footprint import Size, card_peak, footprint
from lmfn_core.benchmark.images import middle, scene
from lmfn_core.benchmark.roofline import limits
from lmfn_core.benchmark.ways import EAGER, Call, prepare, ways
from lmfn_core.images.pairs import Pair
from lmfn_core.measures.metrics import psnr
from lmfn_core.measures.timing import latency
from lmfn_core.models.checkpoints import load_weights

SIZES = ((256, 256), (640, 360), (1280, 720))
"""Width and height in pixels of the images that are timed."""
SAME = 120.0
"""dB that stand for no difference at all: a record holds no infinity."""


@dataclass
class Bench:
    """What one run of the benchmark collects; ``vars`` of it is the record's ``metrics``."""

    latency_ms: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)  # case, way: median, ratio, ...
    agreement_db: dict[str, dict[str, float]] = field(default_factory=dict)  # case, way: PSNR against the plain call
    first_s: dict[str, dict[str, float]] = field(default_factory=dict)  # case, way: the first call of that size
    memory_mb: dict[str, dict[str, float]] = field(default_factory=dict)  # way: size: most that was held
    quality_db: dict[str, float] = field(default_factory=dict)  # way: mean PSNR on the held-out pairs
    limits: dict[str, object] = field(default_factory=dict)  # what the device can do and the network needs
    failed: dict[str, str] = field(default_factory=dict)  # way: why


def measure(
    network: str,
    device: torch.device | str,
    sizes: Sequence[Size] = SIZES,
    batches: Sequence[int] = (1,),
    rounds: int = 7,
    pairs: Iterable[Pair] = (),
    names: Sequence[str] | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> Bench:
    """Time and score every way; on a GPU also its memory, which ``weigh`` adds on a CPU, and the device's limits.

    Args:
        network: a name of shipped weights or a file. sizes: (width, height). batches: images per call.
        rounds: measured turns of every way; two more warm up. pairs: blurred and sharp, for the quality.
        names: keys of ``WAYS``; None: all that can be had. tell: is given a line per step.

    Raises:
        ValueError: when the plain call is not among the names.

    >>> measure("lmfn", "cpu", sizes=[(32, 16)], rounds=1, names=[EAGER]).latency_ms["32x16"][EAGER]["ratio"]
    1.0
    """
    names = list(names or ways(device))
    if EAGER not in names:
        raise ValueError(f"Every way is compared with {EAGER!r}; name it too. Got {', '.join(names)}.")
    seen, device = Bench(), torch.device(device)
    model = load_weights(network)[0]
    calls = {name: call for name in names if (call := _tried(seen, name, lambda: prepare(name, model, device)))}  # noqa: B023
    for size in sizes:
        for batch in batches:
            _time(seen, calls, scene(size, batch).to(device), rounds, tell)
    tell("quality on the held-out pairs")
    _score(seen, calls, [middle(pair) for pair in pairs], device)
    tell("the device's limits")
    matrix, megabytes = (8192, 1024) if device.type == "cuda" else (3072, 256)  # large enough for the best speed
    seen.limits = limits(model.cpu(), device, sizes, matrix, megabytes)
    return seen


def weigh(seen: Bench, network: str, sizes: Sequence[Size], tell: Callable[[str], None] = lambda line: None) -> None:
    """Add the memory of every way that was timed, each in a process of its own on the CPU.

    >>> weigh(Bench(), "lmfn", [(32, 16)])
    """
    for name in dict.fromkeys(name for timed in seen.latency_ms.values() for name in timed):
        tell(f"memory of {name}")
        seen.memory_mb[name] = _tried(seen, name, lambda: footprint(network, name, sizes)) or {}  # noqa: B023


def _time(seen: Bench, calls: dict[str, Call], image: Tensor, rounds: int, tell: Callable[[str], None]) -> None:
    case = f"{image.shape[3]}x{image.shape[2]}" + (f" b{len(image)}" if len(image) > 1 else "")
    _call_first(seen, calls, image, case, tell)
    if EAGER not in calls:
        raise RuntimeError(
            f"The plain call failed at {case}, so there is nothing to compare with: {seen.failed[EAGER]}"
        )
    timed = latency({name: lambda call=call: call(image) for name, call in calls.items()}, rounds, warmup=2)
    seen.latency_ms[case] = {
        name: {"median": 1e3 * t.median, "lower": 1e3 * t.lower, "upper": 1e3 * t.upper, "ratio": t.ratio}
        for name, t in timed.items()
    }


def _call_first(seen: Bench, calls: dict[str, Call], image: Tensor, case: str, tell: Callable[[str], None]) -> None:
    """Call every way once, note what that takes and gives, and drop those that fail."""
    plain = None
    for name in list(calls):
        tell(f"{case}: {name}")
        peak, start = card_peak() if image.is_cuda else None, time.perf_counter()
        result = _tried(seen, name, lambda: calls[name](image).cpu())  # noqa: B023
        if result is None:
            del calls[name]
            continue
        seen.first_s.setdefault(case, {})[name] = time.perf_counter() - start
        if peak:
            seen.memory_mb.setdefault(name, {})[case] = peak()
        plain = result if plain is None else plain
        same = psnr(result.clamp(0, 1), plain.clamp(0, 1)).mean().item()
        seen.agreement_db.setdefault(case, {})[name] = min(SAME, same)


def _score(
    seen: Bench, calls: Mapping[str, Call], pairs: Sequence[tuple[Tensor, Tensor]], device: torch.device
) -> None:
    for name, call in calls.items():
        scores = _tried(seen, name, lambda: [_psnr(call, *pair, device) for pair in pairs])  # noqa: B023
        if scores:
            seen.quality_db[name] = sum(scores) / len(scores)


def _psnr(call: Call, blurred: Tensor, sharp: Tensor, device: torch.device) -> float:
    restored = call(blurred.unsqueeze(0).to(device).float() / 255).cpu().clamp(0, 1)
    return psnr(restored, sharp.unsqueeze(0).float() / 255).item()


def _tried(seen: Bench, name: str, work: Callable[[], object]) -> object | None:
    try:
        return work()
    except Exception as error:  # whatever one way does, the others are measured
        seen.failed[name] = f"{type(error).__name__}: {(str(error).strip().splitlines() or [''])[0]}"[:300]
        return None
