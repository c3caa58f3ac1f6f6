"""Resident memory over long work, drawn."""

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from lmfn_core.evidence.figures import OURS, PAPER
from lmfn_core.evidence.runs import Record, look_up


def growth_figure(record: Record) -> Figure | None:
    """Memory against the share of the work that is done, a line for each kind of work; None without a record.

    >>> growth_figure({}) is None
    True
    """
    curves = look_up(record, "metrics.curves")
    if not curves:
        return None
    figure, axis = plt.subplots(figsize=(7.5, 3))
    for (what, megabytes), colour, line in zip(curves.items(), (OURS, PAPER), ("-", "--"), strict=False):
        share = [100 * (i + 1) / len(megabytes) for i in range(len(megabytes))]
        axis.plot(share, megabytes, line, color=colour, label=what)
    axis.set(xlabel="work done (%)", ylabel="resident memory (MB)", ylim=(0, None))
    axis.legend(loc="lower right")
    return figure
