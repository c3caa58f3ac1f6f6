"""Notebook 04's exercises: the reference passes, and each typical mistake is answered with a hint of its own."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from lmfn_core.measures.profiling import layer_costs
from lmfn_core.parts.mshf import MSHF
from lmfn_core.teaching.exercises.mshf import CHAINS, check_any_size, check_fuse, check_shares, check_window


def window(
    layers, position, *, adds=lambda k, s, d, j: (k - 1) * d * j, grows=lambda j, s: j * s, left=2, end=0, at=None
):
    field, jump = 1, 1
    for kernel, stride, dilation in layers:
        field += adds(kernel, stride, dilation, jump)
        jump = grows(jump, stride)
    first = position * (jump if at is None else at) - (field // left if left else 0)
    return first, first + field - 1 + end


def fuse(fine, coarse, *, top=0, **options):
    up = F.interpolate(coarse, **({"scale_factor": 2, "mode": "bilinear", "align_corners": False} | options))
    down, right = up.shape[2] - fine.shape[2], up.shape[3] - fine.shape[3]
    up = up[..., down:, right:] if top else up[..., : fine.shape[2], : fine.shape[3]]
    return fine + up


def add_first(fine, coarse):
    small = F.interpolate(fine, coarse.shape[2:], mode="bilinear", align_corners=False) + coarse
    return F.interpolate(small, fine.shape[2:], mode="bilinear", align_corners=False)


def in_place(fine, coarse):
    fine += F.interpolate(coarse, scale_factor=2, mode="bilinear")
    return fine


def squeezed(fine, coarse):
    return fine + F.interpolate(coarse, fine.shape[2:], mode="bilinear", align_corners=False)


def restore(network, image, *, extra=lambda side: -side % 16, mode="reflect", pad="right", keep="left"):
    height, width = image.shape[2:]
    down, right = extra(height), extra(width)
    sides = (0, right, 0, down) if pad == "right" else (right, 0, down, 0)
    padded = network(F.pad(image, sides, mode=mode))
    return padded[..., :height, :width] if keep == "left" else padded[..., padded.shape[2] - height :, -width:]


def cut(network, image):
    return network(image[..., : image.shape[2] // 16 * 16, : image.shape[3] // 16 * 16])


def square(network, image):
    side = max(-(-side // 16) * 16 for side in image.shape[2:])
    padded = F.pad(image, (0, side - image.shape[3], 0, side - image.shape[2]), mode="replicate")
    return network(padded)[..., : image.shape[2], : image.shape[3]]


def uncropped(network, image):
    return network(F.pad(image, (0, -image.shape[3] % 16, 0, -image.shape[2] % 16), mode="reflect"))


def minus_nothing(network, image):
    down, right = -image.shape[2] % 16, -image.shape[3] % 16
    return network(F.pad(image, (0, right, 0, down), mode="reflect"))[..., :-down, :-right]


def shares(blocks, width, *, positions=lambda s: s * s, convolutions=2, at=lambda s: s, colours=3, total=None):
    work = {1: 9 * colours * width, 2: 0, 4: 0, 8: 0, 16: 0}
    for scale in (2, 4, 8, 16):
        work[at(scale)] += 9 * width * width
        work[scale] += blocks.get(scale, 0) * convolutions * 9 * width * width
    work = {scale: each / positions(scale) for scale, each in work.items()}
    return {scale: each / (total or sum(work.values())) for scale, each in work.items()}


REFERENCES = [
    (check_window, window),
    (check_fuse, fuse),
    (check_any_size, restore),
    (check_shares, shares),
]

MUTANTS = [
    # kernel for kernel - 1; a slice; no padding; no dilation; its own stride; strides forgotten; the width alone; place
    (check_window, lambda n, p: window(n, p, adds=lambda k, s, d, j: k * d * j), "kernel - 1 pixels, not 3"),
    (check_window, lambda n, p: window(n, p, end=1), "is a slice"),
    (check_window, lambda n, p: window(n, p, left=0), "half on the left"),
    (check_window, lambda n, p: window(n, p, adds=lambda k, s, d, j: (k - 1) * j), "(kernel - 1) * dilation wide"),
    (check_window, lambda n, p: window(n, p, adds=lambda k, s, d, j: (k - 1) * d * j * s), "spreads the layers behind"),
    (check_window, lambda n, p: window(n, p, adds=lambda k, s, d, j: (k - 1) * d), "step to the next position"),
    (check_window, lambda n, p: window(n, p)[1] - window(n, p)[0] + 1, "a pair is wanted"),
    (check_window, lambda n, p: window(n, p, at=1), "product of all strides"),
    (check_window, lambda n, p: window(n[0], p), "each is a triple"),
    # adds before it enlarges; nearest; corners; in place; squeezed; the wrong side; not cropped; no sum
    (check_fuse, add_first, "enlarge the coarse map, then add"),
    (check_fuse, lambda f, c: fuse(f, c, mode="nearest", align_corners=None), "2 x 2 block"),
    (check_fuse, lambda f, c: fuse(f, c, align_corners=True), "pins the corners"),
    (check_fuse, in_place, "in place"),
    (check_fuse, squeezed, "squeezes 8 x 10 into 7 x 9"),
    (check_fuse, lambda f, c: fuse(f, c, top=1), "cropped at the top"),
    (
        check_fuse,
        lambda f, c: f + F.interpolate(c, scale_factor=2, mode="bilinear"),
        "one row or column too large",
    ),
    (check_fuse, lambda f, c: F.interpolate(c, scale_factor=2, mode="bilinear"), "Add the fine map"),
    (check_fuse, lambda f, c: f + c, "before you add it"),
    # a full 16 where none is needed; the wrong side; on the left; black; cut; square; not cropped; [:-0]; no padding
    (check_any_size, lambda n, x: restore(n, x, extra=lambda side: 16 - side % 16), "needs no padding"),
    (check_any_size, lambda n, x: restore(n, x, keep="right"), "upper left corner"),
    (check_any_size, lambda n, x: restore(n, x, pad="left", keep="right"), "moved inside its frame"),
    (check_any_size, lambda n, x: restore(n, x, mode="constant"), "black"),
    (check_any_size, lambda n, x: restore(n, x, mode="replicate"), "not the mirrored image"),
    (check_any_size, cut, "round up"),
    (check_any_size, square, "each side for itself"),
    (check_any_size, uncropped, "crop what you padded"),
    (check_any_size, minus_nothing, "keeps nothing"),
    (check_any_size, lambda n, x: n(x), "no multiples of 16"),
    # weights; positions along one side; one convolution; at the larger scale; a stem of 64; no shares; a fixed encoder
    (check_shares, lambda b, w: shares(b, w, positions=lambda s: 1), "shared out the weights"),
    (check_shares, lambda b, w: shares(b, w, positions=lambda s: s), "both sides shrink"),
    (check_shares, lambda b, w: shares(b, w, convolutions=1), "two convolutions"),
    (check_shares, lambda b, w: shares(b, w, at=lambda s: s // 2), "count it at the smaller scale"),
    (check_shares, lambda b, w: shares(b, w, colours=64), "3 channels of a photograph"),
    (check_shares, lambda b, w: shares(b, w, total=2.0), "Divide by the sum"),
    (check_shares, lambda b, w: list(shares(b, w).values()), "a dictionary"),
    (check_shares, lambda b, w: shares({s: b[s] for s in (4, 8, 16)}, w), "blocks.get"),
    (check_shares, lambda b, w: shares({4: 5, 8: 2, 16: 1}, 64), "written down"),
]


@pytest.mark.parametrize("layers", CHAINS, ids=str)
def test_the_window_is_where_the_gradient_is(layers):
    network = nn.Sequential(*(nn.Conv1d(1, 1, k, s, padding=k // 2 * d, dilation=d, bias=False) for k, s, d in layers))
    for parameter in network.parameters():
        nn.init.ones_(parameter)
    line = torch.ones(1, 1, 300, requires_grad=True)
    network(line)[0, 0, 10].backward()
    seen = line.grad[0, 0].nonzero()[:, 0]
    first, last = window(layers, 10)
    assert (max(first, 0), last) == (seen.min().item(), seen.max().item())


def test_the_shares_are_those_of_the_encoder():
    scales = {"stem": 1, "refine4": 16, "refine3": 8, "refine2": 4}
    work = dict.fromkeys((1, 2, 4, 8, 16), 0)
    for row in layer_costs(MSHF(), 64, 64):
        part, _, number = row.name.partition(".")
        work[2 ** (int(number) + 1) if part == "down" else scales[part]] += row.macs
    wanted = {scale: each / sum(work.values()) for scale, each in work.items()}
    assert shares({4: 5, 8: 2, 16: 1}, 64) == pytest.approx(wanted)
