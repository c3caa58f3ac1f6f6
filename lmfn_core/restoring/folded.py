"""Algebra that makes inference cheaper and leaves the result as it is: attention folded into the 1x1 behind it.

Where a whole-image statistic decides the weights of a 1x1 convolution, the two steps become one: gather the statistic
while the features are made, then apply one 1x1 convolution with weights of each image's own. What is folded here needs
the features once, so they can come strip by strip.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from lmfn_core.parts.fdnb import FDNB, FLOOR
from lmfn_core.parts.fusion import ALFM


def gram(f: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c c"]:
    """``f f^T`` in float32 with f as a C x HW matrix. The sum over strips is that of the whole.

    >>> gram(torch.ones(1, 2, 4, 6))[0].tolist()
    [[24.0, 24.0], [24.0, 24.0]]
    """
    rows = f.permute(0, 2, 3, 1).flatten(1, 2).float()
    return rows.transpose(1, 2) @ rows


def attention_of(alfm: ALFM, energies: Float[Tensor, "b nc nc"], positions: int) -> Float[Tensor, "b nc nc"]:
    """ALFM's matrix ``m`` from ``gram`` of its features in place of the features.

    Args:
        positions: W*H, over how many positions the energies are summed.

    Source: paper Eq. 1; ``ALFM.attention`` is the form from the features.

    >>> attention_of(ALFM(), gram(torch.ones(1, 8, 4, 6)), positions=24).sum(-1)[0, 0].item()
    1.0
    """
    if alfm.energy_scale == "cosine":
        lengths = energies.diagonal(dim1=1, dim2=2).sqrt().clamp(min=1e-6)
        energies = alfm.temperature.float() * energies / (lengths[:, :, None] * lengths[:, None])
    elif alfm.energy_scale == "positions":
        energies = energies / positions
    return torch.softmax(energies, dim=-1)


def folded_alfm(
    alfm: ALFM, fuse: nn.Conv2d, m: Float[Tensor, "b nc nc"]
) -> tuple[Float[Tensor, "b c nc"], Float[Tensor, "b c"]]:
    """Weights and bias of one 1x1 convolution for two steps: ``fuse(theta m f + f) = W (theta m + 1) f + bias``.

    The NC x WH product ``m f`` is never written; for C of NC channels it costs a quarter.

    Source: paper Eq. 2.

    >>> weight, bias = folded_alfm(ALFM(), nn.Conv2d(200, 50, 1), torch.zeros(1, 200, 200))
    >>> weight.shape, bias.shape
    (torch.Size([1, 50, 200]), torch.Size([1, 50]))
    """
    weight = fuse.weight.flatten(1).float()
    return alfm.theta.float() * (weight @ m) + weight, fuse.bias.float().expand(m.shape[0], -1)


def project(
    x: Float[Tensor, "b c h w"], weight: Float[Tensor, "b k c"], bias: Float[Tensor, "b k"]
) -> Float[Tensor, "b k h w"]:
    """A 1x1 convolution with weights of each image's own; the result is in ``channels_last``.

    >>> project(torch.ones(1, 3, 4, 6), torch.ones(1, 2, 3), torch.zeros(1, 2)).shape
    torch.Size([1, 2, 4, 6])
    """
    rows = x.permute(0, 2, 3, 1).flatten(1, 2)
    out = torch.baddbmm(bias.to(x.dtype)[:, None], rows, weight.to(x.dtype).transpose(1, 2))
    return out.unflatten(1, x.shape[2:]).permute(0, 3, 1, 2)


class Moments:
    """Mean and covariance (divided by the number of positions) of the channels of a map that comes strip by strip.

    In float32; each strip is centred on its own mean, so nothing cancels. Source: Chan, Golub and LeVeque 1983.

    >>> moments = Moments()
    >>> moments.add(torch.zeros(1, 1, 2, 2)); moments.add(torch.ones(1, 1, 2, 2))
    >>> moments.mean.item(), moments.covariance.item()
    (0.5, 0.25)
    """

    def __init__(self) -> None:
        self.count = 0
        self.mean = self.scatter = torch.zeros(())

    @property
    def covariance(self) -> Float[Tensor, "b c c"]:
        """Over all positions that were added."""
        return self.scatter / self.count

    def add(self, f: Float[Tensor, "b c h w"]) -> None:
        """One more strip."""
        positions = f.shape[2] * f.shape[3]
        rows = f.permute(0, 2, 3, 1).flatten(1, 2).float()
        mean = rows.mean(1)
        rows = rows - mean[:, None]
        total, shift = self.count + positions, mean - self.mean
        outer = shift[:, :, None] * shift[:, None]
        self.scatter = self.scatter + rows.transpose(1, 2) @ rows + outer * (self.count * positions / total)
        self.mean = self.mean + shift * (positions / total)
        self.count = total


def folded_fdnb(block: FDNB, moments: Moments) -> tuple[Float[Tensor, "b c parts"], Float[Tensor, "b c"]]:
    """FDNB after its convolutions as one 1x1: three norms, the join and CCA, from the ``moments`` of its parts.

    A norm is a scale and a shift of each channel; so is CCA, and the mean and deviation that it asks of the joined map
    follow from the means and covariances of what is joined.

    Source: LFDN Eq. 1-8; ``FDNB.forward`` is the plain form.

    >>> (moments := Moments()).add(torch.rand(1, 100, 4, 6))
    >>> [tuple(t.shape) for t in folded_fdnb(FDNB(50), moments)]
    [(1, 50, 100), (1, 50)]
    """
    join, mean, covariance = block.join.weight.flatten(1).float(), moments.mean, moments.covariance
    scale, shift = torch.ones_like(mean), torch.zeros_like(mean)
    kept = 3 * block.normalise[0].num_features  # the last quarter is not normalised
    variance = covariance.diagonal(dim1=1, dim2=2)[:, :kept].clamp(min=0)
    scale[:, :kept] = torch.cat([norm.weight for norm in block.normalise]).float() * (variance + FLOOR).rsqrt()
    shift[:, :kept] = torch.cat([norm.bias for norm in block.normalise]).float() - mean[:, :kept] * scale[:, :kept]
    weight = join * scale[:, None]
    bias = shift @ join.T + block.join.bias.float()
    joined_mean = (weight @ mean[:, :, None]).squeeze(-1) + bias
    joined_variance = ((weight @ covariance) * weight).sum(-1).clamp(min=0)
    contrast = (joined_mean + (joined_variance + FLOOR).sqrt())[:, :, None, None].to(block.join.weight.dtype)
    cca = block.attention
    gate = torch.sigmoid(cca.expand(F.relu(cca.squeeze(contrast)))).flatten(1).float()
    return gate[:, :, None] * weight, gate * bias
