"""The ablations as pictures: sizes, gains, one against the other, and other parts; None while no record has them."""

from collections.abc import Mapping
from statistics import mean

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lmfn_core.evidence.comparisons import answers
from lmfn_core.evidence.effects import mean_gains
from lmfn_core.evidence.figures import MUTED, OURS, PAPER
from lmfn_core.evidence.ledger import Ledger
from lmfn_core.evidence.orderings import Variant, variants
from lmfn_core.evidence.runs import Record, Records, look_up, runs_of

DOTS = 60
"""Most images of which each gets a dot; of a large test set only the mean is drawn."""


def overview(ledger: Ledger, records: Records) -> Figure | None:
    """Tables 3 and 4 in one picture: sizes printed and counted, and what each change does to the PSNR.

    >>> overview(Ledger((), (), {}, {}), {}) is None
    True
    """
    rows = variants(ledger, records)
    if not any(row.size for row in rows):
        return None
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2), sharey=True)
    _sizes(left, rows)
    _differences(right, rows, f"here{_conditions(records)}")
    figure.legend(*right.get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    return figure


def gain(ledger: Ledger, records: Records) -> Figure | None:
    """PSNR above the blurred input of every row of Tables 3 and 4: a dot an image (mean of the seeds), a bar the mean.

    >>> gain(Ledger((), (), {}, {}), {}) is None
    True
    """
    labels = {row.network: row.label for row in variants(ledger, records)}
    scored = {label: runs_of(records, network) for network, label in labels.items()}
    scored = {label: [run for run in runs if _gain(run) is not None] for label, runs in scored.items()}
    scored = {label: runs for label, runs in scored.items() if runs}
    if not scored:
        return None
    figure, axis = plt.subplots(figsize=(7.5, 0.36 * len(scored) + 1))
    for place, runs in enumerate(scored.values()):
        dots = list(mean_gains(runs).values())
        if len(dots) <= DOTS:
            axis.plot(dots, [place] * len(dots), "o", color=MUTED, markersize=4, alpha=0.7)
        middle = mean(_gain(run) for run in runs)
        axis.plot([middle], [place], "|", color=OURS, markersize=18, markeredgewidth=3)
        axis.annotate(f"{middle:+.2f}", (1.01, place), xycoords=("axes fraction", "data"), va="center", color=OURS)
    axis.axvline(0, color="black", linewidth=0.8)
    axis.set(yticks=range(len(scored)), yticklabels=scored, xlabel="PSNR on RGB above the blurred input (dB)")
    axis.grid(axis="y", visible=False)
    axis.invert_yaxis()
    return figure


def size_and_difference(ledger: Ledger, records: Records) -> Figure | None:
    """Size against PSNR relative to the full network, as printed and as found here, over one axis of sizes.

    >>> size_and_difference(Ledger((), (), {}, {}), {}) is None
    True
    """
    rows = variants(ledger, records)
    if not any(row.size for row in rows):
        return None
    figure, (upper, lower) = plt.subplots(2, 1, figsize=(7.5, 5.4), sharex=True)
    _chain(upper, {row.label: (row.printed_size, row.printed_difference) for row in rows}, PAPER)
    trained = [row for row in rows if row.size and (row.effect or row.label == "full")]
    _chain(lower, {row.label: (row.size, row.effect.difference if row.effect else 0.0) for row in trained}, OURS)
    upper.set_title("printed: PSNR on GoPro less the full network's (dB)", loc="left", color=PAPER)
    lower.set_title("here: the same on other images, with counted sizes (dB)", loc="left", color=OURS)
    lower.set(xlabel="parameters (M)")
    for axis in (upper, lower):
        axis.margins(x=0.06, y=0.2)
    figure.legend(*upper.get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    return figure


def alternatives(records: Records) -> Figure | None:
    """What every other part is worth against the one in LMFN's place: the difference and the interval that decides.

    >>> alternatives({}) is None
    True
    """
    found = [answer for answer in answers(records) if answer.effect]
    if not found:
        return None
    figure, axis = plt.subplots(figsize=(8.5, 0.36 * len(found) + 1.2))
    labels = [f"{a.question.about}: {a.question.asked} against {a.question.against_words}" for a in found]
    for place, answer in enumerate(found):
        ends = answer.effect.over_seeds or answer.effect.interval
        if ends:
            axis.hlines(place, *ends, color=OURS, linewidth=2)
        axis.plot([answer.effect.difference], [place], "D", color=OURS, markersize=6)
    axis.axvline(0, color="black", linewidth=0.8)
    axis.set(yticks=range(len(found)), yticklabels=labels, xlabel="PSNR, first less second (dB)")
    axis.grid(axis="y", visible=False)
    axis.invert_yaxis()
    return figure


def _gain(run: Record) -> float | None:
    return look_up(run, "metrics.gain_psnr_rgb")


def _conditions(records: Records) -> str:
    """Tier, steps and images behind our scores, in brackets; nothing while nothing was trained."""
    run = next(iter(runs_of(records, "lmfn")), None)
    if run is None:
        return ""
    images = "GoPro" if "gopro" in str(run.get("data")).lower() else "other images"
    seeds = len(runs_of(records, "lmfn"))
    several = f", {seeds} seeds" if seeds > 1 else ""
    return f" (tier {run.get('tier')}, {run.get('steps') or 0:,} steps{several}, {images})"


def _sizes(axis: Axes, rows: list[Variant]) -> None:
    counted = [(row.size, place) for place, row in enumerate(rows) if row.size is not None]
    for size, place in counted:
        axis.plot([rows[place].printed_size, size], [place, place], color=MUTED, linewidth=1.5, zorder=1)
    axis.plot([row.printed_size for row in rows], range(len(rows)), "o", color=PAPER)
    axis.plot(*zip(*counted, strict=True), "D", color=OURS, markersize=6)
    axis.set(yticks=range(len(rows)), yticklabels=[row.label for row in rows])
    axis.set_title("Parameters (M)", loc="left")
    axis.set_xlim(left=0)
    axis.grid(axis="y", visible=False)
    axis.invert_yaxis()


def _differences(axis: Axes, rows: list[Variant], label: str) -> None:
    axis.axvline(0, color="black", linewidth=0.8)
    printed, places = [row.printed_difference for row in rows], range(len(rows))
    axis.plot(printed, places, "o", color=PAPER, label="printed (GoPro)")
    trained = [(row.effect.difference, place) for place, row in enumerate(rows) if row.effect]
    for place, row in enumerate(rows):
        ends = row.effect and (row.effect.over_seeds or row.effect.interval)  # the wider question where it was asked
        if ends:
            axis.hlines(place, *ends, color=OURS, linewidth=2)
    axis.plot([x for x, _ in trained], [y for _, y in trained], "D", color=OURS, markersize=6, label=label)
    axis.set_title("PSNR less the full network's (dB)", loc="left")
    axis.grid(axis="y", visible=False)


def _chain(axis: Axes, points: Mapping[str, tuple[float, float]], colour: str) -> None:
    """The numbers of blocks joined by a line, the networks without a part under markers; full is N = 4."""
    blocks = sorted((*point, name) for name, point in points.items() if not name.startswith("without"))
    axis.axhline(0, color="black", linewidth=0.8)
    axis.plot([x for x, _, _ in blocks], [y for _, y, _ in blocks], "o-", color=colour, linewidth=1)
    for x, y, name in blocks:
        text = name.removeprefix("N = ").replace("full", "4")
        axis.annotate(text, (x, y), xytext=(0, 6), textcoords="offset points", fontsize=9, color=colour, ha="center")
    parts = {name: point for name, point in points.items() if name.startswith("without")}
    for marker, (name, (x, y)) in zip("XPs", parts.items(), strict=False):
        axis.plot([x], [y], marker, color=colour, markersize=8, alpha=0.8, label=name)
