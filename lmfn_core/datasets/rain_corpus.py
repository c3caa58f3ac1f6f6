"""What deraining is trained on, and scored on: sharp photographs and scenes, rained on lightly and heavily.

To train, half of each weather: photographs and procedural scenes, a few left dry. Held out: every 20th photograph of
``bsds500/`` under both weathers, for watching a training; the real pairs of ``Rain100L/`` and ``Rain100H/`` are scored
when it is over. Their clean images are crops of BSDS500: give a copy of that without them.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from torch import Tensor

from lmfn_core.datasets.corpus import Corpus, apart
from lmfn_core.datasets.kinds import kind_of
from lmfn_core.images.degradations import Rainy
from lmfn_core.images.mixture import Mixture, Replay
from lmfn_core.images.pairs import PhotographPairs, Photographs, Source
from lmfn_core.images.photos import folder
from lmfn_core.images.rain import HEAVY, LIGHT

WEATHERS = {"light": LIGHT, "heavy": HEAVY}
"""What held-out photographs are rained on with."""
VARIED = {
    "light": replace(
        LIGHT, tilt=35.0, spread=4.0, length=(12.0, 65.0), width=(0.8, 3.6), cover=(0.02, 0.2), hardness=(0.8, 2.0),
        opacity=(0.12, 1.2), others=(0.3, 1.0), veil=(0.0, 0.02),
    ),
    "heavy": replace(
        HEAVY, tilt=25.0, spread=35.0, length=(22.0, 140.0), width=(0.9, 4.5), cover=(0.07, 0.6), hardness=(1.5, 12.0),
        opacity=(0.15, 0.7), others=(0.1, 1.0), veil=(0.0, 0.06),
    ),
}  # fmt: skip
"""What is trained with: every range reaches beyond the calibrated one, so that the sets' own rain lies inside."""
SCENES, SPOILT, FRESH = 0.2, 0.05, 1 / 3
"""Shares: of scenes in a batch, of pairs with noise or JPEG, of pairs made anew."""
DRY, DRY_LATER = 0.04, 0.15
"""Share of crops left dry, in a training from random weights and in one that goes on from trained ones, whose weights
had changed what is thin, bright and upright in photographs without any rain."""
REAL = {"rain100l": "Rain100L", "rain100h": "Rain100H"}
"""Real pairs by the name of their kind, and the folder that they lie in."""


def rained_on(
    train: Mapping[str, Path | Tensor],
    test: Mapping[str, Path | Tensor],
    name: str,
    draws: int = 1,
    dry: float = DRY,
) -> Corpus:
    """Sharp photographs and scenes as a source of rainy pairs.

    The held-out photographs are rained on ``draws`` times by each weather, as the sets ``light`` and ``heavy``.
    ``dry``: the share of crops to train with that stay so.

    >>> list(rained_on({}, {}, "a").held_out)
    ['light', 'heavy']
    """
    parts: list[tuple[float, Source]] = []
    for number, (weather, varied) in enumerate(VARIED.items()):
        rainy, stream = Rainy(varied, dry=dry), 1_000_003 * number  # far from any seed
        scenes = Photographs({}, {}, f"scenes, {weather}", rainy, procedural=1.0, stream=stream)
        photographs = Photographs(train, {}, f"{name}, {weather}", rainy, procedural=0.0, stream=stream)
        parts += [(1 - SCENES, photographs)] * bool(train) + [(SCENES, scenes)]
    held_out = {key: Photographs({}, test, name, Rainy(weather), draws=draws) for key, weather in WEATHERS.items()}
    return Corpus(Replay(Mixture(tuple(parts), spoilt=SPOILT), fresh=FRESH, upright=True), held_out)


def open_rain_corpus(root: Path | str, later: bool = False) -> Corpus:
    """The corpus under a folder with ``bsds500/`` and, to be scored on, ``Rain100L/`` and ``Rain100H/``.

    ``later``: for a training that goes on from trained weights, see ``DRY_LATER``.

    Raises:
        FileNotFoundError: when there is no ``bsds500/``.
    """
    root = Path(root)
    if not (root / "bsds500").is_dir():
        raise FileNotFoundError(f"{str(root)!r} holds no bsds500/; give the folder it lies in.")
    photographs = apart(folder(root / "bsds500"))
    corpus = rained_on(*photographs, "bsds500", dry=DRY_LATER if later else DRY)
    real = {
        name: PhotographPairs({}, kind_of(name).find(root / place).test, place)
        for name, place in REAL.items()
        if (root / place).is_dir()
    }
    return replace(corpus, held_out={**corpus.held_out, **real})
