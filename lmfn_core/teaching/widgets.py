"""What moves in the notebooks: a before/after divider and a size calculator, on ipywidgets.

Each works without a browser: set ``.value`` of a control and read the picture or the text.
"""

import io
from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Shaped, UInt8
from PIL import Image
from torch import Tensor

from lmfn_core.measures.profiling import macs, parameters
from lmfn_core.models.variants import build, networks

if TYPE_CHECKING:  # importing ipywidgets takes a while, and only a notebook needs it
    from ipywidgets import VBox

DIVIDER = 2
"""Width of the line between before and after, in pixels."""


def before_after(before: Shaped[Tensor, "3 h w"], after: Shaped[Tensor, "3 _ _"]) -> "VBox":
    """A picture with a divider that the slider moves: ``before`` left of it, ``after`` right of it.

    Args:
        before: 8-bit, or floats in [0, 1] (clamped); RGB. after: the same, of the same size.

    Raises:
        ValueError: when the two differ in size.

    >>> box = before_after(torch.zeros(3, 8, 12), torch.ones(3, 8, 12))
    >>> [type(child).__name__ for child in box.children]
    ['IntSlider', 'Image']
    """
    import ipywidgets

    left, right = pixels(before), pixels(after)
    if left.shape != right.shape:
        sizes = [f"{image.shape[1]} x {image.shape[0]}" for image in (left, right)]
        raise ValueError(f"before is {sizes[0]}, after is {sizes[1]}; the divider needs two images of one size.")
    width = left.shape[1]
    slider = ipywidgets.IntSlider(
        value=width // 2, min=0, max=width, description="before | after", readout=False,
        style={"description_width": "initial"}, layout={"width": f"{max(width, 300)}px", "max_width": "100%"},
    )  # fmt: skip
    picture = ipywidgets.Image(format="jpeg", width=width, layout={"max_width": "100%"})

    def redraw(change: object = None) -> None:
        picture.value = jpeg(_divided(left, right, slider.value))

    slider.observe(redraw, names="value")
    redraw()
    return ipywidgets.VBox([slider, picture])


def size_calculator() -> "VBox":
    """Controls for a network's name and settings; each change rebuilds it and shows parameters and MACs.

    The names that only set another number of blocks, or the published parts, are covered by controls of their own.

    >>> size_calculator().children[-1].value.split("</b>")[0]
    '<b>1,223,766 parameters'
    """
    import ipywidgets

    names = [name for name in networks(published=True) if name != "lmfn-published" and not name.startswith("lmfn-n")]
    controls = {
        "name": ipywidgets.Dropdown(options=names, description="network"),
        "blocks": ipywidgets.IntSlider(value=4, min=1, max=8, description="blocks N", continuous_update=False),
        "channels": ipywidgets.IntSlider(
            value=50, min=10, max=100, step=2, description="channels C", continuous_update=False
        ),
        "published": ipywidgets.Checkbox(value=False, description="as published"),
        "image_skip": ipywidgets.Checkbox(value=False, description="image skip"),
    }
    result = ipywidgets.HTML()

    def recount(change: object = None) -> None:
        result.value = _cost({setting: control.value for setting, control in controls.items()})

    for control in controls.values():
        control.observe(recount, names="value")
    recount()
    return ipywidgets.VBox([*controls.values(), result])


def _cost(settings: dict[str, object]) -> str:
    generator = torch.get_rng_state()
    model = build(**settings)
    torch.set_rng_state(generator)  # moving a slider must not change what the next cell draws
    owned, at_256, at_720p = parameters(model), macs(model, 256, 256), macs(model, 720, 1280)
    unused = f", of which {owned.unused:,} are never used" if owned.unused else ""
    return (
        f"<b>{owned.total:,} parameters</b>{unused}<br>{at_256 / 1e9:.2f} GMAC at 256 x 256, "
        f"{at_720p / 1e9:.1f} GMAC at 1280 x 720"
    )


def pixels(image: Shaped[Tensor, "3 h w"]) -> UInt8[np.ndarray, "h w 3"]:
    """An image, 8-bit or floats in [0, 1] (clamped), as Pillow wants it.

    >>> pixels(torch.ones(3, 1, 2)).tolist()
    [[[255, 255, 255], [255, 255, 255]]]
    """
    if image.is_floating_point():
        image = (image.detach().float().clamp(0, 1) * 255).round().to(torch.uint8)
    return image.permute(1, 2, 0).cpu().numpy()


def _divided(
    before: UInt8[np.ndarray, "h w 3"], after: UInt8[np.ndarray, "h w 3"], at: int
) -> UInt8[np.ndarray, "h w 3"]:
    picture = np.concatenate([before[:, :at], after[:, at:]], axis=1)
    if 0 < at < picture.shape[1]:  # at either end one image is seen whole
        picture[:, max(0, at - DIVIDER // 2) : at + DIVIDER // 2] = 255
    return picture


def jpeg(picture: UInt8[np.ndarray, "h w 3"]) -> bytes:
    """The bytes of a file of high quality, which a browser shows at once.

    >>> jpeg(np.zeros((8, 8, 3), np.uint8))[:2].hex()
    'ffd8'
    """
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, format="JPEG", quality=92, subsampling=0)
    return buffer.getvalue()
