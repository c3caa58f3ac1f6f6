"""A training step recorded as a CUDA graph, so that one call launches its hundreds of small kernels."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from jaxtyping import Float
from torch import Tensor

Step = Callable[[Tensor, Tensor], Tensor]
WARM = 4
"""Steps before the recording: kernels are compiled and chosen, and the optimiser makes its moments."""


class Captured:
    """A step (blurred, sharp) to loss, launched kernel by kernel at first, then recorded and replayed.

    Every call is one step, those before the recording too. A replay does on the device what the recorded call did, with
    new images: what the host decides from step to step must lie in tensors on the device (the learning rate), and
    nothing inside may wait for the device. A step of this network is 1,600 kernels of 5 us; launching them one by one
    takes the host four times as long as the card needs to run them.

    Raises:
        RuntimeError: by torch, when the step cannot be recorded, or the images of a replay have another size.
    """

    def __init__(self, step: Step) -> None:
        self.step = step
        self.calls = 0
        self.graph: torch.cuda.CUDAGraph | None = None

    def __call__(self, blurred: Float[Tensor, "b c h w"], sharp: Float[Tensor, "b c h w"]) -> Float[Tensor, ""]:
        self.calls += 1
        if self.calls <= WARM:
            return self._aside(blurred, sharp)
        if self.graph is None:
            self._record(blurred, sharp)
        for kept, given in zip(self.images, (blurred, sharp), strict=True):
            kept.copy_(given)
        self.graph.replay()
        return self.loss.clone()

    def _aside(self, blurred: Tensor, sharp: Tensor) -> Tensor:
        """On a stream of its own, as a recording is, so that memory and gradients belong to no other."""
        here, aside = torch.cuda.current_stream(), torch.cuda.Stream()
        aside.wait_stream(here)
        with torch.cuda.stream(aside), quickest_convolutions():
            loss = self.step(blurred, sharp)
        here.wait_stream(aside)
        return loss

    def _record(self, blurred: Tensor, sharp: Tensor) -> None:
        """Nothing is computed while a step is recorded."""
        self.images = tuple(torch.empty_like(images).copy_(images) for images in (blurred, sharp))
        self.graph = torch.cuda.CUDAGraph()
        with quickest_convolutions(), torch.cuda.graph(self.graph):
            self.loss = self.step(*self.images)


@contextmanager
def quickest_convolutions() -> Iterator[None]:
    """Inside the ``with``, cuDNN tries its kernels on every new shape and keeps the quickest: worth it for equal steps.

    >>> with quickest_convolutions():
    ...     torch.backends.cudnn.benchmark
    True
    """
    before = torch.backends.cudnn.benchmark
    try:
        torch.backends.cudnn.benchmark = True
        yield
    finally:
        torch.backends.cudnn.benchmark = before
