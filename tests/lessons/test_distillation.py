"""Notebook 03's exercises: the reference passes, and each typical mistake is answered with a hint of its own."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from lmfn_core.parts.layers import conv
from lmfn_core.parts.rfdb import ESA, RFDB
from lmfn_core.teaching.exercises.distillation import check_imdn_size, check_rfdb, check_silence, check_split


def leaky(x):
    return F.leaky_relu(x, 0.05)


def split(x, steps, last, kept, *, take=lambda y, k: (y[:, :k], y[:, k:]), ending=True, reverse=False):
    parts = []
    for step in steps:
        part, x = take(step(x), kept)
        parts.append(part)
    if ending:
        parts.append(last(x))
    return parts[::-1] if reverse else parts


def splitting(**settings):
    return lambda *given: split(*given, **settings)


def cleared(y, k):
    """Meant to take the kept channels out of the rest; they are a view of it."""
    part, rest = y[:, :k], y[:, k:]
    y[:, :k] = 0
    return part, rest


def buffered(x, steps, last, kept):
    buffer, parts = torch.empty_like(x[:, :kept]), []
    for step in steps:
        y = step(x)
        parts.append(buffer.copy_(y[:, :kept]))
        x = y[:, kept:]
    return [*parts, last(x)]


def changing(x, steps, last, kept):
    parts = split(x, steps, last, kept)
    x.relu_()
    return parts


def from_the_start(x, steps, last, kept):
    """Refines the first rest again and again."""
    y = steps[0](x)
    rest = y[:, kept:]
    return [y[:, :kept], steps[1](rest)[:, :kept], steps[2](rest)[:, :kept], last(rest)]


def imdn(c, *, kept=lambda c: c // 4, rest=None, ending=None, joined=None, bias=1, firsts=1, extra=0):
    def size(kernel, inputs, outputs):
        return kernel * kernel * inputs * outputs + bias * outputs

    k = kept(c)
    r = c - k if rest is None else rest(c)
    middle = firsts * size(3, c, c) + 2 * size(3, r, c) + size(3, r, k if ending is None else ending(c))
    return middle + (size(1, 4 * k if joined is None else joined(c), c) if joined != 0 else 0) + extra


def sized(**settings):
    return lambda c: imdn(c, **settings)


class MyRFDB(nn.Module):
    """The reference, with its layers in another order and under other names than the library's."""

    kernel, last_kernel, esa, share = 1, 3, True, False

    def __init__(self, channels):
        super().__init__()
        half = self.half(channels)
        self.layers = nn.ModuleList()
        for _ in range(1 if self.share else 3):
            self.layers.append(conv(channels, channels))
            self.layers.append(conv(channels, half, kernel=self.kernel))
        self.attend = ESA(channels, self.inside(channels)) if self.esa else nn.Identity()
        self.end = conv(channels, self.fourth(channels), kernel=self.last_kernel)
        self.together = conv(3 * half + self.fourth(channels), channels, kernel=1)

    def half(self, channels):
        return channels // 2

    def fourth(self, channels):
        return channels // 2

    def inside(self, channels):
        return channels // 4

    def act(self, x):
        return leaky(x)

    def refined(self, layer, x):
        return self.act(x + layer(x))

    def kept(self, layer, x):
        return self.act(layer(x))

    def ordered(self, parts):
        return parts

    def finish(self, y, x):
        return self.attend(y)

    def ending(self, x):
        return [self.act(self.end(x))]

    def forward(self, x):
        parts, given = [], x
        for i in range(3):
            refine, keep = (self.layers[j if self.share else 2 * i + j] for j in (0, 1))
            parts.append(self.kept(keep, x))
            x = self.refined(refine, x)
        return self.finish(self.together(torch.cat(self.ordered(parts + self.ending(x)), dim=1)), given)


def mutant(**changes):
    """A subclass of the reference with a mistake."""
    return type("MyRFDB", (MyRFDB,), changes)


class InPlainLists(nn.Module):
    def __init__(self, channels):
        super().__init__()
        half = channels // 2
        self.keep = [conv(channels, half, kernel=1) for _ in range(3)]
        self.refine = [conv(channels, channels) for _ in range(3)]
        self.last, self.join = conv(channels, half), conv(4 * half, channels, kernel=1)
        self.attention = ESA(channels, channels // 4)


class KeptAfter(MyRFDB):
    def forward(self, x):
        parts = []
        for i in range(3):
            x = self.refined(self.layers[2 * i], x)
            parts.append(self.kept(self.layers[2 * i + 1], x))
        return self.attend(self.together(torch.cat(parts + self.ending(x), dim=1)))


class ThreeParts(MyRFDB):
    def __init__(self, channels):
        super().__init__(channels)
        self.end, self.together = None, conv(3 * (channels // 2), channels, kernel=1)

    def ending(self, x):
        return []


class NoModule:
    def __init__(self, channels):
        self.channels = channels


def silence(block, quarter, *, copied=True, columns=True, half=lambda b: b.last.out_channels, offset=0):
    silent = copy.deepcopy(block) if copied else block
    k = half(block)
    which = slice(k * (quarter + offset), k * (quarter + offset + 1))
    with torch.no_grad():
        silent.join.weight[(slice(None), which) if columns else which] = 0
    return silent


def silencing(**settings):
    return lambda block, quarter: silence(block, quarter, **settings)


def by_weights(block, quarter, *, all_of=("weight",), path="keep"):
    silent = copy.deepcopy(block)
    layer = [*getattr(silent, path), silent.last][quarter]
    for name in all_of:
        getattr(layer, name).data.zero_()
    return silent


def three_only(block, quarter):
    silent = copy.deepcopy(block)
    silent.keep[quarter].weight.data.zero_()
    silent.keep[quarter].bias.data.zero_()
    return silent


REFERENCES = [(check_split, split), (check_imdn_size, imdn), (check_rfdb, MyRFDB), (check_silence, silence)]

MUTANTS = [
    # joined at once; no list; the other end; all handed on; kept and rest swapped; no ending; a fixed share; one
    # buffer; a view overwritten; the input changed; reversed; the steps not chained
    (check_split, lambda *given: torch.cat(split(*given), 1), "Return the list"),
    (check_split, lambda *given: dict(enumerate(split(*given))), "yours is a dict"),
    (check_split, splitting(take=lambda y, k: (y[:, -k:], y[:, :-k])), "not the last ones"),
    (check_split, splitting(take=lambda y, k: (y[:, :k], y)), "hand on the rest, without"),
    (check_split, splitting(take=lambda y, k: (y[:, k:], y[:, :k])), "the other way round"),
    (check_split, splitting(ending=False), "`last` makes of the rest"),
    (check_split, splitting(take=lambda y, k: (y[:, :2], y[:, k:])), "Is a share written down?"),
    (check_split, buffered, "share their memory"),
    (check_split, splitting(take=cleared), "is a view"),
    (check_split, changing, "changed the features"),
    (check_split, splitting(reverse=True), "in reverse"),
    (check_split, from_the_start, "what the step before left"),
    (check_split, lambda x, steps, last: split(x, steps, last, 2), "TypeError"),
    # fractions; no biases; no split; swapped; a wide last; a join of C; no join; CCA; a step more; fixed numbers
    (check_imdn_size, sized(kept=lambda c: c / 4), "whole numbers"),
    (check_imdn_size, sized(bias=0), "biases are missing"),
    (check_imdn_size, sized(rest=lambda c: c), "sees the rest"),
    (check_imdn_size, sized(rest=lambda c: c // 4), "other 38 are refined"),
    (check_imdn_size, sized(ending=lambda c: c), "only makes the fourth part"),
    (check_imdn_size, sized(joined=lambda c: c), "48, not 50"),
    (check_imdn_size, sized(joined=0), "joins the four parts is missing"),
    (check_imdn_size, sized(extra=353), "channel attention"),
    (check_imdn_size, sized(extra=17_150), "two see 38"),
    (check_imdn_size, sized(rest=lambda c: 38), "is a 12 or 38 fixed"),
    (check_imdn_size, sized(firsts=2), "off by +22,550"),
    # an object; no module; plain lists; counts; widths written down; shapes; values; in place; no gradient
    (check_rfdb, MyRFDB(50), "the class itself"),
    (check_rfdb, NoModule, "derive the class"),
    (check_rfdb, InPlainLists, "nn.ModuleList"),
    (check_rfdb, mutant(esa=False), "ESA is missing"),
    (check_rfdb, mutant(last_kernel=1), "The last convolution is 3x3"),
    (check_rfdb, mutant(kernel=3), "nine times the weights"),
    (check_rfdb, mutant(fourth=lambda self, c: c), "half of the channels, not all"),
    (check_rfdb, ThreeParts, "the fourth, from the last"),
    (check_rfdb, mutant(share=True), "used three times"),
    (check_rfdb, mutant(half=lambda self, c: c // 4), "yours 90,511"),
    (check_rfdb, mutant(half=lambda self, c: 25, fourth=lambda self, c: 25), "is a 25 or a 12 written down"),
    (check_rfdb, mutant(inside=lambda self, c: 12), "off by +"),
    (check_rfdb, mutant(finish=lambda self, y, x: self.attend(y).mean((2, 3))), "the shape stays"),
    (check_rfdb, mutant(ordered=lambda self, parts: parts[:3]), "from layer to layer"),
    (check_rfdb, mutant(refined=lambda self, layer, x: leaky(layer(x))), "identity is missing"),
    (check_rfdb, mutant(refined=lambda self, layer, x: leaky(layer(x)) + x), "behind the leaky ReLU"),
    (check_rfdb, mutant(kept=lambda self, layer, x: layer(x)), "before it is joined"),
    (check_rfdb, mutant(refined=lambda self, layer, x: layer(x) + x), "have no leaky ReLU"),
    (check_rfdb, mutant(ending=lambda self, x: [self.end(x)]), "fourth part, of the last 3x3"),
    (check_rfdb, mutant(act=lambda self, x: F.relu(x)), "plain ReLU"),
    (check_rfdb, mutant(act=lambda self, x: F.leaky_relu(x)), "unless told otherwise"),
    (check_rfdb, KeptAfter, "before the refinement"),
    (check_rfdb, mutant(ordered=lambda self, parts: parts[::-1]), "joined in reverse"),
    (check_rfdb, mutant(ordered=lambda self, parts: [parts[3], *parts[:3]]), "joined first"),
    (check_rfdb, mutant(finish=lambda self, y, x: y), "never called"),
    (check_rfdb, mutant(finish=lambda self, y, x: y + self.attend(y)), "do not add joined again"),
    (check_rfdb, mutant(finish=lambda self, y, x: self.attend(y) + x), "IMDN does, RFDB does not"),
    (check_rfdb, mutant(finish=lambda self, y, x: 2 * self.attend(y)), "off by up to"),
    (check_rfdb, mutant(refined=lambda self, layer, x: x.add_(layer(x)).mul_(1)), "changes its input"),
    (check_rfdb, mutant(kept=lambda self, layer, x: leaky(layer(x)).detach()), "no gradient reaches"),
    # the block itself; outputs; another quarter; a fixed 25; bias left; refinements; three only; nothing
    (check_silence, silencing(copied=False), "copy.deepcopy"),
    (check_silence, silencing(columns=False), "(outputs, inputs, 1, 1)"),
    (check_silence, silencing(offset=-1), "nothing changes"),
    (check_silence, lambda block, quarter: silence(block, (quarter + 1) % 4), "count from 0"),
    (check_silence, silencing(half=lambda block: 25), "is a 25 written down"),
    (check_silence, by_weights, "bias is left"),
    (check_silence, lambda block, quarter: by_weights(block, quarter, path="refine"), "refinements must go on"),
    (check_silence, three_only, "block.keep has three entries"),
    (check_silence, lambda block, quarter: silence(block, quarter).join.weight, "Return a block"),
]


def test_what_silences_a_part_by_its_own_layer_passes_too(capsys):
    assert check_silence(lambda block, quarter: by_weights(block, quarter, all_of=("weight", "bias"))) is True


def test_an_exception_inside_is_told_with_the_call(capsys):
    assert check_rfdb(mutant(half=lambda self, c: c.half)) is False
    assert "I called MyRFDB(50) and got AttributeError" in capsys.readouterr().out


GOLDEN = 0.0403211


@pytest.mark.parametrize("block", [RFDB, MyRFDB])
def test_rfdb_keeps_its_number(block):
    """A golden value: what RFDB makes of a fixed input with fixed weights, so that both cannot change together."""
    made, x = block(20), torch.linspace(-1, 1, 20 * 16 * 16).view(1, 20, 16, 16)
    with torch.no_grad():
        for p in made.parameters():
            p.copy_(0.1 * torch.arange(p.numel()).sin().view(p.shape))
        y = made(x)
    assert y.shape == x.shape and y.std().item() == pytest.approx(GOLDEN, rel=1e-4)
