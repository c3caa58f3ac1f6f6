"""Is this the official set? One sentence from what was seen of a folder and what is published of the set."""

import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lmfn_core.datasets.kinds import FRAMES, PAIRS, PHOTOS, SHOTS, Kind

UNITS = {PAIRS: "pairs", PHOTOS: "photographs", FRAMES: "sequences", SHOTS: "shots with reference frames"}
"""What a set is counted in, by what it is made of."""
TOLERANCE = {True: 0.15, False: 1.5}
"""How far, in dB, a mean may lie from the published one: over all pairs, and over a sample."""
ENOUGH = 30
"""Pairs from which on a mean says something: single images scatter by 3 dB."""
NAMED = 3
"""So many of the missing pairs are named."""


@dataclass(frozen=True)
class Check:
    """What a folder holds, beside the set that it should be."""

    kind: Kind  # the set that it should be
    root: Path
    counts: tuple[int, int]  # to train and to test, in ``UNITS``
    images: int  # image files in all
    sizes: tuple[tuple[tuple[int, int], int], ...]  # ((width, height), how many images), most frequent first
    unreadable: tuple[tuple[Path, str], ...]  # file and reason
    alone: tuple[Path, ...]  # images without a partner
    psnr: tuple[float, ...]  # input against sharp in dB, of each pair compared, under the kind's measure
    everything: bool  # every image was decoded and every pair compared, not a sample
    missing: tuple[str, ...] = ()  # names of published pairs that are not there

    @property
    def verdict(self) -> str:
        """One sentence: the official set, or how it differs from it."""
        faults = list(_faults(self))
        if self.kind.counts is None:
            return (
                f"Not fit for use: {'; '.join(faults)}." if faults else "Fit for use; no official set to compare with."
            )
        if differs := [*_differences(self), *faults]:
            return f"This is not the official {self.kind.title} as published: {'; '.join(differs)}."
        read = f"headers were read and {len(self.psnr)} pairs compared, --all decodes every image"
        read = "every image was decoded" if self.everything else read
        return f"This agrees with all that is known here of the official {self.kind.title} ({read})."


def _differences(seen: Check) -> Iterator[str]:
    unit = UNITS[seen.kind.content]
    if seen.kind.resplit:
        compared = [("", sum(seen.counts), sum(seen.kind.counts))]
    else:
        compared = list(zip((" to train", " to test"), seen.counts, seen.kind.counts, strict=True))
    for half, ours, theirs in compared:
        if ours != theirs:
            yield f"{ours} of {theirs} {unit}{half}" if theirs else f"{ours} {unit}{half} where it has none"
    if seen.missing:
        more = f" and {len(seen.missing) - NAMED} more" if len(seen.missing) > NAMED else ""
        yield f"{', '.join(seen.missing[:NAMED])}{more} missing"
    odd = [f"{many} images of {w} x {h}" for (w, h), many in seen.sizes if (w, h) not in (seen.kind.sizes or [(w, h)])]
    if odd:
        yield f"{', '.join(odd[:3])} where its own are {' or '.join(f'{w} x {h}' for w, h in seen.kind.sizes)}"
    if seen.kind.psnr and len(seen.psnr) >= ENOUGH:
        mean = statistics.fmean(seen.psnr)
        if abs(mean - seen.kind.psnr) > TOLERANCE[seen.everything]:
            on = " on luma" if seen.kind.measure == "luma" else ""
            yield f"inputs of {mean:.2f} dB{on} where those of its test set average about {seen.kind.psnr} dB"


def _faults(seen: Check) -> Iterator[str]:
    if seen.unreadable:
        yield f"{len(seen.unreadable)} unreadable file{'s' * (len(seen.unreadable) > 1)}"
    if seen.alone:
        yield f"{len(seen.alone)} image{'s' * (len(seen.alone) > 1)} without a partner"
