"""Notebook 01's exercises: the reference passes, and each typical mistake is answered with a hint of its own."""

import math

import torch

from lmfn_core.images.blur import to_linear, to_srgb
from lmfn_core.teaching.exercises.blur import check_convention, check_kernel, check_levels, check_shutter


def shutter(frames, divide=len):
    return to_srgb(to_linear(frames).sum(0) / divide(frames))


def in_place(frames):
    return to_srgb(frames.copy_(to_linear(frames)).mean(0))


def kernel(path, reach, each=None, add=True, place=lambda dx, dy, r: (r + dy, r + dx)):
    k = torch.zeros(2 * reach + 1, 2 * reach + 1)
    for dx, dy in path:
        at = place(dx, dy, reach)
        k[at] = (k[at] if add else 0) + (1 / len(path) if each is None else each(path))
    return k


def levels(decibels, peak=255):
    return peak / 10 ** (decibels / 20)


def conventions(printed, card, decimals=lambda text: len(text.partition(".")[2])):
    return [name for name, value in card.items() if f"{value:.{decimals(printed)}f}" == printed]


def cut(printed, card):
    scale = 10 ** len(printed.partition(".")[2])
    return [name for name, value in card.items() if math.floor(value * scale) / scale == float(printed)]


def tolerant(printed, card):
    step = 10 ** -len(printed.partition(".")[2])
    return [name for name, value in card.items() if abs(value - float(printed)) < step]


def as_numbers(printed, card):
    decimals = len(str(float(printed)).partition(".")[2])
    return [name for name, value in card.items() if round(value, decimals) == float(printed)]


def at_decimals(digits):
    return lambda printed, card: [name for name, value in card.items() if round(value, digits) == float(printed)]


REFERENCES = [
    (check_shutter, shutter),
    (check_kernel, kernel),
    (check_levels, levels),
    (check_convention, conventions),
]

MUTANTS = [
    # the file's values; light shown as it is; the curves exchanged; a frame forgotten; not divided; divided by 13;
    # another gamma; clipped too early; the wrong axis; its argument changed; no tensor; 8 bits
    (check_shutter, lambda f: f.mean(0), "averaged the file's values"),
    (check_shutter, lambda f: to_linear(f).mean(0), "not yet a picture"),
    (check_shutter, lambda f: to_linear(to_srgb(f).mean(0)), "curves are exchanged"),
    (check_shutter, lambda f: shutter(f[:-1]), "last frame is missing"),
    (check_shutter, lambda f: shutter(f[1:]), "first frame is missing"),
    (check_shutter, lambda f: shutter(f, lambda f: 1), "divide by their number"),
    (check_shutter, lambda f: shutter(f, lambda f: 13), "divide by 13"),
    (check_shutter, lambda f: f.pow(2.2).mean(0).pow(1 / 2.2), "only comes near"),
    (check_shutter, lambda f: to_srgb(to_linear(f).sum(0).clamp(0, 1) / len(f)), "clip the sum"),
    (check_shutter, lambda f: to_srgb(to_linear(f)), "first axis, time"),
    (check_shutter, lambda f: to_srgb(to_linear(f).mean(1)), "(3, 8, 9) is wanted"),
    (check_shutter, in_place, "changed the frames"),
    (check_shutter, lambda f: None, "returned NoneType"),
    (check_shutter, lambda f: (shutter(f) * 255).to(torch.uint8), "use floats"),
    (check_shutter, lambda f: to_srgb(to_linear(f).median(0).values), "decode, take the mean"),
    (check_shutter, lambda f: shutter(f, lambda f: 5), "single frame"),
    # not divided; overwritten; divided by places; turned round; x and y; both; only up and down; not centred
    (check_kernel, lambda p, r: kernel(p, r, each=lambda p: 1), "six times too bright"),
    (check_kernel, lambda p, r: kernel(p, r, add=False), "+= and not ="),
    (check_kernel, lambda p, r: kernel(p, r, each=lambda p: 1 / len(set(p)), add=False), "different places"),
    (check_kernel, lambda p, r: kernel(p, r, place=lambda dx, dy, r: (r - dy, r - dx)), "does not turn its kernel"),
    (check_kernel, lambda p, r: kernel(p, r, place=lambda dx, dy, r: (r + dx, r + dy)), "kernel[y, x]"),
    (check_kernel, lambda p, r: kernel(p, r, place=lambda dx, dy, r: (r - dx, r - dy)), "and the kernel is turned"),
    (check_kernel, lambda p, r: kernel(p, r, place=lambda dx, dy, r: (r - dy, r + dx)), "Up and down"),
    (check_kernel, lambda p, r: kernel(p, r, place=lambda dx, dy, r: (dy, dx)), "add reach"),
    (check_kernel, lambda p, r: kernel(p, r, each=lambda p: 1 / len(set(p))), "sums to 1; yours"),
    (check_kernel, lambda p, r: kernel(p, r, place=lambda dx, dy, r: (r + dy, r - dx)), "not the mean of the moved"),
    (check_kernel, lambda p, r: kernel(p, 2), "(7, 7) is wanted"),
    (check_kernel, lambda p, r: kernel(p, r).tolist(), "returned list"),
    # dB / 10; the squared error; more decibels, more errors; e; e of the square; the way forth; no peak; 255 always
    (check_levels, lambda d, peak=255: peak / 10 ** (d / 10), "not its square"),
    (check_levels, lambda d, peak=255: peak**2 / 10 ** (d / 10), "take its square root"),
    (check_levels, lambda d, peak=255: peak * 10 ** (d / 20), "fewer errors"),
    (check_levels, lambda d, peak=255: peak / math.exp(d / 20), "not of e."),
    (check_levels, lambda d, peak=255: peak / math.exp(d / 10), "not of e; and"),
    (check_levels, lambda d, peak=255: 20 * math.log10(peak / d), "here it goes back"),
    (check_levels, lambda d, peak=255: 10 ** (-d / 20), "Of the peak"),
    (check_levels, lambda d, peak=255: levels(d), "use the argument"),
    (check_levels, lambda d, peak=255: f"{levels(d, peak):.1f}", "got str"),
    # exact values; one decimal; cut; a whole last digit; the nearest; one name; values; a set; a number's decimals
    (check_convention, lambda p, card: [n for n, v in card.items() if v == float(p)], "round the card's values"),
    (check_convention, at_decimals(1), 'nothing for "0.904"'),
    (check_convention, cut, "do not cut"),
    (check_convention, tolerant, "too tolerant"),
    (check_convention, lambda p, card: [min(card, key=lambda n: abs(card[n] - float(p)))], "keep both"),
    (check_convention, lambda p, card: min(card, key=lambda n: abs(card[n] - float(p))), "returned one name"),
    (check_convention, lambda p, card: [card[n] for n in conventions(p, card)], "not the values"),
    (check_convention, lambda p, card: set(conventions(p, card)), "it returned set"),
    (check_convention, as_numbers, "0.912 is printed as 0.91"),
]
