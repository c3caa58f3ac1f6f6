"""``lmfn info``: what is installed here, and which weights come with the package."""

import importlib.util
import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from lmfn_core import __version__
from lmfn_core.models.checkpoints import load_tensors
from lmfn_core.models.pretrained import WEIGHTS, shipped
from lmfn_core.repro import environment

BACKENDS = ("torch", "openvino", "onnxruntime")


def info(as_json: Annotated[bool, typer.Option("--json", help="As JSON, for a report of a defect.")] = False) -> None:
    """Say what is installed: versions, processor, GPU, backends, and the weights inside the package.

    Example: lmfn info --json
    """
    facts = gather()
    if as_json:
        print(json.dumps(facts, indent=1, ensure_ascii=False))
        return
    weights = facts.pop("weights")
    table = Table(show_header=False)
    for name, value in facts.items():
        words = ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value
        table.add_row(name, "none" if words in (None, "") else str(words))
    listed = Table("weights", "network", "parameters")
    for name, (network, parameters) in weights.items():
        listed.add_row(name, network, f"{parameters:,}")
    for part in (table, listed):
        Console(soft_wrap=True, highlight=False).print(part)


def gather() -> dict[str, object]:
    """The facts by name: version, environment, backends that can be imported, weights with network and parameters.

    >>> sorted(gather()["weights"])
    ['lfdn-deblur', 'lfdn-derain', 'lmfn']
    """
    weights = {}
    for name in shipped():
        tensors, card = load_tensors(WEIGHTS / f"{name}.safetensors")
        weights[name] = (card["network"], sum(tensor.numel() for tensor in tensors.values()))
    found = [name for name in BACKENDS if importlib.util.find_spec(name) is not None]
    return {"lmfn": __version__, **environment(), "backends": ", ".join(found), "weights": weights}
