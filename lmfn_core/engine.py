"""A stand-in for the fast engine: the network as it is, in inference mode."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from lmfn_core.repro import pick_device

Engine = Callable[..., Tensor]


def fast(
    model: nn.Module, device: str = "auto", precision: str = "auto", backend: str = "auto", compiled: bool = False
) -> Engine:
    """A network ready to restore images."""
    place = pick_device(device)
    model = model.to(place).eval()

    def engine(image: Tensor, tile: int | None = None, out: Tensor | None = None) -> Tensor:
        with torch.inference_mode():
            return model(image.to(place))

    return engine
