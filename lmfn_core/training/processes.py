"""One training over several processes, on one machine or many: each computes its rows of every batch.

``lmfn_core.training.launch`` and ``torchrun`` start such a group and describe it in the environment. The mean of the
processes' mean gradients is the gradient of the whole batch, because their shares are equal.
"""

import os
from datetime import timedelta

import torch
from jaxtyping import Float
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments import LightningEnvironment, TorchElasticEnvironment
from lightning_fabric.strategies import DDPStrategy
from torch import Tensor

TIMEOUT = timedelta(minutes=5)
"""How long a process waits for the others before it gives up: far longer than a step or a save ever takes."""


class ProcessLost(RuntimeError):
    """A process of the group ended before its work was done, so the others stopped too.

    >>> issubclass(ProcessLost, RuntimeError)
    True
    """


def grouped() -> bool:
    """Whether this process was started as one of several.

    >>> grouped()
    False
    """
    return "LOCAL_RANK" in os.environ and int(os.environ.get("WORLD_SIZE", 1)) > 1


def is_first() -> bool:
    """Whether this process writes the files and talks: the first of a group, or the only one.

    >>> is_first()
    True
    """
    return not grouped() or int(os.environ["RANK"]) == 0


def open_fabric(device: torch.device | str, precision: str) -> Fabric:
    """Fabric for this process alone, or, in a group, connected to the others (one GPU each, or the CPU).

    >>> open_fabric("cpu", "32-true").world_size
    1
    """
    accelerator = torch.device(device).type
    if grouped():
        world, here = int(os.environ["WORLD_SIZE"]), int(os.environ["LOCAL_WORLD_SIZE"])
        # static: the published network owns layers that it never calls, for whose gradients DDP would wait
        strategy = DDPStrategy(cluster_environment=TorchElasticEnvironment(), timeout=TIMEOUT, static_graph=True)
        fabric = Fabric(
            accelerator=accelerator, strategy=strategy, devices=here, num_nodes=world // here, precision=precision
        )
    else:
        # without the plugin Fabric looks for a cluster, and complains where one is installed and not used
        fabric = Fabric(accelerator=accelerator, devices=1, precision=precision, plugins=LightningEnvironment())
    fabric.launch()
    return fabric


def share(batch: int, processes: int) -> int:
    """Images of a batch for each process.

    Raises:
        ValueError: when the batch cannot be shared equally.

    >>> share(16, processes=8)
    2
    """
    if batch % processes:
        raise ValueError(f"A batch of {batch} cannot be shared equally by {processes} processes; "
                         f"use a multiple of {processes}.")  # fmt: skip
    return batch // processes


def rows(images: Float[Tensor, "b c h w"], rank: int, world: int) -> Float[Tensor, "rows c h w"]:
    """The share of process ``rank`` of ``world`` in a batch: every ``world``-th image.

    Raises:
        ValueError: from ``share``.

    >>> rows(torch.zeros(6, 3, 8, 8), rank=1, world=2).shape
    torch.Size([3, 3, 8, 8])
    """
    share(len(images), world)
    return images[rank::world]


def agreed(fabric: Fabric, step: int) -> int:
    """``step``, once every process of the group has named the same.

    Raises:
        ValueError: when one sees another state file, or none.

    >>> agreed(open_fabric("cpu", "32-true"), 7)
    7
    """
    extremes = torch.tensor([step, -step], device=fabric.device)
    highest, lowest = fabric.all_reduce(extremes, reduce_op="max").abs().tolist()
    if lowest < highest:
        raise ValueError(f"One process would go on from step {lowest}, another from step {highest}: put the training "
                         f"state on a disk that all machines share.")  # fmt: skip
    return step


def is_loss_of_peer(error: RuntimeError) -> bool:
    """Whether the error says that another process of the group is gone or silent.

    >>> is_loss_of_peer(RuntimeError("gloo/transport/tcp/pair.cc: Connection closed by peer"))
    True
    """
    return isinstance(error, torch.distributed.DistError) or "gloo/" in str(error)
