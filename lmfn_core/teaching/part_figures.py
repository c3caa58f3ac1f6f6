"""Figures of the small parts: where a kernel's taps lie, what depth does to a signal, what one output position sees."""

from collections.abc import Mapping, Sequence
from itertools import product

import matplotlib.pyplot as plt
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from lmfn_core.evidence.figures import MUTED, OURS, PAPER

STYLES = (("s--", PAPER), ("^:", MUTED), ("o-", OURS))
"""Marker and line of each curve, so that nobody has to tell colours apart, and its colour."""


def draw_taps(settings: Mapping[str, Mapping[str, int]], side: int = 7, kernel: int = 3) -> Figure:
    """A map for each named setting, with the kernel's taps at its first place and the middles of all places.

    Args:
        settings: name to ``padding``, ``stride`` and ``dilation`` (left out: 0, 1, 1).
        side: of the square map. kernel: odd.

    >>> [axis.get_title() for axis in draw_taps({"plain": {}, "stride 2": {"stride": 2}}).axes]
    ['plain: 5 x 5', 'stride 2: 3 x 3']
    """
    figure, axes = plt.subplots(1, len(settings), figsize=(2.5 * len(settings), 2.9), squeeze=False)
    for axis, (name, how) in zip(axes.flat, settings.items(), strict=True):
        padding, stride, dilation = how.get("padding", 0), how.get("stride", 1), how.get("dilation", 1)
        starts = range(-padding, side + padding - dilation * (kernel - 1), stride)
        middles = [start + dilation * (kernel // 2) for start in starts]
        inside = list(product(range(side), repeat=2))
        ring = [place for place in product(range(-padding, side + padding), repeat=2) if place not in inside]
        square = {"s": 70, "marker": "s"}
        axis.scatter(*zip(*inside, strict=True), color="#e3e7eb", **square)
        if ring:
            axis.scatter(*zip(*ring, strict=True), facecolor="white", edgecolor=MUTED, ls=":", **square)
        taps = product([starts[0] + dilation * tap for tap in range(kernel)], repeat=2)
        axis.scatter(*zip(*taps, strict=True), color=OURS, **square)
        axis.scatter(*zip(*product(middles, repeat=2), strict=True), s=16, color=PAPER, edgecolor="white", lw=0.6)
        low, high = -0.7 - padding, side - 0.3 + padding
        axis.set(title=f"{name}: {len(starts)} x {len(starts)}", aspect="equal", xlim=(low, high), ylim=(high, low))
        axis.axis("off")
    return figure


def draw_depth(found: Mapping[str, Sequence[Sequence[float]]], titles: Mapping[str, str], step: int = 1) -> Figure:
    """A panel for each title, in it a curve for each name, over depth.

    Args:
        found: name to one sequence for each panel. titles: title to its scale, "log" or "linear".
        step: layers between two values.

    >>> draw_depth({"a": [[1, 2]], "b": [[3, 4]]}, {"size": "log"}).axes[0].get_yscale()
    'log'
    """
    figure, axes = plt.subplots(1, len(titles), figsize=(3.3 * len(titles), 3), squeeze=False)
    for panel, (axis, (title, scale)) in enumerate(zip(axes.flat, titles.items(), strict=True)):
        for (name, curves), (style, colour) in zip(found.items(), STYLES, strict=False):
            layers = [step * i for i in range(len(curves[panel]))]
            axis.plot(layers, curves[panel], style, color=colour, ms=4, label=name)
        axis.set(xlabel="layers", title=title, yscale=scale)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=len(found), fontsize=9)
    return figure


def draw_views(views: Mapping[str, Float[Tensor, "h w"]]) -> Figure:
    """What one output sees, a map for each name, each on a logarithmic scale of six decades below its maximum.

    >>> import torch
    >>> [axis.get_title() for axis in draw_views({"one position": torch.eye(3)}).axes]
    ['one position']
    """
    figure, axes = plt.subplots(1, len(views), figsize=(2 * len(views), 2.2), squeeze=False)
    for axis, (name, seen) in zip(axes.flat, views.items(), strict=True):
        axis.imshow((seen / seen.max()).clamp(min=1e-6).log10().numpy(), cmap="magma", vmin=-6, vmax=0)
        axis.set(xticks=[], yticks=[])
        axis.set_title(name, fontsize=9)
        axis.grid(False)
    return figure
