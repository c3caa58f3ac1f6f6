"""What a training is worth while it runs: the averaged weights of a save, scored on some held-out pairs of each set."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from time import perf_counter

import torch
from torch import nn

from lmfn_core.images.pairs import Pair
from lmfn_core.measures.metrics import psnr
from lmfn_core.models.checkpoints import load_tensors
from lmfn_core.parsing import parse_json
from lmfn_core.records import write_text
from lmfn_core.repro import device_name
from lmfn_core.training.evaluate import predict

Point = Mapping[str, object]
"""``step``, ``hours`` of training so far, ``on`` what, and ``gains``: set of images to mean gain in PSNR on RGB, dB."""


def a_few(pairs: Iterable[Pair], most: int) -> Iterator[Pair]:
    """The first ``most`` pairs of every set; a pair's set is the first word of its name, ``<set>/<image>``.

    >>> import torch
    >>> image = torch.zeros(3, 8, 8, dtype=torch.uint8)
    >>> [pair.name for pair in a_few([Pair(name, image, image) for name in ("a/1", "a/2", "b/1")], 1)]
    ['a/1', 'b/1']
    """
    seen: dict[str, int] = defaultdict(int)
    for pair in pairs:
        seen[set_of(pair.name)] += 1
        if seen[set_of(pair.name)] <= most:
            yield pair


def set_of(name: str) -> str:
    """The set that an image belongs to, by its name.

    >>> set_of("kodak24/kodim01-1"), set_of("chelsea-2")
    ('kodak24', 'bundled')
    """
    return name.partition("/")[0] if "/" in name else "bundled"


def load_average(state: Path, model: nn.Module) -> nn.Module:
    """Put the averaged weights of a training state into ``model``; the plain ones where no average was kept.

    Raises:
        FileNotFoundError: when there is no such file.
        ValueError: when it is damaged.
    """
    tensors, _ = load_tensors(state)
    prefix = "average.module." if any(name.startswith("average.") for name in tensors) else "model."
    model.load_state_dict({name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)})
    return model


def mean_gains(model: nn.Module, pairs: Iterable[Pair]) -> dict[str, float]:
    """Mean gain in PSNR on RGB over the blurred input, dB, by set; output rounded to 8 bits.

    >>> import torch
    >>> image = torch.zeros(3, 16, 16, dtype=torch.uint8)
    >>> mean_gains(nn.Identity(), [Pair("a/1", image, image + 9)])
    {'a': 0.0}
    """
    found: dict[str, list[float]] = defaultdict(list)
    for pair in pairs:
        sharp, blurred = (image.float().div(255).unsqueeze(0) for image in (pair.sharp, pair.blurred))
        restored = predict(model, pair.blurred).cpu().unsqueeze(0)
        found[set_of(pair.name)].append((psnr(restored, sharp) - psnr(blurred, sharp)).item())
    return {name: sum(values) / len(values) for name, values in found.items()}


class Watch:
    """The curve of a training, point by point, in a file that goes on where a stopped run left it.

    >>> import tempfile
    >>> Watch(Path(tempfile.mkdtemp()) / "a.curve.json").points
    []
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        try:
            points = parse_json(file.read_bytes())
        except (OSError, ValueError):
            points = []
        whole = isinstance(points, list) and all(map(_is_point, points))
        self.points: list[Point] = points if whole else []
        self._before = float(self.points[-1]["hours"]) if self.points else 0.0
        self._began = perf_counter()

    @classmethod
    def of(cls, weights: Path) -> "Watch":
        """The curve that belongs to a checkpoint, in ``<name>.curve.json`` beside it."""
        return cls(weights.with_suffix(".curve.json"))

    def look(self, step: int, model: nn.Module, pairs: Iterable[Pair]) -> Point:
        """Score the model, add the point, write the file; the time that it takes does not count as training."""
        asked = perf_counter()
        hours = self._before + (asked - self._began) / 3600
        device = next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
        point = {"step": step, "hours": hours, "on": device_name(device), "gains": mean_gains(model, pairs)}
        self.points = [p for p in self.points if p["step"] < step] + [point]  # a resume may repeat a save
        write_text(self.file, json.dumps(self.points, indent=1) + "\n")
        self._began += perf_counter() - asked
        return point


def _is_point(value: object) -> bool:
    kinds = {"step": int, "hours": float, "on": str, "gains": dict}
    return isinstance(value, dict) and all(isinstance(value.get(key), kind) for key, kind in kinds.items())
