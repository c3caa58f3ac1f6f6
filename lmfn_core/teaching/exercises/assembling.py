"""Checkers of notebook 06: count a convolution, size any LMFN, keep ALFM's attention steady, shuffle pixels."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import nn

from lmfn_core.models.variants import build
from lmfn_core.teaching.lesson import exercise, expect


def _count(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


@exercise("Count a convolution's parameters", difficulty=1, minutes=5)
def check_convolution_parameters(answer: Callable[..., int]) -> None:
    """``answer(kernel, in_channels, out_channels, groups=1)`` is what torch stores; kernel is (height, width)."""
    plain = answer((3, 3), 3, 64)
    expect(plain != 1_728, "You left out the biases: one more number for each output channel.")
    expect(plain != 1_731, "The bias is added to the output, so there are out_channels of them, not in_channels.")
    expect(plain == 1_792, f"3x3, 3 to 64 channels: 3*3*3*64 weights and 64 biases are 1,792; yours is {plain:,}.")
    expect(answer((1, 3), 8, 8) == 200, "The kernel need not be square: multiply its height by its width.")
    grouped = answer((3, 3), 50, 50, groups=50)
    expect(grouped != 22_550, "With groups, an output channel sees only in_channels / groups inputs.")
    expect(grouped != 451, "Groups thin out the weights, not the biases: every output channel still has its own.")
    for kernel, inputs, outputs, groups in [((3, 3), 50, 50, 50), ((1, 1), 100, 50, 1), ((5, 3), 12, 24, 4)]:
        truth = _count(nn.Conv2d(inputs, outputs, kernel, groups=groups))
        got = answer(kernel, inputs, outputs, groups=groups)
        case = f"kernel {kernel}, {inputs} to {outputs} channels, groups {groups}"
        expect(got == truth, f"{case}: torch stores {truth:,} numbers, yours is {got:,}.")


@exercise("Size any LMFN without building it", difficulty=3, minutes=15)
def check_lmfn_size(answer: Callable[[int, int], int]) -> None:
    """``answer(blocks, channels)`` is what ``build("lmfn", blocks=..., channels=...)`` owns."""

    def off(blocks: int, channels: int) -> int:
        return answer(blocks, channels) - _count(build("lmfn", blocks=blocks, channels=channels))

    size = answer(4, 50)
    expect(isinstance(size, int), f"Parameters come in whole numbers: halve with //, not /. Got {size!r}.")
    step = answer(5, 50) - size
    expect(step != 94_450, "One more RFDB also widens the 1x1 convolution behind ALFM, by channels * channels.")
    expect(step == 96_950, f"One more block adds 94,450 + 2,500 = 96,950; yours adds {step:,}.")
    expect(off(4, 50) != -16, "The attentions are small but not free: theta is 1, ACFM is 10 + 4 + 1.")
    expect(off(4, 50) == 0, f"At N = 4, C = 50 you are off by {off(4, 50):+,}: compare with the table of parts.")
    expect(off(2, 48) == 0, f"Right for C = 50, off by {off(2, 48):+,} for C = 48: where is a 50 written down?")
    expect(off(2, 46) == 0, "Right for C = 48, wrong for 46: ESA works inside with C // 4 channels, rounded down.")


def _features(height: int, width: int) -> torch.Tensor:
    return torch.randn(1, 12, height, width, generator=torch.Generator().manual_seed(0))


@exercise("Keep ALFM's attention steady", difficulty=2, minutes=10)
def check_steady_attention(answer: Callable[[torch.Tensor], torch.Tensor]) -> None:
    """``answer(f_g)`` is Eq. 1 with energies averaged over positions, in float32: (b, nc, h, w) to (b, nc, nc)."""
    f = 0.3 * _features(6, 9)  # small enough that a softmax of plain sums is not one-hot already
    m = answer(f)
    expect(m.shape != (1, 54, 54), "Eq. 1 multiplies channels by channels; yours compares positions, WH x WH.")
    expect(m.shape == (1, 12, 12), f"12 channels attend to 12: (1, 12, 12) is wanted, yours is {tuple(m.shape)}.")
    rows, columns = (torch.allclose(m.sum(axis), torch.ones(12), atol=1e-4) for axis in (-1, -2))
    expect(rows or not columns, "Your columns sum to 1, not your rows: take the softmax over the last axis.")
    expect(rows, "Every row of m is a set of weights and must sum to 1: take a softmax over the last axis.")
    tiled = answer(f.repeat(1, 1, 3, 3))
    steady = torch.allclose(m, tiled, atol=1e-4)
    expect(steady, "The same pattern laid out 3 x 3 times changes your m: divide the energies by W*H, the positions.")
    truth = torch.softmax(f.flatten(2) @ f.flatten(2).transpose(1, 2) / 54, dim=-1)
    expect(torch.allclose(m, truth, atol=1e-4), "Steady, but not Eq. 1: the energies are plain products, over W*H.")
    large = answer((300 * _features(16, 16)).half())
    expect(torch.isfinite(large).all(), "In half precision the sums pass 65,504 and overflow: go to float32 first.")


@exercise("Shuffle channels into pixels", difficulty=2, minutes=10)
def check_pixel_shuffle(answer: Callable[[torch.Tensor, int], torch.Tensor]) -> None:
    """``answer(x, r)`` is ``F.pixel_shuffle``: (b, c*r*r, h, w) to (b, c, h*r, w*r)."""
    x = torch.arange(2 * 12 * 2 * 3, dtype=torch.float32).view(2, 12, 2, 3)
    y = answer(x, 2)
    expect(y.shape == (2, 3, 4, 6), f"(2, 12, 2, 3) becomes (2, 3, 4, 6); yours is {tuple(y.shape)}.")
    once = torch.equal(y.flatten().sort().values, x.flatten())
    expect(once, "Some numbers are copied and others lost: move every channel into the image, with view and permute.")
    transposed = F.pixel_shuffle(x.view(2, 3, 2, 2, 2, 3).transpose(2, 3).reshape(2, 12, 2, 3), 2)
    expect(not torch.equal(y, transposed), "Each 2 x 2 cell is transposed: the first r goes with h, the second with w.")
    cells_first = F.pixel_shuffle(x.view(2, 4, 3, 2, 3).transpose(1, 2).reshape(2, 12, 2, 3), 2)
    expect(not torch.equal(y, cells_first), "The channels are colours first, then cells: view them as (c, r, r).")
    expect(torch.equal(y, F.pixel_shuffle(x, 2)), "All numbers are there, in the wrong places: permute before view.")
    x = torch.rand(1, 48, 5, 4, generator=torch.Generator().manual_seed(0))
    fits = answer(x, 4).shape == (1, 3, 20, 16) and torch.equal(answer(x, 4), F.pixel_shuffle(x, 4))
    expect(fits, "Right for r = 2, wrong for r = 4: is a 2 written down somewhere?")
