"""Parts taken out of the trained network, and what is missing before and after all are trained on alike.

The ablations train every network from random weights and ask what a part is worth to a network that never had it. A
lesion asks what it is worth to one that learnt with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from lmfn_core.evidence.effects import Effect, compare, scored
from lmfn_core.evidence.figures import MUTED, OURS
from lmfn_core.evidence.runs import Record, Records, look_up, named

TAKEN_OUT = {
    "lmfn": "nothing",
    "lmfn-without-alfm": "ALFM",
    "lmfn-without-attention": "ALFM and ACFM",
    "lmfn-n3": "block 4",
    "lmfn-n2": "blocks 3 and 4",
    "lmfn-n1": "blocks 2, 3 and 4",
}
"""What is left, by the network's name, and what was taken out for it."""


@dataclass(frozen=True)
class Lesion:
    """What one part's absence costs, in dB of PSNR on RGB above the blurred input.

    >>> Lesion("ALFM", (), 2.5, 2.75, None).after
    2.75
    """

    taken_out: str
    runs: tuple[Record, ...]  # one a seed
    at_once: float | None  # gain before any step
    after: float  # gain after all of them
    effect: Effect | None  # of ``after``, less that of the whole network; None for that one


def lesions(records: Records) -> list[Lesion]:
    """Those of ``TAKEN_OUT`` that were run, in its order.

    >>> lesions({})
    []
    """
    runs = {network: scored(named(records, f"lesion-{network}")) for network in TAKEN_OUT}
    return [
        Lesion(
            TAKEN_OUT[network], tuple(found), _mean(found, "first_gain"), _mean(found, "gain_psnr_rgb"),
            None if network == "lmfn" else compare(found, runs["lmfn"]),
        )
        for network, found in runs.items() if found
    ]  # fmt: skip


def picture(records: Records) -> Figure | None:
    """The gain at once and after the training, a line a lesion; the dashed line is the network left whole.

    >>> picture({}) is None
    True
    """
    found = lesions(records)
    if not found:
        return None
    figure, axis = plt.subplots(figsize=(7.5, 0.36 * len(found) + 1.4))
    whole = next((lesion.after for lesion in found if lesion.taken_out == TAKEN_OUT["lmfn"]), None)
    axis.axvline(0, color="black", linewidth=0.8)
    if whole is not None:
        axis.axvline(whole, color=OURS, linewidth=0.8, linestyle="--")
    for place, lesion in enumerate(found):
        if lesion.at_once is not None:
            axis.hlines(place, lesion.at_once, lesion.after, color=MUTED, linewidth=2)
            axis.plot([lesion.at_once], [place], "o", color=MUTED, label="at once" if place == 0 else None)
        axis.plot([lesion.after], [place], "D", color=OURS, label="after training on" if place == 0 else None)
    axis.set(yticks=range(len(found)), yticklabels=[lesion.taken_out for lesion in found])
    axis.set(ylabel="taken out", xlabel="PSNR on RGB above the blurred input (dB)")
    axis.grid(axis="y", visible=False)
    axis.invert_yaxis()
    axis.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, frameon=False)
    return figure


def _mean(runs: Sequence[Record], metric: str) -> float | None:
    values = [look_up(run, f"metrics.{metric}") for run in runs]
    return None if None in values else mean(values)
