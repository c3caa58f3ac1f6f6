"""Everything of a training that changes from step to step, and the file that keeps it: so that a killed run resumes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from lmfn_core.models.checkpoints import load_tensors, save_tensors
from lmfn_core.training.averaging import Average


class TrainingDiverged(RuntimeError):
    """The loss or a weight is NaN or infinite; the message names the step and the last good state.

    >>> issubclass(TrainingDiverged, RuntimeError)
    True
    """


@dataclass
class History:
    """What a training run leaves besides the weights: the loss of every step and where the time went, in seconds.

    >>> History().losses
    []
    """

    losses: list[float] = field(default_factory=list)  # one per step
    seconds: float = 0.0  # of the steps run in this call
    data_seconds: float = 0.0  # of these, making the pairs
    steps_run: int = 0  # in this call; fewer than len(losses) after a resume


@dataclass
class Running:
    """A training between two of its steps.

    >>> model = nn.Linear(1, 1)
    >>> adam = torch.optim.Adam(model.parameters())
    >>> Running(Fabric(accelerator="cpu", devices=1), model, adam, None, {}, None, History()).resume()
    0
    """

    fabric: Fabric
    model: nn.Module
    optimizer: torch.optim.Optimizer
    average: Average | None
    settings: Mapping[str, object]
    state: Path | None
    history: History
    pending: list[Tensor] = field(default_factory=list)  # losses not yet read from the device

    def save(self, step: int) -> None:
        """Read the pending losses, refuse what is not finite, and write the state."""
        self._settle(step)
        if self.state is None or not self.fabric.is_global_zero:
            return
        tensors = {f"model.{name}": tensor for name, tensor in self.model.state_dict().items()}
        if self.average:
            tensors |= {f"average.{name}": tensor for name, tensor in self.average.state_dict().items()}
        for index, entry in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{index}.{key}": torch.as_tensor(value) for key, value in entry.items()}
        tensors["losses"] = torch.tensor(self.history.losses, dtype=torch.float64)
        save_tensors(self.state, tensors, {"state_of": dict(self.settings)})

    def resume(self) -> int:
        """Load the state if it is whole and of these settings; the step to go on with."""
        if self.state is None or not self.state.is_file():
            return 0
        try:
            tensors, card = load_tensors(self.state)
        except ValueError:
            return 0
        if card.get("state_of") != dict(self.settings):
            return 0
        self.model.load_state_dict(_under("model.", tensors))
        if self.average:
            self.average.load_state_dict(_under("average.", tensors))
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": self._moments(tensors)})
        self.history.losses = tensors["losses"].tolist()
        return len(self.history.losses)

    def finish(self) -> None:
        """Leave the averaged weights in the model."""
        if self.average:
            self.model.load_state_dict(self.average.module.state_dict())

    def _settle(self, step: int) -> None:
        losses = self.fabric.all_reduce(torch.stack(self.pending).float(), reduce_op="mean")
        bad = (~torch.isfinite(losses)).nonzero()
        weights_good = all(bool(torch.isfinite(p).all()) for p in self.model.parameters())
        if len(bad) or not weights_good:
            at = step + 2 - len(losses) + (int(bad[0]) if len(bad) else len(losses) - 1)
            what = f"The loss is {losses[bad[0]].item()}" if len(bad) else "A weight is not finite"
            done = len(self.history.losses)
            kept = f"the state after step {done} is kept in {self.state}" if self.state else "no state was kept"
            raise TrainingDiverged(f"{what} at step {at}; {kept}. Check the images, or lower the learning rate.")
        self.history.losses += losses.tolist()
        self.pending.clear()

    def _moments(self, tensors: Mapping[str, Tensor]) -> dict[int, dict[str, Tensor]]:
        parameters = list(self.model.parameters())
        entries: dict[int, dict[str, Tensor]] = {}
        for name, tensor in _under("optimizer.", tensors).items():
            index, key = name.split(".", 1)
            like = parameters[int(index)]
            # the fused optimizer walks memory, not indices: its moments must lie in memory as their weights do
            same_layout = torch.empty_like(like).copy_(tensor) if tensor.shape == like.shape else tensor
            entries.setdefault(int(index), {})[key] = same_layout
        return entries


def forget(state: Path | str) -> None:
    """Remove a training state and its card, where there is one: a finished run needs none.

    >>> forget("no.state.safetensors")
    """
    for file in (Path(state), Path(state).with_suffix(".json")):
        file.unlink(missing_ok=True)


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
