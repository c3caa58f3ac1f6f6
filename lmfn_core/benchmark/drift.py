"""How far two answers to the same question lie apart, and short trainings that show how such a difference grows."""

import copy
import importlib.util
import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from lmfn_core.images.photos import dead_leaves
from lmfn_core.models.variants import build
from lmfn_core.parts.fdnb import FDNB
from lmfn_core.parts.fdnb_loops import fdnb_by_loops
from lmfn_core.parts.fusion import ACFM, ALFM, acfm_by_loops, alfm_by_loops
from lmfn_core.parts.layers import use_channels_last
from lmfn_core.repro import full_float32, seed_everything
from lmfn_core.restoring.backends import open_backend
from lmfn_core.training.checkpoints import load_weights
from lmfn_core.training.recipes import charbonnier

SIDE, BATCH, KEPT, HELD_OUT = 64, 2, 24, 2
"""The short training: pixels a side, crops a step, crops to draw from, scenes that it never sees."""


def apart(answer: Float[Tensor, "*shape"], reference: Float[Tensor, "*shape"]) -> dict[str, float]:
    """The difference of two images in [0, 1], taken in float64.

    Returns:
        ``largest`` and ``rms``, of the absolute difference; ``steps``, the largest one in steps of 8 bits; ``db``, the
        PSNR of one against the other, infinite where they are equal.

    >>> {name: round(value, 3) for name, value in apart(torch.full((4,), 0.75), torch.full((4,), 0.5)).items()}
    {'largest': 0.25, 'rms': 0.25, 'steps': 63.75, 'db': 12.041}
    """
    difference = answer.double() - reference.double()
    largest, rms = difference.abs().max().item(), difference.square().mean().sqrt().item()
    return {"largest": largest, "rms": rms, "steps": 255 * largest, "db": -20 * math.log10(rms) if rms else math.inf}


def blurred_scenes(count: int, size: int, seed: int = 0) -> tuple[Float[Tensor, "b 3 s s"], Float[Tensor, "b 3 s s"]]:
    """Procedural scenes, blurred to the right by nine pixels, and sharp: the same on every machine but for rounding.

    >>> [tuple(images.shape) for images in blurred_scenes(2, 64)]
    [(2, 3, 64, 64), (2, 3, 64, 64)]
    """
    sharp = dead_leaves(count, size, torch.Generator().manual_seed(seed))
    return F.avg_pool2d(F.pad(sharp, (4, 4, 0, 0), mode="replicate"), (1, 9), stride=1), sharp


def restored(name: str, images: Sequence[Float[np.ndarray, "b 3 h w"]]) -> list[Float[np.ndarray, "b 3 h w"]]:
    """Shipped weights on each image, with the threads of this process: a job for ``elsewhere``.

    >>> [answer.shape for answer in restored("lmfn", [np.zeros((1, 3, 16, 24), np.float32)])]
    [(1, 3, 16, 24)]
    """
    model = load_weights(name)[0]
    with torch.inference_mode():
        return [model(torch.from_numpy(image)).numpy() for image in images]


@torch.enable_grad()
def train_briefly(
    steps: int, seed: int = 0, *, layout: str = "contiguous", precision: str = "float32", nudge: bool = False
) -> dict[str, object]:
    """Train a tiny LMFN without its encoder and keep what it answers after every step.

    Args:
        steps: of AdamW, on two crops each. seed: draws the weights and the crops.
        layout: "contiguous" or "channels_last". precision: "float32" or "bfloat16" (autocast).
        nudge: move one weight to the next float before the first step.

    Returns:
        ``losses``, one a step; ``answers``, "steps 2 3 64 64": the held-out scenes restored after each step, in
        float32; ``psnr`` of the last ones.

    >>> [len(train_briefly(2)[name]) for name in ("losses", "answers")]
    [2, 2]
    """
    seed_everything(seed)
    model = build("lmfn-without-mshf", blocks=1, channels=16, image_skip=True)
    if nudge:
        _to_the_next_float(model.bridge.weight)
    if layout == "channels_last":
        use_channels_last(model)
    blurred, sharp = blurred_scenes(KEPT + HELD_OUT, SIDE)
    optimizer, order = torch.optim.AdamW(model.parameters(), lr=1e-3), torch.Generator().manual_seed(seed)
    losses, answers = [], []
    for _ in range(steps):
        rows = torch.randint(KEPT, (BATCH,), generator=order)
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            preds = model(_laid_out(blurred[rows], layout))
        loss = charbonnier(preds.float(), sharp[rows])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
        with torch.no_grad():
            answers.append(model(_laid_out(blurred[KEPT:], layout)).contiguous().numpy())
    error = np.square(answers[-1].clip(0, 1) - sharp[KEPT:].numpy()).mean()
    return {"losses": losses, "answers": np.stack(answers), "psnr": float(-10 * np.log10(error))}


def other_runtimes(model: nn.Module, slow: bool = False) -> dict[str, Callable[[Tensor], Tensor]]:
    """Ways to run a network outside eager PyTorch on the CPU, by name; prints which are not here.

    Args:
        slow: also torch.compile and ONNX Runtime, which take a minute or more to start.

    >>> import contextlib, io
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


def strengthened(model: nn.Module) -> nn.Module:
    """The network with random weights of variance 1 / fan-in, so that its last layers depend on its first; in place.

    >>> strengthened(nn.Linear(400, 100)).weight.std().item() < 0.06
    True
    """
    draw = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for p in model.parameters():
            p.normal_(std=(p[0].numel() if p.ndim > 1 else 12) ** -0.5, generator=draw)
    return model


def block_forms() -> dict[str, tuple[Tensor, Tensor]]:
    """ALFM, ACFM and FDNB on standard normal features: what the fast form gives, and the loops of the specification.

    >>> [fast.shape == slow.shape for fast, slow in block_forms().values()]
    [True, True, True]
    """
    f = torch.randn(2, 16, 6, 9, generator=torch.Generator().manual_seed(0))
    alfm, acfm, fdnb = ALFM(), strengthened(ACFM()), strengthened(FDNB(16))
    with torch.no_grad():
        alfm.theta.fill_(0.5)
        return {
            "ALFM": (alfm(f), alfm_by_loops(f, 0.5)),
            "ACFM": (acfm(f), acfm_by_loops(f, acfm)),
            "FDNB": (fdnb(f), fdnb_by_loops(f, fdnb)),
        }


def elsewhere(threads: int, job: Callable[..., object], *arguments: object) -> object:
    """``job(*arguments)`` in a process of its own, which computes on that many threads.

    Torch's threads can be counted anew at any time, but what already ran keeps its own; a new process has no past.

    >>> elsewhere(2, torch.get_num_threads)
    2
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads that wait shall sleep: others need the core
    with ProcessPoolExecutor(1, get_context("spawn"), torch.set_num_threads, (threads,)) as pool:
        return pool.submit(job, *arguments).result()


def errors_by_depth(
    model: nn.Module, image: Float[Tensor, "b 3 h w"], exact: nn.Module, kind: type[nn.Module] = nn.Conv2d
) -> dict[str, float]:
    """How wrong the result of each layer of a kind is, in the order they run: RMS error as a share of its RMS.

    Args:
        exact: the same network in float64. kind: the layers to look at; all of them here are convolutions.

    >>> image, model = torch.rand(1, 3, 64, 64), build("lmfn-n1")
    >>> len(errors_by_depth(model, image, build("lmfn-n1").double()))
    40
    """
    seen: list[dict[str, Tensor]] = []
    for network, given in ((model, image), (exact, image.double())):
        caught: dict[str, Tensor] = {}
        hooks = [
            layer.register_forward_hook(lambda _, __, out, name=name, caught=caught: caught.update({name: out}))
            for name, layer in network.named_modules()
            if isinstance(layer, kind)
        ]
        with torch.no_grad():
            network(given)
        for hook in hooks:
            hook.remove()
        seen.append(caught)
    ours, truth = seen
    return {name: apart(ours[name], out)["rms"] / out.square().mean().sqrt().item() for name, out in truth.items()}


def _to_the_next_float(weight: Tensor) -> None:
    with torch.no_grad():
        first = weight.view(-1)[:1]
        first.copy_(torch.nextafter(first, torch.full_like(first, math.inf)))


def _laid_out(images: Tensor, layout: str) -> Tensor:
    return images.contiguous(memory_format=torch.channels_last) if layout == "channels_last" else images
