"""The benchmark's record as one figure: latency and memory against the image's size, quality against latency."""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator, ScalarFormatter

from lmfn_core.benchmark.cases import in_order, megapixels
from lmfn_core.benchmark.ways import EAGER, WAYS
from lmfn_core.evidence.figures import MUTED, OURS, PAPER
from lmfn_core.evidence.runs import Record, look_up

COLOURS = (OURS, "#5b8c5a", "#7d5ba6", "#c9a227", "#3aa6a6", "#a6557a", "#6d2e17", "#7fa8c4", "#44475a", "#8f9f3a")
"""Of the ways but the plain call, which is drawn in ``figures.PAPER``."""


def bench_figure(record: Record) -> Figure | None:
    """Latency, memory and, where it was measured, quality, one colour per way; None where the record holds no times.

    Drawn is one image per call; the tables have the batches.

    >>> bench_figure({}) is None
    True
    """
    timed = in_order(look_up(record, "metrics.latency_ms") or {})
    timed = {case: ways for case, ways in timed.items() if " b" not in case}
    if not timed:
        return None
    scores = look_up(record, "metrics.quality_db") or {}
    figure, (time, memory, *rest) = plt.subplots(1, 3 if scores else 2, figsize=(12, 4))
    for way in dict.fromkeys(way for ways in timed.values() for way in ways):
        style = {"color": colour(way), "marker": "o", "markersize": 4, "label": way}
        _line(time, {case: ways[way]["median"] for case, ways in timed.items() if way in ways}, style)
        held = look_up(record, "metrics.memory_mb").get(way, {})
        _line(memory, {case: value for case, value in held.items() if case in timed}, style)
    time.set(yscale="log", ylabel="median time (ms)")
    memory.set(ylim=(0, None), ylabel="peak memory (MB)")
    for axis in (time, memory):
        _sizes(axis, list(timed))
    for quality in rest:
        _quality(quality, timed, scores)
    for long in (time.yaxis, *(quality.xaxis for quality in rest)):
        _few_ticks(long)
    figure.legend(*time.get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    return figure


def colour(way: str) -> str:
    """The colour of a way, the same in every figure.

    >>> colour(EAGER) == PAPER
    True
    """
    others = [name for name in WAYS if name != EAGER]
    return PAPER if way == EAGER else COLOURS[others.index(way) % len(COLOURS)] if way in others else MUTED


def _line(axis: Axes, values: dict[str, float], style: dict[str, object]) -> None:
    """Values by case against megapixels."""
    points = sorted((megapixels(case), value) for case, value in values.items())
    axis.plot([x for x, _ in points], [y for _, y in points], **style)


def _sizes(axis: Axes, cases: list[str]) -> None:
    """Pixels along a logarithmic axis, with the sizes' own names as ticks."""
    axis.set(xscale="log", xlabel="image, by its pixels")
    axis.set_xticks([megapixels(case) for case in cases], cases)
    axis.xaxis.set_minor_locator(NullLocator())


def _few_ticks(axis: Axis) -> None:
    """Of a logarithmic axis, written out: 100, 200, 500."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(ScalarFormatter())
    axis.set_minor_locator(NullLocator())


def _quality(axis: Axes, timed: dict[str, dict], scores: dict[str, float]) -> None:
    case = list(timed)[-1]
    for way, score in scores.items():
        if way in timed[case]:
            axis.plot(timed[case][way]["median"], score - scores[EAGER], "o", color=colour(way))
    axis.axhline(0, color=MUTED, linewidth=0.8, zorder=0)
    axis.set(xscale="log", xlabel=f"median time at {case} (ms)", ylabel=f"PSNR against {EAGER} (dB)")
    reach = max([0.01, *(1.2 * abs(score - scores[EAGER]) for score in scores.values())])
    axis.set_ylim(-reach, reach)
