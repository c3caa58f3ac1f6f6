"""Over strips as on the whole: every size and strip, both networks, shipped and strong weights; 8K in memory."""

import copy
import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F

from lmfn_core import LFDN, LMFN, build, networks
from lmfn_core.benchmark.tolerances import tolerance
from lmfn_core.parts.layers import use_channels_last
from lmfn_core.restoring.tiled import can_tile, restore_tensor

SHIPPED = [(LMFN, "lmfn"), (LFDN, "lfdn-deblur"), (LFDN, "lfdn-derain")]
STRONG = ["lmfn", "lfdn", "lmfn-n1", "lmfn-alfm-cosine", "lmfn-without-mshf", "lmfn-without-attention", "lfdn-cnn",
          "lmfn-without-distillation", "lfdn-rfdb"]  # fmt: skip


def photograph(height, width, batch=1):
    """Smooth patches with edges, dark and bright: far from noise, whose channels are all alike."""
    coarse = torch.rand(batch, 3, 7, 9, generator=torch.Generator().manual_seed(0))
    return F.interpolate(coarse, size=(height, width), mode="bicubic").clamp(0, 1)


@pytest.mark.parametrize(("kind", "name"), SHIPPED, ids=[name for _, name in SHIPPED])
@pytest.mark.parametrize(("size", "tile"), [((16, 16), 16), ((131, 77), 16), ((200, 97), 48), ((321, 65), 100)])
@torch.inference_mode()
def test_shipped_weights_over_strips(kind, name, size, tile):
    model, image = use_channels_last(kind.from_pretrained(name)), photograph(*size, batch=2)
    whole = model(image)
    assert (whole - image).abs().max() > 1e-3  # there is something to be equal to
    for height in (tile, 0, None):
        assert (restore_tensor(model, image, tile=height) - whole).abs().max() < tolerance("tiled_float32")


@pytest.mark.parametrize("name", STRONG)
@torch.inference_mode()
def test_strong_weights_over_strips(name, scattered):
    """Random weights of which every layer counts, the attentions too; errors count by the result."""
    model, image = scattered(build(name)).eval(), photograph(150, 67)
    whole = model(image)
    assert whole.std() > 0.01
    difference = (restore_tensor(model, image, tile=16) - whole).abs().max()
    assert difference < tolerance("network_float32") * max(1, whole.abs().max())


@torch.inference_mode()
def test_naive_tiles_differ(scattered):
    """What the module says of tiles restored one by one: wrong even far from the seam."""
    model, image = scattered(build("lmfn")).eval(), photograph(512, 64)
    whole = model(image)
    assert (model(image[:, :, :400])[:, :, :64] - whole[:, :, :64]).abs().max() > 1e-3 * whole.abs().max()
    difference = (restore_tensor(model, image, tile=64) - whole).abs().max()
    assert difference < tolerance("network_float32") * max(1, whole.abs().max())


@torch.inference_mode()
def test_bfloat16_stays_near():
    model = LMFN.from_pretrained()
    image = photograph(128, 160)
    half = use_channels_last(copy.deepcopy(model)).bfloat16()
    error = (restore_tensor(half, image) - model(image)).square().mean()
    assert error < 1e-6  # 60 dB


@torch.inference_mode()
def test_bytes_in_and_out():
    model, image = LMFN.from_pretrained(), (photograph(70, 81) * 255).round().to(torch.uint8)
    out = torch.empty_like(image)
    assert restore_tensor(model, image, out=out) is out
    assert (out.float() - model(image.float() / 255).clamp(0, 1) * 255).abs().max() < 0.51


def test_which_networks_can_be_tiled():
    whole = {name for name in networks() if not can_tile(build(name))}
    assert whole == {"lmfn-published", "lmfn-aspp", "lmfn-pyramid-pooling", "lmfn-global-pooling",
                     "lmfn-spatial-attention", "nafnet-small"}  # fmt: skip


EIGHT_K = """
import resource, torch
torch.set_num_threads(2)
from lmfn_core import {kind}
from lmfn_core.restoring.engine import fast
engine = fast({kind}.from_pretrained(), device="cpu", precision="bfloat16", backend="torch")
image = torch.rand(1, 3, 4320, 7680)
assert engine(image).shape == image.shape
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak is counted in kilobytes on Linux")
@pytest.mark.parametrize("kind", ["LMFN", "LFDN"])
def test_8k_takes_less_than_2_gb_of_everything(kind):
    """PyTorch itself, the float32 image, the float32 result and all maps."""
    done = subprocess.run([sys.executable, "-c", EIGHT_K.format(kind=kind)], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 2e9
