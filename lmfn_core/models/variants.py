"""Every network by name: ``networks()`` lists them, ``build(name, **settings)`` makes one.

First the first paper's network and its variants, then the second paper's, last a plain modern one to compare with.
"""

import difflib
from dataclasses import fields, replace

from torch import nn

from lmfn_core.models.lfdn_variants import LFDN_NETWORKS, LFDNParts, assemble_lfdn
from lmfn_core.models.lmfn_variants import LMFN_NETWORKS, LMFNParts, assemble_lmfn
from lmfn_core.models.nafnet import NAFNet

_VARIANTS = LMFN_NETWORKS | LFDN_NETWORKS
_COMPARATORS = {"nafnet-small": NAFNet}  # neither of the two: built as they are, without settings
_FAMILIES = {"lmfn": LMFN_NETWORKS, "lfdn": LFDN_NETWORKS, "nafnet": _COMPARATORS}


def networks(published: bool = False, family: str | None = None) -> list[str]:
    """The names that ``build`` knows, those of the papers' tables first.

    Args:
        published: only those that have the authors' published form, ``build(name, published=True)``.
        family: only "lmfn", "lfdn" or "nafnet" and its variants.

    Raises:
        ValueError: for an unknown family.

    >>> networks()[:3], networks()[-1], networks(family="lfdn")[0]
    (['lmfn', 'lmfn-published', 'lmfn-without-mshf'], 'nafnet-small', 'lfdn')
    """
    if family not in (None, *_FAMILIES):
        raise ValueError(f"Unknown family {family!r}.{_nearest(str(family), list(_FAMILIES))} "
                         f"Known: {', '.join(_FAMILIES)}.")  # fmt: skip
    names = [name for kind in ([family] if family else _FAMILIES) for name in _FAMILIES[kind]]
    return [n for n in names if n in _VARIANTS and _VARIANTS[n].has_published_form] if published else names


def build(name: str, **settings: object) -> nn.Module:
    """Make the network ``name`` with random weights.

    Args:
        name: one of ``networks()``.
        settings: any field of the network's parts (``LMFNParts``, ``LFDNParts``), e.g. ``image_skip=True``,
            ``blocks=2``, ``theta=0.001`` (LFDN), ``published=True`` (LMFN). NAFNet takes ``image_skip=True`` and
            ``published=False`` only, which are true of it anyway.

    Raises:
        ValueError: for an unknown name or setting, naming the nearest known one; for blocks below 1; for
            ``published=True`` where there is no published form of what the name stands for.

    >>> [sum(p.numel() for p in build(name).parameters()) for name in ("lmfn", "lfdn")]
    [1223766, 1539860]
    """
    if name not in networks():
        raise ValueError(f"Unknown network {name!r}.{_nearest(name, networks())} Known: {', '.join(networks())}.")
    known = [field.name for field in fields(_VARIANTS.get(name, LMFNParts()))]
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


def _variant(name: str, settings: dict[str, object]) -> nn.Module:
    parts = replace(_VARIANTS[name], **settings)
    if parts.published and not parts.has_published_form:
        why = ("the code that its authors published is LMFN's" if isinstance(parts, LFDNParts)
               else "published=True would replace the attention that it asks for")  # fmt: skip
        raise ValueError(f"{name} has no published form: {why}.")
    if parts.blocks < 1:
        raise ValueError(f"A network needs at least 1 distillation block; got blocks={parts.blocks}.")
    return assemble_lfdn(parts) if isinstance(parts, LFDNParts) else assemble_lmfn(parts)


def _nearest(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f" Did you mean {close[0]!r}?" if close else ""
