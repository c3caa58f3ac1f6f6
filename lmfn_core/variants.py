"""Every network of the papers' tables by name: ``networks()`` lists them, ``build(name, **settings)`` makes one.

A variant is the same ``LMFN`` with another part passed in; nothing is copied.
"""

import difflib
from collections.abc import Callable
from dataclasses import dataclass, fields, replace

from torch import nn

from lmfn_core.fusion import ACFM, ALFM
from lmfn_core.layers import FixedMeanShift, ResidualBlock, TrainableMeanShift
from lmfn_core.lmfn import LMFN, AttentionFusion, ConcatFusion
from lmfn_core.mshf import MSHF, PlainEncoder
from lmfn_core.published import BlockAttention, VolumeAttention, never_called
from lmfn_core.rfdb import RFDB


@dataclass(frozen=True)
class Parts:
    """What a name stands for. ``build`` takes any field of it as a setting.

    >>> Parts().blocks
    4
    """

    blocks: int = 4  # N, the number of distillation blocks
    channels: int = 50  # C, the decoder's width; even, at least 4
    encoder: Callable[[], nn.Module] = MSHF  # image to features at a quarter of the size
    block: Callable[[int], nn.Module] = RFDB  # one distillation block of the given width
    attention: bool = True  # ALFM and ACFM with their join; False: plain concatenation
    energy_scale: str = "none"  # ALFM's energies: "none" as in the paper, or "positions" (divided by W*H)
    image_skip: bool = False  # add the input to the output, last convolution starts at zero
    published: bool = False  # the published code's attentions, trainable mean shift and two unused layers


_NETWORKS = {
    "lmfn": Parts(),
    "lmfn-published": Parts(published=True),
    "lmfn-without-mshf": Parts(encoder=PlainEncoder),
    "lmfn-without-distillation": Parts(block=ResidualBlock),
    "lmfn-without-attention": Parts(attention=False),
    **{f"lmfn-n{n}": Parts(blocks=n) for n in range(1, 7)},
}


def networks() -> list[str]:
    """The names that ``build`` knows, in the order of the papers' tables.

    >>> networks()[:3]
    ['lmfn', 'lmfn-published', 'lmfn-without-mshf']
    """
    return list(_NETWORKS)


def build(name: str, **settings: object) -> nn.Module:
    """Make the network ``name`` with random weights.

    Args:
        name: one of ``networks()``.
        settings: any field of ``Parts``, e.g. ``image_skip=True``, ``blocks=2``, ``published=True``.

    Raises:
        ValueError: for an unknown name or setting, naming the nearest known one; for blocks below 1.

    >>> sum(p.numel() for p in build("lmfn").parameters())
    1223766
    """
    if name not in _NETWORKS:
        raise ValueError(f"Unknown network {name!r}.{_nearest(name, networks())} Known: {', '.join(networks())}.")
    known = [field.name for field in fields(Parts)]
    for setting in settings:
        if setting not in known:
            raise ValueError(f"Unknown setting {setting!r}.{_nearest(setting, known)} Known: {', '.join(known)}.")
    model = _assemble(replace(_NETWORKS[name], **settings))
    model.card = {"network": name, "settings": settings}
    return model


def _assemble(parts: Parts) -> LMFN:
    if parts.blocks < 1:
        raise ValueError(f"A network needs at least 1 distillation block; got blocks={parts.blocks}.")
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


def _fusion(parts: Parts) -> nn.Module:
    if not parts.attention:
        return ConcatFusion(parts.channels, parts.blocks)
    if parts.published:
        return AttentionFusion(parts.channels, parts.blocks, BlockAttention(parts.blocks), VolumeAttention())
    return AttentionFusion(parts.channels, parts.blocks, ALFM(parts.energy_scale), ACFM())


def _nearest(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f" Did you mean {close[0]!r}?" if close else ""
