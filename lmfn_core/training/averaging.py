"""The running average of a training's weights: what is kept in the end, steadier than the last step's weights."""

import copy

import torch
from torch import nn


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
