"""The training loop, on Lightning Fabric.

The loop asks for its batch by step number, so a run that resumes sees the very batches it would have seen.
"""

import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from lmfn_core.parts.layers import use_channels_last
from lmfn_core.training.averaging import Average
from lmfn_core.training.captured import Captured, Step
from lmfn_core.training.processes import agreed, open_fabric, rows
from lmfn_core.training.recipes import Recipe
from lmfn_core.training.state import History, Running, forget

logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # it announces its precision on stderr

Batches = Callable[[int], tuple[Tensor, Tensor]]


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
    run = Running(fabric, model, optimizer, average, identity, state and Path(state), History())
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
