"""A network made ready for photographs: device, layout, precision and runtime are chosen once."""

import copy
import importlib.util
from collections.abc import Callable

import torch
from torch import Tensor, nn

from lmfn_core.layers import use_channels_last
from lmfn_core.lfdn import LFDN
from lmfn_core.lmfn import LMFN
from lmfn_core.repro import pick_device, pick_precision

Engine = Callable[[Tensor], Tensor]
RUNTIMES = ("auto", "torch", "openvino", "onnxruntime")
"""What can run a network."""
ELSEWHERE = 4_000_000
"""Pixels up to which another runtime gets an image; beyond, it would hold too many maps at once."""


def fast(model: nn.Module, device: str = "auto", precision: str = "auto", backend: str = "auto") -> Engine:
    """Make a network ready to restore images. The model is copied and left as it was.

    Args:
        device: "auto", "cpu" or "cuda". precision: "float32", "bfloat16" or "auto": bfloat16 where the hardware
            multiplies it.
        backend: one of ``RUNTIMES``; "auto": OpenVINO for LMFN and LFDN on a CPU, where it is installed, else torch.

    Returns:
        A function of float images, batch x 3 x height x width, in [0, 1] to the same shape, float32, not clamped.

    Raises:
        ValueError: for an unknown name, or another runtime than torch on a GPU.
        ImportError: when the backend is not installed.

    >>> fast(nn.Identity(), device="cpu")(torch.zeros(1, 3, 16, 16)).shape
    torch.Size([1, 3, 16, 16])
    """
    place = pick_device(device)
    if precision not in ("auto", "float32", "bfloat16"):
        raise ValueError(f"precision is {precision!r}; it can be 'auto', 'float32' or 'bfloat16'.")
    if backend not in RUNTIMES:
        raise ValueError(f"backend is {backend!r}; it can be {', '.join(map(repr, RUNTIMES))}.")
    if backend == "auto":
        suits = type(model) in (LMFN, LFDN) and place.type == "cpu" and importlib.util.find_spec("openvino")
        backend = "openvino" if suits else "torch"
    if backend != "torch" and place.type != "cpu":
        raise ValueError(f"backend={backend!r} runs on a CPU: use device='cpu', or backend='torch'.")
    here = _in_torch(model, place, precision)
    if backend == "torch":
        return here
    from lmfn_core.backends import open_backend  # optional packages, asked for by name only

    elsewhere = open_backend(backend, model, precision)
    return lambda image: elsewhere(image) if image[:, 0].numel() <= ELSEWHERE else here(image)


def _in_torch(model: nn.Module, place: torch.device, precision: str) -> Engine:
    network = use_channels_last(copy.deepcopy(model).eval().to(place))
    half = precision == "bfloat16" or precision == "auto" and pick_precision("auto", place) == "bf16-mixed"

    def run(image: Tensor) -> Tensor:
        with torch.inference_mode(), torch.autocast(place.type, torch.bfloat16, enabled=half, cache_enabled=False):
            return network(image.to(place).contiguous(memory_format=torch.channels_last)).float()

    return run
