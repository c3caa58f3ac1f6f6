"""Notebook 06's exercises: the reference passes, and each typical mistake is answered with a hint of its own."""

import math
from pathlib import Path

import torch
import torch.nn.functional as F

from lmfn_core.teaching.exercises.assembling import (
    check_convolution_parameters,
    check_lmfn_size,
    check_pixel_shuffle,
    check_steady_attention,
)

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def convolution(kernel, inputs, outputs, groups=1):
    return math.prod(kernel) * (inputs // groups) * outputs + outputs


def size(blocks, c, *, half=lambda c: c // 2, esa=lambda c: c // 4, fuse=None, attention=16, encoder=740_352, last=48):
    def conv(kernel, inputs, outputs):
        return kernel * kernel * inputs * outputs + outputs

    r, k = esa(c), half(c)
    attend = conv(1, c, r) + conv(1, r, r) + 4 * conv(3, r, r) + conv(1, r, c)
    block = 3 * conv(1, c, k) + 3 * conv(3, c, c) + conv(3, c, k) + conv(1, 4 * k, c) + attend
    fused = conv(1, blocks * c if fuse is None else fuse, c) + attention + conv(3, 2 * c, c)
    return encoder + conv(3, 64, c) + blocks * block + fused + conv(3, c, last)


def attention(f, scale=lambda f: f.shape[2] * f.shape[3], axis=-1, single=True):
    rows = f.flatten(2).float() if single else f.flatten(2)
    return torch.softmax(rows @ rows.transpose(1, 2) / scale(f), dim=axis)


def positions(f):
    columns = f.flatten(2).transpose(1, 2)
    return torch.softmax(columns @ columns.transpose(1, 2) / f[0, 0].numel(), dim=-1)


def correlation(f):
    rows = F.normalize(f.flatten(2).float(), dim=-1)
    return torch.softmax(rows @ rows.transpose(1, 2), dim=-1)


def no_softmax(f):
    rows = f.flatten(2).float()
    return rows @ rows.transpose(1, 2) / rows.shape[-1]


def shuffle(x, r, view=("c", "r1", "r2"), order=("b", "c", "h", "r1", "w", "r2"), fixed=None):
    r = fixed or r
    b, many, h, w = x.shape
    lengths = {"b": b, "c": many // (r * r), "r1": r, "r2": r, "h": h, "w": w}
    axes = ("b", *view, "h", "w")
    apart = x.view([lengths[axis] for axis in axes])
    return apart.permute([axes.index(axis) for axis in order]).reshape(b, many // (r * r), h * r, w * r)


def repeat(x, r):
    return F.interpolate(x[:, : x.shape[1] // (r * r)], scale_factor=r)


REFERENCES = [
    (check_convolution_parameters, convolution),
    (check_lmfn_size, size),
    (check_steady_attention, attention),
    (check_pixel_shuffle, shuffle),
]

MUTANTS = [
    # no biases; a bias per input; a square kernel taken for granted; groups forgotten; groups on the biases too
    (check_convolution_parameters, lambda k, i, o, groups=1: math.prod(k) * i * o, "left out the biases"),
    (check_convolution_parameters, lambda k, i, o, groups=1: math.prod(k) * i * o + i, "added to the output"),
    (check_convolution_parameters, lambda k, i, o, groups=1: sum(k) * i * o + o, "3*3*3*64 weights"),
    (check_convolution_parameters, lambda k, i, o, groups=1: k[0] ** 2 * i * o + o, "need not be square"),
    (check_convolution_parameters, lambda k, i, o, groups=1: math.prod(k) * i * o + o, "in_channels / groups"),
    (
        check_convolution_parameters,
        lambda k, i, o, groups=1: math.prod(k) * (i // groups) * o + o // groups,
        "not the biases",
    ),
    # fractions; the 1x1 of fixed width; attention forgotten; a fixed 50; ESA's width rounded up; a part forgotten
    (check_lmfn_size, lambda n, c: size(n, c, half=lambda c: c / 2), "whole numbers"),
    (check_lmfn_size, lambda n, c: size(n, c, fuse=200), "widens the 1x1"),
    (check_lmfn_size, lambda n, c: size(4, c), "yours adds 0"),
    (check_lmfn_size, lambda n, c: size(n, c, attention=0), "not free"),
    (check_lmfn_size, lambda n, c: size(n, 50), "where is a 50"),
    (check_lmfn_size, lambda n, c: size(n, c, esa=lambda c: -(-c // 4) if c != 50 else 12), "rounded down"),
    (check_lmfn_size, lambda n, c: size(n, c, encoder=740_352 - 1_792), "table of parts"),
    # positions by positions; flattened wrong; the wrong axis; no softmax; no scale; cosine similarity; half precision
    (check_steady_attention, positions, "compares positions"),
    (check_steady_attention, lambda f: attention(f)[0], "(1, 12, 12) is wanted"),
    (check_steady_attention, lambda f: attention(f, axis=-2), "columns sum to 1"),
    (check_steady_attention, no_softmax, "must sum to 1"),
    (check_steady_attention, lambda f: attention(f, scale=lambda f: 1), "divide the energies"),
    (check_steady_attention, correlation, "not Eq. 1"),
    (check_steady_attention, lambda f: attention(f, single=False), "overflow"),
    # repeated pixels; each cell transposed; cells before colours; no permute; a fixed factor; only enlarged
    (check_pixel_shuffle, repeat, "copied and others lost"),
    (check_pixel_shuffle, lambda x, r: shuffle(x, r, order=("b", "c", "h", "r2", "w", "r1")), "cell is transposed"),
    (check_pixel_shuffle, lambda x, r: shuffle(x, r, view=("r1", "r2", "c")), "colours first"),
    (check_pixel_shuffle, lambda x, r: x.view(len(x), -1, x.shape[2] * r, x.shape[3] * r), "permute before view"),
    (check_pixel_shuffle, lambda x, r: shuffle(x, r, fixed=2), "wrong for r = 4"),
    (check_pixel_shuffle, lambda x, r: F.interpolate(x, scale_factor=r), "becomes (2, 3, 4, 6)"),
]
