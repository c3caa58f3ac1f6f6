"""What a network costs: parameters, multiply-accumulates, memory; and, from ``timing``, seconds.

A multiply-accumulate (MAC) is one multiplication and one addition, so FLOPs = 2 x MACs; papers print either under
either name. Counted are the convolutions and matrix products that run (``torch.utils.flop_counter``) and nothing else:
no biases, activations, pooling, resizing. Counts depend on shapes alone and are exact; they are taken on fake tensors,
which have a shape and no data, so a large image costs no time.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from lmfn_core.measures.timing import Latency, latency

__all__ = ["Cost", "Latency", "Parameters", "latency", "layer_costs", "macs", "parameters", "peak_memory"]


@dataclass(frozen=True)
class Parameters:
    """How many numbers a network owns.

    >>> Parameters(total=10, trainable=8, unused=2)
    Parameters(total=10, trainable=8, unused=2)
    """

    total: int  # all of them; what a checkpoint stores
    trainable: int  # those that an optimiser may change
    unused: int  # those that the output does not depend on: never called in forward


@dataclass(frozen=True)
class Cost:
    """One bar of a cost chart.

    >>> Cost("bridge", parameters=28_850, macs=117_964_800).name
    'bridge'
    """

    name: str  # the attribute of the network, e.g. "encoder", "blocks.0"
    parameters: int  # owned by that part
    macs: int  # multiply-accumulates spent in it, for one image


def parameters(model: nn.Module, height: int = 64, width: int = 64) -> Parameters:
    """Count the parameters: all, trainable, and those that the output for an image of this size never depends on.

    A parameter is unused when a backward pass from the output does not reach it. The model is left as it was.

    >>> model = nn.Sequential(nn.Conv2d(3, 1, 1))
    >>> model[0].never_called = nn.Linear(2, 2)
    >>> parameters(model)
    Parameters(total=10, trainable=10, unused=6)
    """
    owned = dict(model.named_parameters())
    # stand-ins that share the memory and all ask for gradients, frozen ones too
    weights = {name: p.detach().requires_grad_() for name, p in owned.items()}
    with torch.enable_grad():
        output = _run(model, height, width, weights)
        reached = [None] * len(weights)
        if output.requires_grad:
            reached = torch.autograd.grad(output.sum(), list(weights.values()), allow_unused=True)
    return Parameters(
        total=sum(p.numel() for p in owned.values()),
        trainable=sum(p.numel() for p in owned.values() if p.requires_grad),
        unused=sum(p.numel() for p, grad in zip(owned.values(), reached, strict=True) if grad is None),
    )


def macs(model: nn.Module, height: int, width: int) -> int:
    """Multiply-accumulates of one forward pass on one RGB image; twice as many FLOPs.

    >>> macs(nn.Conv2d(3, 64, 3, padding=1), height=720, width=1280) == 3 * 64 * 9 * 720 * 1280
    True
    """
    return _count(model, height, width).get_total_flops() // 2


def layer_costs(model: nn.Module, height: int, width: int) -> list[Cost]:
    """Parameters and multiply-accumulates of each part of ``model``, in the order in which it owns them.

    A part is a direct child; lists of modules count entry by entry. What ``model`` itself owns or computes comes last,
    as "(itself)", when it is not nothing: the rows add up to the whole. A part that takes an RGB image, such as LMFN's
    encoder, can be passed in turn.

    >>> model = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 3, 1))
    >>> [(cost.name, cost.parameters, cost.macs) for cost in layer_costs(model, height=10, width=10)]
    [('0', 224, 21600), ('1', 0, 0), ('2', 27, 2400)]
    """
    counts, root = _count(model, height, width).get_flop_counts(), type(model).__name__
    flops = {name: sum(by_operator.values()) for name, by_operator in counts.items()}
    rows = [
        Cost(name, sum(p.numel() for p in part.parameters()), flops.get(f"{root}.{name}", 0) // 2)
        for name, part in _parts(model)
    ]
    itself = Cost(
        "(itself)",
        sum(p.numel() for p in model.parameters()) - sum(row.parameters for row in rows),
        flops.get(root, 0) // 2 - sum(row.macs for row in rows),
    )
    return rows + [itself] if itself.parameters or itself.macs else rows


def peak_memory(model: nn.Module, x: Float[Tensor, "b c h w"]) -> int:
    """Most bytes that a forward pass without gradients holds at once beyond the weights and ``x``.

    On the CPU every tensor that the pass makes is followed until it is freed: the count depends on shapes and types
    alone and is the same on every machine; scratch memory inside one operator is not seen. On a GPU the allocator's own
    peak is returned, which includes such scratch memory and depends on the card.

    >>> peak_memory(nn.Sequential(nn.ReLU(), nn.ReLU()), torch.zeros(1, 1, 10, 10))  # float32: two maps of 400 bytes
    800
    """
    if x.is_cuda:
        torch.cuda.synchronize(x.device)
        torch.cuda.reset_peak_memory_stats(x.device)
        before = torch.cuda.memory_allocated(x.device)
        with torch.no_grad():
            model(x)
        torch.cuda.synchronize(x.device)
        return torch.cuda.max_memory_allocated(x.device) - before
    with torch.no_grad(), _LiveBytes() as live:
        model(x)
    return live.peak


class _LiveBytes(TorchDispatchMode):
    """Follows the storages that operators make. A storage first seen as an argument was there before: weight, input."""

    def __init__(self) -> None:
        super().__init__()
        self.peak = 0
        self.storages: dict[int, tuple[StorageWeakRef, int]] = {}

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self._note(tree_leaves((args, kwargs)), made=False)
        out = func(*args, **(kwargs or {}))
        self._note(tree_leaves(out), made=True)
        self.peak = max(self.peak, sum(size for _, size in self.storages.values()))
        return out

    def _note(self, values: list[object], made: bool) -> None:
        self.storages = {at: entry for at, entry in self.storages.items() if not entry[0].expired()}
        for value in values:
            if isinstance(value, Tensor):
                storage = value.untyped_storage()
                # the weak reference keeps the address from being given to another storage
                self.storages.setdefault(storage._cdata, (StorageWeakRef(storage), storage.nbytes() if made else 0))


def _run(model: nn.Module, height: int, width: int, weights: dict[str, Tensor]) -> Tensor:
    like = next(model.parameters(), torch.zeros(()))
    image = torch.zeros(1, 3, height, width, dtype=like.dtype, device=like.device)
    buffers = {name: buffer.clone() for name, buffer in model.named_buffers()}  # copies: batch norms write theirs
    return torch.func.functional_call(model, weights | buffers, (image,))


def _count(model: nn.Module, height: int, width: int) -> FlopCounterMode:
    with FakeTensorMode(allow_non_fake_inputs=True), torch.no_grad(), FlopCounterMode(display=False) as counter:
        _run(model, height, width, weights={})
    return counter


def _parts(module: nn.Module, prefix: str = "") -> list[tuple[str, nn.Module]]:
    parts = []
    for name, child in module.named_children():
        listed = isinstance(child, nn.ModuleList | nn.ModuleDict)
        parts += _parts(child, f"{prefix}{name}.") if listed else [(f"{prefix}{name}", child)]
    return parts
