"""Weights between weights: the running average, steadier than the last step, and points on a line through two sets."""

import copy
from collections.abc import Mapping

import torch
from torch import Tensor, nn


class Average(nn.Module):
    """Exponential average of a model's parameters, whose decay grows with the steps, so that short runs are not held.

    ``torch.optim.swa_utils.AveragedModel`` asks the device for its count at every step and waits for the answer; here
    the count stays on the host.

    Args:
        model: copied where it lies. decay: the share of the average that a step leaves, in the long run.

    >>> model = nn.Linear(1, 1)
    >>> average = Average(model, decay=0.999)
    >>> average.update(model)
    >>> torch.equal(average.module.weight, model.weight), int(average.n_averaged)
    (True, 1)
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        super().__init__()
        self.module = copy.deepcopy(model).requires_grad_(False)
        self.decay = decay
        self.register_buffer("n_averaged", torch.tensor(0))

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Take one step's parameters in; the first ones are taken as they are."""
        done = int(self.n_averaged)
        share = 1 - min(self.decay, (1 + done) / (10 + done)) if done else 1.0
        torch._foreach_lerp_(list(self.module.parameters()), list(model.parameters()), share)
        self.n_averaged += 1


def along(start: Mapping[str, Tensor], end: Mapping[str, Tensor], share: float) -> dict[str, Tensor]:
    """The weights ``share`` of the way from those a training went on from to those it ended with; above 1, beyond them.

    What a short training changed can so be taken back in part, or taken further, at no cost. Choose the share on
    images that are not reported.

    Raises:
        ValueError: when the two are not weights of one network.

    Source: linear interpolation of fine-tuned weights, WiSE-FT (Wortsman et al., CVPR 2022).

    >>> along({"w": torch.zeros(1)}, {"w": torch.ones(1)}, 1.25)
    {'w': tensor([1.2500])}
    """
    if {name: value.shape for name, value in start.items()} != {name: value.shape for name, value in end.items()}:
        raise ValueError("A line needs weights of one network at both ends; these differ in names or shapes.")
    return {name: torch.lerp(start[name], end[name], share) for name in start}
