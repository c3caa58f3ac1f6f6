import pytest
import torch

from lmfn_core.benchmark.bench import measure
from lmfn_core.benchmark.images import scene
from lmfn_core.benchmark.ways import EAGER, prepare
from lmfn_core.evidence.bench_tables import device_tables

pytestmark = pytest.mark.gpu
GRAPH, HALF = "CUDA graph bfloat16", "channels_last bfloat16"


def test_a_replayed_graph_gives_what_its_calls_give_for_every_image_and_size(lmfn, cuda_device):
    graph, calls = (prepare(name, lmfn, cuda_device) for name in (GRAPH, HALF))
    for size in ((64, 64), (80, 50), (64, 64)):
        for image in (scene(size), 1 - scene(size)):
            image = image.to(cuda_device)
            torch.testing.assert_close(graph(image), calls(image), rtol=0, atol=1e-2)


def test_the_benchmark_knows_the_card(cuda_device):
    seen = measure("lmfn", cuda_device, [(64, 64)], batches=(1, 2), rounds=1, names=[EAGER, HALF, GRAPH])
    assert not seen.failed
    assert set(seen.latency_ms) == {"64x64", "64x64 b2"} and set(seen.latency_ms["64x64"]) == {EAGER, HALF, GRAPH}
    assert all(megabytes > 0 for cases in seen.memory_mb.values() for megabytes in cases.values())
    (row,) = device_tables({"metrics": vars(seen), "environment": {}})["limits"].rows
    assert 0 < float(row["of that limit (%)"]) < 100
