"""LFDN's rows: Tables 6 to 9 of its paper. A row is the same ``LFDN`` with another part passed in.

Names write the decimal point as ``p``: ``lfdn-theta-minus-0p001`` is theta fixed at -0.001. Which row of Table 6 is
which: reports/decisions.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from torch import nn

from lmfn_core.models.lfdn import LFDN, SumFusion
from lmfn_core.models.lmfn import ConcatFusion
from lmfn_core.parts.fdnb import FDNB, PlainBlock
from lmfn_core.parts.fusion import ACFM, ALFM
from lmfn_core.parts.layers import enlarge
from lmfn_core.parts.mshf import MSHF, PlainEncoder, downblock
from lmfn_core.parts.rfdb import RFDB

THETAS = (0.002, 0.001, 0.0, -0.001, -0.002, -0.0015, -0.0008)
"""Table 7, in its order; the last two are what the authors' networks learnt, for blur and for rain."""
ALPHAS = (0.3, 0.2, 0.1, 0.0, 0.1724, 0.1137)
"""Table 8, the same."""


@dataclass(frozen=True)
class LFDNParts:
    """What a name stands for. ``build`` takes any field of it as a setting.

    >>> LFDNParts().theta is None
    True
    """

    blocks: int = 4  # N, the number of distillation blocks
    channels: int = 50  # C, the decoder's width; even, at least 4
    encoder: Callable[[], nn.Module] = partial(MSHF, down=downblock, up=enlarge, quarter=(1, 1))  # Fig. 3
    block: Callable[[int], nn.Module] = FDNB  # one distillation block of the given width
    attention: bool = True  # ALFM and ACFM, added; False: plain concatenation
    theta: float | None = None  # ALFM's scale, fixed at this value; None: learnt, starts at 0
    alpha: float | None = None  # ACFM's scale, fixed at this value; None: learnt, starts at 0
    image_skip: bool = False  # add the input to the output, last convolution starts at zero
    published: bool = False  # nothing but False: the code that its authors published is LMFN's

    @property
    def has_published_form(self) -> bool:
        """False: there is no published code to build."""
        return False


def _named(scale: str, values: tuple[float, ...]) -> dict[str, LFDNParts]:
    def word(value: float) -> str:
        return f"{'minus-' if value < 0 else ''}{abs(value):g}".replace(".", "p")

    return {f"lfdn-{scale}-{word(value)}": LFDNParts(**{scale: value}) for value in values}


FIXED = _named("theta", THETAS) | _named("alpha", ALPHAS)
"""The rows of Tables 7 and 8: they cost what LFDN costs, less one parameter."""
LFDN_NETWORKS = {
    "lfdn": LFDNParts(),
    "lfdn-without-all": LFDNParts(encoder=PlainEncoder, block=PlainBlock, attention=False),
    "lfdn-without-attention": LFDNParts(attention=False),
    "lfdn-rfdb": LFDNParts(block=RFDB),
    "lfdn-cnn": LFDNParts(block=PlainBlock),
    "lfdn-without-mshf": LFDNParts(encoder=PlainEncoder),
    **FIXED,
    **{f"lfdn-n{n}": LFDNParts(blocks=n) for n in range(1, 7)},
}
"""Name to parts: the network, the other rows of Table 6 in its order, then Tables 7, 8 and 9."""


def assemble_lfdn(parts: LFDNParts) -> LFDN:
    """The network of these parts, with random weights.

    Raises:
        ValueError: when ``theta`` or ``alpha`` is given and there is no attention that it could scale.

    >>> type(assemble_lfdn(LFDNParts(blocks=1))).__name__
    'LFDN'
    """
    return LFDN(
        encoder=parts.encoder(),
        blocks=[parts.block(parts.channels) for _ in range(parts.blocks)],
        fusion=_fusion(parts),
        channels=parts.channels,
        image_skip=parts.image_skip,
    )


def _fusion(parts: LFDNParts) -> nn.Module:
    if parts.attention:
        return SumFusion(parts.channels, parts.blocks, ALFM(theta=parts.theta), ACFM(alpha=parts.alpha))
    if parts.theta is not None or parts.alpha is not None:
        fixed = f"theta={parts.theta}, alpha={parts.alpha}"
        raise ValueError(f"{fixed} have no meaning without attention: leave them None or build with attention=True.")
    return ConcatFusion(parts.channels, parts.blocks)
