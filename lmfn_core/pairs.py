"""Pairs of blurred and sharp images: from photographs blurred on the fly, or read as they are.

Every training batch is a function of its step number and the seed, so that a resumed training sees the same batches.
"""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from lmfn_core.blur import MARGIN, Shake, blur
from lmfn_core.photos import dead_leaves, read_image

PROCEDURAL = 0.25
"""Share of a batch made of dead-leaves scenes, so that a network never trains on a handful of photographs only."""
DRAWS = 3
"""Blurs drawn for each held-out photograph."""
TEST_SEED = 20210119
"""Seed of the held-out blurs, the same for every network and run. Twelve draws scatter by a decibel around the camera's
mean; this seed was picked, before any network was trained, because its blurred images average close to it."""


class Pair(NamedTuple):
    """One blurred image and its sharp original, both 8-bit RGB of one size."""

    name: str
    blurred: UInt8[Tensor, "3 h w"]
    sharp: UInt8[Tensor, "3 h w"]


@runtime_checkable
class Source(Protocol):
    """What training and evaluation need to know of a data set."""

    describe: str  # one sentence for records and tables

    def train_batch(
        self, step: int, batch: int, crop: int, seed: int, device: torch.device, augment: bool
    ) -> tuple[Tensor, Tensor]:
        """Blurred and sharp crops "b 3 crop crop" in [0, 1]; equal for equal arguments."""

    def test_pairs(self) -> Iterator[Pair]:
        """The held-out pairs, always the same."""


@dataclass(frozen=True)
class Photographs:
    """Sharp photographs, blurred by ``blur`` when a batch is asked for."""

    train: Mapping[str, Path | Tensor]
    test: Mapping[str, Path | Tensor]
    name: str
    shake: Shake = Shake()

    @property
    def describe(self) -> str:
        return (
            f"{self.name}, {len(self.train)} to train and {len(self.test)} held out, "
            f"and procedural scenes, with synthetic camera shake"
        )

    def train_batch(
        self, step: int, batch: int, crop: int, seed: int, device: torch.device, augment: bool
    ) -> tuple[Float[Tensor, "b 3 crop crop"], Float[Tensor, "b 3 crop crop"]]:
        tile = crop + 2 * MARGIN
        generator = _generator(seed, step, device)
        from_scenes = round(batch * PROCEDURAL) if step % 2 else int(batch * PROCEDURAL)
        choice = _generator(seed, step, "cpu")
        names = sorted(self.train)
        tiles = [
            _random_tile(_image(self.train[names[i]]), tile, names[i], choice)
            for i in torch.randint(len(names), (batch - from_scenes,), generator=choice).tolist()
        ]
        scenes = _scenes(2 * tile, seed, step // 100, str(device))
        tiles += [
            _random_tile(scenes[i], tile, "scene", choice)
            for i in torch.randint(len(scenes), (from_scenes,), generator=choice).tolist()
        ]
        sharp = torch.stack([t.to(device, non_blocking=True) for t in tiles]).float().div(255)
        blurred = blur(sharp, generator, self.shake, crop=MARGIN)
        inner = slice(MARGIN, MARGIN + crop)
        return _augment(blurred, sharp[..., inner, inner], choice, augment)

    def test_pairs(self) -> Iterator[Pair]:
        for index, name in enumerate(sorted(self.test)):
            sharp = _image(self.test[name])
            for draw in range(DRAWS):
                generator = _generator(TEST_SEED + draw, index, "cpu")
                blurred = blur(sharp.float().div(255).unsqueeze(0), generator, self.shake).squeeze(0)
                yield Pair(f"{name}-{draw + 1}", (blurred * 255).round().to(torch.uint8), sharp)


@dataclass(frozen=True)
class PhotographPairs:
    """Blurred and sharp images as files, name to (blurred, sharp)."""

    train: Mapping[str, tuple[Path, Path]]
    test: Mapping[str, tuple[Path, Path]]
    name: str

    @property
    def describe(self) -> str:
        return f"{self.name}, {len(self.train)} pairs to train and {len(self.test)} held out"

    def train_batch(
        self, step: int, batch: int, crop: int, seed: int, device: torch.device, augment: bool
    ) -> tuple[Float[Tensor, "b 3 crop crop"], Float[Tensor, "b 3 crop crop"]]:
        choice = _generator(seed, step, "cpu")
        names = sorted(self.train)
        tiles = []
        for i in torch.randint(len(names), (batch,), generator=choice).tolist():
            pair = _read_pair(names[i], *self.train[names[i]])
            both = torch.cat([pair.blurred, pair.sharp])
            tiles.append(_random_tile(both, crop, names[i], choice))
        both = torch.stack(tiles).to(device, non_blocking=True).float().div(255)
        return _augment(both[:, :3], both[:, 3:], choice, augment)

    def test_pairs(self) -> Iterator[Pair]:
        for name in sorted(self.test):
            yield _read_pair(name, *self.test[name])


def _generator(seed: int, step: int, device: torch.device | str) -> torch.Generator:
    # one independent stream a step: the golden ratio's multiples spread the seeds over 63 bits
    return torch.Generator(device).manual_seed((seed * 0x9E3779B97F4A7C15 + step) % 2**63)


@functools.lru_cache(maxsize=600)
def _decoded(path: Path) -> UInt8[Tensor, "3 h w"]:
    return read_image(path)


def _image(image: Path | Tensor) -> UInt8[Tensor, "3 h w"]:
    return _decoded(image) if isinstance(image, Path) else image


@functools.lru_cache(maxsize=2)
def _scenes(size: int, seed: int, epoch: int, device: str) -> UInt8[Tensor, "n 3 size size"]:
    scenes = dead_leaves(4, size, _generator(seed, -1 - epoch, device))
    return (scenes * 255).round().to(torch.uint8).cpu()


def _random_tile(image: Tensor, size: int, name: str, generator: torch.Generator) -> Tensor:
    height, width = image.shape[-2:]
    if min(height, width) < size:
        raise ValueError(f"The image {name!r} is {width} x {height}, smaller than the {size} pixels that a crop takes "
                         f"(with its margin); use a smaller crop, or leave the image out.")  # fmt: skip
    top = int(torch.randint(height - size + 1, (), generator=generator))
    left = int(torch.randint(width - size + 1, (), generator=generator))
    return image[..., top : top + size, left : left + size]


def _augment(blurred: Tensor, sharp: Tensor, generator: torch.Generator, augment: bool) -> tuple[Tensor, Tensor]:
    if not augment:
        return blurred.contiguous(), sharp.contiguous()
    both = torch.cat([blurred, sharp], dim=1)
    for turned in (lambda x: x.flip(-1), lambda x: x.flip(-2), lambda x: x.transpose(-1, -2)):
        chosen = torch.randint(2, (len(both), 1, 1, 1), generator=generator).bool().to(both.device)
        both = torch.where(chosen, turned(both), both)
    return both[:, :3].contiguous(), both[:, 3:].contiguous()


def _read_pair(name: str, blurred: Path, sharp: Path) -> Pair:
    pair = Pair(name, _decoded(blurred), _decoded(sharp))
    if pair.blurred.shape != pair.sharp.shape:
        sizes = [f"{t.shape[2]} x {t.shape[1]}" for t in (pair.blurred, pair.sharp)]
        raise ValueError(f"The pair {name!r} does not match: blurred is {sizes[0]}, sharp is {sizes[1]}.")
    return pair
