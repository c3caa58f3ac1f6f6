"""GOPRO_Large_all: raw frames of a 240 fps camera, averaged into blurred images when a batch is asked for.

The mean of 7 to 13 consecutive frames is the blurred image, the middle frame the sharp one, as GoPro's pairs were made.
Source: Nah et al., CVPR 2017, section 2.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from lmfn_core.datasets.frame_layouts import halves, last_tenth
from lmfn_core.images.album import Album, albums_of, in_one_go
from lmfn_core.images.crops import generator_of, random_window, turn
from lmfn_core.images.decoded import decoded
from lmfn_core.images.pairs import Pair

GAMMA = 2.2
"""GoPro's approximation of a camera's response: linear light is the encoded value to this power."""
TEST_FRAMES = 11
"""Frames of a held-out window: windows of a sequence follow each other without overlap."""


def average(frames: UInt8[Tensor, "n 3 h w"], gamma: bool = False) -> Float[Tensor, "3 h w"]:
    """The blurred image that frames in a row add up to, in [0, 1], rounded to 8 bits.

    Args:
        gamma: False averages the encoded values, as GOPRO_Large's ``blur``; True averages linear light and encodes
            the mean again, as its ``blur_gamma``.

    >>> average(torch.tensor([0, 255], dtype=torch.uint8).view(2, 1, 1, 1).expand(2, 3, 4, 4), gamma=True).shape
    torch.Size([3, 4, 4])
    """
    return _encoded(_light(frames, gamma).mean(dim=0), gamma)


def _light(frames: UInt8[Tensor, "*shape"], gamma: bool) -> Float[Tensor, "*shape"]:
    values = frames.float().div(255)
    return values.pow(GAMMA) if gamma else values


def _encoded(mean: Float[Tensor, "*shape"], gamma: bool) -> Float[Tensor, "*shape"]:
    values = mean.pow(1 / GAMMA) if gamma else mean
    return values.mul(255).round().div(255)


@dataclass(frozen=True)
class FrameAverages:
    """Sequences of raw frames, name to paths in order of time; blurred by ``average``."""

    train: Mapping[str, tuple[Path, ...]]
    test: Mapping[str, tuple[Path, ...]]
    name: str
    gamma: bool = False  # average linear light instead of the encoded values
    frames: tuple[int, int] = (7, 13)  # fewest and most frames of an average; odd, so that one is the middle

    @property
    def describe(self) -> str:
        train, test = (sum(map(len, half.values())) for half in (self.train, self.test))
        light = f"linear light (gamma {GAMMA})" if self.gamma else "encoded values"
        return f"{self.name}, {train} frames to train and {test} held out, averages of {light}"

    def train_batch(
        self, step: int, batch: int, crop: int, seed: int, device: torch.device, augment: bool
    ) -> tuple[Float[Tensor, "b 3 crop crop"], Float[Tensor, "b 3 crop crop"]]:
        choice = generator_of(seed, step, "cpu")
        runs = self._runs_on(device) if in_one_go(device) else None
        pairs = self._at_once(runs, batch, crop, choice) if runs else self._one_by_one(batch, crop, choice, device)
        return turn(pairs, choice) if augment else pairs

    def _length(self, choice: torch.Generator) -> int:
        fewest, most = self.frames
        return fewest + 2 * int(torch.randint((most - fewest) // 2 + 1, (), generator=choice))

    def _one_by_one(
        self, batch: int, crop: int, choice: torch.Generator, device: torch.device
    ) -> tuple[Float[Tensor, "b 3 crop crop"], Float[Tensor, "b 3 crop crop"]]:
        blurred, sharp = [], []
        for _ in range(batch):
            paths = _draw(self.train, self._length(choice), choice)
            window = random_window(decoded(paths[0]), crop, paths[0].name, choice)
            frames = torch.stack([decoded(path)[window] for path in paths]).to(device, non_blocking=True)
            blurred.append(average(frames, self.gamma))
            sharp.append(frames[len(paths) // 2].float().div(255))
        return torch.stack(blurred), torch.stack(sharp)

    def _at_once(
        self, runs: tuple[Album, dict[Path, int]], batch: int, crop: int, choice: torch.Generator
    ) -> tuple[Float[Tensor, "b 3 crop crop"], Float[Tensor, "b 3 crop crop"]]:
        """The same from frames on the card: the k-th frames of all averages are cut together."""
        album, number = runs
        drawn = [_draw(self.train, self._length(choice), choice) for _ in range(batch)]
        place = album.pixels.device
        first = torch.tensor([number[paths[0]] for paths in drawn], device=place)
        length = torch.tensor([len(paths) for paths in drawn], device=place)
        corners = album.corners(first, crop, generator_of(int(torch.randint(2**31, (), generator=choice)), 0, place))
        total = torch.zeros(batch, 3, crop, crop, device=place)
        for k in range(self.frames[1]):
            frame = album.cut(first + torch.minimum(length - 1, first.new_tensor(k)), *corners, crop)
            total += torch.where((k < length).view(-1, 1, 1, 1), _light(frame, self.gamma), 0.0)
        blurred = _encoded(total / length.view(-1, 1, 1, 1), self.gamma)
        return blurred, album.cut(first + length // 2, *corners, crop).float().div(255)

    def _runs_on(self, device: torch.device) -> tuple[Album, dict[Path, int]] | None:
        """The frames on the card, and the number of each among them; None where they do not fit."""
        paths = [path for name in sorted(self.train) for path in self.train[name]]
        albums = albums_of(tuple((path.name, path) for path in paths), str(device))
        return (albums[0], {path: number for number, path in enumerate(paths)}) if albums else None

    def test_pairs(self) -> Iterator[Pair]:
        for window in windows(self.test, TEST_FRAMES):
            sharp = window[TEST_FRAMES // 2]
            blurred = average(torch.stack([decoded(path) for path in window]), self.gamma)
            name = f"{sharp.parent.name}/{sharp.stem}"
            yield Pair(name, blurred.mul(255).round().to(torch.uint8), decoded(sharp))


def windows(sequences: Mapping[str, tuple[Path, ...]], length: int) -> Iterator[tuple[Path, ...]]:
    """Runs of ``length`` consecutive frames, by sequence, that share no frame; a shorter rest is left out.

    >>> [[p.name for p in w] for w in windows({"s": tuple(map(Path, "12345"))}, 2)]
    [['1', '2'], ['3', '4']]
    """
    for name in sorted(sequences):
        frames = sequences[name]
        yield from (frames[i : i + length] for i in range(0, len(frames) - length + 1, length))


def open_frames(root: Path, gamma: bool = False) -> FrameAverages:
    """GOPRO_Large_all under ``root``: ``train|test/<sequence>/000001.png``; where no one has split it, the last tenth
    of each sequence (a window at least) is held out, and no frame serves both.

    Raises:
        FileNotFoundError: when the folder does not exist or holds no image.
        ValueError: when no sequence is long enough to train on, or none to hold out.
    """
    train, test = halves(root)
    if not test:
        train, test = last_tenth(train, FrameAverages.frames[1], TEST_FRAMES)
    source = FrameAverages(train, test, "GoPro's raw frames", gamma)
    train_long, test_long = (max(map(len, half.values()), default=0) for half in (train, test))
    if train_long < source.frames[1] or test_long < TEST_FRAMES:
        raise ValueError(f"{root} is too short: it takes {source.frames[1]} frames in a row to train on and "
                         f"{TEST_FRAMES} others to hold out, and it has {train_long} and {test_long}.")  # fmt: skip
    return source


def _draw(sequences: Mapping[str, tuple[Path, ...]], length: int, generator: torch.Generator) -> tuple[Path, ...]:
    """One of all windows, each as likely as another."""
    counts = {name: max(len(sequences[name]) - length + 1, 0) for name in sorted(sequences)}
    if not any(counts.values()):
        raise ValueError(f"No sequence to train on has {length} consecutive frames; give longer ones.")
    start = int(torch.randint(sum(counts.values()), (), generator=generator))
    last = list(accumulate(counts.values()))
    at = bisect_right(last, start)
    start -= last[at] - list(counts.values())[at]
    return sequences[list(counts)[at]][start : start + length]
