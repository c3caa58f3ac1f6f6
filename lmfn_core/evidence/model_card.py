"""The model card of trained weights: what they are, what they were trained on, their scores, and what they do badly.

Every number comes from the weights' own card, from the record of their evaluation, and from that of their training.
"""

from collections.abc import Mapping
from itertools import groupby
from statistics import mean

from lmfn_core.evidence.rendering import markdown
from lmfn_core.evidence.runs import Record, look_up
from lmfn_core.evidence.weights_tables import SHOWN, VISIBLE, by_difficulty, by_set, curve, gain_of


def model_card(name: str, card: Mapping[str, object], evaluation: Record, training: Record) -> str:
    """The whole card in Markdown, with the header that hubs read.

    >>> model_card("lmfn", {"network": "lmfn", "settings": {}}, {}, {}).splitlines()[0]
    '---'
    """
    task, network = card.get("task", "deblur"), str(card["network"]).partition("-")[0]
    scores, difficulty, course = by_set(evaluation, task), by_difficulty(evaluation, task), curve(training)
    sections = [
        _HEADER.format(tag=f"{task}ring" if task == "deblur" else f"{task}ing"),
        f"# The weights `{name}`: {network.upper()}, {_DOES[task][0]}",
        _WHAT.format(name=name, does=_DOES[task][1], paper=_PAPERS[network], kind=network.upper()),
        "## Training", _training(card, training), markdown(course.rows, course.caption),
        "## Scores", "Measured on images that no training saw.",
        markdown(scores.rows, scores.caption), markdown(difficulty.rows, difficulty.caption),
        "## What it does badly", _badly(evaluation, task), "## Terms", _TERMS,
    ]  # fmt: skip
    return "\n\n".join(section.strip() for section in sections) + "\n"


_HEADER = """---
license: mit
library_name: lmfn-core
pipeline_tag: image-to-image
tags: [{tag}, image-restoration]
---"""
_DOES = {
    "deblur": ("image deblurring", "removes motion blur from photographs"),
    "derain": ("image deraining", "removes streaks of rain from photographs"),
}
_PAPERS = {
    "lmfn": "Zhang et al., arXiv 2101.05403",
    "lfdn": "Zhang et al., Sensors 2021, 21, 5312",
}
_WHAT = """A network that {does} ({paper}), rebuilt from its paper and trained here. It is not the authors' checkpoint,
which was never published, and these are not the paper's scores. It adds the input to its output (image skip), which the
paper's network does not.

```python
from lmfn_core import {kind}

network = {kind}.from_pretrained("{name}")  # images "b 3 h w" in [0, 1], any size from 16 up
```"""
_TERMS = """The weights are under the project's licence, MIT. They were trained on the images named above, of BSDS500
(research and education; Arbelaez et al., 2011), GoPro (CC BY 4.0; Nah et al., 2017) and drawn by code. None of these
images is part of the weights or of this project."""
_LIMITS = {
    "deblur": [
        "- It was trained to take away motion blur, not to focus: what the lens left soft stays soft at best.",
        "- Lights above white: the blur of its training knows no value above 255, so smeared lamps are foreign to it.",
    ],
    "derain": [
        "- It was trained on streaks laid over dry photographs. Drops on the lens, mist, splashes and wet ground are "
        "foreign to it, and so is any real photograph taken in the rain.",
        "- What is thin, bright and nearly upright looks like rain: fences, masts, blades of grass, folds of cloth.",
    ],
}


def _training(card: Mapping[str, object], training: Record) -> str:
    lines = _stated(card) + [f"- {key} = {value}" for key, value in dict(card["settings"]).items()]
    if times := _times(training):
        lines.append(f"- time: {', then '.join(times)}")
    before = card.get("start")
    while before:
        lines += ["", "It went on from weights trained like this:", "", *_stated(before)]
        before = before.get("start")
    return "\n".join(lines)


def _times(training: Record) -> list[str]:
    """Hours and machine of each part of a training: by the points of its curve or, where these name none, its clock."""
    points = look_up(training, "metrics.curve") or []
    if points and all("on" in point for point in points):
        ends = [(on, [*part][-1]["hours"]) for on, part in groupby(points, key=lambda point: point["on"])]
        starts = [0.0, *(end for _, end in ends)]
        return [f"{end - start:.2f} hours on {on}" for start, (on, end) in zip(starts, ends, strict=False)]
    if not (seconds := look_up(training, "seconds.train")):
        return []
    threads, cpu = (look_up(training, f"environment.{key}") for key in ("threads", "cpu"))
    return [f"{seconds / 3600:.1f} hours on {threads} CPU thread{'s' * (threads != 1)} of {cpu}"]


_STATED = {key: key for key in ("task", "recipe", "steps", "batch", "crop", "seed", "data")}
_STATED |= {"anew": "drawn anew before it", "along": "how far on the line from its start to its end"}


def _stated(card: Mapping[str, object]) -> list[str]:
    told = {title: card[key] for key, title in _STATED.items() if key in card}
    return [f"- {title}: {told[title]:{',' if isinstance(told[title], int) else ''}}" for title in told]


def _badly(evaluation: Record, task: str) -> str:
    images, shown = look_up(evaluation, "metrics.images") or [], SHOWN[task]
    if not images:
        return "Not evaluated yet."
    gains = {image["name"]: gain_of(image, shown.main) for image in images}
    worst, best = min(gains, key=gains.get), max(gains, key=gains.get)
    harmed = sum(gain < 0 for gain in gains.values())
    lowest = min((look_up(evaluation, "metrics.sharp_kept") or {}).values(), default=None)
    lines = [
        f"- It takes away a part of the {'blur' if task == 'deblur' else 'rain'}, not all of it: "
        f"{mean(gains.values()):+.2f} dB ({shown.title}) in the mean, from "
        f"{gains[worst]:+.2f} dB ({worst}) to {gains[best]:+.2f} dB ({best}); {harmed} of {len(gains)} images lose.",
        "- How much it gains depends on how bad the image was: see the table by difficulty.",
        *_LIMITS[task],
    ]
    if lowest is not None:
        verdict = f"no {shown.clean} image is" if lowest > VISIBLE else f"some {shown.clean} images are"
        left = f"{shown.clean.capitalize()} images come back with {lowest:.1f} dB or more"
        lines.append(f"- {left}: {verdict} visibly changed.")
    return "\n".join(lines)
