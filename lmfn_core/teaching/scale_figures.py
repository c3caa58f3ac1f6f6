"""Figures of notebook 04, too long for a lesson: what the scales of an encoder see, cost and know."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from lmfn_core.evidence.figures import MUTED, OURS, PAPER

LINES = (("s--", PAPER), ("o-", OURS))
BARS = ((OURS, ""), ("white", ""), (PAPER, "///"))
"""Fill and hatch of the first, second and third kind of bars: told apart in grey as well."""


def draw_noticed(lengths: Sequence[int], noticed: Mapping[str, Sequence[float]], window: int) -> Figure:
    """How much features change when a streak grows, over its length; below 1e-7 means not at all.

    >>> draw_noticed([9, 17], {"plain": [0.1, 0.0], "MSHF": [0.1, 0.01]}, window=11).axes[0].get_yscale()
    'log'
    """
    figure, axis = plt.subplots(figsize=(5.5, 2.5))
    for (name, change), (style, color) in zip(noticed.items(), LINES, strict=True):
        axis.semilogy(lengths, [max(c, 1e-7) for c in change], style, color=color, label=name)
    axis.axvline(window, color="black", ls=":")
    axis.text(window + 1, 0.05, f"{window} pixels")
    axis.set(xlabel="length of the streak, pixels", ylabel="change when 8 longer", ylim=(5e-8, 0.3))
    axis.legend()
    return figure


def draw_windows(windows: Mapping[str, Float[Tensor, "h w"]]) -> Figure:
    """Windows side by side, dark where a position is heard strongly.

    >>> import torch; len(draw_windows({"a": torch.eye(3), "b": torch.ones(3, 3)}).axes)
    2
    """
    figure, axes = plt.subplots(1, len(windows), figsize=(8, 2.9), squeeze=False)
    for axis, (name, weights) in zip(axes[0], windows.items(), strict=True):
        axis.imshow((weights / weights.max()).sqrt().numpy(), cmap="Greys", interpolation="nearest")
        axis.set(title=name, xticks=[], yticks=[])
    return figure


def draw_hourglass() -> Figure:
    """MSHF as an hourglass on its side: maps halve four times and come up again, with two arcs across.

    >>> len(draw_hourglass().axes[0].patches) >= 8
    True
    """
    heights, scales = (5, 4, 3, 2, 1, 1, 2, 3), ("full", "1/2", "1/4", "1/8", "1/16", "1/16", "1/8", "1/4")
    names = ("f_0", "f_1", "f_2", "f_3", "f_4", "g_4", "g_3", "f_M")
    figure, axis = plt.subplots(figsize=(8, 3))
    looks = {"edgecolor": [OURS] * 5 + [PAPER] * 3, "hatch": [""] * 5 + ["///"] * 3}
    axis.bar(range(8), heights, bottom=[-h / 2 for h in heights], width=0.34, color="white", lw=2, **looks)
    for i, (name, scale) in enumerate(zip(names, scales, strict=True)):
        box = {"fc": "white", "ec": "none", "pad": 1}
        axis.text(i, 0, f"${name}$\n{scale}", ha="center", va="center", fontsize=9, bbox=box)
    for i, text in enumerate(["halve"] * 4 + ["1 block", "double,\nadd", "double,\nadd"]):
        axis.annotate("", (i + 0.8, -0.15), (i + 0.2, -0.15), arrowprops={"arrowstyle": "->", "color": "black"})
        axis.text(i + 0.5, 0.0, text, ha="center", va="bottom", fontsize=8)
    for start, end, height, text in ((2, 7, 1.5, "2 blocks before the sum, 3 after"), (3, 6, 1.0, "1 before, 1 after")):
        curve = {"arrowstyle": "->", "color": "black", "connectionstyle": "arc3,rad=-0.25", "ls": "--"}
        axis.annotate("", (end, height), (start, height), arrowprops=curve)
        top, box = height + 0.23 * (end - start), {"fc": "white", "ec": "none", "pad": 1}
        axis.text((start + end) / 2, top, text, ha="center", va="center", fontsize=8, bbox=box)
    axis.set(xlim=(-0.5, 7.5), ylim=(-2.7, 2.8))
    axis.axis("off")
    return figure


def draw_heard(within: Mapping[str, Float[Tensor, " k"]], ends: Mapping[str, int], level: float = 0.9) -> Figure:
    """Share of the gradient within a square, over its width, and where each scale's window ends.

    Args:
        within: by scale, the share within squares of 1, 3, 5, ... pixels. ends: by scale, the window's width.

    >>> import torch; len(draw_heard({"1/4": torch.linspace(0, 1, 9)}, {"1/4": 17}).axes[0].lines)
    3
    """
    figure, axis = plt.subplots(figsize=(5.5, 2.5))
    for (name, share), color in zip(within.items(), (OURS, PAPER, "black"), strict=False):
        axis.plot(range(1, 2 * len(share), 2), share, color=color, lw=2)
        axis.plot(ends[name], 1, "v", color=color, ms=9, clip_on=False)
        axis.text(ends[name], 1.06, f"{name}: {ends[name]}", ha="center", fontsize=9)
        at = 2 * int((share < 0.7).sum()) + 1
        first = name == next(iter(within))
        axis.text(at + (-4 if first else 4), 0.68, name, fontsize=10, color=color, ha="right" if first else "left")
    axis.axhline(level, color=MUTED, lw=1)
    axis.set(xlabel="width of a square around the position, pixels", ylabel="share of the gradient", ylim=(0, 1))
    axis.set_xlim(0, max(ends.values()) + 20)
    return figure


def draw_bars(axis: Axes, kinds: Mapping[str, Mapping[str, float]], digits: int | None = None) -> None:
    """Bars in groups, one of each kind in a group; up to three kinds.

    Args:
        kinds: by kind and group, the value. digits: decimals of the number above a bar, None for no number.

    >>> axis = plt.subplots()[1]; draw_bars(axis, {"a": {"x": 1.0, "y": 2.0}, "b": {"x": 3.0, "y": 4.0}})
    >>> len(axis.patches)
    4
    """
    for i, ((kind, values), (color, hatch)) in enumerate(zip(kinds.items(), BARS, strict=False)):
        at = [x + 0.27 * (i - 1) for x in range(len(values))]
        bar = axis.bar(at, list(values.values()), 0.25, color=color, hatch=hatch, edgecolor="black", label=kind)
        if digits is not None:
            axis.bar_label(bar, fmt=f"%.{digits}f", fontsize=9, padding=1)
        axis.set_xticks(range(len(values)), list(values))
    axis.grid(axis="x", visible=False)


def draw_lost(lost: Mapping[tuple[str, str, str], float], scales: Sequence[str]) -> Figure:
    """What interventions cost: a panel for each blur, a group for each scale, a bar for each question.

    Args:
        lost: dB by (blur, scale, question). scales: those to draw.

    >>> len(draw_lost({("shake", "1/8", "mean"): 0.1, ("streak", "1/8", "mean"): 0.2}, ["1/8"]).axes)
    2
    """
    blurs, questions = (list(dict.fromkeys(key[i] for key in lost)) for i in (0, 2))
    figure, axes = plt.subplots(1, len(blurs), figsize=(8, 2.6), sharey=True, squeeze=False)
    for axis, blur in zip(axes[0], blurs, strict=True):
        draw_bars(axis, {q: {scale: lost[blur, scale, q] for scale in scales} for q in questions})
        axis.set(title=blur)
        axis.axhline(0, color="black", lw=0.8)
    axes[0, 0].set(ylabel="dB lost")
    axes[0, 0].legend()
    return figure


def draw_misplaced(off: Mapping[str, Float[Tensor, " n"]], step: int) -> Figure:
    """By how many pixels doubled positions are off, over where they are; they lie ``step`` pixels apart.

    >>> import torch; len(draw_misplaced({"bilinear": torch.zeros(4)}, step=4).axes[0].lines)
    1
    """
    figure, axis = plt.subplots(figsize=(5.5, 2.4))
    for (name, error), style, color in zip(off.items(), ("-", "s", "--"), (OURS, "black", PAPER), strict=False):
        places = [step * i for i in range(len(error))]
        axis.plot(places, error, style, color=color, lw=2, ms=3, mew=0, label=name)
    axis.set(xlabel="place in a row, pixels", ylabel="believed - true, pixels")
    axis.legend(loc="upper center", ncols=3, bbox_to_anchor=(0.5, 1.2), frameon=False)
    return figure
