"""Pairs of blurred (or rainy) and sharp images: from photographs degraded on the fly, or read as they are.

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

from lmfn_core.images.album import alike, image_of, tiles
from lmfn_core.images.crops import generator_of, turn
from lmfn_core.images.degradations import Degradation, Shaken, inner
from lmfn_core.images.photos import dead_leaves

SCENES, CUTS = 4, 16
"""Scenes that a small batch is cut from, for 100 steps; and crops cut from each scene of a large one."""
PROCEDURAL = 0.25
"""Share of a batch made of dead-leaves scenes, so that a network never trains on a handful of photographs only."""
DRAWS = 3
"""Degradations drawn for each held-out photograph."""
TEST_SEED = 20210119
"""Seed of the held-out blurs, the same for every network and run. Twelve draws scatter by a decibel around the camera's
mean; this seed was picked, before any network was trained, because its blurred images average close to it."""


class Pair(NamedTuple):
    """One image to restore and its sharp original, both 8-bit RGB of one size."""

    name: str
    blurred: UInt8[Tensor, "3 h w"]  # or rainy: what a network is given
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
    """Sharp photographs, degraded when a batch is asked for: blurred, or rained on."""

    train: Mapping[str, Path | Tensor]
    test: Mapping[str, Path | Tensor]
    name: str
    degrade: Degradation = Shaken()
    procedural: float = PROCEDURAL  # share of a batch made of scenes
    draws: int = DRAWS  # degradations of each held-out photograph
    stream: int = 0  # added to the seed: two sources of the same photographs would cut the same crops from one

    @property
    def describe(self) -> str:
        counts = f", {len(self.train)} to train and {len(self.test)} held out" if self.train or self.test else ""
        scenes = ", and procedural scenes" if self.train and self.procedural else ""
        return f"{self.name}{counts}{scenes}, with {self.degrade.describe}"

    def train_batch(
        self, step: int, batch: int, crop: int, seed: int, device: torch.device, augment: bool
    ) -> tuple[Float[Tensor, "b 3 crop crop"], Float[Tensor, "b 3 crop crop"]]:
        tile = crop + 2 * self.degrade.margin
        generator = generator_of(seed + self.stream, step, device)
        from_scenes = round(batch * self.procedural) if step % 2 else int(batch * self.procedural)
        choice = generator_of(seed + self.stream, step, "cpu")
        photographs = {name: (image,) for name, image in self.train.items()}
        cut = [tiles(photographs, batch - from_scenes, tile, choice, device)]
        if from_scenes:
            many = from_scenes > SCENES * CUTS  # a large batch has scenes of its own
            count, epoch = (from_scenes // CUTS, step) if many else (SCENES, step // 100)
            cut.append(tiles(_scenes(count, 2 * tile, seed, epoch, str(device)), from_scenes, tile, choice, device))
        sharp = torch.cat(cut).float().div(255)
        target = inner(sharp, self.degrade.margin)
        pairs = (self.degrade.crops(sharp, generator, choice), target.contiguous())
        return turn(pairs, choice, self.degrade.upright) if augment else pairs

    def test_pairs(self) -> Iterator[Pair]:
        for index, name in enumerate(sorted(self.test)):
            sharp = image_of(self.test[name])
            for number in range(self.draws):
                generator = generator_of(TEST_SEED + number, index, "cpu")
                degraded = self.degrade.whole(sharp.float().div(255).unsqueeze(0), generator).squeeze(0)
                yield Pair(f"{name}-{number + 1}", (degraded * 255).round().to(torch.uint8), sharp)


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
        if not self.train:
            raise ValueError(f"{self.name} has no pairs to train on, only {len(self.test)} to test; give another set.")
        choice = generator_of(seed, step, "cpu")
        both = tiles(self.train, batch, crop, choice, device).float().div(255)
        pairs = (both[:, :3].contiguous(), both[:, 3:].contiguous())
        return turn(pairs, choice) if augment else pairs

    def test_pairs(self) -> Iterator[Pair]:
        for name in sorted(self.test):
            yield _read_pair(name, *self.test[name])


@functools.lru_cache(maxsize=2)
def _scenes(count: int, size: int, seed: int, epoch: int, device: str) -> dict[str, tuple[UInt8[Tensor, "3 s s"]]]:
    scenes = (dead_leaves(count, size, generator_of(seed, -1 - epoch, device)) * 255).round().to(torch.uint8)
    return {f"scene {number:04}": (scene,) for number, scene in enumerate(scenes.unbind())}


def _read_pair(name: str, blurred: Path, sharp: Path) -> Pair:
    return Pair(name, *alike(name, (blurred, sharp)))
