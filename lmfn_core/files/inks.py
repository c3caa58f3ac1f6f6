"""CMYK, the four inks of a printer: seen as RGB for the network, and the restored RGB as inks again.

Light passes every ink in turn: R = (1 - C)(1 - K), and so on. Black ink K stays where it was, unless the restored
colour is brighter than that much black allows. So an image that the network leaves alone keeps its inks to the bit, and
the balance of black and colour is kept; an inverse from RGB alone would have to invent it.
"""

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from lmfn_core.files.pictures import LEVELS


def light(inks: Shaped[np.ndarray, "h w 4"]) -> Float[Tensor, "1 3 h w"]:
    """What the eye sees of the inks C, M, Y, K: RGB, float32 in [0, 1].

    Args:
        inks: uint8 or uint16, 0 where there is no ink.

    >>> light(np.zeros((16, 24, 4), np.uint8)).min().item()
    1.0
    """
    clear = _clear(inks)
    return (clear[:3] * clear[3]).unsqueeze(0)


def inks_of(rgb: Float[Tensor, "1 3 h w"], before: Shaped[np.ndarray, "h w 4"]) -> Shaped[np.ndarray, "h w 4"]:
    """The inks that show ``rgb`` with as much black as there was in ``before``, or less where it has to be.

    >>> inks = np.full((16, 24, 4), 128, np.uint8)
    >>> bool((inks_of(light(inks), inks) == inks).all())
    True
    """
    rgb, clear, white = rgb[0].clamp(0, 1).cpu(), _clear(before), LEVELS[before.dtype.name]
    brightest = rgb.amax(0)
    paper = torch.where(brightest > clear[3] + 0.25 / white, brightest, clear[3])  # rounding alone takes no black away
    colours = torch.where(paper > 0, (rgb / paper.clamp(min=1e-9)).clamp(0, 1), clear[:3])
    inks = (1 - torch.cat([colours, paper.unsqueeze(0)])).mul_(white).round_()
    return inks.permute(1, 2, 0).numpy().astype(before.dtype)


def _clear(inks: np.ndarray) -> Tensor:
    """How much of the light each ink lets through: "4 h w"."""
    planes = torch.from_numpy(np.ascontiguousarray(inks.transpose(2, 0, 1)).astype(np.float32))
    return 1 - planes / LEVELS[inks.dtype.name]
