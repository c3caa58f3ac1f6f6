"""Short trainings that show how a difference grows: the same but for a layout, a precision, one float."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from lmfn_core.images.photos import dead_leaves
from lmfn_core.models.variants import build
from lmfn_core.parts.layers import use_channels_last
from lmfn_core.repro import seed_everything
from lmfn_core.training.recipes import charbonnier

SIDE, BATCH, KEPT, HELD_OUT = 64, 2, 24, 2
"""The short training: pixels a side, crops a step, crops to draw from, scenes that it never sees."""


def blurred_scenes(count: int, size: int, seed: int = 0) -> tuple[Float[Tensor, "b 3 s s"], Float[Tensor, "b 3 s s"]]:
    """Procedural scenes, blurred to the right by nine pixels, and sharp: the same on every machine but for rounding.

    >>> [tuple(images.shape) for images in blurred_scenes(2, 64)]
    [(2, 3, 64, 64), (2, 3, 64, 64)]
    """
    sharp = dead_leaves(count, size, torch.Generator().manual_seed(seed))
    return F.avg_pool2d(F.pad(sharp, (4, 4, 0, 0), mode="replicate"), (1, 9), stride=1), sharp


@torch.enable_grad()
def train_briefly(
    steps: int, seed: int = 0, *, layout: str = "contiguous", precision: str = "float32", nudge: bool = False
) -> dict[str, object]:
    """Train a tiny LMFN without its encoder and keep what it answers after every step.

    Args:
        steps: of AdamW, on two crops each. seed: draws the weights and the crops.
        layout: "contiguous" or "channels_last". precision: "float32" or "bfloat16" (autocast).
        nudge: move one weight to the next float before the first step.

    Returns:
        ``losses``, one a step; ``answers``, "steps 2 3 64 64": the held-out scenes restored after each step, in
        float32; ``psnr`` of the last ones.

    >>> [len(train_briefly(2)[name]) for name in ("losses", "answers")]
    [2, 2]
    """
    seed_everything(seed)
    model = build("lmfn-without-mshf", blocks=1, channels=16, image_skip=True)
    if nudge:
        _to_the_next_float(model.bridge.weight)
    if layout == "channels_last":
        use_channels_last(model)
    blurred, sharp = blurred_scenes(KEPT + HELD_OUT, SIDE)
    optimizer, order = torch.optim.AdamW(model.parameters(), lr=1e-3), torch.Generator().manual_seed(seed)
    losses, answers = [], []
    for _ in range(steps):
        rows = torch.randint(KEPT, (BATCH,), generator=order)
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            preds = model(_laid_out(blurred[rows], layout))
        loss = charbonnier(preds.float(), sharp[rows])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
        with torch.no_grad():
            answers.append(model(_laid_out(blurred[KEPT:], layout)).contiguous().numpy())
    error = np.square(answers[-1].clip(0, 1) - sharp[KEPT:].numpy()).mean()
    return {"losses": losses, "answers": np.stack(answers), "psnr": float(-10 * np.log10(error))}


def _to_the_next_float(weight: Tensor) -> None:
    with torch.no_grad():
        first = weight.view(-1)[:1]
        first.copy_(torch.nextafter(first, torch.full_like(first, math.inf)))


def _laid_out(images: Tensor, layout: str) -> Tensor:
    return images.contiguous(memory_format=torch.channels_last) if layout == "channels_last" else images
