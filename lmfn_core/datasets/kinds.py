"""The data sets that this project reads, by name: how each lies on the disk, and what its authors published of it."""

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType

from lmfn_core.datasets.layouts import BLURRED, GAMMA, Found, hide, named, siblings, suffixed
from lmfn_core.datasets.rain_layouts import STREAKS, rain, rain14000
from lmfn_core.datasets.realblur import realblur

PAIRS, PHOTOS, FRAMES, SHOTS = "pairs", "photographs", "frames", "shots"
"""What a data set is made of: blurred with sharp images; sharp ones only; raw video frames; shots with many frames."""


@dataclass(frozen=True)
class Kind:
    """A data set, and what is published of it; None where nothing is."""

    title: str  # as its authors call it
    content: str = PAIRS  # what it is made of
    find: Callable[[Path], Found] | None = None  # its pairs under a folder; for PAIRS
    counts: tuple[int, int] | None = None  # to train and to test: pairs, photographs, sequences or shots
    sizes: tuple[tuple[int, int], ...] = ()  # (width, height) of its images; empty where they vary
    psnr: float | None = None  # mean of the inputs against the sharp images over the test pairs, dB
    measure: str = "rgb"  # convention of that PSNR
    names: tuple[str, ...] = ()  # of all its pairs, so that those that are missing can be named
    resplit: bool = False  # papers divide it differently: only the sum of its counts is compared
    note: str = ""  # what a reader should know before using its numbers


def pairs(root: Path) -> Found:
    """Pairs in sibling folders where there are any, else in one folder by ``_blur`` suffixes.

    Raises:
        ValueError: from ``siblings`` and ``suffixed``.
        FileNotFoundError: when there is no image.
    """
    return siblings(root) if named(root, BLURRED) else suffixed(root)


_TEST_RAIN = partial(rain, split=False)
_HUNDRED = tuple(f"rain-{i:03}" for i in range(1, 101))
_YANG = ((481, 321), (321, 481), (480, 320), (320, 480))
_LUMA = "Its scores are taken on luma. Its authors replaced it by a larger set of 200 pairs; papers use the first one."
_HD = ((1280, 720),)
_BERKELEY = ((481, 321), (321, 481))
KINDS = MappingProxyType(
    {
        "gopro": Kind("GOPRO_Large", PAIRS, siblings, (2103, 1111), _HD, 25.6),
        "gopro-gamma": Kind(
            "GOPRO_Large, blur_gamma", PAIRS, partial(siblings, blurred=GAMMA), (2103, 1111), _HD,
            note="Published GoPro scores use `blur` unless they say otherwise.",
        ),
        "gopro-all": Kind("GOPRO_Large_all", FRAMES, None, (22, 11), _HD),
        "gopro-all-gamma": Kind("GOPRO_Large_all, averaged in linear light", FRAMES, None, (22, 11), _HD),
        "hide": Kind("HIDE", PAIRS, hide, (6397, 2025), _HD),
        "kohler": Kind("Köhler", SHOTS, None, (0, 48), ((800, 800),)),
        "realblur-j": Kind("RealBlur-J", PAIRS, partial(realblur, letter="J"), (3758, 980)),
        "realblur-r": Kind("RealBlur-R", PAIRS, partial(realblur, letter="R"), (3758, 980)),
        "rain100l": Kind("Rain100L", PAIRS, _TEST_RAIN, (0, 100), _YANG, 26.90, "luma", _HUNDRED, note=_LUMA),
        "rain100h": Kind("Rain100H", PAIRS, _TEST_RAIN, (0, 100), _YANG, 13.55, "luma", _HUNDRED, note=_LUMA),
        "test100": Kind(
            "Test100", PAIRS, _TEST_RAIN, (0, 100), names=_HUNDRED,
            note="Its scores are taken on luma. Its authors' files hold both images of a pair side by side; it is read "
            "as two folders, input/ and target/.",
        ),
        "rain14000": Kind(
            "Rain14000", PAIRS, rain14000, (11_200, 2_800), resplit=True,
            names=tuple(f"{i}_{j}" for i in range(1, 1001) for j in range(1, STREAKS + 1)),
            note="1000 clean images under 14 streaks each; its scores are taken on luma.",
        ),
        "bsds500": Kind("BSDS500", PHOTOS, None, (300, 200), _BERKELEY, resplit=True),
        "kodak": Kind("Kodak", PHOTOS, None, (0, 24), ((768, 512), (512, 768)), resplit=True),
        "pairs": Kind("pairs", PAIRS, pairs),
        "rain": Kind("rainy pairs", PAIRS, rain),
        "photos": Kind("photographs", PHOTOS),
    }
)  # fmt: skip
"""Every kind by the name that ``open_data("kind:/folder")`` and ``lmfn data check`` take."""


def kind_of(name: str) -> Kind:
    """Look a kind up.

    Raises:
        ValueError: for an unknown name, with the nearest known one.

    >>> kind_of("gopro").counts
    (2103, 1111)
    """
    if name not in KINDS:
        close = difflib.get_close_matches(name, KINDS, n=1, cutoff=0.5)
        hint = f"Did you mean {close[0]!r}? " if close else ""
        raise ValueError(f"There is no kind of data set {name!r}. {hint}Known: {', '.join(KINDS)}.")
    return KINDS[name]
