"""What the shipped weights are trained on, and what they are scored on: every known set under one folder.

To train, in fixed shares: photographs of ``bsds500/`` blurred here, the same with backgrounds out of focus that are to
stay so, procedural scenes, sharp frames of GoPro blurred here, GoPro's own pairs, and averages of its raw frames. Held
out: every 20th photograph of BSDS500 and one sequence of GoPro (both for watching a training), and two sets that no
training sees, ``kodak24/`` and ``GOPRO_Large/test``.
"""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from lmfn_core.datasets.frame_layouts import sequences
from lmfn_core.datasets.frames import FrameAverages
from lmfn_core.datasets.layouts import siblings
from lmfn_core.images.album import in_one_go
from lmfn_core.images.defocus import OutOfFocus
from lmfn_core.images.degradations import Shaken
from lmfn_core.images.mixture import Mixture, Replay
from lmfn_core.images.pairs import Pair, PhotographPairs, Photographs, Source
from lmfn_core.images.photos import folder

SHARES = {"photographs": 0.66, "unfocused": 0.06, "scenes": 0.13, "frames": 0.03, "pairs": 0.05, "averages": 0.07}
"""Shares of a batch; where a set is missing, the others share its part."""
EVERY = 20
"""One photograph in so many is held out."""
HELD_OUT = "GOPR0372_07_00"
"""The training sequence of GoPro that is held out."""
TESTS = ("kodak24", "gopro-test", "rain100l", "rain100h")
"""Sets that are scored when a training is over, and not before."""
ENCODED, SPOILT, FRESH = 0.4, 0.12, 1 / 5
"""Shares: of blur averaged as GoPro's, of pairs with noise or JPEG, of new pairs (more take over 5 % of a step)."""
ON_CARD = {"fresh": 1 / 6, "depth": 3, "at_once": 512}
"""How a card makes the pairs."""
STILL, STILL_LATER = 0.06, 0.15
"""Share of pairs left unblurred, in a training from random weights and in one that goes on from trained ones.

With an image skip a network starts as the identity, which is exactly right for unblurred pairs: an eighth of them, and
as many that were nearly sharp, held it there for 3,000 steps of small batches. Later on a network that sees few of them
begins to sharpen what is sharp."""


@dataclass(frozen=True)
class Corpus:
    """Several sets as one: mixed to train, side by side to test.

    >>> list(Corpus(Replay(Mixture(())), {}).test_pairs())
    []
    """

    mixture: Replay
    held_out: Mapping[str, Source]  # by the set's name, those that may be watched during a training first

    @property
    def describe(self) -> str:
        held = ", ".join(f"{name} ({len(source.test)})" for name, source in self.held_out.items())
        return f"{self.mixture.describe}; held out: {held or 'nothing'}"

    @property
    def watched(self) -> "Corpus":
        """The same without the sets of ``TESTS``: what may be looked at while a training runs."""
        return replace(self, held_out={name: kept for name, kept in self.held_out.items() if name not in TESTS})

    def train_batch(
        self, step: int, batch: int, crop: int, seed: int, device: torch.device, augment: bool
    ) -> tuple[Float[Tensor, "b 3 crop crop"], Float[Tensor, "b 3 crop crop"]]:
        pairs = self.on_card if in_one_go(device) else self.mixture
        return pairs.train_batch(step, batch, crop, seed, device, augment)

    @functools.cached_property
    def on_card(self) -> Replay:
        """The same mixture, made as a card likes it: a batch is drawn from thousands of pairs."""
        return replace(self.mixture, **ON_CARD)

    def test_pairs(self) -> Iterator[Pair]:
        """All held-out pairs, named ``<set>/<image>``."""
        for name, source in self.held_out.items():
            for pair in source.test_pairs():
                yield pair._replace(name=f"{name}/{pair.name}")


def open_corpus(root: Path | str, later: bool = False) -> Corpus:
    """The corpus under a folder with any of ``bsds500/``, ``GOPRO_Large/``, ``GOPRO_raw_half/`` and ``kodak24/``.

    ``later``: for a training that goes on from trained weights, see ``STILL_LATER``.

    Raises:
        FileNotFoundError: when there is neither ``bsds500/`` nor ``GOPRO_Large/``.
    """
    root, still = Path(root), STILL_LATER if later else STILL
    parts: dict[str, Source] = {}
    held_out: dict[str, Source] = {}
    if (root / "bsds500").is_dir():
        parts |= _photographs(root / "bsds500", held_out, still)
    if (root / "GOPRO_Large").is_dir():
        parts |= _gopro(root / "GOPRO_Large", held_out, still)
    if (root / "GOPRO_raw_half").is_dir():
        frames = {name: paths[: -FrameAverages.frames[1]] for name, paths in sequences(root / "GOPRO_raw_half").items()}
        parts["averages"] = FrameAverages(frames, {}, "GoPro's raw frames at half size")
    if not parts:
        raise FileNotFoundError(f"{str(root)!r} holds neither bsds500/ nor GOPRO_Large/; give the folder they lie in.")
    if (root / "kodak24").is_dir():
        held_out["kodak24"] = Photographs({}, folder(root / "kodak24"), "Kodak's 24 photographs", draws=1)
    if (root / "GOPRO_Large").is_dir():
        held_out["gopro-test"] = PhotographPairs({}, siblings(root / "GOPRO_Large").test, "GoPro's test pairs")
    shared = tuple((SHARES[name], parts[name]) for name in SHARES if name in parts)
    return Corpus(Replay(Mixture(shared, spoilt=SPOILT), fresh=FRESH), held_out)


def apart(images: Mapping[str, Path]) -> tuple[dict[str, Path], dict[str, Path]]:
    """Photographs to train with, and those held out: every ``EVERY``-th.

    >>> train, held = apart({str(i): Path("a") for i in range(21)})
    >>> len(train), sorted(held)
    (19, ['0', '20'])
    """
    held = {name: images[name] for name in list(images)[::EVERY]}
    return {name: path for name, path in images.items() if name not in held}, held


def _photographs(root: Path, held_out: dict[str, Source], still: float) -> dict[str, Source]:
    train, held = apart(folder(root))
    held_out["bsds500"] = Photographs({}, held, "BSDS500", draws=1)
    shaken = Shaken(encoded=ENCODED, still=still)
    return {
        "photographs": Photographs(train, {}, "BSDS500", shaken, procedural=0.0),
        "unfocused": OutOfFocus(train, "BSDS500", stream=1),
        "scenes": Photographs({}, {}, "scenes", shaken, procedural=1.0),
    }


def _gopro(root: Path, held_out: dict[str, Source], still: float) -> dict[str, Source]:
    pairs = siblings(root).train
    held = {name: pair for name, pair in pairs.items() if HELD_OUT in name}
    train = {name: pair for name, pair in pairs.items() if name not in held}
    held_out["gopro-held-out"] = PhotographPairs({}, held, "GoPro's held-out sequence")
    if not train:
        return {}
    sharp = {name: path for name, (_, path) in train.items()}
    shaken = Shaken(encoded=0.5, still=still)
    frames = Photographs(sharp, {}, "sharp frames of GoPro", shaken, procedural=0.0)
    return {"frames": frames, "pairs": PhotographPairs(train, {}, "GoPro's pairs")}
