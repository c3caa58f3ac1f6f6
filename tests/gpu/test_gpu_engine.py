"""The engine on a GPU: equal over strips and whole, near in bfloat16, compiled."""

import subprocess
import sys

import pytest
import torch

from lmfn_core.restoring.engine import fast

pytestmark = pytest.mark.gpu


def test_strips_and_whole_agree_in_float32(lmfn, photograph):
    image = photograph[None]
    engine = fast(lmfn, device="cuda", precision="float32")
    assert engine.backend == "torch" and engine.device.type == "cuda"
    whole = engine(image, tile=0)
    assert whole.device == image.device
    assert (engine(image, tile=16) - whole).abs().max() < 1e-3  # convolutions in TF32


def test_bfloat16_and_a_place_for_the_result_on_the_device(lmfn, photograph, cuda_device):
    image = photograph[None].to(cuda_device)
    out = torch.empty_like(image)
    engine = fast(lmfn, device="cuda")
    assert engine.precision == "bfloat16" and engine(image, out=out) is out
    exact = fast(lmfn, device="cpu", precision="float32", backend="torch")(photograph[None]).clamp(0, 1)
    assert (out.cpu().float() / 255 - exact).square().mean() < 1e-5


# in a process of its own: the hook that checks shapes in tests cannot be compiled
COMPILED = """
import torch
from lmfn_core.restoring.engine import fast
from lmfn_core.models.checkpoints import load_weights
model, image = load_weights("lmfn")[0], torch.rand(1, 3, 96, 130)
compiled, plain = (fast(model, device="{device}", backend="torch", compiled=c)(image) for c in (True, False))
assert (compiled - plain).abs().max() < 0.02
"""


@pytest.mark.slow
def test_compiled(cuda_device):
    done = subprocess.run([sys.executable, "-c", COMPILED.format(device=cuda_device)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
