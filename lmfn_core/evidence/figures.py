"""One plotting style for notebooks and reports, on matplotlib and seaborn; figures are saved as reproducible SVG."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import seaborn
from jaxtyping import Shaped
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from lmfn_core.records import write_bytes

PAPER, OURS, MUTED = "#b4552d", "#22577a", "#9aa5b1"
"""Colours: what the papers print, what we measured, everything else."""


def use_style() -> None:
    """Set the style for every figure that follows.

    >>> use_style(); plt.rcParams["axes.spines.top"]
    False
    """
    seaborn.set_theme(context="notebook", style="whitegrid", palette=[OURS, PAPER, MUTED, "#5b8c5a", "#7d5ba6"])
    plt.rcParams.update(
        {
            "figure.dpi": 80, "savefig.dpi": 80, "figure.figsize": (7.5, 3.6), "figure.constrained_layout.use": True,
            "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 11, "axes.labelsize": 10,
            "font.size": 10, "svg.hashsalt": "lmfn", "svg.fonttype": "none", "font.family": "DejaVu Sans",
        }
    )  # fmt: skip


def show_images(
    images: Mapping[str, Shaped[Tensor, "3 h w"]], *, columns: int | None = None, width: float = 11
) -> Figure:
    """A grid of images under their titles: 8-bit or floats in [0, 1].

    >>> import torch; use_style()
    >>> len(show_images({"a": torch.zeros(3, 8, 8), "b": torch.ones(3, 8, 8)}).axes)
    2
    """
    columns = columns or len(images)
    rows = -(-len(images) // columns)
    shape = next(iter(images.values())).shape
    size = (width, width / columns * shape[1] / shape[2] * rows + 0.3 * rows)
    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for axis, (title, image) in zip(axes.flat, images.items(), strict=False):
        pixels = image if not image.is_floating_point() else image.clamp(0, 1)
        axis.imshow(pixels.permute(1, 2, 0).cpu().numpy())
        axis.set_title(title, fontsize=10)
    return figure


def bars(values: Mapping[str, float], *, xlabel: str, labels: Sequence[str] | None = None, title: str = "") -> Figure:
    """Horizontal bars, largest last, each with its number written beside it.

    >>> use_style(); bars({"a": 1.0, "b": 2.0}, xlabel="seconds").axes[0].get_xlabel()
    'seconds'
    """
    figure, axis = plt.subplots(figsize=(7.5, 0.34 * len(values) + 1))
    drawn = axis.barh(list(values), list(values.values()), color=OURS, height=0.65)
    axis.bar_label(drawn, labels=labels or [f"{value:.3g}" for value in values.values()], padding=4, fontsize=9)
    axis.set(xlabel=xlabel, title=title)
    axis.invert_yaxis()
    axis.grid(axis="y", visible=False)
    axis.margins(x=0.14)
    return figure


def curve(axis: Axes, values: Sequence[float], *, label: str = "", window: int = 1, **style: object) -> None:
    """Draw values against their step (from 1), averaged over ``window`` steps behind each.

    >>> use_style(); axis = plt.subplots()[1]; curve(axis, [3.0, 2.0, 1.0]); len(axis.lines)
    1
    """
    smooth = [sum(part) / len(part) for i in range(len(values)) for part in [values[max(0, i + 1 - window) : i + 1]]]
    axis.plot(range(1, len(values) + 1), smooth, label=label, **style)


def save_svg(figure: Figure, path: Path | str) -> Path:
    """Write a figure as SVG, the same bytes for the same figure (no date, fixed ids), and close it.

    >>> import tempfile; use_style()
    >>> save_svg(bars({"a": 1.0}, xlabel="x"), Path(tempfile.mkdtemp()) / "a.svg").name
    'a.svg'
    """
    buffer = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "lmfn"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)
    return write_bytes(path, buffer.getvalue())
