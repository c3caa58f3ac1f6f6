"""Tables of trained weights: their scores by set of images and by difficulty, and the course of their training.

Deblurring is scored on RGB first, deraining on luma, as the literature of each does; every column names its measure.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import mean

from lmfn_core.evidence.rendering import Row, Table
from lmfn_core.evidence.runs import Record, look_up
from lmfn_core.training.watch import set_of

SETS = {
    "bsds500": "BSDS500, held out, synthetic blur",
    "gopro-held-out": "GoPro, held-out training sequence",
    "kodak24": "Kodak, synthetic blur",
    "gopro-test": "GoPro, official test pairs",
    "light": "photographs held out, synthetic light rain",
    "heavy": "photographs held out, synthetic heavy rain",
    "rain100l": "Rain100L, official test pairs",
    "rain100h": "Rain100H, official test pairs",
    "bundled": "bundled photographs",
}
"""Titles of the sets by the first word of an image's name, ``<set>/<image>``."""
VISIBLE = 38.0
"""dB: above it nobody sees a difference between two images side by side."""


@dataclass(frozen=True)
class Shown:
    """How the scores of a task are shown."""

    main: str  # the measure that the gain is taken in
    title: str  # what the tables call it
    other: str  # the second measure, whose gain has a column of its own
    other_title: str  # what the tables call that
    ssims: tuple[tuple[str, str], ...]  # title and key of the SSIMs; the last is too much for README
    input: str  # what an image is before it is restored
    clean: str  # and what it should become
    edges: tuple[float, ...]  # dB of the main measure: classes of difficulty


_PER_CHANNEL = ("SSIM per channel", "ssim_per_channel")
SHOWN = {
    "deblur": Shown(
        "psnr_rgb", "PSNR RGB", "psnr_luma", "luma", (_PER_CHANNEL, ("SSIM MATLAB RGB", "ssim_matlab_rgb")),
        "blurred", "sharp", (20.0, 23.0, 26.0, 29.0),
    ),
    "derain": Shown(
        "psnr_luma", "PSNR luma", "psnr_rgb", "RGB", (("SSIM luma", "ssim_luma"), _PER_CHANNEL),
        "rainy", "clean", (12.0, 16.0, 22.0, 28.0),
    ),
}  # fmt: skip
"""The tasks, as ``datasets.TASKS``."""


def by_set(record: Record, task: str = "deblur") -> Table:
    """Scores of an evaluation by set of images, and what its network leaves of their sharp images.

    >>> by_set({}).rows
    []
    """
    images, kept, shown = _images(record), look_up(record, "metrics.sharp_kept") or {}, SHOWN[task]
    looks = look_up(record, "metrics.looks") or {}
    rows = []
    for name, group in _groups(images).items():
        left = [value for image, value in kept.items() if set_of(image) == name]
        row: Row = {"images": SETS.get(name, name), "pairs": len(group)}
        row |= {f"{shown.title} {shown.input}": f"{_mean(group, 'blurred', shown.main):.2f}"}
        row |= {"restored": f"{_mean(group, 'restored', shown.main):.2f}"} | _gains(group, shown.main)
        for number, answers in looks.items():
            if answers.keys() >= {image["name"] for image in group}:
                means = [image | {"restored": answers[image["name"]]} for image in group]
                row[f"{number} looks (dB)"] = _gains(means, shown.main)["gain (dB)"]
        row[f"{shown.other_title} gain (dB)"] = f"{mean(gain_of(image, shown.other) for image in group):+.2f}"
        for title, key in shown.ssims:
            row[title] = f"{_mean(group, 'blurred', key):.3f} to {_mean(group, 'restored', key):.3f}"
        rows.append(row | {f"{shown.clean} kept (dB), lowest": f"{min(left):.1f}" if left else None})
    several = ""
    if any(title.endswith(" looks (dB)") for row in rows for title in row):
        several = "Looks: the gain of the mean answer to so many turned copies, at so many times the work. "
    return Table(rows, f"Means over images at full resolution, float32, output rounded to 8 bits. {several}"
                 f"{shown.clean.capitalize()} kept: PSNR on RGB of the restored {shown.clean} image against itself; "
                 f"above {VISIBLE:.0f} dB a difference is negligible.")  # fmt: skip


def by_difficulty(record: Record, task: str = "deblur") -> Table:
    """The gain by how bad the input was, all sets together.

    >>> by_difficulty({}).rows
    []
    """
    shown, rows = SHOWN[task], []
    edges = shown.edges
    titles = [f"below {edges[0]:.0f}", *(f"{a:.0f} to {b:.0f}" for a, b in pairwise(edges)), f"{edges[-1]:.0f} and up"]
    for title, (low, high) in zip(titles, pairwise((0.0, *edges, math.inf)), strict=True):
        group = [image for image in _images(record) if low <= image["blurred"][shown.main] < high]
        if group:
            rows.append({f"{shown.title} {shown.input}": title, "pairs": len(group)} | _gains(group, shown.main))
    return Table(rows, f"Gain in {shown.title} by how {shown.input} the input was, all sets together.")


def curve(record: Record) -> Table:
    """Score against training time, from the record of the training.

    >>> curve({"metrics": {"curve": [{"step": 10, "hours": 0.5, "gains": {"kodak24": 1.0}}]}}).rows[0]["hours"]
    '0.50'
    """
    points = look_up(record, "metrics.curve") or []
    sets = list(dict.fromkeys(name for point in reversed(points) for name in point["gains"]))
    rows = [
        {"step": point["step"], "hours": f"{point['hours']:.2f}"}
        | ({"on": point["on"]} if "on" in point else {})
        | {SETS.get(name, name): f"{point['gains'][name]:+.2f}" if name in point["gains"] else None for name in sets}
        for point in points
    ]
    return Table(rows, "Mean gain in PSNR on RGB (dB) against training time: averaged weights, on the few held-out "
                 "pairs of each set that were watched. So few show the course, not the last hundredths.")


def gain_of(image: Mapping, measure: str) -> float:
    """Restored minus input of one recorded image.

    >>> gain_of({"blurred": {"psnr_rgb": 20.0}, "restored": {"psnr_rgb": 21.5}}, "psnr_rgb")
    1.5
    """
    return image["restored"][measure] - image["blurred"][measure]


def _images(record: Record) -> Sequence[Mapping]:
    return look_up(record, "metrics.images") or []


def _groups(images: Sequence[Mapping]) -> dict[str, list[Mapping]]:
    groups: dict[str, list[Mapping]] = {}
    for image in images:
        groups.setdefault(set_of(image["name"]), []).append(image)
    return groups


def _gains(group: Sequence[Mapping], measure: str) -> Row:
    gains = [gain_of(image, measure) for image in group]
    return {"gain (dB)": f"{mean(gains):+.2f}", "smallest": f"{min(gains):+.2f}", "largest": f"{max(gains):+.2f}"}


def _mean(group: Sequence[Mapping], kind: str, measure: str) -> float:
    return mean(image[kind][measure] for image in group)
