"""What holds for every block and network at any size: hypothesis chooses batch, height, width and memory format."""

import copy
import io
import pickle

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from lmfn_core import build, networks
from lmfn_core.models.nafnet import NAFBlock
from lmfn_core.parts.alternatives import GlobalPooling, SpatialAttention
from lmfn_core.parts.context import ASPP, PyramidPooling
from lmfn_core.parts.fdnb import CCA, FDNB, PlainBlock
from lmfn_core.parts.fusion import ACFM, ALFM
from lmfn_core.parts.layers import ResidualBlock
from lmfn_core.parts.mshf import MSHF, PlainEncoder
from lmfn_core.parts.rfdb import ESA, RFDB

BLOCKS = {  # name: (made with that many channels, channels, smallest side, sides are multiples of)
    "ResidualBlock": (ResidualBlock, 6, 1, 1),
    "ESA": (lambda c: ESA(c, c // 2), 8, 15, 1),
    "RFDB": (RFDB, 8, 15, 1),
    "CCA": (CCA, 16, 2, 1),
    "FDNB": (FDNB, 16, 2, 1),
    "PlainBlock": (PlainBlock, 6, 1, 1),
    "ALFM": (lambda c: ALFM(), 8, 1, 1),
    "ALFM by positions": (lambda c: ALFM("positions"), 8, 1, 1),
    "ALFM by cosine": (lambda c: ALFM("cosine"), 8, 1, 1),
    "ACFM": (lambda c: ACFM(), 8, 1, 1),
    "ASPP": (ASPP, 8, 4, 1),
    "PyramidPooling": (PyramidPooling, 8, 6, 1),
    "GlobalPooling": (GlobalPooling, 16, 1, 1),
    "SpatialAttention": (SpatialAttention, 8, 7, 1),
    "NAFBlock": (NAFBlock, 8, 1, 1),
    "MSHF": (lambda c: MSHF(), 3, 32, 16),
    "PlainEncoder": (lambda c: PlainEncoder(), 3, 16, 4),
}
NETWORKS = ("lmfn", "lmfn-published", "lfdn", "nafnet-small", "lmfn-without-mshf", "lmfn-alfm-cosine")

every_block = pytest.mark.parametrize("name", BLOCKS)
every_network = pytest.mark.parametrize("name", NETWORKS)
few = settings(max_examples=5, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def made(name: str) -> nn.Module:
    """A block with small random weights, awake: the attentions' scales start at zero."""
    generator = torch.Generator().manual_seed(7)
    module = BLOCKS[name][0](BLOCKS[name][1]) if name in BLOCKS else build(name)
    for parameter in module.parameters():
        fan_in = parameter[0].numel() if parameter.ndim else 1
        parameter.data = torch.randn(parameter.shape, generator=generator) / fan_in**0.5 / 2
    return module.requires_grad_(False)


def input_of(name: str, batch: int, height: int, width: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """Features in a natural range; the sizes are moved to what the block takes."""
    _, channels, least, multiple = BLOCKS.get(name, (None, 3, 16, 1))
    sides = [max(least, side // multiple * multiple) for side in (height, width)]
    return torch.rand(batch, channels, *sides, generator=torch.Generator().manual_seed(batch), dtype=dtype)


sides = st.integers(1, 24)


@every_block
@few
@given(batch=st.integers(1, 3), height=sides, width=sides)
def test_an_image_does_not_see_its_neighbours_in_the_batch(name, batch, height, width):
    module, x = made(name), input_of(name, batch, height, width)
    together = module(x)
    alone = torch.cat([module(x[i : i + 1]) for i in range(batch)])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


@every_block
@few
@given(height=sides, width=sides)
def test_memory_format_changes_nothing_but_rounding(name, height, width):
    module, x = made(name), input_of(name, 2, height, width)
    torch.testing.assert_close(module(x.contiguous(memory_format=torch.channels_last)), module(x), rtol=1e-4, atol=1e-5)


@every_block
@few
@given(height=sides, width=sides)
def test_double_precision_is_the_same_function(name, height, width):
    module, x = made(name), input_of(name, 1, height, width)
    exact = copy.deepcopy(module).double()(x.double())
    assert exact.dtype == torch.float64
    torch.testing.assert_close(module(x).double(), exact, rtol=1e-3, atol=1e-4)


@every_block
@few
@given(height=sides, width=sides)
def test_autocast_stays_finite_and_near(name, height, width):
    module, x = made(name), input_of(name, 1, height, width)
    with torch.autocast("cpu", torch.bfloat16):
        low = module(x)
    plain = module(x)
    assert low.shape == plain.shape and torch.isfinite(low).all()
    assert (low.float() - plain).abs().mean() < 0.05 * plain.abs().mean() + 0.01


@every_block
def test_gradients_are_the_functions_own(name):
    module = copy.deepcopy(made(name)).double()
    least = BLOCKS[name][2]
    x = input_of(name, 1, min(least, 6), least, torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(module, (x,), fast_mode=True)


@pytest.mark.parametrize("name", [*BLOCKS, *NETWORKS])
def test_copies_and_round_trips_give_the_same_bits(name):
    module, x = made(name), input_of(name, 2, 20, 34)
    expected = module(x)
    assert torch.equal(copy.deepcopy(module)(x), expected)
    fresh = BLOCKS[name][0](BLOCKS[name][1]) if name in BLOCKS else build(name)
    fresh.load_state_dict(module.state_dict())
    assert torch.equal(fresh(x), expected)
    saved = io.BytesIO()
    torch.save(module.state_dict(), saved)
    saved.seek(0)
    loaded = torch.load(saved, weights_only=True)
    assert all(torch.equal(loaded[key], value) for key, value in module.state_dict().items())
    assert torch.equal(module.eval()(x), module.train()(x)), "nothing depends on training mode"


@every_network
def test_networks_can_be_pickled(name):
    module, x = made(name), input_of(name, 1, 20, 34)
    assert torch.equal(pickle.loads(pickle.dumps(module))(x), module(x))


@every_network
@few
@given(batch=st.integers(1, 2), height=st.integers(16, 50), width=st.integers(16, 70))
def test_networks_take_any_size_and_any_batch(name, batch, height, width):
    module, x = made(name), input_of(name, batch, height, width)
    whole = module(x)
    assert whole.shape == x.shape and torch.isfinite(whole).all()
    torch.testing.assert_close(module(x[-1:]), whole[-1:], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", [n for n in networks() if n.startswith(("lmfn", "lfdn"))])
def test_an_empty_batch_is_refused(name):
    with pytest.raises(ValueError, match=r"The batch is empty, \(0, 3, 32, 32\)"):
        build(name)(torch.zeros(0, 3, 32, 32))
