"""What a training is asked for, as ``run`` takes it: refused where it cannot be had, what tells it from another, what
the card of its checkpoint says, and the network that it begins with."""

from collections.abc import Mapping

import torch
from torch import nn

from lmfn_core.models.checkpoints import load_weights
from lmfn_core.models.inheritance import inherited
from lmfn_core.models.variants import build
from lmfn_core.repro import pick_precision, source_digest
from lmfn_core.training.processes import share
from lmfn_core.training.recipes import RECIPES

Asked = Mapping[str, object]
"""The arguments of ``run`` by name."""
IDENTITY = ("network", "image_skip", "recipe", "steps", "batch", "crop", "seed", "data", "start")
"""The parameters that decide what comes out, with the precision, the package's code, and those of ``_LATER``."""
_LATER = {"task": "deblur", "anew": ""}
"""Parameters that came later, and what they are when nothing is said: so what was trained before there was a choice
says nothing of them."""
_ORIGIN = ("recipe", "steps", "batch", "crop", "seed", "data", "start", "anew", "along")


def check(asked: Asked, device: torch.device) -> None:
    """Refuse what cannot be trained, before anything is started.

    Raises:
        ValueError: for an unknown name, a number below 1, a batch that the processes cannot share equally, more
            processes than GPUs, or a part to draw anew that is none.

    >>> check({"recipe": "paper", "steps": 0}, torch.device("cpu"))
    Traceback (most recent call last):
    ValueError: steps is 0; it must be 1 or more.
    """
    if asked["recipe"] not in RECIPES:
        raise ValueError(f"recipe is {asked['recipe']!r}; it can be {' or '.join(map(repr, RECIPES))}.")
    for key in ("steps", "batch", "crop", "processes"):
        if asked[key] < 1:
            raise ValueError(f"{key} is {asked[key]}; it must be 1 or more.")
    share(asked["batch"], asked["processes"])
    if device.type == "cuda" and asked["processes"] > torch.cuda.device_count():
        raise ValueError(f"processes is {asked['processes']}, but torch finds {torch.cuda.device_count()} GPU here; "
                         f"use as many, or device='cpu'.")  # fmt: skip
    # an unknown network is refused here, not in each process
    parts = {name for name, _ in build(asked["network"], image_skip=asked["image_skip"]).named_modules() if name}
    if asked["anew"] and asked["anew"] not in parts:
        raise ValueError(f"anew is {asked['anew']!r}, no part of {asked['network']!r}; try 'bridge' or 'blocks.0'.")
    if asked["anew"] and not asked["start"]:
        raise ValueError(f"anew is {asked['anew']!r}, but without a start all weights are random already.")


def identity(asked: Asked, device: torch.device) -> dict[str, object]:
    """What tells this training from another: a state or a checkpoint of other settings is not taken for its own.

    >>> asked = dict.fromkeys(IDENTITY, 1) | {"precision": "32-true", "task": "derain", "anew": ""}
    >>> {"task", "precision", "code"} <= set(found := identity(asked, torch.device("cpu"))), "anew" in found
    (True, False)
    """
    settings = {key: asked[key] for key in IDENTITY} | _later(asked)
    return settings | {"precision": pick_precision(asked["precision"], device), "code": source_digest()}


def card_of(asked: Asked, data: str) -> dict[str, object]:
    """What the checkpoint says of itself; ``data`` describes the images.

    >>> asked = dict.fromkeys(("network", "recipe", "steps", "batch", "crop", "seed", "tier", "image_skip"), 1)
    >>> card_of(asked | {"task": "deblur", "anew": "", "start": ""}, "two photographs")["data"]
    'two photographs'
    """
    card = {key: asked[key] for key in ("network", "recipe", "steps", "batch", "crop", "seed", "tier")}
    card |= {"settings": {"image_skip": asked["image_skip"]}, "data": data, **_later(asked)}
    if asked["start"]:
        _, before = load_weights(asked["start"])
        card["start"] = {key: before[key] for key in _ORIGIN if key in before}
        if before["network"] != asked["network"]:
            card["start"]["network"] = before["network"]
    return card


def begin(settings: Asked) -> nn.Module:
    """The network of these settings with random weights or, for a start, those of the start where not drawn anew.

    The start may be of another network that has all parts of this one and more.

    Raises:
        ValueError: when it lacks a part that is not drawn anew.

    >>> begin({"network": "lmfn-n1", "image_skip": True, "start": ""}).image_skip
    True
    """
    model = build(settings["network"], image_skip=settings["image_skip"])
    if settings["start"]:
        anew = f"{settings['anew']}." if "anew" in settings else None
        wanted = {name: value for name, value in model.state_dict().items() if not (anew and name.startswith(anew))}
        start, card = load_weights(settings["start"])
        try:
            model.load_state_dict(inherited(start.state_dict(), wanted), strict=False)
        except ValueError as error:
            raise ValueError(f"{settings['network']!r} cannot begin with {settings['start']!r}, the weights of "
                             f"{card['network']!r}: {error}") from None  # fmt: skip
    return model


def _later(asked: Asked) -> dict[str, object]:
    return {key: asked[key] for key, usual in _LATER.items() if asked[key] != usual}
