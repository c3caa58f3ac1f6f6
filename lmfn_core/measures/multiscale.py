"""Multi-scale SSIM as Köhler's benchmark takes it: five scales, the luminance term at the coarsest only.

Between scales the image is smoothed by the low-pass filter of the 9/7 wavelet, borders mirrored, and halved. Unlike in
other forms, contrast and structure are averaged apart before they are multiplied.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from lmfn_core.measures.conventions import Convention
from lmfn_core.measures.metrics import C1, C2, _local_mean, check_finite

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Exponents of the scales, finest first. Source: Wang, Simoncelli and Bovik 2003."""
_SIDE = (0.02674876, -0.01686412, -0.07822327, 0.26686412)
LOW_PASS = (*_SIDE, 0.60294902, *reversed(_SIDE))
"""Analysis filter of the Cohen-Daubechies-Feauveau 9/7 wavelet, sum 1."""
SMALLEST = 176
"""Pixels a side, so that the window of 11 fits in the coarsest scale."""
_WINDOW = Convention("2-D 11x11 Gaussian window (sigma 1.5) at valid positions.", lambda image: image)


def multiscale_ssim(preds: Float[Tensor, "n h w"], target: Float[Tensor, "n h w"]) -> Float[Tensor, " n"]:
    """Multi-scale SSIM of grey images on a scale of 0..255, one value for each pair, at most 1.

    Raises:
        ValueError: when a side is shorter than ``SMALLEST``, or a value is not finite.

    >>> multiscale_ssim(torch.zeros(2, 176, 176).double(), torch.zeros(2, 176, 176).double()).tolist()
    [1.0, 1.0]
    """
    if min(target.shape[-2:]) < SMALLEST:
        raise ValueError(f"The image is {target.shape[-1]} x {target.shape[-2]}; multi-scale SSIM needs {SMALLEST} "
                         f"pixels a side.")  # fmt: skip
    for name, images in (("preds", preds), ("target", target)):
        check_finite(name, images)
    product = target.new_ones(len(target))
    for scale, weight in enumerate(WEIGHTS):
        if scale:
            preds, target = _halved(preds), _halved(target)
        mean, contrast, structure = _terms(preds, target)
        # negative where two images are opposite on the whole: no similarity at all
        product = product * contrast.pow(weight) * structure.clamp(min=0).pow(weight)
    return product * mean.pow(WEIGHTS[-1])


def _terms(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    mean_x, mean_y = _local_mean(_WINDOW, x), _local_mean(_WINDOW, y)
    sigma_x = (_local_mean(_WINDOW, x * x) - mean_x**2).clamp(min=0).sqrt()
    sigma_y = (_local_mean(_WINDOW, y * y) - mean_y**2).clamp(min=0).sqrt()
    covariance = _local_mean(_WINDOW, x * y) - mean_x * mean_y
    mean = (2 * mean_x * mean_y + C1) / (mean_x**2 + mean_y**2 + C1)
    contrast = (2 * sigma_x * sigma_y + C2) / (sigma_x**2 + sigma_y**2 + C2)
    structure = (covariance + C2 / 2) / (sigma_x * sigma_y + C2 / 2)
    return tuple(term.mean(dim=(1, 2)) for term in (mean, contrast, structure))


def _halved(images: Float[Tensor, "n h w"]) -> Float[Tensor, "n y x"]:
    reach = len(LOW_PASS) // 2
    for axis in (-2, -1):
        side = images.shape[axis]
        at = torch.arange(-reach, side + reach, device=images.device)
        mirrored = torch.where(at < 0, -1 - at, torch.where(at >= side, 2 * side - 1 - at, at))
        taps = images.index_select(axis, mirrored).unfold(axis, len(LOW_PASS), 2)
        images = taps @ images.new_tensor(LOW_PASS)
    return images
