"""The fast way to run a trained network on photographs: one callable that chooses precision, layout and strips.

LMFN and LFDN run over strips (``tiled``), on a small image as one strip: cut for the cache, folded (``folded``), in bfloat16
where the hardware multiplies it. Strips of an image larger than memory take the same path.
"""

import copy
import importlib.util
from collections.abc import Callable

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from lmfn_core.layers import use_channels_last
from lmfn_core.lmfn import SMALLEST
from lmfn_core.repro import pick_device, pick_precision
from lmfn_core.tiled import can_tile, restore_tensor

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
"""Name to the type of the features between the layers."""
WHOLE = 16_000_000
"""Pixels up to which a network is run on the whole image; about 64 float32 maps at full size, 4 GB, are alive at once."""
ELSEWHERE = 4_000_000
"""Pixels up to which another runtime gets the image; it holds the maps of a whole image, so larger ones go over strips."""


class Engine:
    """A network ready for photographs; made by ``fast``.

    ``device``, ``precision``, ``backend`` and ``tiles`` (whether large images go over strips) say what was chosen.
    """

    def __init__(self, model: nn.Module, device: torch.device, precision: str, backend: str, compiled: bool) -> None:
        self.device, self.precision, self.backend = device, precision, backend
        self.tiles = can_tile(model)
        self._plain = copy.deepcopy(model).requires_grad_(False).eval()
        self._model = use_channels_last(self._plain.to(device))
        if self.tiles:
            self._model = self._model.to(PRECISIONS[precision])
        # without CUDA graphs: they keep a copy of all maps for each size of image
        self._compiled = torch.compile(self._whole, mode="max-autotune-no-cudagraphs") if compiled else None
        self._elsewhere: Callable[[Tensor], Tensor] | None = None
        if backend != "torch":
            from lmfn_core.backends import open_backend  # optional packages, asked for by name only

            self._elsewhere = open_backend(backend, model, precision)

    def __call__(
        self, image: Shaped[Tensor, "b 3 h w"], tile: int | None = None, out: Shaped[Tensor, "b 3 h w"] | None = None
    ) -> Shaped[Tensor, "b 3 h w"]:
        """Restore photographs, all of one size.
