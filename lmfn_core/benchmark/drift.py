"""How far two answers to the same question lie apart: of two images, of two forms of a block, layer by layer."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from lmfn_core.parts.fdnb import FDNB
from lmfn_core.parts.fdnb_loops import fdnb_by_loops
from lmfn_core.parts.fusion import ACFM, ALFM, acfm_by_loops, alfm_by_loops


def apart(answer: Float[Tensor, "*shape"], reference: Float[Tensor, "*shape"]) -> dict[str, float]:
    """The difference of two images in [0, 1], taken in float64.

    Returns:
        ``largest`` and ``rms``, of the absolute difference; ``steps``, the largest one in steps of 8 bits; ``db``, the
        PSNR of one against the other, infinite where they are equal.

    >>> {name: round(value, 3) for name, value in apart(torch.full((4,), 0.75), torch.full((4,), 0.5)).items()}
    {'largest': 0.25, 'rms': 0.25, 'steps': 63.75, 'db': 12.041}
    """
    difference = answer.double() - reference.double()
    largest, rms = difference.abs().max().item(), difference.square().mean().sqrt().item()
    return {"largest": largest, "rms": rms, "steps": 255 * largest, "db": -20 * math.log10(rms) if rms else math.inf}


def strengthened(model: nn.Module) -> nn.Module:
    """The network with random weights of variance 1 / fan-in, so that its last layers depend on its first; in place.

    >>> strengthened(nn.Linear(400, 100)).weight.std().item() < 0.06
    True
    """
    draw = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for p in model.parameters():
            p.normal_(std=(p[0].numel() if p.ndim > 1 else 12) ** -0.5, generator=draw)
    return model


def block_forms() -> dict[str, tuple[Tensor, Tensor]]:
    """ALFM, ACFM and FDNB on standard normal features: what the fast form gives, and the loops of the specification.

    >>> [fast.shape == slow.shape for fast, slow in block_forms().values()]
    [True, True, True]
    """
    f = torch.randn(2, 16, 6, 9, generator=torch.Generator().manual_seed(0))
    alfm, acfm, fdnb = ALFM(), strengthened(ACFM()), strengthened(FDNB(16))
    with torch.no_grad():
        alfm.theta.fill_(0.5)
        return {
            "ALFM": (alfm(f), alfm_by_loops(f, 0.5)),
            "ACFM": (acfm(f), acfm_by_loops(f, acfm)),
            "FDNB": (fdnb(f), fdnb_by_loops(f, fdnb)),
        }


def errors_by_depth(
    model: nn.Module, image: Float[Tensor, "b 3 h w"], exact: nn.Module, kind: type[nn.Module] = nn.Conv2d
) -> dict[str, float]:
    """How wrong the result of each layer of a kind is, in the order they run: RMS error as a share of its RMS.

    Args:
        exact: the same network in float64. kind: the layers to look at; all of them here are convolutions.

    >>> from lmfn_core import build
    >>> image, model = torch.rand(1, 3, 64, 64), build("lmfn-n1")
    >>> len(errors_by_depth(model, image, build("lmfn-n1").double()))
    40
    """
    seen: list[dict[str, Tensor]] = []
    for network, given in ((model, image), (exact, image.double())):
        caught: dict[str, Tensor] = {}
        hooks = [
            layer.register_forward_hook(lambda _, __, out, name=name, caught=caught: caught.update({name: out}))
            for name, layer in network.named_modules()
            if isinstance(layer, kind)
        ]
        with torch.no_grad():
            network(given)
        for hook in hooks:
            hook.remove()
        seen.append(caught)
    ours, truth = seen
    return {name: apart(ours[name], out)["rms"] / out.square().mean().sqrt().item() for name, out in truth.items()}
