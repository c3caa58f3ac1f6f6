"""The networks as graphs: compiled without a break, exported for any size."""

import subprocess
import sys

import pytest

# in a process of its own: the hook that checks shapes in tests breaks the tracing
GRAPHS = """
import torch
from torch.export import Dim
from lmfn_core import {kind}
from lmfn_core.benchmark.tolerances import tolerance
from lmfn_core.restoring.export import EXPORTS_FROM
model = {kind}.from_pretrained().requires_grad_(False)
explained = torch._dynamo.explain(model)(torch.rand(1, 3, 70, 90))
assert (explained.graph_count, explained.graph_break_count) == (1, 0), explained
image = torch.rand(1, 3, 65, 97)
assert torch.equal(torch.compile(model, fullgraph=True, backend="eager")(image), model(image))
if torch.__version__ < EXPORTS_FROM:
    raise SystemExit(0)
# free, and not named: of named ones PyTorch 2.15 wants more than it can prove
sizes = {{0: Dim.DYNAMIC, 2: Dim.DYNAMIC(min=81), 3: Dim.DYNAMIC(min=81)}}
graph = torch.export.export(model, (torch.rand(2, 3, 100, 150),), dynamic_shapes=(sizes,)).module()
for batch, height, width in [(1, 81, 81), (2, 100, 151), (1, 128, 112), (3, 99, 96)]:
    image = torch.rand(batch, 3, height, width)
    assert (graph(image) - model(image)).abs().max() < tolerance("forward_float32"), (height, width)
"""


@pytest.mark.parametrize("kind", ["LMFN", "LFDN"])
def test_one_graph_without_a_break_and_one_export_for_all_sizes(kind):
    """From 81 pixels a side; below, ESA's grid is one cell wide, which the exporter treats as a case of its own."""
    done = subprocess.run([sys.executable, "-c", GRAPHS.format(kind=kind)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
