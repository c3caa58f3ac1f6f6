"""Every network by name: ``networks()`` lists them, ``build(name, **settings)`` makes one.

First those of the paper's tables, then what else is worth asking of the same network, last a plain modern one to
compare with. A variant is the same ``LMFN`` with another part passed in; nothing is copied.
"""

import difflib
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import partial

from torch import nn

from lmfn_core.alternatives import GlobalPooling, SpatialAttention
from lmfn_core.context import ASPP, ContextEncoder, PyramidPooling
from lmfn_core.fusion import ACFM, ALFM
from lmfn_core.layers import FixedMeanShift, ResidualBlock, TrainableMeanShift
from lmfn_core.lmfn import LMFN, AttentionFusion, ConcatFusion
from lmfn_core.mshf import MSHF, PlainEncoder
from lmfn_core.nafnet import NAFNet
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
    energy_scale: str = "none"  # ALFM's energies: "none" as in the paper, "positions" (divided by W*H) or "cosine"
    layer_attention: Callable[[int], nn.Module] | None = None  # in ALFM's place, on N*C channels; None: ALFM
    channel_attention: Callable[[int], nn.Module] | None = None  # in ACFM's place, on C channels; None: ACFM
    image_skip: bool = False  # add the input to the output, last convolution starts at zero
    published: bool = False  # the published code's attentions, trainable mean shift and two unused layers


_NETWORKS = {
    "lmfn": Parts(),
    "lmfn-published": Parts(published=True),
    "lmfn-without-mshf": Parts(encoder=PlainEncoder),
    "lmfn-without-distillation": Parts(block=ResidualBlock),
    "lmfn-without-attention": Parts(attention=False),
    **{f"lmfn-n{n}": Parts(blocks=n) for n in range(1, 7)},
    "lmfn-alfm-positions": Parts(energy_scale="positions"),
    "lmfn-alfm-cosine": Parts(energy_scale="cosine"),
    "lmfn-without-alfm": Parts(layer_attention=nn.Identity),
    "lmfn-aspp": Parts(encoder=partial(ContextEncoder, ASPP, before=2, after=5)),
    "lmfn-pyramid-pooling": Parts(encoder=partial(ContextEncoder, PyramidPooling, before=2, after=6)),
    "lmfn-global-pooling": Parts(layer_attention=GlobalPooling, channel_attention=GlobalPooling),
    "lmfn-spatial-attention": Parts(layer_attention=SpatialAttention, channel_attention=SpatialAttention),
}
_COMPARATORS = {"nafnet-small": NAFNet}  # not LMFN: built as they are, without settings


def networks(published: bool = False) -> list[str]:
    """The names that ``build`` knows, those of the paper's tables first.

    Args:
        published: only those that have the authors' published form, ``build(name, published=True)``.

    >>> networks()[:3], networks()[-1]
    (['lmfn', 'lmfn-published', 'lmfn-without-mshf'], 'nafnet-small')
    """
    if published:
        return [name for name, parts in _NETWORKS.items() if not _own_attention(parts)]
    return [*_NETWORKS, *_COMPARATORS]


def build(name: str, **settings: object) -> nn.Module:
    """Make the network ``name`` with random weights.

    Args:
        name: one of ``networks()``.
        settings: any field of ``Parts``, e.g. ``image_skip=True``, ``blocks=2``, ``published=True``. A network that is
            no LMFN takes ``image_skip=True`` and ``published=False`` only, which are true of it anyway.

    Raises:
        ValueError: for an unknown name or setting, naming the nearest known one; for blocks below 1; for
            ``published=True`` where the published attentions would replace what the name stands for.

    >>> sum(p.numel() for p in build("lmfn").parameters())
    1223766
    """
    if name not in networks():
        raise ValueError(f"Unknown network {name!r}.{_nearest(name, networks())} Known: {', '.join(networks())}.")
    known = [field.name for field in fields(Parts)]
    for setting in settings:
        if setting not in known:
            raise ValueError(f"Unknown setting {setting!r}.{_nearest(setting, known)} Known: {', '.join(known)}.")
    model = _comparator(name, settings) if name in _COMPARATORS else _variant(name, settings)
    model.card = {"network": name, "settings": settings}
    return model


def _comparator(name: str, settings: dict[str, object]) -> nn.Module:
    for setting, value in settings.items():
        if (setting, value) not in (("image_skip", True), ("published", False)):
            raise ValueError(f"{setting}={value!r} has no meaning for {name}: it is no LMFN, and has an image skip.")
    return _COMPARATORS[name]()


def _variant(name: str, settings: dict[str, object]) -> LMFN:
    parts = replace(_NETWORKS[name], **settings)
    if parts.published and _own_attention(parts):
        raise ValueError(f"{name} has no published form: published=True would replace the attention that it asks for.")
    return _assemble(parts)


def _own_attention(parts: Parts) -> bool:
    """Does it ask for an attention that is neither the paper's nor none?"""
    return parts.energy_scale != "none" or bool(parts.layer_attention or parts.channel_attention)


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
    layer = parts.layer_attention(parts.blocks * parts.channels) if parts.layer_attention else ALFM(parts.energy_scale)
    channel = parts.channel_attention(parts.channels) if parts.channel_attention else ACFM()
    return AttentionFusion(parts.channels, parts.blocks, layer, channel)


def _nearest(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f" Did you mean {close[0]!r}?" if close else ""
