"""Every way to run a network on an image, by name: the plain call, cheaper arithmetic, compiled, other runtimes.

A way takes and gives float32 images "b 3 h w" on the device; what it changes inside (types, memory layout, runtime) is
its own affair. The benchmark holds them against each other.
"""

import copy
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from lmfn_core.parts.layers import use_channels_last
from lmfn_core.restoring.backends import open_backend
from lmfn_core.restoring.engine import fast

Call = Callable[[Tensor], Tensor]
EAGER = "eager float32"
"""The call that everybody would write first; every other way is compared with it."""


@dataclass(frozen=True)
class Way:
    """One way to run a network.

    >>> WAYS[EAGER].devices
    ('cpu', 'cuda')
    """

    prepare: Callable[[nn.Module, torch.device], Call]  # a network in eval mode, on the device, to what runs it
    devices: tuple[str, ...] = ("cpu", "cuda")
    needs: str = ""  # the package that must be installed


def ways(device: torch.device | str) -> list[str]:
    """Names of the ways that this device and these packages allow, the plain call first.

    >>> ways("cpu")[0]
    'eager float32'
    """
    kind = torch.device(device).type
    return [name for name, way in WAYS.items() if kind in way.devices and (not way.needs or _installed(way.needs))]


def prepare(name: str, model: nn.Module, device: torch.device | str = "cpu") -> Call:
    """A copy of the model, ready to be called this way: a float32 batch of RGB images on the device to the same.

    Raises:
        ValueError: for a name that is not in ``WAYS``.

    >>> prepare(EAGER, nn.Identity())(torch.ones(1, 3, 2, 2)).sum().item()
    12.0
    """
    if name not in WAYS:
        raise ValueError(f"{name!r} is no way to run a network; known: {', '.join(WAYS)}.")
    device = torch.device(device)
    return WAYS[name].prepare(copy.deepcopy(model).eval().to(device), device)


def graphed(call: Call) -> Call:
    """Record the call's kernels once per shape into a CUDA graph and replay them: the CPU no longer launches each one.

    The result is overwritten by the next call of the same shape.
    """
    recorded: dict[tuple[int, ...], tuple[torch.cuda.CUDAGraph, Tensor, Tensor]] = {}

    def replay(image: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 3 h w"]:
        shape = tuple(image.shape)
        if shape not in recorded:
            recorded[shape] = _record(call, image)
        graph, given, result = recorded[shape]
        given.copy_(image)
        graph.replay()
        return result

    return replay


def _record(call: Call, image: Tensor) -> tuple[torch.cuda.CUDAGraph, Tensor, Tensor]:
    given, stream, graph = image.clone(), torch.cuda.Stream(), torch.cuda.CUDAGraph()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):  # cuDNN chooses its algorithms, the allocator fills its pool
        for _ in range(3):
            call(given)
    torch.cuda.current_stream().wait_stream(stream)
    with torch.cuda.graph(graph):
        result = call(given)
    return graph, given, result


def _eager(model: nn.Module, device: torch.device) -> Call:
    def call(image: Tensor) -> Tensor:
        with torch.inference_mode():
            return model(image)

    return call


def _channels_last(model: nn.Module, device: torch.device) -> Call:
    return _in_layout(_eager(use_channels_last(model), device))


def _bfloat16(model: nn.Module, device: torch.device) -> Call:
    """Autocast: convolutions in bfloat16, the image's way around the network in float32."""
    return _in_layout(_autocast(use_channels_last(model), device))


def _compiled(mode: str | None = None) -> Callable[[nn.Module, torch.device], Call]:
    """Inductor: on a GPU for each size of its own, on a CPU, where compiling takes a minute, once for all sizes."""

    def prepared(model: nn.Module, device: torch.device) -> Call:
        call = _in_layout(
            _autocast(torch.compile(use_channels_last(model), mode=mode, dynamic=device.type == "cpu"), device)
        )
        return (lambda image: call(image).clone()) if mode == "reduce-overhead" else call

    return prepared


def _autocast(model: Callable[[Tensor], Tensor], device: torch.device) -> Call:
    def call(image: Tensor) -> Tensor:
        with torch.no_grad(), torch.autocast(device.type, torch.bfloat16, cache_enabled=False):
            return model(image).float()

    return call


def _in_layout(call: Call) -> Call:
    return lambda image: call(image.contiguous(memory_format=torch.channels_last))


def _engine(**settings: object) -> Callable[[nn.Module, torch.device], Call]:
    return lambda model, device: fast(model, device=device.type, **settings)


def _backend(name: str, precision: str) -> Callable[[nn.Module, torch.device], Call]:
    return lambda model, device: open_backend(name, model, precision)


def _installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


GPU, CPU = ("cuda",), ("cpu",)
WAYS = {
    EAGER: Way(_eager),
    "channels_last float32": Way(_channels_last),
    "channels_last bfloat16": Way(_bfloat16),
    "compiled bfloat16": Way(_compiled()),
    "compiled bfloat16 + CUDA graph": Way(_compiled("reduce-overhead"), GPU),
    "CUDA graph bfloat16": Way(lambda model, device: graphed(_bfloat16(model, device)), GPU),
    "ONNX Runtime float32": Way(_backend("onnxruntime", "float32"), CPU, needs="onnxruntime"),
    "OpenVINO float32": Way(_backend("openvino", "float32"), CPU, needs="openvino"),
    "OpenVINO bfloat16": Way(_backend("openvino", "bfloat16"), CPU, needs="openvino"),
    "engine": Way(_engine()),
    "engine, torch": Way(_engine(backend="torch"), CPU),
    "engine + CUDA graph": Way(lambda model, device: graphed(_engine()(model, device)), GPU),
}
"""All of them, the plain call first; ``ways`` says which can be had."""
