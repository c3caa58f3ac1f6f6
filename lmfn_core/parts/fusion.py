"""ALFM and ACFM, the two attention modules that fuse the decoder's features (paper Sec. 3.3.2, Eq. 1-3).

LFDN keeps both as they are (its Eq. 9-11). Each stands beside a specification of itself in plain loops. Symbols:
``f_g`` the outputs of the N distillation blocks, stacked to N*C channels; ``m`` the attention matrix; ``theta`` and
``alpha`` learnt scalars that start at 0, so that both modules start as the identity.
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

TEMPERATURE = 5.0
"""Where the cosine form's learnt factor starts: a channel unlike all 199 others then weighs nearly as much as they do
together, because exp(5) = 148 and each of them has exp(0) = 1. At 1 every row would be flat, at 50 one-hot."""


def softmax_of_gram(f: Float[Tensor, "b n p"], scale: float | Tensor) -> Float[Tensor, "b n n"]:
    """``softmax(scale * f f^T)`` over the last axis, in float32 whatever the autocast type: half precision overflows.

    >>> softmax_of_gram(torch.zeros(1, 4, 9), scale=1.0)[0, 0].tolist()
    [0.25, 0.25, 0.25, 0.25]
    """
    with torch.autocast(f.device.type, enabled=False):
        f = f if f.dtype == torch.float64 else f.float()
        return torch.softmax(scale * f @ f.transpose(1, 2), dim=-1)


def own_scale(module: nn.Module, name: str, value: float | None) -> None:
    """Give ``module`` the scalar ``name``: a parameter that starts at 0 or, for a value, a constant outside its state.

    >>> own_scale(layer := nn.Identity(), "theta", 0.5)
    >>> layer.theta, list(layer.parameters()), list(layer.state_dict())
    (tensor(0.5000), [], [])
    """
    if value is None:
        module.register_parameter(name, nn.Parameter(torch.zeros(())))
    else:
        module.register_buffer(name, torch.tensor(float(value)), persistent=False)


class ALFM(nn.Module):
    """Attention layer fusion: every channel of every block attends to every other; one parameter, ``theta``.

    ``m = softmax(f f^T)`` with f the stacked features as an NC x WH matrix (Eq. 1); out = ``theta * m f + f`` (Eq. 2).
    The energies are sums over all W*H positions, so they grow with the image and the softmax saturates (its rows
    become one-hot). ``energy_scale="positions"`` divides them by W*H; "cosine" scales every row of f to length 1 and
    multiplies by a second parameter, ``temperature``. The paper does neither.

    Args:
        energy_scale: "none" as the paper writes it, "positions" or "cosine".
        theta: a fixed value in the learnt one's place (LFDN, Table 7).

    Shapes: "b nc h w" to the same. The energies are float32 under any autocast type.

    Raises:
        ValueError: when ``energy_scale`` is none of the three.

    Source: paper Eq. 1-2, Fig. 2.

    >>> ALFM()(torch.ones(1, 200, 4, 6)).shape
    torch.Size([1, 200, 4, 6])
    """

    def __init__(self, energy_scale: str = "none", theta: float | None = None) -> None:
        super().__init__()
        if energy_scale not in ("none", "positions", "cosine"):
            raise ValueError(f"energy_scale is {energy_scale!r}; it can be 'none' (paper), 'positions' or 'cosine'.")
        self.energy_scale = energy_scale
        own_scale(self, "theta", theta)
        if energy_scale == "cosine":
            self.temperature = nn.Parameter(torch.tensor(TEMPERATURE))

    def attention(self, f_g: Float[Tensor, "b nc h w"]) -> Float[Tensor, "b nc nc"]:
        """The matrix ``m`` of Eq. 1; every row sums to 1.

        >>> ALFM().attention(torch.ones(1, 8, 4, 6)).shape
        torch.Size([1, 8, 8])
        """
        f = f_g.flatten(2)
        if self.energy_scale == "cosine":
            f = f if f.dtype == torch.float64 else f.float()
            # the floor keeps the gradient finite where a channel is zero everywhere
            return softmax_of_gram(F.normalize(f, dim=-1, eps=1e-6), self.temperature)
        return softmax_of_gram(f, 1.0 / f.shape[2] if self.energy_scale == "positions" else 1.0)

    def forward(self, f_g: Float[Tensor, "b nc h w"]) -> Float[Tensor, "b nc h w"]:
        fused = self.attention(f_g).to(f_g.dtype) @ f_g.flatten(2)
        return self.theta * fused.view_as(f_g) + f_g


def alfm_by_loops(
    f_g: Float[Tensor, "b nc h w"], theta: float, temperature: float | None = None
) -> Float[Tensor, "b nc h w"]:
    """Eq. 1-2 one number at a time: the specification that ``ALFM`` is tested against. Slow on purpose.

    With a ``temperature`` the energies are that many times the cosine between two channels, the form "cosine".

    Shapes: "b nc h w" to the same.

    Source: paper Eq. 1-2.

    >>> alfm_by_loops(torch.ones(1, 2, 2, 2), theta=0.5).flatten().tolist()
    [1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5]
    """
    out = f_g.clone()
    batch, channels, height, width = f_g.shape
    places = [(y, x) for y in range(height) for x in range(width)]
    for b in range(batch):
        for i in range(channels):
            energies = [sum(float(f_g[b, i, y, x] * f_g[b, j, y, x]) for y, x in places) for j in range(channels)]
            if temperature is not None:
                lengths = [math.sqrt(sum(float(f_g[b, j, y, x]) ** 2 for y, x in places)) for j in range(channels)]
                energies = [temperature * e / (lengths[i] * lengths[j]) for j, e in enumerate(energies)]
            top = max(energies)
            weights = [math.exp(energy - top) for energy in energies]
            for y, x in places:
                attended = sum(m * float(f_g[b, j, y, x]) for j, m in enumerate(weights)) / sum(weights)
                out[b, i, y, x] += theta * attended
    return out


class ACFM(nn.Module):
    """Attention channel fusion: a mask over the (C, H, W) volume of the last block; 15 parameters.

    ``out = f + alpha * sigmoid(conv2(conv1(f))) * f`` with conv1 1x3x3 over space and conv2 3x1x1 over neighbouring
    channels (Eq. 3: a 3-D convolution taken apart, "pseudo-3D").

    Args:
        alpha: a fixed value in the learnt one's place (LFDN, Table 8).

    Shapes: "b c h w" to the same.

    Source: paper Eq. 3, Fig. 3. (LFDN's Fig. 6 draws a ReLU after each convolution; the equation has none.)

    >>> ACFM()(torch.ones(1, 50, 4, 6)).shape
    torch.Size([1, 50, 4, 6])
    """

    def __init__(self, alpha: float | None = None) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(1, 1, kernel_size=(1, 3, 3), padding=(0, 1, 1))
        self.conv2 = nn.Conv3d(1, 1, kernel_size=(3, 1, 1), padding=(1, 0, 0))
        own_scale(self, "alpha", alpha)

    def forward(self, f: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        # The 3-D convolutions as what they are: one 3x3 on every channel, then a sum over neighbouring channels.
        # Same numbers; on a CPU the backward pass of a one-channel Conv3d is about ten times slower.
        channels = f.shape[1]
        space, depth = self.conv1.weight[:, 0], self.conv2.weight.flatten()
        near = F.conv2d(f, space.expand(channels, 1, 3, 3), self.conv1.bias.expand(channels), 1, 1, 1, channels)
        padded = F.pad(near, (0, 0, 0, 0, 1, 1))
        across = depth[0] * padded[:, :-2] + depth[1] * near + depth[2] * padded[:, 2:]
        mask = torch.sigmoid(across + self.conv2.bias)
        return f + self.alpha * mask * f


def acfm_by_conv3d(f: Float[Tensor, "b c h w"], acfm: ACFM) -> Float[Tensor, "b c h w"]:
    """Eq. 3 as it reads, two 3-D convolutions over the volume: the middle rung between the loops and ``ACFM``.

    >>> acfm_by_conv3d(torch.ones(1, 2, 4, 4), ACFM()).shape
    torch.Size([1, 2, 4, 4])
    """
    mask = torch.sigmoid(acfm.conv2(acfm.conv1(f.unsqueeze(1)))).squeeze(1)
    return f + acfm.alpha * mask * f


def acfm_by_loops(f: Float[Tensor, "b c h w"], acfm: ACFM) -> Float[Tensor, "b c h w"]:
    """Eq. 3 one number at a time, with ``acfm``'s weights: the specification that ``ACFM`` is tested against.

    Positions outside the volume count as zero before each convolution.

    Shapes: "b c h w" to the same.

    Source: paper Eq. 3.

    >>> acfm_by_loops(torch.ones(1, 2, 2, 2), ACFM()).flatten().tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    """
    space, depth = acfm.conv1.weight[0, 0, 0].tolist(), acfm.conv2.weight[0, 0, :, 0, 0].tolist()
    bias1, bias2, alpha = acfm.conv1.bias.item(), acfm.conv2.bias.item(), acfm.alpha.item()
    batch, channels, height, width = f.shape
    near = (-1, 0, 1)
    first, out = torch.zeros_like(f), torch.zeros_like(f)
    for b, c, y, x in torch.cartesian_prod(*map(torch.arange, (batch, channels, height, width))).tolist():
        first[b, c, y, x] = bias1 + sum(
            space[dy + 1][dx + 1] * f[b, c, y + dy, x + dx]
            for dy in near for dx in near if 0 <= y + dy < height and 0 <= x + dx < width
        )
    for b, c, y, x in torch.cartesian_prod(*map(torch.arange, (batch, channels, height, width))).tolist():
        energy = sum(depth[d + 1] * first[b, c + d, y, x] for d in near if 0 <= c + d < channels) + bias2
        out[b, c, y, x] = f[b, c, y, x] * (1 + alpha / (1 + math.exp(-float(energy))))
    return out
