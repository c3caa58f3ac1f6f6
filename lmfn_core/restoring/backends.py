"""A network run by OpenVINO or ONNX Runtime in place of PyTorch, on the CPU, with PyTorch's number of threads.

OpenVINO is given the network for sides that are multiples of 16; PyTorch pads and crops around it. One compilation
serves all sizes. Tensors are handed over and back without a copy.
"""

import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from lmfn_core.models.lmfn import LEAST, STRIDE, check_image
from lmfn_core.parts.layers import pad_to
from lmfn_core.repro import pick_precision
from lmfn_core.restoring.export import need, to_onnx
from lmfn_core.restoring.portable import Portable

BACKENDS = ("openvino", "onnxruntime")
"""What ``open_backend`` knows."""
HINTS = {"float32": "f32", "bfloat16": "bf16"}
"""OpenVINO's names of the precisions."""


def open_backend(name: str, model: nn.Module, precision: str = "auto") -> Callable[[Tensor], Tensor]:
    """The network behind another runtime: float32 batches of RGB images, of any size from 16 up, to the same.

    Opening takes about a second with OpenVINO, fifteen with ONNX Runtime; the first image of each new size takes a
    fraction of a second more. The callable is for one thread at a time.

    Args:
        name: "openvino" or "onnxruntime". model: LMFN, LFDN or one of their variants.
        precision: "float32"; "bfloat16", OpenVINO only; "auto": bfloat16 where OpenVINO and this CPU multiply it.

    Raises:
        ValueError: for an unknown name or precision, or another network; by the callable, for what is no image.
        ImportError: when the runtime is not installed, with the command that installs it.
    """
    if name not in BACKENDS:
        raise ValueError(f"The backend is {name!r}; it can be {' or '.join(map(repr, BACKENDS))}.")
    if precision not in ("auto", *HINTS):
        raise ValueError(f"precision is {precision!r}; it can be 'auto', {', '.join(map(repr, HINTS))}.")
    if name == "onnxruntime":
        if precision == "bfloat16":
            raise ValueError("ONNX Runtime has no bfloat16 on a CPU; use precision='float32' or backend='openvino'.")
        return _onnxruntime(model)
    if precision == "auto":
        precision = "bfloat16" if pick_precision("auto", "cpu") == "bf16-mixed" else "float32"
    return _openvino(model, HINTS[precision])


def _openvino(model: nn.Module, hint: str) -> Callable[[Tensor], Tensor]:
    openvino = need("openvino")
    threads = torch.get_num_threads()
    settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": hint, "INFERENCE_NUM_THREADS": threads}
    compiled = openvino.Core().compile_model(_converted(Portable(model, whole=False)), "CPU", settings)
    request = compiled.create_infer_request()

    def run(image: Tensor) -> Tensor:
        check_image(image)
        height, width = image.shape[-2:]
        padded = pad_to(image.detach().float().cpu(), STRIDE, LEAST).contiguous()
        restored = torch.empty_like(padded)
        request.set_output_tensor(openvino.Tensor(restored.numpy(), shared_memory=True))
        request.infer([openvino.Tensor(padded.numpy(), shared_memory=True)])
        return restored[..., :height, :width]

    return run


def _converted(portable: Portable) -> object:
    """By OpenVINO's reader of PyTorch; its ``convert_model``, which is slower, also reports each use to its makers."""
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # PyTorch's on tracing
        traced = torch.jit.trace(portable, torch.rand(1, 3, 96, 128), check_trace=False)
    decoder = TorchScriptPythonDecoder(traced, shared_memory=False)  # must outlive the reading
    reader = FrontEndManager().load_by_framework("pytorch")
    return reader.convert(reader.load(decoder))


def _onnxruntime(model: nn.Module) -> Callable[[Tensor], Tensor]:
    onnxruntime = need("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    with tempfile.TemporaryDirectory() as folder:
        path = to_onnx(model, Path(folder) / "network.onnx")
        session = onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])

    def run(image: Tensor) -> Tensor:
        check_image(image)
        given = image.detach().float().cpu().contiguous().numpy()
        return torch.from_numpy(session.run(["restored"], {"image": given})[0])

    return run
