"""Widened channels change no number: outputs, gradients and a training are those of the plain network."""

import subprocess
import sys

import pytest
import torch
from torch import nn

from lmfn_core import build
from lmfn_core.training.recipes import RECIPES
from lmfn_core.training.train import train
from lmfn_core.training.widened import widened


def both_ways(model: nn.Module, image: torch.Tensor) -> list[torch.Tensor]:
    model.zero_grad()
    output = model(image)
    output.square().mean().backward()
    return [output.detach(), *(p.grad.clone() for p in model.parameters() if p.grad is not None)]


@pytest.mark.parametrize("name", ["lmfn", "lfdn", "lmfn-without-mshf", "lfdn-cnn", "nafnet-small"])
def test_outputs_and_gradients_are_the_same(name):
    torch.manual_seed(3)
    model, image = build(name).double(), torch.rand(2, 3, 64, 80, dtype=torch.float64)
    plain = both_ways(model, image)
    with widened(model):
        wide = both_ways(model, image)
    assert len(wide) == len(plain)
    for a, b in zip(wide, plain, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-14)


def test_every_map_inside_a_block_is_wide_and_none_outside_it():
    model, seen = build("lmfn"), {}
    for name, module in model.named_modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(
                lambda _, given, made, name=name: seen.update({name: (given[0].shape[1], made.shape[1])})
            )
    with widened(model):
        model(torch.zeros(1, 3, 64, 64))
    inside = {name: sizes for name, sizes in seen.items() if name.startswith("blocks.")}
    assert len(inside) == 4 * 15
    assert {size % 8 for sizes in inside.values() for size in sizes} == {0}
    assert seen["bridge"] == (64, 50)


def test_a_training_is_the_same_and_the_model_is_itself_again():
    def batches(step):
        sharp = torch.rand(2, 3, 64, 64, dtype=torch.float64, generator=torch.Generator().manual_seed(step))
        return sharp.roll(1, -1), sharp

    ends = []
    for wide in (False, True):
        torch.manual_seed(3)
        model = build("lmfn-n1", image_skip=True).double()
        kinds = [type(module) for module in model.modules()]
        names = list(model.state_dict())
        if wide:
            with widened(model):
                train(model, batches, RECIPES["modern"], 3)
        else:
            train(model, batches, RECIPES["modern"], 3)
        assert [type(module) for module in model.modules()] == kinds and list(model.state_dict()) == names
        ends.append(torch.cat([parameter.flatten() for parameter in model.parameters()]))
    torch.testing.assert_close(*ends, rtol=1e-6, atol=1e-9)


def test_an_error_inside_leaves_the_model_as_it_was():
    model = build("lmfn-n1")
    kinds = [type(module) for module in model.modules()]
    with pytest.raises(InterruptedError), widened(model):
        raise InterruptedError
    assert [type(module) for module in model.modules()] == kinds


# in a process of its own: the hook that checks shapes in tests cannot be compiled
COMPILED = """
import torch
from lmfn_core import build
from lmfn_core.training.widened import widened
model = build("lmfn")
with widened(model):
    torch.compile(model, backend="aot_eager", fullgraph=True)(torch.rand(1, 3, 64, 64)).mean().backward()
assert all(parameter.grad.isfinite().all() for parameter in model.parameters() if parameter.grad is not None)
"""


@pytest.mark.slow
def test_it_compiles_without_a_graph_break():
    done = subprocess.run([sys.executable, "-c", COMPILED], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
