"""Köhler's benchmark as files: 48 photographs blurred by a recorded camera shake, each with its trajectory's frames.

Layout: ``Blurry1_1.png`` (image, trajectory) in any folder, ``Image1/Kernel1/GroundTruth1_1_1.png`` (image, trajectory,
frame). About 199 frames for each. Source: Köhler et al., ECCV 2012.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import UInt8
from torch import Tensor

from lmfn_core.images.pairs import Pair
from lmfn_core.images.photos import folder, read_image

_BLURRED = re.compile(r"blurry(\d+)_(\d+)", re.IGNORECASE)
_FRAME = re.compile(r"groundtruth(\d+)_(\d+)_(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Shot:
    """One blurred photograph and the reference frames along its camera's trajectory, as files."""

    name: str  # "1_12": image 1, trajectory 12
    blurred: Path
    frames: tuple[Path, ...]  # in the order of the trajectory; a missing frame is left out

    def references(self) -> Iterator[UInt8[Tensor, "3 h w"]]:
        """The frames, read one at a time: 200 of them take 400 MB."""
        return map(read_image, self.frames)


@dataclass(frozen=True)
class Trajectories:
    """The benchmark as a test set; it has nothing to train on."""

    shots: tuple[Shot, ...]
    name: str = "Köhler"
    alone: tuple[Path, ...] = ()  # blurred images without a frame, frames without a blurred image

    @property
    def train(self) -> Mapping[str, Path]:
        return {}

    @property
    def test(self) -> Mapping[str, Shot]:
        return {shot.name: shot for shot in self.shots}

    @property
    def describe(self) -> str:
        frames = sum(len(shot.frames) for shot in self.shots)
        return f"{self.name}, {len(self.shots)} blurred images with {frames} reference frames, held out"

    def train_batch(
        self, step: int, batch: int, crop: int, seed: int, device: torch.device, augment: bool
    ) -> tuple[Tensor, Tensor]:
        raise ValueError("Köhler's images are a test set with nothing to train on; train on GoPro or on photographs.")

    def test_pairs(self) -> Iterator[Pair]:
        """Each blurred image with the middle frame, for looking at. Its score is ``kohler.best``'s, over all frames."""
        for shot in self.shots:
            sharp = read_image(shot.frames[len(shot.frames) // 2])
            yield Pair(shot.name, read_image(shot.blurred), sharp)

    def to_score(self) -> Iterator[tuple[str, UInt8[Tensor, "3 h w"], Iterator[UInt8[Tensor, "3 h w"]]]]:
        """What ``kohler.benchmark`` takes: name, blurred image, and every frame, read when it is asked for."""
        for shot in self.shots:
            yield shot.name, read_image(shot.blurred), shot.references()


def trajectories(root: Path) -> Trajectories:
    """Find the blurred images and their frames under ``root``, wherever in it they lie.

    Raises:
        FileNotFoundError: when there is no image under ``root``.
        ValueError: when there is no blurred image with a frame.
    """
    blurred: dict[tuple[int, int], Path] = {}
    frames: dict[tuple[int, int], dict[int, Path]] = {}
    for path in folder(root).values():
        if match := _BLURRED.fullmatch(path.stem):
            blurred[int(match[1]), int(match[2])] = path
        elif match := _FRAME.fullmatch(path.stem):
            frames.setdefault((int(match[1]), int(match[2])), {})[int(match[3])] = path
    both = sorted(blurred.keys() & frames.keys())
    if not both:
        raise ValueError(f"{root} holds no Blurry1_1.png with a GroundTruth1_1_1.png; unpack Köhler's archives there.")
    shots = (Shot(f"{i}_{k}", blurred[i, k], tuple(p for _, p in sorted(frames[i, k].items()))) for i, k in both)
    lonely = [path for key, path in sorted(blurred.items()) if key not in frames]
    lonely += [path for key, some in sorted(frames.items()) if key not in blurred for path in some.values()]
    return Trajectories(tuple(shots), alone=tuple(lonely))


def is_kohler(root: Path) -> bool:
    """Whether a file under ``root`` is named as Köhler's blurred images are.

    >>> is_kohler(Path("nowhere"))
    False
    """
    return any(_BLURRED.fullmatch(path.stem) for path in root.rglob("[Bb]lurry*_*.*"))
