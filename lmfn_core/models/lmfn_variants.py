"""LMFN's rows: Tables 3 and 4 of its paper, then what else is worth asking of the same network.

A row is the same ``LMFN`` with another part passed in; nothing is copied.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from torch import nn

from lmfn_core.models.lmfn import LMFN, AttentionFusion, ConcatFusion
from lmfn_core.parts.alternatives import GlobalPooling, SpatialAttention
from lmfn_core.parts.context import ASPP, ContextEncoder, PyramidPooling
from lmfn_core.parts.fusion import ACFM, ALFM
from lmfn_core.parts.layers import FixedMeanShift, ResidualBlock, TrainableMeanShift
from lmfn_core.parts.mshf import MSHF, PlainEncoder
from lmfn_core.parts.published import BlockAttention, VolumeAttention, never_called
from lmfn_core.parts.rfdb import RFDB


@dataclass(frozen=True)
class LMFNParts:
    """What a name stands for. ``build`` takes any field of it as a setting.

    >>> LMFNParts().blocks
    4
    """

    blocks: int = 4  # N, the number of distillation blocks
    channels: int = 50  # C, the decoder's width; even, at least 4
    encoder: Callable[[], nn.Module] = MSHF  # image to features at a quarter of the size
    block: Callable[[int], nn.Module] = RFDB  # one distillation block of the given width
    attention: bool = True  # ALFM and ACFM with their join; False: plain concatenation
    energy_scale: str = "none"  # ALFM's energies: "none" as in the paper, "positions" (divided by W*H) or "cosine"
    layer_attention: Callable[[int], nn.Module] | None = None  # in ALFM's place, on N*C channels; None: ALFM
    channel_attention: Callable[[int], nn.Module] | None = None  # in ACFM's place, on C channels; None: ACFM
    image_skip: bool = False  # add the input to the output, last convolution starts at zero
    published: bool = False  # the published code's attentions, trainable mean shift and two unused layers

    @property
    def has_published_form(self) -> bool:
        """False where the published attentions would replace the one that is asked for."""
        return self.energy_scale == "none" and not (self.layer_attention or self.channel_attention)


LMFN_NETWORKS = {
    "lmfn": LMFNParts(),
    "lmfn-published": LMFNParts(published=True),
    "lmfn-without-mshf": LMFNParts(encoder=PlainEncoder),
    "lmfn-without-distillation": LMFNParts(block=ResidualBlock),
    "lmfn-without-attention": LMFNParts(attention=False),
    **{f"lmfn-n{n}": LMFNParts(blocks=n) for n in range(1, 7)},
    "lmfn-alfm-positions": LMFNParts(energy_scale="positions"),
    "lmfn-alfm-cosine": LMFNParts(energy_scale="cosine"),
    "lmfn-without-alfm": LMFNParts(layer_attention=nn.Identity),
    "lmfn-aspp": LMFNParts(encoder=partial(ContextEncoder, ASPP, before=2, after=5)),
    "lmfn-pyramid-pooling": LMFNParts(encoder=partial(ContextEncoder, PyramidPooling, before=2, after=6)),
    "lmfn-global-pooling": LMFNParts(layer_attention=GlobalPooling, channel_attention=GlobalPooling),
    "lmfn-spatial-attention": LMFNParts(layer_attention=SpatialAttention, channel_attention=SpatialAttention),
}
"""Name to parts, the rows of the paper's tables first."""


def assemble_lmfn(parts: LMFNParts) -> LMFN:
    """The network of these parts, with random weights.

    >>> type(assemble_lmfn(LMFNParts(blocks=1))).__name__
    'LMFN'
    """
    model = LMFN(
        encoder=parts.encoder(),
        blocks=[parts.block(parts.channels) for _ in range(parts.blocks)],
        fusion=_fusion(parts),
        channels=parts.channels,
        mean_shift=TrainableMeanShift if parts.published else FixedMeanShift,
        image_skip=parts.image_skip,
    )
    if parts.published:
        model.never_called = never_called(parts.channels)
    return model


def _fusion(parts: LMFNParts) -> nn.Module:
    if not parts.attention:
        return ConcatFusion(parts.channels, parts.blocks)
    if parts.published:
        return AttentionFusion(parts.channels, parts.blocks, BlockAttention(parts.blocks), VolumeAttention())
    layer = parts.layer_attention(parts.blocks * parts.channels) if parts.layer_attention else ALFM(parts.energy_scale)
    channel = parts.channel_attention(parts.channels) if parts.channel_attention else ACFM()
    return AttentionFusion(parts.channels, parts.blocks, layer, channel)
