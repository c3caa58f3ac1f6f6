"""Notebook 02's exercises: the reference passes, and each typical mistake is answered with a hint of its own."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from lmfn_core.parts.layers import ResidualBlock
from lmfn_core.parts.rfdb import ESA
from lmfn_core.teaching.exercises.parts import (
    _ESA_MISTAKES,
    _esa,
    _fill,
    _random,
    check_esa,
    check_output_size,
    check_residual_block,
    check_separable_parameters,
)


def size(size, kernel, stride=1, padding=0, dilation=1, *, both=2, span=None, down=math.floor, first=1):
    reach = dilation * (kernel - 1) + 1 if span is None else span(kernel, dilation)
    return down((size + both * padding - reach) / stride) + first


def separable(k, c_in, c_out, bias1=1, bias2=1):
    return k * k * c_in + bias1 * c_in + c_in * c_out + bias2 * c_out


def dense(k, c_in, c_out):
    return k * k * c_in * c_out + c_out


class Block(nn.Module):
    def __init__(self, channels, bias=True, padding=1, inner=None):
        super().__init__()
        inner = inner or channels
        self.conv1 = nn.Conv2d(channels, inner, 3, padding=padding, bias=bias)
        self.conv2 = nn.Conv2d(inner, channels, 3, padding=padding, bias=bias)

    def forward(self, x):
        return self.added(x, self.conv2(F.relu(self.conv1(x))))

    def added(self, x, inner):
        return x + inner


def block(forward=None, **kwargs):
    """A class of residual blocks with one mistake: another forward, or other arguments."""

    class Mistaken(Block):
        def __init__(self, channels):
            super().__init__(channels, **kwargs)

    if forward:
        Mistaken.forward = forward
    return Mistaken


def in_place(self, x):
    x += self.conv2(F.relu(self.conv1(x)))
    return x


class Single(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return x + self.conv(F.relu(self.conv(x)))


class NoSuper(nn.Module):
    def __init__(self, channels):
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)


class MyESA(nn.Module):
    """As a student writes it: the seven convolutions in the order of the table."""

    def __init__(self, channels, reduced, mistake=""):
        super().__init__()
        self.squeeze = nn.Conv2d(channels, reduced, 1)
        self.shortcut = nn.Conv2d(reduced, reduced, 1)
        self.stride = nn.Conv2d(reduced, reduced, 3, stride=2)
        self.coarse = nn.ModuleList(nn.Conv2d(reduced, reduced, 3, padding=1) for _ in range(3))
        self.expand = nn.Conv2d(reduced, channels, 1)
        self.mistake = mistake

    def forward(self, x):
        return _esa(x, list(self.parameters()), self.mistake)


def esa(mistake):
    class Mistaken(MyESA):
        def __init__(self, channels, reduced):
            super().__init__(channels, reduced, mistake)

    return Mistaken


def reshaped(change):
    class Mistaken(MyESA):
        def __init__(self, channels, reduced):
            super().__init__(channels, reduced)
            change(self, channels, reduced)

    return Mistaken


class NoEnlarging(MyESA):
    def forward(self, x):
        squeezed = self.squeeze(x)
        f = F.max_pool2d(self.stride(squeezed), 7, stride=3)
        return x * torch.sigmoid(self.expand(self.shortcut(squeezed) + self.coarse[2](f)))


class PlainList(MyESA):
    def __init__(self, channels, reduced):
        super().__init__(channels, reduced)
        self.coarse = nn.Module()
        self.hidden = [nn.Conv2d(reduced, reduced, 3, padding=1) for _ in range(3)]


class Doubled(MyESA):
    def forward(self, x):
        return 2 * _esa(x, list(self.parameters()))


class Leaky(MyESA):
    """Leaky where the table has a plain ReLU."""

    def forward(self, x):
        squeezed = self.squeeze(x)
        f = self.coarse[0](F.max_pool2d(self.stride(squeezed), 7, stride=3))
        f = self.coarse[2](F.leaky_relu(self.coarse[1](F.leaky_relu(f, 0.2)), 0.2))
        f = F.interpolate(f, squeezed.shape[-2:], mode="bilinear", align_corners=False)
        return x * torch.sigmoid(self.expand(f + self.shortcut(squeezed)))


REFERENCES = [
    (check_output_size, size),
    (check_separable_parameters, separable),
    (check_residual_block, Block),
    (check_esa, MyESA),
]

MUTANTS = [
    # no first position; padding on one side; rounded up; no dilation; one gap too many; a fraction; no return
    (check_output_size, lambda *case: size(*case, first=0), "where it starts"),
    (check_output_size, lambda *case: size(*case, both=1), "on both sides"),
    (check_output_size, lambda *case: size(*case, down=math.ceil), "round down"),
    (check_output_size, lambda *case: size(*case, span=lambda k, d: k), "forgot the dilation"),
    (check_output_size, lambda *case: size(*case, span=lambda k, d: k * d), "two gaps"),
    (check_output_size, lambda *case: size(*case, down=float), "divide with //"),
    (check_output_size, lambda *case: None, "return missing"),
    (check_output_size, lambda size, kernel: size, "raised TypeError"),
    # dense; no biases; one bias left out, or the other; one half, or the other; k x k twice; c_out kernels
    (check_separable_parameters, dense, "dense convolution"),
    (check_separable_parameters, lambda *case: separable(*case, 0, 0), "of both"),
    (check_separable_parameters, lambda *case: separable(*case, bias1=0), "depthwise convolution has a bias"),
    (check_separable_parameters, lambda *case: separable(*case, bias2=0), "1x1 convolution has a bias"),
    (check_separable_parameters, lambda k, i, o: k * k * i + i, "a 1x1 convolution follows"),
    (check_separable_parameters, lambda k, i, o: i * o + o, "stands before it"),
    (check_separable_parameters, lambda k, i, o: k * k * i + i + dense(k, i, o), "1x1, not k x k"),
    (check_separable_parameters, lambda k, i, o: k * k * o + o + o * o + o, "keeps the number of channels"),
    (check_separable_parameters, lambda k, i, o: separable(3, i, o), "written down"),
    # skip; activation behind the sum, behind conv2, nowhere, before; order; twice; in place; size; count; class
    (check_residual_block, block(lambda s, x: s.conv2(F.relu(s.conv1(x)))), "skip is missing"),
    (check_residual_block, block(lambda s, x: F.relu(x + s.conv2(F.relu(s.conv1(x))))), "after the sum"),
    (check_residual_block, block(lambda s, x: x + F.relu(s.conv2(F.relu(s.conv1(x))))), "never take away"),
    (check_residual_block, block(lambda s, x: x + s.conv2(s.conv1(x))), "No ReLU between"),
    (check_residual_block, block(lambda s, x: x + s.conv2(F.relu(s.conv1(F.relu(x))))), "not before"),
    (check_residual_block, block(lambda s, x: x + s.conv1(F.relu(s.conv2(x)))), "other order"),
    (check_residual_block, block(lambda s, x: x + s.conv1(F.relu(s.conv1(x)))), "used twice"),
    (check_residual_block, block(in_place), "changed its input"),
    (check_residual_block, block(lambda s, x: x + s.conv2(F.leaky_relu(s.conv1(x), 0.2))), "gives other numbers"),
    (check_residual_block, block(lambda s, x: s.conv2(F.relu(s.conv1(x))), padding=0), "padding=1 keeps"),
    (check_residual_block, block(padding=0), "raised RuntimeError"),
    (check_residual_block, block(bias=False), "have a bias"),
    (check_residual_block, block(inner=16), "yours 3,484"),
    (check_residual_block, Single, "owns one convolution"),
    (check_residual_block, lambda channels: lambda x: x, "inherits from nn.Module"),
    (check_residual_block, block(lambda s, x: None), "does forward return"),
    (check_residual_block, block(lambda s, x: x + s.conv2(F.relu(s.conv1(x))).detach()), "detaches it"),
    (check_residual_block, block(lambda s, x: (x + s.conv2(F.relu(s.conv1(x)))).double()), "of a fixed type"),
    (check_residual_block, Block(12), "the class itself"),
    (check_residual_block, NoSuper, "super().__init__() first"),
    # every mistake that the checker knows by name; then sizes, counts, lists, and what no name fits
    *((check_esa, esa(mistake), hint) for mistake, hint in _ESA_MISTAKES.items()),
    (check_esa, NoEnlarging, "Enlarge the coarse map"),
    (check_esa, PlainList, "nn.ModuleList"),
    (check_esa, reshaped(lambda s, c, r: setattr(s, "expand", nn.Conv2d(r, r, 1))), "Convolution 6 (expand)"),
    (check_esa, reshaped(lambda s, c, r: setattr(s, "stride", nn.Conv2d(r, r, 3, 2, 1))), "stride 2 and padding 0"),
    (check_esa, reshaped(lambda s, c, r: setattr(s, "coarse", nn.ModuleList([s.coarse[0]] * 3))), "yours 5"),
    (check_esa, reshaped(lambda s, c, r: setattr(s, "shortcut", nn.Conv2d(r, r, 1, bias=False))), "has a bias"),
    (check_esa, Doubled, "leaves 0 to 1"),
    (check_esa, Leaky, "line by line"),
]


@pytest.mark.parametrize(("kind", "spec"), [(MyESA, ESA), (Block, ResidualBlock)])
def test_the_references_are_the_librarys_blocks(kind, spec):
    mine, theirs = (made(12, 4) if kind is MyESA else made(12) for made in (kind, spec))
    theirs.load_state_dict(mine.state_dict())
    x = torch.randn(2, 12, 20, 31, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(mine(x), theirs(x), atol=1e-6)


def test_golden_values_of_both_blocks():
    found = []
    for made in (Block(4), MyESA(8, 2)):
        _fill(made)
        x = _random(1, 4 if isinstance(made, Block) else 8, 16, 16)
        found.append(made(x).abs().mean().item())
    assert found == pytest.approx([2.3175, 0.4099], abs=1e-4)
