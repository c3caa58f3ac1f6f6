"""Checkpoints: safetensors (no code inside, unlike a pickle) with a JSON card, each written whole or not at all.

The card travels inside the safetensors header, so that weights and card cannot disagree after a kill between two
writes; the ``.json`` beside it is a copy for people, written first: no checkpoint is without one.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from lmfn_core.models.pretrained import WEIGHTS, shipped
from lmfn_core.models.variants import build, networks
from lmfn_core.parsing import brief, parse_json, quoted
from lmfn_core.records import write_bytes, write_text


def save_tensors(path: Path | str, tensors: Mapping[str, Tensor], card: Mapping[str, object]) -> Path:
    """Write named tensors and their card to ``path`` and the card to ``path`` with ``.json`` for its suffix.

    Raises:
        ValueError: when ``path`` does not end in ``.safetensors``.

    >>> import tempfile
    >>> path = save_tensors(Path(tempfile.mkdtemp()) / "a.safetensors", {"w": torch.ones(2)}, {"steps": 3})
    >>> load_tensors(path)[1]
    {'steps': 3}
    """
    path = Path(path)
    if path.suffix != ".safetensors":
        raise ValueError(f"A checkpoint's name ends in .safetensors; got {path.name!r}.")
    text = json.dumps(dict(card), sort_keys=True, ensure_ascii=False)
    # clone: contiguous copies with no shared memory, which the format does not hold
    whole = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    write_text(path.with_suffix(".json"), json.dumps(dict(card), indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    return write_bytes(path, save(whole, metadata={"card": text}))


def load_tensors(path: Path | str) -> tuple[dict[str, Tensor], dict]:
    """The tensors and the card of a checkpoint.

    Raises:
        FileNotFoundError: when there is no such file.
        ValueError: when the file is no checkpoint of this package, or is cut short.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no checkpoint at {path}; notebook 08 trains one.")
    try:
        with safe_open(path, framework="pt") as file:
            card = parse_json((file.metadata() or {}).get("card", ""))
            if not isinstance(card, dict):
                raise ValueError(f"its card is {quoted(card)}")
            return {name: file.get_tensor(name) for name in file.keys()}, card  # noqa: SIM118 (no mapping)
    except (SafetensorError, ValueError) as error:
        raise ValueError(f"{path} is no checkpoint of this package or is damaged ({brief(error)}).") from None


def save_weights(
    path: Path | str, model: nn.Module, card: Mapping[str, object], dtype: torch.dtype = torch.float32
) -> Path:
    """Write a network's weights in ``dtype``; the card must say how to build it again (``network``, ``settings``).

    Raises:
        ValueError: when the card lacks ``network`` or ``settings``.
    """
    if not {"network", "settings"} <= set(card):
        raise ValueError(f"A card of weights needs 'network' and 'settings'; got {sorted(card)}.")
    return save_tensors(path, {name: tensor.to(dtype) for name, tensor in model.state_dict().items()}, card)


def load_weights(path: Path | str) -> tuple[nn.Module, dict]:
    """Build the network that a checkpoint's card names, with the checkpoint's weights in float32, in eval mode.

    Args:
        path: a file, or the name of weights that come with the package (``pretrained.shipped()``).

    Raises:
        FileNotFoundError: when there is no such file.
        ValueError: when it is damaged, or its tensors do not fit the network that its card names.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "tiny.safetensors"
    >>> _ = save_weights(path, build("lmfn-n1"), {"network": "lmfn-n1", "settings": {}})
    >>> type(load_weights(path)[0]).__name__
    'LMFN'
    """
    tensors, card = load_tensors(WEIGHTS / f"{path}.safetensors" if str(path) in shipped() else path)
    if not {"network", "settings"} <= set(card):
        raise ValueError(f"{path} holds a training state, not a network's weights (its card: {quoted(sorted(card))}).")
    name, settings = card["network"], card["settings"]
    if name not in networks() or not isinstance(settings, dict):
        raise ValueError(f"{path} holds weights of an unknown network: {quoted(name)} with {quoted(settings)}.")
    try:
        model = _built(name, settings, tensors)
        model.load_state_dict(tensors)
    except (RuntimeError, TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{path} does not fit the network {name!r}: {brief(error)}") from None
    model.card = card
    return model.eval(), card


def _built(name: str, settings: Mapping[str, object], tensors: Mapping[str, Tensor]) -> nn.Module:
    """The network, made in memory only once it is known to have the tensors' shapes: a card may claim any size."""
    if settings.get("blocks", 1) > len(tensors):
        raise ValueError(f"{quoted(settings['blocks'])} blocks have more than {len(tensors)} tensors.")
    with torch.device("meta"):
        wanted = build(name, **settings).state_dict()
    for key in wanted.keys() | tensors.keys():
        if key not in tensors or key not in wanted or tensors[key].shape != wanted[key].shape:
            sizes = (tuple(found[key].shape) if key in found else "missing" for found in (tensors, wanted))
            raise ValueError("{!r} is {}, and should be {}.".format(key, *sizes))
    return build(name, **settings)
