"""A network as one file for other runtimes: ONNX, or OpenVINO's XML with its weights beside it.

The file is whole: it takes float32 RGB images "b 3 h w" in [0, 1] of any size from 16 x 16 up, pads and crops inside,
and does not clamp, as the network itself.
"""

import contextlib
import importlib
import io
import logging
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import torch
from torch import nn

from lmfn_core.restoring.portable import Portable

OPSET = 18
"""Of ONNX; read by ONNX Runtime from 1.14 on."""
EXPORTS_FROM = (2, 8)
"""Of PyTorch; older exporters take these networks for sides of 48 n - 44 alone."""
EXTRAS = {"onnx": "onnx", "onnxscript": "onnx", "onnxruntime": "onnx", "openvino": "openvino"}
"""The extra of this package that installs each."""


def need(package: str) -> ModuleType:
    """Import an optional package.

    Raises:
        ImportError: when it is not installed, with the command that installs it.

    >>> need("openvinoo")
    Traceback (most recent call last):
    ImportError: This needs openvinoo, which is not installed: pip install 'lmfn-core[openvinoo]'
    """
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
        extra = EXTRAS.get(package, package)
        raise ImportError(f"This needs {package}, which is not installed: pip install 'lmfn-core[{extra}]'") from None


def to_onnx(model: nn.Module, path: Path | str) -> Path:
    """Write the network as ONNX, input "image", output "restored", batch, height and width free; takes about 15 s.

    Args:
        model: LMFN, LFDN or one of their variants. path: of the file, conventionally ``.onnx``.

    Raises:
        ValueError: when the model is another network.
        ImportError: when onnx or onnxscript is missing, or PyTorch is too old for it.
        OSError: when the file cannot be written.
    """
    portable, path = Portable(model), Path(path)
    if torch.__version__ < EXPORTS_FROM:
        wanted = ".".join(map(str, EXPORTS_FROM))
        raise ImportError(f"ONNX needs PyTorch {wanted} or newer, this is {torch.__version__}: pip install -U torch")
    for package in ("onnx", "onnxscript"):
        need(package)
    path.parent.mkdir(parents=True, exist_ok=True)
    free = {0: torch.export.Dim("batch"), 2: torch.export.Dim("height"), 3: torch.export.Dim("width")}
    with _quiet():
        torch.onnx.export(
            portable, (torch.rand(2, 3, 100, 150),), path, input_names=["image"], output_names=["restored"],
            dynamic_shapes=(free,), opset_version=OPSET, dynamo=True, external_data=False, verbose=False,
        )  # fmt: skip
    return path


def to_openvino(model: nn.Module, path: Path | str) -> Path:
    """Write the network for OpenVINO, by way of ONNX: ``path`` (``.xml``) and the float32 weights beside it (``.bin``).

    Raises:
        ValueError: when the model is another network, or the path does not end in ``.xml``.
        ImportError: when openvino, onnx or onnxscript is missing, or PyTorch is too old for ``to_onnx``.
        OSError: when the files cannot be written.
    """
    path = Path(path)
    if path.suffix != ".xml":
        raise ValueError(f"OpenVINO's files end in .xml, with the weights in a .bin beside it; got {path.name!r}.")
    openvino = need("openvino")
    with tempfile.TemporaryDirectory() as folder:
        read = openvino.Core().read_model(to_onnx(model, Path(folder) / "network.onnx"))
        path.parent.mkdir(parents=True, exist_ok=True)
        openvino.save_model(read, path, compress_to_fp16=False)
    return path


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporter's remarks on its own parts, on what is not installed and on how far it is."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
