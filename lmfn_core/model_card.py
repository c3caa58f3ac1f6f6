"""The model card of trained weights: what they are, what they were trained on, their scores, and what they do badly.

Every number comes from the weights' own card, from the record of their evaluation, and from that of their training.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import mean

from lmfn_core.evidence import Record, look_up
from lmfn_core.rendering import Row, Table, markdown
from lmfn_core.watch import set_of

SETS = {
    "bsds500": "BSDS500, held out, synthetic blur",
    "gopro-held-out": "GoPro, held-out training sequence",
    "kodak24": "Kodak, synthetic blur",
    "gopro-test": "GoPro, official test pairs",
    "bundled": "bundled photographs, synthetic blur",
}
"""Titles of the sets by the first word of an image's name, ``<set>/<image>``."""
EDGES = (20.0, 23.0, 26.0, 29.0)
"""dB: how blurred an input is, in classes of PSNR on RGB."""
VISIBLE = 38.0
"""dB: above it nobody sees a difference between two images side by side."""


def by_set(record: Record) -> Table:
    """Scores of an evaluation by set of images, and what its network leaves of their sharp images.

    >>> by_set({}).rows
    []
    """
    images, kept = look_up(record, "metrics.images") or [], look_up(record, "metrics.sharp_kept") or {}
    rows = []
    for name, group in _groups(images).items():
        sharp = [value for image, value in kept.items() if set_of(image) == name]
        row: Row = {"images": SETS.get(name, name), "pairs": len(group)}
        row |= {"PSNR RGB blurred": f"{_mean(group, 'blurred', 'psnr_rgb'):.2f}"}
        row |= {"restored": f"{_mean(group, 'restored', 'psnr_rgb'):.2f}"} | _gains(group)
        luma = _mean(group, "restored", "psnr_luma") - _mean(group, "blurred", "psnr_luma")
        row["luma gain (dB)"] = f"{luma:+.2f}"
        for title, key in (("SSIM per channel", "ssim_per_channel"), ("SSIM MATLAB RGB", "ssim_matlab_rgb")):
            row[title] = f"{_mean(group, 'blurred', key):.3f} to {_mean(group, 'restored', key):.3f}"
        rows.append(row | {"sharp kept (dB), lowest": f"{min(sharp):.1f}" if sharp else None})
    return Table(rows, f"Means over images at full resolution, float32, output rounded to 8 bits. Sharp kept: PSNR on "
                 f"RGB of the restored sharp image against itself; above {VISIBLE:.0f} dB a difference is negligible.")


def by_difficulty(record: Record) -> Table:
    """The gain by how blurred the input was, all sets together.

    >>> by_difficulty({}).rows
    []
    """
    images = look_up(record, "metrics.images") or []
    rows = []
    titles = [f"below {EDGES[0]:.0f}", *(f"{a:.0f} to {b:.0f}" for a, b in pairwise(EDGES)), f"{EDGES[-1]:.0f} and up"]
    for title, (low, high) in zip(titles, pairwise((0.0, *EDGES, math.inf)), strict=True):
        group = [image for image in images if low <= image["blurred"]["psnr_rgb"] < high]
        if group:
            rows.append({"PSNR RGB blurred": title, "pairs": len(group)} | _gains(group))
    return Table(rows, "Gain in PSNR on RGB by how blurred the input was, all sets together.")


def curve(record: Record) -> Table:
    """Score against training time, from the record of the training.

    >>> curve({"metrics": {"curve": [{"step": 10, "hours": 0.5, "gains": {"kodak24": 1.0}}]}}).rows[0]["hours"]
    '0.50'
    """
    points = look_up(record, "metrics.curve") or []
    rows = [
        {"step": point["step"], "hours": f"{point['hours']:.2f}"}
        | {SETS.get(name, name): f"{gain:+.2f}" for name, gain in point["gains"].items()}
        for point in points
    ]
    return Table(rows, "Mean gain in PSNR on RGB (dB) against training time: averaged weights, on the few held-out "
                 "pairs of each set that were watched. So few show the course, not the last hundredths.")


def model_card(name: str, card: Mapping[str, object], evaluation: Record, training: Record) -> str:
    """The whole card in Markdown, with the header that hubs read.

    >>> model_card("lmfn", {"network": "lmfn", "settings": {}}, {}, {}).splitlines()[0]
    '---'
    """
    sections = [
        _HEADER, f"# The weights `{name}`: {card['network'].upper()} for image deblurring", _WHAT.format(name=name),
        "## Training", _training(card, training), markdown(curve(training).rows, curve(training).caption),
        "## Scores", "Measured on images that no training saw.",
        markdown(by_set(evaluation).rows, by_set(evaluation).caption),
        markdown(by_difficulty(evaluation).rows, by_difficulty(evaluation).caption),
        "## What it does badly", _badly(evaluation), "## Terms", _TERMS,
    ]  # fmt: skip
    return "\n\n".join(section.strip() for section in sections) + "\n"


_HEADER = """---
license: mit
library_name: lmfn-core
pipeline_tag: image-to-image
tags: [deblurring, image-restoration]
---"""
_WHAT = """A network of 1.2 million parameters that removes motion blur from photographs (Zhang et al., arXiv
2101.05403), rebuilt from its paper and trained here. It is not the authors' checkpoint, which was never published, and
these are not the paper's scores. It adds the input to its output (image skip), which the paper's network does not.

```python
from lmfn_core import LMFN

network = LMFN.from_pretrained("{name}")  # images "b 3 h w" in [0, 1], any size from 16 up
```"""
_TERMS = """The weights are under the project's licence, MIT. They were trained on photographs of BSDS500 (research and
education; Arbelaez et al., 2011), frames of GoPro (CC BY 4.0; Nah et al., 2017) and images drawn by code. None of these
images is part of the weights or of this project."""


def _training(card: Mapping[str, object], training: Record) -> str:
    lines = _stated(card) + [f"- {key} = {value}" for key, value in dict(card["settings"]).items()]
    if seconds := look_up(training, "seconds.train"):
        threads, cpu = (look_up(training, f"environment.{key}") for key in ("threads", "cpu"))
        lines.append(f"- time: {seconds / 3600:.1f} hours on {threads} CPU thread{'s' * (threads != 1)} of {cpu}")
    before = card.get("start")
    while before:
        lines += ["", "It went on from weights trained like this:", "", *_stated(before)]
        before = before.get("start")
    return "\n".join(lines)


def _stated(card: Mapping[str, object]) -> list[str]:
    stated = {key: card[key] for key in ("recipe", "steps", "batch", "crop", "seed", "data") if key in card}
    return [f"- {key}: {value:,}" if isinstance(value, int) else f"- {key}: {value}" for key, value in stated.items()]


def _badly(evaluation: Record) -> str:
    images = look_up(evaluation, "metrics.images") or []
    if not images:
        return "Not evaluated yet."
    gains = {image["name"]: _gain(image) for image in images}
    worst, best = min(gains, key=gains.get), max(gains, key=gains.get)
    harmed = sum(gain < 0 for gain in gains.values())
    lowest = min((look_up(evaluation, "metrics.sharp_kept") or {}).values(), default=None)
    lines = [
        f"- It takes away a part of the blur, not all of it: {mean(gains.values()):+.2f} dB in the mean, from "
        f"{gains[worst]:+.2f} dB ({worst}) to {gains[best]:+.2f} dB ({best}); {harmed} of {len(gains)} images lose.",
        "- The more an image is blurred, the less can be expected: see the gain by difficulty.",
        "- It was trained on motion blur alone: nothing is known of images that are out of focus.",
        "- Lights above white: the blur of its training knows no value above 255, so smeared lamps are foreign to it.",
    ]
    if lowest is not None:
        verdict = "no sharp image is" if lowest > VISIBLE else "some sharp images are"
        lines.append(f"- Sharp images come back with {lowest:.1f} dB or more: {verdict} visibly changed.")
    return "\n".join(lines)


def _groups(images: Sequence[Mapping]) -> dict[str, list[Mapping]]:
    groups: dict[str, list[Mapping]] = {}
    for image in images:
        groups.setdefault(set_of(image["name"]), []).append(image)
    return groups


def _gain(image: Mapping) -> float:
    return image["restored"]["psnr_rgb"] - image["blurred"]["psnr_rgb"]


def _gains(group: Sequence[Mapping]) -> Row:
    gains = [_gain(image) for image in group]
    return {"gain (dB)": f"{mean(gains):+.2f}", "smallest": f"{min(gains):+.2f}", "largest": f"{max(gains):+.2f}"}


def _mean(group: Sequence[Mapping], kind: str, measure: str) -> float:
    return mean(image[kind][measure] for image in group)
