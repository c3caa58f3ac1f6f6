"""The fast way to run a trained network on photographs: one callable that chooses runtime, precision and strips.

LMFN, LFDN and their variants that ``tiled.can_tile`` run over strips whatever the size: a small image is one strip.
Other networks run on the whole image.
"""

import copy
import importlib.util
from collections.abc import Callable

import torch
from jaxtyping import Shaped
from torch import Tensor, nn

from lmfn_core.models.lfdn import LFDN
from lmfn_core.models.lmfn import LMFN, check_image
from lmfn_core.parts.layers import use_channels_last
from lmfn_core.repro import pick_device, pick_precision
from lmfn_core.restoring.backends import open_backend
from lmfn_core.restoring.strips import BUDGET
from lmfn_core.restoring.tiled import can_tile, restore_tensor

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
"""Name to the type of the features between the layers."""
RUNTIMES = ("auto", "torch", "openvino", "onnxruntime")
"""What may run the network."""
WHOLE = 2**22
"""Pixels up to which a network is run on a whole image by another runtime or compiled; more of them go over strips."""
LIMIT = 2**24
"""Pixels up to which a network without a form over strips is run at all: 64 float32 maps of that size take 4 GB."""
GPU_BUDGET = 2**30
"""Bytes that the maps of one strip may take on a GPU, where fewer, larger calls are faster."""


class Engine:
    """A network ready for photographs; ``fast`` makes it.

    ``backend``, ``precision`` and ``device`` say what was chosen.
    """

    def __init__(self, model: nn.Module, device: torch.device, precision: str, backend: str, compiled: bool) -> None:
        self.device, self.precision, self.backend = device, precision, backend
        self.tiles = can_tile(model)  # whether images of any size fit
        self._model = use_channels_last(copy.deepcopy(model).requires_grad_(False).float().eval().to(device))
        self._over_strips = copy.deepcopy(self._model).to(PRECISIONS[precision]) if self.tiles else None
        self._preferred: Callable[[Tensor], Tensor] | None = None
        if backend != "torch":
            self._preferred = open_backend(backend, model, precision)
        elif compiled:  # no CUDA graphs: they keep all maps of every size that ever came
            self._preferred = self._whole(torch.compile(self._model, mode="max-autotune-no-cudagraphs"))

    def __call__(
        self, image: Shaped[Tensor, "b 3 h w"], tile: int | None = None, out: Shaped[Tensor, "b 3 h w"] | None = None
    ) -> Shaped[Tensor, "b 3 h w"]:
        """Restore a batch of photographs.

        Args:
            image: floats in [0, 1], or bytes (0..255); sides from 16 pixels.
            tile: rows of pixels in a strip. None: chosen by a budget of memory, and the other runtime or the compiled
                network where one was asked for and the image is small enough. 0: the whole image as one strip.
            out: where the result goes; a tensor of bytes is given the clamped and rounded result. None: new float32.

        Returns:
            ``out``, else float32, not clamped, on the device of ``image``.

        Raises:
            ValueError: for what is no image, or has over ``LIMIT`` pixels where the network has no form over strips.
        """
        check_image(torch.empty(image.shape, device="meta") if image.dtype == torch.uint8 else image)
        pixels, given = image.shape[0] * image.shape[2] * image.shape[3], image.to(self.device)
        if tile is None and self._preferred and pixels <= WHOLE:
            return _handed_over(self._preferred(_floats(given)), image, out)
        if self.tiles:
            budget = GPU_BUDGET if self.device.type == "cuda" else BUDGET
            into = out if out is not None and out.device == self.device else None
            restored = restore_tensor(self._over_strips, given, into, tile, budget)
            return restored if into is not None else _handed_over(restored, image, out)
        if pixels > LIMIT:
            raise ValueError(f"The image has {pixels:,} pixels; {type(self._model).__name__} in this form looks at the "
                             f"whole at once and takes up to {LIMIT:,}: make it smaller, or use the network lmfn or "
                             f"lfdn as the papers have it.")  # fmt: skip
        return _handed_over(self._whole(self._model)(_floats(given)), image, out)

    def _whole(self, model: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
        """On the whole image; in bfloat16 by autocast, so that the image's own way around the layers stays float32."""

        @torch.inference_mode()
        def run(image: Tensor) -> Tensor:
            half = self.precision == "bfloat16"
            with torch.autocast(self.device.type, torch.bfloat16, enabled=half, cache_enabled=False):
                return model(image.contiguous(memory_format=torch.channels_last)).float()

        return run


def fast(
    model: nn.Module, device: str = "auto", precision: str = "auto", backend: str = "auto", compiled: bool = False
) -> Engine:
    """Make the network ready for photographs. The model is copied and left as it was.

    Args:
        device: "cpu", "cuda" or "auto". precision: "float32", "bfloat16" or "auto": bfloat16 where the hardware
            multiplies it. The sum with the image is float32 in any case.
        backend: "torch", "openvino" or "onnxruntime"; "auto": OpenVINO for LMFN and LFDN on a CPU, where it is
            installed, else torch. Images above ``WHOLE`` go over strips in torch in any case.
        compiled: with torch, ``torch.compile`` the network; the first image of a size then takes a minute.

    Raises:
        ValueError: for an unknown name, a GPU that is not there, another runtime than torch on a GPU, or
            ``compiled=True`` with another runtime.
        ImportError: when the backend is not installed.

    >>> from lmfn_core import build
    >>> engine = fast(build("lmfn"), device="cpu", backend="torch")
    >>> engine(torch.rand(1, 3, 50, 81)).shape
    torch.Size([1, 3, 50, 81])
    """
    place = pick_device(device)
    if precision not in ("auto", *PRECISIONS):
        raise ValueError(f"precision is {precision!r}; it can be 'auto', {' or '.join(map(repr, PRECISIONS))}.")
    if backend not in RUNTIMES:
        raise ValueError(f"backend is {backend!r}; it can be {', '.join(map(repr, RUNTIMES))}.")
    if backend == "auto":
        suits = type(model) in (LMFN, LFDN) and place.type == "cpu" and not compiled
        backend = "openvino" if suits and importlib.util.find_spec("openvino") else "torch"
    if backend != "torch" and (place.type != "cpu" or compiled):
        raise ValueError(f"backend={backend!r} runs on a CPU and compiles by itself: leave compiled=False and use "
                         f"device='cpu', or backend='torch'.")  # fmt: skip
    if precision == "auto":
        multiplies = pick_precision("auto", place) == "bf16-mixed" and backend != "onnxruntime"
        precision = "bfloat16" if multiplies else "float32"
    return Engine(model, place, precision, backend, compiled)


def _floats(image: Tensor) -> Tensor:
    return image.float() / 255 if image.dtype == torch.uint8 else image.float()


def _handed_over(restored: Tensor, image: Tensor, out: Tensor | None) -> Tensor:
    if out is None:
        return restored.to(image.device)
    return out.copy_(restored.clamp(0, 1).mul(255).round() if out.dtype == torch.uint8 else restored)
