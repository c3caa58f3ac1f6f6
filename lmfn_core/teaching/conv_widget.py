"""Sliders for one convolution: what size comes out, what it owns, how far it sees; works without a browser too."""

from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:  # importing ipywidgets takes a while, and only a notebook needs it
    from ipywidgets import VBox

CHANNELS = (12, 24)
"""Channels in and out."""


def conv_calculator(size: int = 32) -> "VBox":
    """Sliders for kernel, stride, padding, dilation and groups of a convolution from 12 to 24 channels.

    Args:
        size: height and width that go in.

    >>> box = conv_calculator(32)
    >>> box.children[0].value = 5  # the kernel
    >>> box.children[-1].value.split("<br>")[0]
    '<b>32 x 32 becomes 28 x 28</b>'
    """
    import ipywidgets

    controls = {
        "kernel_size": ipywidgets.IntSlider(value=3, min=1, max=7, description="kernel"),
        "stride": ipywidgets.IntSlider(value=1, min=1, max=4, description="stride"),
        "padding": ipywidgets.IntSlider(value=0, min=0, max=6, description="padding"),
        "dilation": ipywidgets.IntSlider(value=1, min=1, max=6, description="dilation"),
        "groups": ipywidgets.SelectionSlider(value=1, options=[1, 2, 3, 4, 6, 12], description="groups"),
    }
    says = ipywidgets.HTML()

    def recount(change: object = None) -> None:
        says.value = _described(size, {name: control.value for name, control in controls.items()})

    for control in controls.values():
        control.observe(recount, names="value")
    recount()
    return ipywidgets.VBox([*controls.values(), says])


def _described(size: int, settings: dict[str, int]) -> str:
    layer = nn.Conv2d(*CHANNELS, **settings, device="meta")  # shapes only: nothing is drawn, nothing is computed
    owned = sum(p.numel() for p in layer.parameters())
    span, room = settings["dilation"] * (settings["kernel_size"] - 1) + 1, size + 2 * settings["padding"]
    if span > room:
        return f"<b>does not fit</b><br>the kernel spans {span} positions, the padded map has {room}"
    out = layer(torch.empty(1, CHANNELS[0], size, size, device="meta")).shape[-1]
    return (
        f"<b>{size} x {size} becomes {out} x {out}</b><br>{owned:,} parameters, "
        f"{out * out * layer.weight.numel():,} multiply-accumulates<br>one output sees {span} x {span} positions"
    )
