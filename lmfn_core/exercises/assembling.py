"""Checkers of notebook 06: count a convolution, size any LMFN, keep ALFM's attention steady, shuffle pixels."""

from collections.abc import Callable

import torch
import torch.nn.functional as F

from lmfn_core.layers import conv
from lmfn_core.lesson import exercise, expect
from lmfn_core.variants import build


@exercise("Count a convolution's parameters", difficulty=1, minutes=5)
def check_convolution_parameters(answer: Callable[..., int]) -> None:
    """``answer(kernel, in_channels, out_channels, groups=1)`` equals what torch stores; ``kernel`` is (height, width)."""
    expect(
        answer((3, 3), 3, 64) != 1_728, "A convolution adds a bias to each output channel: out_channels more numbers."
    )
    expect(answer((3, 3), 3, 64) != 1_731, "The bias is added to the output: it has out_channels numbers.")
    expect(
        answer((3, 3), 3, 64) == 1_792,
        "A 3x3 convolution from 3 to 64 channels has 3*3*3*64 weights and 64 biases.",
    )
    expect(answer((1, 3), 8, 8) == 200, "The kernel need not be square: multiply its height by its width.")
    expect(
        answer((3, 3), 50, 50, groups=50) != 450,
        "Groups thin out the weights, not the biases: every output channel still has one.",
    )
    expect(
        answer((3, 3), 50, 50, groups=50) != 22_550, "With groups, an output channel sees in_channels / groups inputs."
    )
    for kernel, inputs, outputs, groups in [((3, 3), 50, 50, 50), ((1, 1), 100, 50, 1), ((5, 3), 12, 24, 4)]:
        truth = sum(p.numel() for p in torch.nn.Conv2d(inputs, outputs, kernel, groups=groups).parameters())
        got = answer(kernel, inputs, outputs, groups=groups)
        expect(
            got == truth, f"kernel {kernel}, {inputs} to {outputs}, groups {groups}: torch stores {truth}, not {got}."
        )


@exercise("Size any LMFN without building it", difficulty=3, minutes=15)
def check_lmfn_size(answer: Callable[[int, int], int]) -> None:
    """``answer(blocks, channels)`` equals ``build("lmfn", blocks=..., channels=...)``, counted."""

    def truth(blocks: int, channels: int) -> int:
        return sum(p.numel() for p in build("lmfn", blocks=blocks, channels=channels).parameters())

    size = answer(4, 50)
    expect(isinstance(size, int), f"Parameters come in whole numbers; use // where you halve. Got {size!r}.")
    step = answer(5, 50) - size
    expect(step != 94_450, "One more RFDB also widens the 1x1 convolution behind ALFM: by channels x channels.")
    expect(step == truth(5, 50) - truth(4, 50), f"One more block adds 94,450 + 2,500 = 96,950; yours adds {step:,}.")
    off = size - truth(4, 50)
    expect(off != -16, "The attentions are small but not free: theta is 1, ACFM is 10 + 4 + 1.")
    expect(off == 0, f"At N = 4, C = 50 you are off by {off:+,}; go through the table of parts once more.")
    for channels in (46, 64, 20):
        off = answer(2, channels) - truth(2, channels)
        expect(
            off == 0 or channels != 46,
            f"Right for 50 channels, off by {off:+,} for {channels}: ESA works inside with channels // 4, rounded down, "
            "and everything else must follow channels too.",
        )
        expect(off == 0, f"At N = 2, C = {channels} you are off by {off:+,}: which part still has 50 written in it?")


def _features(height: int, width: int, repeats: int = 1) -> torch.Tensor:
    f = torch.randn(1, 12, height, width, generator=torch.Generator().manual_seed(0))
    return f.repeat(1, 1, repeats, repeats)


@exercise("Keep ALFM's attention steady", difficulty=2, minutes=10)
def check_steady_attention(answer: Callable[[torch.Tensor], torch.Tensor]) -> None:
    """``answer(f_g)`` is Eq. 1 with energies averaged over positions, in float32: "b nc h w" to "b nc nc"."""
    f = _features(6, 9)
    m = answer(f)
    expect(
        m.shape != (1, 54, 54),
        "Eq. 1 multiplies channels by channels; yours compares positions (WH x WH). Transpose the other factor.",
    )
    expect(
        m.shape == (1, 12, 12), f"12 channels attend to 12 channels: (1, 12, 12) is wanted, yours is {tuple(m.shape)}."
    )
    rows_sum_to_one = torch.allclose(m.sum(-1), torch.ones(1, 12), atol=1e-4)
    columns_sum_to_one = torch.allclose(m.sum(-2), torch.ones(1, 12), atol=1e-4)
    expect(rows_sum_to_one or not columns_sum_to_one, "Your columns sum to 1: take the softmax over the last axis.")
    expect(rows_sum_to_one, "Every row of m is a set of weights and sums to 1: apply a softmax over the last axis.")
    tiled = answer(_features(6, 9, repeats=3))
    expect(
        torch.allclose(m, tiled, atol=1e-4),
        "The same pattern laid out 3 x 3 times has the same statistics, but your m changed: divide the energies by W*H.",
    )
    expected = torch.softmax(f.flatten(2) @ f.flatten(2).transpose(1, 2) / 54, dim=-1)
    expect(
        torch.allclose(m, expected, atol=1e-4), "Divide the energies by the number of positions, W*H, and by no more."
    )
    large = answer((300 * _features(16, 16)).half())
    expect(
        bool(torch.isfinite(large).all()), "In half precision the sums pass 65,504 and overflow: go to float32 first."
    )


@exercise("Shuffle channels into pixels", difficulty=2, minutes=10)
def check_pixel_shuffle(answer: Callable[[torch.Tensor, int], torch.Tensor]) -> None:
    """``answer(x, r)`` equals ``F.pixel_shuffle``: "b c*r*r h w" to "b c h*r w*r"."""
    x = torch.arange(2 * 12 * 2 * 3, dtype=torch.float32).view(2, 12, 2, 3)
    y, truth = answer(x, 2), F.pixel_shuffle(x, 2)
    expect(y.shape == (2, 3, 4, 6), f"(2, 12, 2, 3) becomes (2, 3, 4, 6); yours is {tuple(y.shape)}.")
    expect(
        not torch.equal(y, F.interpolate(x[:, :3], scale_factor=2)),
        "You repeat pixels; nine of the twelve channels never reach the image. Move them, do not copy.",
    )
    expect(
        bool(torch.equal(y.flatten().sort().values, x.flatten())),
        "Each number must appear exactly once: reshape and permute.",
    )
    swapped = F.pixel_shuffle(x.view(2, 3, 2, 2, 2, 3).transpose(2, 3).reshape(2, 12, 2, 3), 2)
    expect(
        not torch.equal(y, swapped),
        "Each 2 x 2 cell is transposed: the first r of c*r*r counts rows, the second columns.",
    )
    by_cell = F.pixel_shuffle(x.view(2, 4, 3, 2, 3).transpose(1, 2).reshape(2, 12, 2, 3), 2)
    expect(
        not torch.equal(y, by_cell),
        "The 12 channels are 3 colours of 4 cells each, colour first: view them as (c, r, r).",
    )
    expect(
        torch.equal(y, truth),
        "The numbers are all there, in the wrong places: h goes with the first r, w with the second.",
    )
    x = conv(3, 48)(torch.zeros(1, 3, 5, 4)).detach()
    expect(
        torch.equal(answer(x, 4), F.pixel_shuffle(x, 4)), "Right for r = 2 but not for r = 4: is a 2 written somewhere?"
    )
