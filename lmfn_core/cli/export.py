"""``lmfn export``: a network as one file for other runtimes."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from torch import nn

from lmfn_core.cli.errors import FAILED, MISUSED, in_one_sentence
from lmfn_core.models.checkpoints import load_weights
from lmfn_core.restoring.export import to_onnx, to_openvino

WRITERS: dict[str, Callable[[nn.Module, Path], Path]] = {".onnx": to_onnx, ".xml": to_openvino}
"""What writes each kind of file."""


def export_command(
    network: Annotated[str, typer.Argument(help="lmfn, lfdn-deblur, lfdn-derain, or a file of weights.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The file: .onnx, or .xml for OpenVINO.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file if it is there.")] = False,
) -> None:
    """Write a network as ONNX or for OpenVINO: images of any size from 16 x 16 up, in any number.

    The file takes float32 RGB in [0, 1], batch x 3 x height x width, as "image", and gives the same as "restored".

    Example: lmfn export lmfn -o lmfn.onnx
    """
    with in_one_sentence(MISUSED):
        if out.suffix not in WRITERS:
            raise ValueError(f"{str(out)!r} ends in neither .onnx nor .xml, so the format is not clear; name it so.")
        if out.exists() and not overwrite:
            raise ValueError(f"{str(out)!r} is there already; add --overwrite to replace it.")
        model, _ = load_weights(network)
    with in_one_sentence(FAILED):
        try:
            written = WRITERS[out.suffix](model, out)
        except ImportError as error:
            raise OSError(str(error)) from error
    print(f"{network} is in {written}")
