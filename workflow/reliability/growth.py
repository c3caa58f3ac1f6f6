"""A thousand restored frames and a long training: does memory grow?

Each kind of work runs in a process of its own, which notes its resident memory a hundred times. What is compared is the
last quarter with the second, because the first has caches to fill.
"""

import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from statistics import median

import psutil

FRAMES, STEPS = 1000, 3000
MARKS = 100
ALLOWED = 0.02
"""Growth of the resident memory, as a share of it, that still counts as none."""


def run(frames: int = FRAMES, steps: int = STEPS) -> dict[str, object]:
    """Do both kinds of work and compare; one trial each."""
    works = {f"{frames:,} frames restored": (restoring, frames), f"{steps:,} training steps": (training, steps)}
    curves = {what: _apart(work, count) for what, (work, count) in works.items()}
    rows = [
        {"work": what, "at half (MB)": f"{median(curve[len(curve) // 4 : len(curve) // 2]):.0f}",
         "at the end (MB)": f"{median(curve[-len(curve) // 4 :]):.0f}", "grown (%)": f"{100 * grown(curve):+.2f}"}
        for what, curve in curves.items()
    ]  # fmt: skip
    level = sum(grown(curve) <= ALLOWED for curve in curves.values())
    caption = f"Resident memory, the medians of the second quarter and of the last; up to {ALLOWED:.0%} more is none."
    return {"tried": len(curves), "survived": level, "rows": rows, "curves": curves, "caption": caption}


def grown(megabytes: list[float]) -> float:
    """By which share the last quarter lies above the second.

    >>> grown([90.0, 100.0, 100.0, 100.0]), grown([100.0, 100.0, 100.0, 150.0])
    (0.0, 0.5)
    """
    quarter = len(megabytes) // 4
    return median(megabytes[-quarter:]) / median(megabytes[quarter : 2 * quarter]) - 1


def restoring(frames: int) -> list[float]:
    """Restore frames of two sizes in turns, as a video's would be; the memory after every hundredth of them."""
    import numpy as np

    from lmfn_core import restore

    random, seen = np.random.default_rng(0), []
    for frame in range(frames):
        height, width = ((180, 320), (144, 256))[frame % 2]
        restore(random.integers(0, 256, (height, width, 3), dtype=np.uint8))
        if (frame + 1) * MARKS // frames > frame * MARKS // frames:
            seen.append(_resident())
    return seen


def training(steps: int) -> list[float]:
    """Train LMFN on the bundled data, with saves on the way; the memory at every hundredth of it."""
    import torch

    from lmfn_core.datasets.opening import open_data
    from lmfn_core.models.variants import build
    from lmfn_core.training.recipes import RECIPES
    from lmfn_core.training.train import train

    source, seen = open_data("bundled"), []
    with tempfile.TemporaryDirectory() as folder:
        train(
            build("lmfn", image_skip=True),
            lambda step: source.train_batch(step, 1, 64, 0, torch.device("cpu"), True),
            RECIPES["modern"],
            steps,
            state=f"{folder}/state.safetensors",
            every=max(1, steps // MARKS),
            on_step=lambda step, loss: seen.append(_resident()),
        )
    return seen


def _resident() -> float:
    return round(psutil.Process().memory_info().rss / 1e6, 1)


def _apart(work: Callable[[int], list[float]], count: int) -> list[float]:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, count).result()
