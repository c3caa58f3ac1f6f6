"""How a network is trained, apart from steps, batch and crop: the paper's recipe and a modern one, in ``RECIPES``."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def charbonnier(preds: Float[Tensor, "b c h w"], target: Float[Tensor, "b c h w"]) -> Float[Tensor, ""]:
    """Mean of ``sqrt(d**2 + 0.001**2)``: the absolute difference with a rounded corner at zero.

    >>> round(charbonnier(torch.zeros(1, 3, 2, 2), torch.ones(1, 3, 2, 2)).item(), 3)
    1.0
    """
    return torch.sqrt((preds - target) ** 2 + 1e-6).mean()


SPECTRUM = 0.05
"""Weight of the difference of the spectra beside that of the images."""


def charbonnier_fft(preds: Float[Tensor, "b c h w"], target: Float[Tensor, "b c h w"]) -> Float[Tensor, ""]:
    """``charbonnier`` plus ``SPECTRUM`` times the mean absolute difference of the Fourier coefficients.

    Photographs have little amplitude at high frequencies, which are what blur takes away: here they count as much as
    the low ones.

    Source: the multi-scale frequency loss of MIMO-UNet (Cho et al., ICCV 2021, Eq. 6), at one scale.

    >>> round(charbonnier_fft(torch.zeros(1, 3, 2, 2), torch.ones(1, 3, 2, 2)).item(), 3)
    1.025
    """
    spectrum = torch.view_as_real(torch.fft.rfft2((preds - target).float(), norm="ortho"))
    return charbonnier(preds, target) + SPECTRUM * 2 * spectrum.abs().mean()  # of real plus imaginary part


def cosine(step: int, steps: int) -> float:
    """Learning-rate factor: linear warm-up over the first twentieth, then a cosine down to zero.

    >>> cosine(0, 100), round(cosine(4, 100), 2), cosine(100, 100)
    (0.2, 1.0, 0.0)
    """
    warm = max(1, steps // 20)
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


def warm_flat(step: int, steps: int) -> float:
    """Learning-rate factor: warm-up over 300 steps, then 1, however many there are.

    >>> warm_flat(149, 1000), warm_flat(999, 1000)
    (0.5, 1.0)
    """
    return min((step + 1) / 300, 1.0)


def step_decay(step: int, steps: int) -> float:
    """Learning-rate factor: a tenth every 500,000 steps (paper Sec. 4.1).

    >>> step_decay(499_999, 10**6), step_decay(500_000, 10**6)
    (1.0, 0.1)
    """
    return 0.1 ** (step // 500_000)


@dataclass(frozen=True)
class Recipe:
    """One way to train.

    >>> RECIPES["paper"].lr
    0.0001
    """

    loss: Callable[[Tensor, Tensor], Tensor]  # of predictions and target, to a scalar
    lr: float  # learning rate before the schedule
    weight_decay: float  # L2 in Adam, decoupled in AdamW
    optimizer: type[torch.optim.Optimizer]  # Adam or AdamW
    schedule: Callable[[int, int], float]  # (step, steps) to a factor on lr
    augment: bool  # random flips and quarter turns
    clip: float | None  # largest gradient norm
    ema: float | None  # decay of the averaged weights that are kept in the end


RECIPES = {
    "paper": Recipe(F.mse_loss, 1e-4, 1e-4, torch.optim.Adam, step_decay, augment=False, clip=None, ema=None),
    "modern": Recipe(charbonnier, 1e-3, 1e-4, torch.optim.AdamW, cosine, augment=True, clip=1.0, ema=0.999),
}
RECIPES["modern-long"] = replace(RECIPES["modern"], loss=charbonnier_fft, clip=0.1)
RECIPES["modern-large"] = replace(RECIPES["modern-long"], lr=1.5e-3)
RECIPES["modern-fine"] = replace(RECIPES["modern-long"], lr=5e-4)
RECIPES["modern-last"] = replace(RECIPES["modern-long"], lr=1e-4)
RECIPES["modern-flat"] = replace(RECIPES["modern-long"], schedule=warm_flat)
"""``paper``: Eq. 4 and Sec. 4.1. ``modern``: what restoration networks are trained with today. ``modern-long``: the
same with the spectrum in its loss, clipped at a few times the usual norm, since in a long training at a high rate one
bad step can cost hundreds.
``modern-large``: the same for batches of hundreds, whose gradients are steadier; ``modern-fine``: for going on with few
crops, larger ones.
``modern-last``: for a few more steps on other pairs, without leaving what was learnt.
``modern-flat``: its rate stays high, so that it can be stopped or gone on with at any time; ``modern-fine`` gives it an
end. Known as warm-up, stable, decay."""
