"""The training loop, on Lightning Fabric.

The loop asks for its batch by step number, so a run that resumes sees the very batches it would have seen.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from lmfn_core.parts.layers import use_channels_last
from lmfn_core.training.averaging import Average
from lmfn_core.training.captured import Captured, Step
from lmfn_core.training.checkpoints import load_tensors, save_tensors
from lmfn_core.training.processes import agreed, open_fabric, rows
from lmfn_core.training.recipes import Recipe

logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # it announces its precision on stderr

Batches = Callable[[int], tuple[Tensor, Tensor]]


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


def train(
    model: nn.Module,
    batches: Batches,
    recipe: Recipe,
    steps: int,
    *,
    device: torch.device | str = "cpu",
    precision: str = "32-true",
    state: Path | str | None = None,
    settings: Mapping[str, object] | None = None,
    every: int = 100,
    keep: bool = False,
    compiled: bool = False,
    on_step: Callable[[int, float], None] | None = None,
) -> History:
    """Train ``model`` in place; it ends with the averaged weights if the recipe keeps an average.

    In a group of processes (``lmfn_core.training.launch``, ``torchrun``) each calls this with the same arguments and
    computes its rows of each batch; the first keeps the state, which a group of any size, or one process, can resume.

    Args:
        batches: step number to (blurred, sharp), batches of RGB images in [0, 1]; must depend on nothing else.
        precision: Fabric's name, "32-true" or "bf16-mixed".
        state: file for the training state, saved every ``every`` steps; resumed from if it was written under the
            same ``settings``, ignored if not, removed in the end.
        keep: leave the state in the end, for the caller to ``forget`` once the weights are safe.
        settings: whatever identifies the run (network, seed, ...).
        compiled: let ``torch.compile`` write the kernels; minutes at first, worth it on a GPU.
        on_step: called with the number of steps done and the last loss, every ``every`` steps, in the first process.

    Raises:
        TrainingDiverged: when the loss or a weight is not finite; the last good state stays on disk.
        ValueError: when a batch cannot be shared equally by the processes, or they see different states.
    """
    fabric = open_fabric(device, precision)
    recorded = fabric.device.type == "cuda" and fabric.world_size == 1
    rate = torch.tensor(recipe.lr, device=fabric.device) if recorded else recipe.lr
    optimizer = recipe.optimizer(
        model.parameters(), lr=rate, weight_decay=recipe.weight_decay, fused=True, capturable=recorded
    )
    module = torch.compile(use_channels_last(model)) if compiled else use_channels_last(model)
    # Fabric's wrapper keeps its own list of parameter groups, which a resume would leave behind: set rates on the inner
    network, stepper = fabric.setup(module, optimizer)
    average = Average(model, recipe.ema) if recipe.ema else None
    identity = {"steps": steps, **(settings or {})}
    run = _Run(fabric, model, optimizer, average, identity, state and Path(state), History())
    history, start, began = run.history, agreed(fabric, run.resume()), time.perf_counter()
    advance = _one_step(fabric, network, stepper, recipe)
    advance = Captured(advance) if recorded else advance
    for step in range(start, steps):
        for group in optimizer.param_groups:
            factor = recipe.schedule(step, steps)
            group["lr"] = rate.fill_(recipe.lr * factor) if recorded else recipe.lr * factor
        asked = time.perf_counter()
        blurred, sharp = (rows(images, fabric.global_rank, fabric.world_size) for images in batches(step))
        history.data_seconds += time.perf_counter() - asked
        loss = advance(blurred.contiguous(memory_format=torch.channels_last), sharp)
        if average:
            average.update(model)
        run.pending.append(loss)  # read only every so often: reading waits for the device
        if (step + 1) % every == 0 or step + 1 == steps:
            run.save(step)
            if on_step and fabric.is_global_zero:
                on_step(step + 1, history.losses[-1])
    history.seconds, history.steps_run = time.perf_counter() - began, steps - start
    run.finish()
    if state is not None and not keep and fabric.is_global_zero:
        forget(state)
    return history


def forget(state: Path | str) -> None:
    """Remove a training state and its card, where there is one: a finished run needs none.

    >>> forget("no.state.safetensors")
    """
    for file in (Path(state), Path(state).with_suffix(".json")):
        file.unlink(missing_ok=True)


def _one_step(fabric: Fabric, network: nn.Module, stepper: torch.optim.Optimizer, recipe: Recipe) -> Step:
    def advance(blurred: Tensor, sharp: Tensor) -> Tensor:
        loss = recipe.loss(network(blurred), sharp)
        fabric.backward(loss)
        if recipe.clip:
            fabric.clip_gradients(network, stepper, max_norm=recipe.clip, error_if_nonfinite=False)
        stepper.step()
        stepper.zero_grad()
        return loss.detach()

    return advance


@dataclass
class _Run:
    """Everything of a run that changes from step to step, and the file that keeps it."""

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


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
