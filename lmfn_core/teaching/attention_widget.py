"""What ALFM listens to: a viewer for the rows of its attention matrix, on ipywidgets; works without a browser too.

A channel of the N * C stacked ones is named "block 2, channel 7", counted from 1 and from 0: blocks as the paper counts
them, channels as torch does.
"""

from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from lmfn_core.parts.fusion import ALFM
from lmfn_core.teaching.widgets import jpeg, pixels

if TYPE_CHECKING:  # importing ipywidgets takes a while, and only a notebook needs it
    from ipywidgets import VBox

FORMS = {"as written": "none", "divided by positions": "positions", "cosine": "cosine"}
"""What the viewer offers for ALFM's energies: name to ``energy_scale``."""
GAP = 4
"""White pixels between the parts of the picture."""


def stacked_features(model: nn.Module, image: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b nc _ _"]:
    """The outputs of the N distillation blocks, stacked: what the network's ALFM is given for this image.

    Raises:
        ValueError: when the network fuses its blocks without an attention over layers.

    >>> from lmfn_core import build
    >>> stacked_features(build("lmfn"), torch.rand(1, 3, 64, 96)).shape
    torch.Size([1, 200, 16, 24])
    """
    attention = getattr(getattr(model, "fusion", None), "layer_attention", None)
    if attention is None:
        raise ValueError(f"This {type(model).__name__} has no attention over layers; give a network with an ALFM.")
    caught = []
    hook = attention.register_forward_pre_hook(lambda module, given: caught.append(given[0]))
    try:
        with torch.no_grad():
            model(image)
    finally:
        hook.remove()
    return caught[0].detach()


def loudest(weights: Float[Tensor, "nc"], blocks: int, count: int = 3) -> list[tuple[int, int, float]]:
    """The channels of largest weight in a row of the attention matrix: (block from 1, channel from 0, weight).

    >>> loudest(torch.tensor([0.1, 0.2, 0.0, 0.7]), blocks=2, count=2)
    [(2, 1, 0.7), (1, 1, 0.2)]
    """
    width = len(weights) // blocks
    top = weights.topk(count)
    ranked = zip(top.indices.tolist(), top.values.tolist(), strict=True)
    return [(i // width + 1, i % width, round(weight, 3)) for i, weight in ranked]


def row_picture(
    f_g: Float[Tensor, "nc h w"], m: Float[Tensor, "nc nc"], row: int, blocks: int
) -> dict[str, Float[Tensor, "_ _"]]:
    """Three pictures of one row of ``m``: the channel, what it hears (``m f``), and the weights, a line for each block.

    The maps from 0 (black, the smallest number) to 1 (white, the largest), flat ones black; the weights as parts of the
    largest, so that even ones are white.

    >>> pictures = row_picture(torch.rand(8, 4, 6), torch.full((8, 8), 1 / 8), row=0, blocks=2)
    >>> [(name, tuple(picture.shape)) for name, picture in pictures.items()]
    [('the channel', (4, 6)), ('what it hears', (4, 6)), ('its weights', (2, 4))]
    """
    heard = (m[row] @ f_g.flatten(1)).view_as(f_g[0])
    weights = (m[row] / m[row].max()).view(blocks, -1)
    return {"the channel": _stretched(f_g[row]), "what it hears": _stretched(heard), "its weights": weights}


def attention_viewer(model: nn.Module, image: Float[Tensor, "3 h w"]) -> "VBox":
    """Sliders for a block and one of its channels, and what this channel's row of ALFM's matrix ``m`` listens to.

    Top: the image, the channel, and what it hears, ``m f``. Below: its N * C weights, a line of cells for each block,
    white where the weight is largest and black where there is none. The text names the strongest and says to how many
    channels the row listens: 2 to the power of its entropy in bits.

    Args:
        model: an LMFN or LFDN with an attention over layers. image: RGB, floats in [0, 1].

    Raises:
        ValueError: when the network has none.

    >>> from lmfn_core import build
    >>> box = attention_viewer(build("lmfn"), torch.rand(3, 64, 96))
    >>> [type(child).__name__ for child in box.children]
    ['IntSlider', 'IntSlider', 'Dropdown', 'Image', 'HTML']
    """
    import ipywidgets

    f_g, blocks = stacked_features(model, image[None])[0], len(model.blocks)
    width = len(f_g) // blocks
    matrices = {form: ALFM(scale).attention(f_g[None])[0].detach() for form, scale in FORMS.items()}
    block = ipywidgets.IntSlider(value=1, min=1, max=blocks, description="block")
    channel = ipywidgets.IntSlider(value=0, min=0, max=width - 1, description="channel")
    form = ipywidgets.Dropdown(options=list(FORMS), description="energies")
    picture, says = ipywidgets.Image(format="jpeg", layout={"max_width": "100%"}), ipywidgets.HTML()

    def redraw(change: object = None) -> None:
        m, row = matrices[form.value], (block.value - 1) * width + channel.value
        picture.value = jpeg(_sheet(image, row_picture(f_g, m, row, blocks)))
        says.value = f"block {block.value}, channel {channel.value} listens to {_in_words(m[row], blocks)}"

    for control in (block, channel, form):
        control.observe(redraw, names="value")
    redraw()
    return ipywidgets.VBox([block, channel, form, picture, says])


def _in_words(weights: Tensor, blocks: int) -> str:
    named = (f"block {b}, channel {c} ({w:.3f})" for b, c, w in loudest(weights, blocks))
    return f"{'; '.join(named)}; in all as if to {torch.special.entr(weights).sum().exp():.1f} channels"


def _stretched(part: Tensor) -> Tensor:
    low, high = part.min(), part.max()
    return (part - low) / (high - low) if high > low else torch.zeros_like(part)


def _sheet(image: Tensor, pictures: dict[str, Tensor]) -> UInt8[np.ndarray, "h w 3"]:
    """The image, its channel and what it hears beside each other, the weights as a strip of cells below."""
    height, width = image.shape[1:]
    maps = [_enlarged(pictures[name], height, width) for name in ("the channel", "what it hears")]
    space = torch.ones(3, height, GAP)
    top = torch.cat([image, space, maps[0], space, maps[1]], dim=2)
    weights = pictures["its weights"]
    cell = max(2, top.shape[2] // weights.shape[1])
    strip = torch.ones(3, cell * weights.shape[0], max(top.shape[2], cell * weights.shape[1]))
    cells = _enlarged(weights, cell * weights.shape[0], cell * weights.shape[1])
    strip[:, :, : cells.shape[2]] = cells
    sheet = torch.ones(3, height + GAP + strip.shape[1], strip.shape[2])
    sheet[:, :height, : top.shape[2]], sheet[:, height + GAP :] = top, strip
    return pixels(sheet)


def _enlarged(part: Tensor, height: int, width: int) -> Tensor:
    return nn.functional.interpolate(part[None, None], (height, width), mode="nearest")[0].expand(3, -1, -1)
