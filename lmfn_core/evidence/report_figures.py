"""The report's figures, drawn from the ledger and the run records alone; None while no record holds their numbers.

Colours: what the paper prints, what is measured here (``figures.PAPER``, ``figures.OURS``).
"""

from collections.abc import Callable, Mapping

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from lmfn_core.evidence.ablation_figures import alternatives, gain, overview, size_and_difference
from lmfn_core.evidence.claims import (
    CONTRADICTS,
    CONTRADICTS_OTHER,
    NOT_REPRODUCED,
    REPRODUCED,
    WITHIN_TOLERANCE,
    tally,
    verdicts,
)  # fmt: skip
from lmfn_core.evidence.figures import MUTED, OURS, PAPER
from lmfn_core.evidence.ledger import Ledger
from lmfn_core.evidence.lesions import picture as lesions
from lmfn_core.evidence.runs import Records, look_up
from lmfn_core.models.variants import networks

SHADES = {REPRODUCED: OURS, WITHIN_TOLERANCE: "#7fa8c4", NOT_REPRODUCED: PAPER, CONTRADICTS: "#6d2e17",
          CONTRADICTS_OTHER: "#2b120a"}  # fmt: skip
"""Colour of each verdict that was reached; what was not attempted is ``MUTED``."""


def costs(records: Records) -> Figure | None:
    """Parameters against multiply-accumulates of the papers' networks, by the equations and as published.

    >>> costs({}) is None
    True
    """
    counted = look_up(records.get("assembling", {}), "metrics.networks")
    if not counted:
        return None
    figure, axis = plt.subplots(figsize=(7.5, 4))
    names = [name for name in networks(published=True) if name in counted and name not in ("lmfn-published", "lmfn-n4")]
    for suffix, colour, label in (("_published", MUTED, "as published"), ("", OURS, "by the equations")):
        x = [counted[name][f"parameters{suffix}"] / 1e6 for name in names]
        y = [counted[name][f"macs_720p{suffix}"] / 1e9 for name in names]
        axis.plot(x, y, "o", color=colour, label=label)
    above = ("without", "aspp")  # named above and to the left, the others below: several lie side by side
    for name, right, up in zip(names, x, y, strict=True):
        shift, align = ((4, 6), "right") if any(part in name for part in above) else ((4, -13), "left")
        axis.annotate(name, (right, up), xytext=shift, textcoords="offset points", fontsize=8, ha=align)
    axis.set(xlabel="parameters (M)", ylabel="GMAC at 1280 x 720")
    axis.margins(x=0.22, y=0.1)
    axis.legend(frameon=False)
    return figure


def verdict_tally(ledger: Ledger, records: Records) -> Figure | None:
    """How many claims of each kind got which verdict.

    >>> verdict_tally(Ledger((), (), {}, {}), {}) is None
    True
    """
    decided = verdicts(ledger, records)
    if not decided:
        return None
    kinds = list(dict.fromkeys(verdict.claim.quantity for verdict in decided))
    figure, axis = plt.subplots(figsize=(7.5, 2.9))
    starts = dict.fromkeys(kinds, 0)
    for name in tally(decided):
        counts = [sum(d.verdict == name and d.claim.quantity == kind for d in decided) for kind in kinds]
        drawn = axis.barh(kinds, counts, left=list(starts.values()), color=SHADES.get(name, MUTED), label=name)
        axis.bar_label(drawn, [str(n) if n else "" for n in counts], label_type="center", color="white", fontsize=9)
        starts = {kind: starts[kind] + n for kind, n in zip(kinds, counts, strict=True)}
    axis.invert_yaxis()
    axis.grid(axis="y", visible=False)
    axis.set(xlabel="claims")
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    return figure


def losses(records: Records) -> Figure | None:
    """The main run's loss over what the blurred input itself would cost, as its record holds it: averaged over steps.

    The plain loss mostly says how blurred a batch was. Below 1 the network helps.

    >>> losses({}) is None
    True
    """
    record = records.get("train-lmfn", {})
    values, steps = look_up(record, "metrics.relative_losses"), record.get("steps")
    if not values or not steps:
        return None
    figure, axis = plt.subplots()
    axis.plot([steps * (i + 1) / len(values) for i in range(len(values))], values, color=OURS)
    axis.axhline(1, color=MUTED, linestyle="--")
    place = {"textcoords": "offset points", "ha": "right", "color": MUTED}
    axis.annotate("hand the blurred image back", (steps, 1), (-4, 4), **place)
    recipe = look_up(record, "parameters.recipe")
    axis.set(xlabel="step", ylabel=f"loss / loss of the input (recipe {recipe})", xlim=(0, steps))
    return figure


def images(records: Records) -> Figure | None:
    """Every held-out image: PSNR before and after, worst to best gain.

    >>> images({}) is None
    True
    """
    scored = look_up(records.get("evaluation", {}), "metrics.images")
    if not isinstance(scored, list | tuple) or not scored or len(scored) > 60:  # a picture of 1111 rows shows nothing
        return None
    pairs = {i["name"]: (i["blurred"]["psnr_rgb"], i["restored"]["psnr_rgb"]) for i in scored}
    pairs = dict(sorted(pairs.items(), key=lambda item: item[1][1] - item[1][0]))
    figure, axis = plt.subplots(figsize=(7.5, 0.3 * len(pairs) + 1.2))
    before, after = ([pair[side] for pair in pairs.values()] for side in (0, 1))
    axis.hlines(range(len(pairs)), before, after, color=MUTED, linewidth=2)
    axis.plot(before, range(len(pairs)), "o", color=MUTED, label="blurred")
    axis.plot(after, range(len(pairs)), "o", color=OURS, label="restored")
    axis.set(yticks=range(len(pairs)), yticklabels=pairs, xlabel="PSNR on RGB (dB)")
    axis.grid(axis="y", visible=False)
    axis.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, frameon=False)
    return figure


def draw(ledger: Ledger, records: Records) -> dict[str, Figure]:
    """Every figure that the records allow, by its file's name.

    >>> draw(Ledger((), (), {}, {}), {})
    {}
    """
    both: Mapping[str, Callable[[Ledger, Records], Figure | None]] = {
        "overview": overview, "gain": gain, "size_and_difference": size_and_difference, "tally": verdict_tally,
    }  # fmt: skip
    drawn = {name: make(ledger, records) for name, make in both.items()}
    single = {"alternatives": alternatives, "lesions": lesions, "costs": costs, "losses": losses, "images": images}
    drawn |= {name: make(records) for name, make in single.items()}
    return {name: figure for name, figure in drawn.items() if figure is not None}
