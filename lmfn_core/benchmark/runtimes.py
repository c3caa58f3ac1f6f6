"""The same network elsewhere: in another runtime, on a GPU, in a process with threads of its own."""

import copy
import importlib.util
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from lmfn_core.models.checkpoints import load_weights
from lmfn_core.repro import full_float32
from lmfn_core.restoring.backends import open_backend


def other_runtimes(model: nn.Module, slow: bool = False) -> dict[str, Callable[[Tensor], Tensor]]:
    """Ways to run a network outside eager PyTorch on the CPU, by name; prints which are not here.

    Args:
        slow: also torch.compile and ONNX Runtime, which take a minute or more to start.

    >>> import contextlib, io
    >>> from lmfn_core import build
    >>> with contextlib.redirect_stdout(io.StringIO()):
    ...     ways = other_runtimes(build("lmfn-n1"))
    >>> {way(torch.rand(1, 3, 64, 64)).shape for way in ways.values()} <= {torch.Size([1, 3, 64, 64])}
    True
    """
    ways: dict[str, Callable[[Tensor], Tensor]] = {}
    if importlib.util.find_spec("openvino"):
        ways |= {f"OpenVINO {kind}": open_backend("openvino", model, kind) for kind in ("float32", "bfloat16")}
    else:
        print("OpenVINO is not installed: left out.")
    if slow:
        ways["compiled"] = torch.compile(model)
        if importlib.util.find_spec("onnxruntime") and importlib.util.find_spec("onnxscript"):
            ways["ONNX Runtime float32"] = open_backend("onnxruntime", model, "float32")
        else:
            print("ONNX Runtime is not installed: left out.")
    else:
        print("torch.compile and ONNX Runtime take minutes to start: left out.")
    if torch.cuda.is_available():
        card = copy.deepcopy(model).cuda()

        def in_full(image: Tensor) -> Tensor:
            with full_float32():
                return card(image.cuda()).cpu()

        ways |= {"GPU float32": in_full, "GPU TF32": lambda image: card(image.cuda()).cpu()}
    else:
        print("PyTorch sees no GPU here: left out.")
    return ways


def elsewhere(threads: int, job: Callable[..., object], *arguments: object) -> object:
    """``job(*arguments)`` in a process of its own, which computes on that many threads.

    Torch's threads can be counted anew at any time, but what already ran keeps its own; a new process has no past.

    >>> elsewhere(2, torch.get_num_threads)
    2
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads that wait shall sleep: others need the core
    with ProcessPoolExecutor(1, get_context("spawn"), torch.set_num_threads, (threads,)) as pool:
        return pool.submit(job, *arguments).result()


def restored(name: str, images: Sequence[Float[np.ndarray, "b 3 h w"]]) -> list[Float[np.ndarray, "b 3 h w"]]:
    """Shipped weights on each image, with the threads of this process: a job for ``elsewhere``.

    >>> [answer.shape for answer in restored("lmfn", [np.zeros((1, 3, 16, 24), np.float32)])]
    [(1, 3, 16, 24)]
    """
    model = load_weights(name)[0]
    with torch.inference_mode():
        return [model(torch.from_numpy(image)).numpy() for image in images]
