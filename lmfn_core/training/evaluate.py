"""Scores of a network on pairs of blurred and sharp photographs, at full resolution, in float32."""

from collections.abc import Iterable, Sequence

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from lmfn_core.images.pairs import Pair
from lmfn_core.measures.metrics import MEASURES, ON_LUMA, psnr, score
from lmfn_core.repro import full_float32

OF_TASK = {"deblur": MEASURES, "derain": ON_LUMA}
"""What the networks of each task are scored with."""


def predict(model: nn.Module, blurred: UInt8[Tensor, "3 h w"]) -> Float[Tensor, "3 h w"]:
    """Restore one 8-bit image of any size from 16 up, in full float32; floats in [0, 1], on the model's device.

    >>> predict(torch.nn.Identity(), torch.full((3, 16, 16), 255, dtype=torch.uint8)).max().item()
    1.0
    """
    parameter = next(model.parameters(), torch.zeros(()))
    was_training = model.training
    model.eval()
    with torch.inference_mode(), full_float32():
        restored = model(blurred.to(parameter.device).float().div(255).unsqueeze(0)).squeeze(0).clamp(0, 1)
    model.train(was_training)
    return restored


def evaluate(model: nn.Module, pairs: Iterable[Pair], measures: Sequence[str] = MEASURES) -> dict[str, object]:
    """Score blurred input and restored output against the sharp image, each rounded to 8 bits, and average.

    Args:
        measures: names of ``metrics.CONVENTIONS``, ``psnr_rgb`` among them; ``OF_TASK`` has those of each task.

    Returns:
        ``images``: a list of {name, blurred: {measure: value}, restored: {...}}; ``blurred`` and ``restored``: their
        means over the images; ``gain_psnr_rgb``: restored minus blurred, in dB; ``count``.

    Raises:
        ValueError: when there are no pairs.
    """
    images = []
    for pair in pairs:
        restored = predict(model, pair.blurred).cpu()
        images.append(
            {
                "name": pair.name,
                "blurred": _score(pair.blurred.float().div(255), pair.sharp, measures),
                "restored": _score(restored, pair.sharp, measures),
            }
        )
    if not images:
        raise ValueError("There are no pairs to evaluate on.")
    means = {
        kind: {name: sum(image[kind][name] for image in images) / len(images) for name in measures}
        for kind in ("blurred", "restored")
    }
    gain = means["restored"]["psnr_rgb"] - means["blurred"]["psnr_rgb"]
    return {**means, "gain_psnr_rgb": gain, "count": len(images), "images": images}


def keeps_sharp(model: nn.Module, pairs: Iterable[Pair]) -> dict[str, float]:
    """What is left of photographs that need no restoration: PSNR on RGB, in dB, of the network's answer to each sharp
    image against that image, both in 8 bits; infinite where nothing changes. One entry per sharp image, by its first
    pair's name.

    >>> sharp = torch.zeros(3, 16, 16, dtype=torch.uint8)
    >>> keeps_sharp(nn.Identity(), [Pair("a-1", sharp, sharp), Pair("a-2", sharp, sharp)])
    {'a-1': inf}
    """
    kept: dict[str, float] = {}
    before = None
    for pair in pairs:
        if before is None or before.shape != pair.sharp.shape or not torch.equal(before, pair.sharp):
            restored = predict(model, pair.sharp).cpu().unsqueeze(0)
            kept[pair.name] = psnr(restored, pair.sharp.float().div(255).unsqueeze(0)).item()
        before = pair.sharp
    return kept


def _score(
    image: Float[Tensor, "3 h w"], sharp: UInt8[Tensor, "3 h w"], measures: Sequence[str]
) -> dict[str, float]:
    scores = score(image.unsqueeze(0), sharp.float().div(255).unsqueeze(0), measures)
    return {name: float(value) for name, value in scores.items()}
