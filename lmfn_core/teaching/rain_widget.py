"""A hand on the weather: sliders for how it rains on a photograph, on ipywidgets; works without a browser too."""

from typing import TYPE_CHECKING

import torch
from jaxtyping import Shaped
from torch import Tensor

from lmfn_core.images.rain import Rain, rain
from lmfn_core.measures.metrics import psnr
from lmfn_core.teaching.widgets import jpeg, pixels

if TYPE_CHECKING:  # importing ipywidgets takes a while, and only a notebook needs it
    from ipywidgets import VBox

SEED = 51
"""Its first draw is near 1, so that the first layer's angle nearly is the slider's."""


def rain_maker(sharp: Shaped[Tensor, "3 h w"]) -> "VBox":
    """A picture in the rain under sliders for layers, cover, length, angle and opacity, with its PSNR below.

    Whatever does not depend on a slider is drawn from one seed, so that a move changes one thing.

    Args:
        sharp: 8-bit, or floats in [0, 1]; RGB.

    >>> box = rain_maker(torch.zeros(3, 32, 48))
    >>> [type(child).__name__ for child in box.children][-2:], box.children[-1].value[:9]
    (['Image', 'HTML'], 'PSNR luma')
    """
    import ipywidgets

    def slider(description: str, value: float, low: float, high: float, step: float) -> ipywidgets.FloatSlider:
        return ipywidgets.FloatSlider(
            value=value, min=low, max=high, step=step, description=description, continuous_update=False
        )

    controls = {
        "layers": ipywidgets.IntSlider(value=2, min=1, max=8, description="layers", continuous_update=False),
        "cover": slider("cover", 0.1, 0.01, 0.6, 0.01),
        "length": slider("length", 30, 10, 120, 5),
        "tilt": slider("angle", 20, -45, 45, 5),
        "opacity": slider("opacity", 0.5, 0.1, 1, 0.05),
    }
    clear = sharp.float().div(255) if not sharp.is_floating_point() else sharp
    picture, says = ipywidgets.Image(format="jpeg", width=sharp.shape[2]), ipywidgets.HTML()

    def redraw(change: object = None) -> None:
        weather = _weather({name: control.value for name, control in controls.items()})
        rainy = rain(clear[None], torch.Generator().manual_seed(SEED), weather)
        picture.value = jpeg(pixels(rainy[0]))
        says.value = f"PSNR luma {psnr(rainy, clear[None], 'luma').item():.1f} dB"

    for control in controls.values():
        control.observe(redraw, names="value")
    redraw()
    return ipywidgets.VBox([*controls.values(), picture, says])


def _weather(values: dict[str, float]) -> Rain:
    ranged = {name: (values[name], values[name]) for name in ("cover", "length", "opacity")}
    return Rain(layers=int(values["layers"]), tilt=values["tilt"], **ranged)
