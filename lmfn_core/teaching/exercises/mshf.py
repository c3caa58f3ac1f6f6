"""Checkers of notebook 04: name the pixels a position sees, fuse two scales, restore any size, share out the cost."""

from collections.abc import Callable, Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from lmfn_core.teaching.lesson import exercise, expect

Layers = Sequence[tuple[int, int, int]]


def _call(called: str, hint: str, answer: Callable, *given: object) -> object:
    """What the answer gives; where it raises, a sentence that says what was called, what happened, and a hint."""
    try:
        return answer(*given)
    except NotImplementedError:
        raise
    except Exception as error:  # noqa: BLE001 (a student's code may raise anything)
        said = f"{type(error).__name__}: {error}".rstrip(".")
    expect(False, f"{called} raised {said}. {hint}")


def _seen(layers: Layers, position: int) -> tuple[int, int]:
    first, last, jump = 0, 0, 1
    for kernel, stride, dilation in layers:
        reach = (kernel // 2) * dilation * jump
        first, last, jump = first - reach, last + reach, jump * stride
    return first + position * jump, last + position * jump


def _wide(layers: Layers, rule: Callable[[int, int, int, int], int]) -> int:
    """How wide a window is by a rule for what (kernel, stride, dilation, jump) adds; the options are mistakes."""
    field, jump = 1, 1
    for kernel, stride, dilation in layers:
        field, jump = field + rule(kernel, stride, dilation, jump), jump * stride
    return field


@exercise("Name the pixels that a position sees", difficulty=3, minutes=15)
def check_window(answer: Callable[[Layers, int], tuple[int, int]]) -> None:
    """``answer(layers, position)``: (first, last) pixel; a layer is (kernel, stride, dilation)."""
    called = "window([(3, 1, 1)], 10)"
    got = _call(called, TRIPLE, answer, [(3, 1, 1)], 10)
    pair = isinstance(got, tuple | list) and len(got) == 2
    expect(pair, f"{called} gave {got!r}; a pair is wanted, the first and the last pixel.")
    for wrong, hint in {
        (9, 12): "(9, 12) is a slice, or 3 wider than one pixel: add kernel - 1, and name the last pixel itself.",
        (8, 11): "It is 4 pixels wide: a kernel of 3 adds kernel - 1 pixels, not 3.",
        (10, 12): "The padding lies half on the left: a kernel of 3 at position 10 begins at pixel 9.",
    }.items():
        expect(tuple(got) != wrong, f"{called}: {hint}")
    expect(tuple(got) == (9, 11), f"{called}: pixels 9 to 11 are wanted, yours are {tuple(got)}.")
    for layers in CHAINS:
        called, right = f"window({layers}, 10)", _seen(layers, 10)
        first, last = _call(called, TRIPLE, answer, layers, 10)
        width, wanted = last - first + 1, right[1] - right[0] + 1
        for rule, hint in RULES:
            expect(width == wanted or width != _wide(layers, rule), f"{called} is {width} pixels wide: {hint}")
        expect(width == wanted, f"{called} is {wanted} pixels wide, yours {width}.")
        hint = "Position p lies at pixel p times the product of all strides; half of what is wider lies on each side."
        expect((first, last) == right, f"{called} sees pixels {right}, yours are {(first, last)}. {hint}")


TRIPLE = "Go through the layers one by one; each is a triple (kernel, stride, dilation)."
CHAINS = (
    [(3, 1, 4)],
    [(3, 2, 1)],
    [(3, 2, 1), (3, 1, 1)],
    [(3, 1, 1), (3, 2, 1), (3, 2, 1), (3, 1, 1), (3, 1, 1)],
    [(5, 1, 1), (3, 2, 2), (7, 3, 1), (3, 1, 3)],
)
RULES = (
    (lambda k, s, d, j: (k - 1) * j, "a dilated kernel is (kernel - 1) * dilation wide, beside its first tap."),
    (lambda k, s, d, j: (k - 1) * d * j * s, "a layer's own stride spreads the layers behind it, not itself."),
    (lambda k, s, d, j: (k - 1) * d, "behind a stride of 2 a step to the next position is 2 pixels long."),
    (lambda k, s, d, j: k * d * j, "a kernel adds kernel - 1 steps, not kernel."),
)


def _maps(height: int, width: int) -> tuple[Tensor, Tensor]:
    random = torch.Generator().manual_seed(height)
    fine = torch.randn(2, 3, height, width, generator=random)
    return fine, torch.randn(2, 3, -(-height // 2), -(-width // 2), generator=random)


def _twice(coarse: Tensor, **options: object) -> Tensor:
    return F.interpolate(coarse, **({"scale_factor": 2, "mode": "bilinear", "align_corners": False} | options))


@exercise("Fuse two scales", difficulty=2, minutes=10)
def check_fuse(answer: Callable[[Tensor, Tensor], Tensor]) -> None:
    """``answer(fine, coarse)``: fine plus coarse at twice its size, cropped to fine's shape."""
    fine, coarse = _maps(6, 8)
    before, zero = fine.clone(), torch.zeros_like(fine)
    called = f"fuse(fine {tuple(fine.shape)}, coarse {tuple(coarse.shape)})"
    got = _call(called, "Make the coarse map twice as large before you add it.", answer, fine, coarse)
    expect(isinstance(got, Tensor), f"{called} gave {type(got).__name__}; a tensor is wanted.")
    expect(got.shape == fine.shape, f"{called} gave the shape {tuple(got.shape)}; the fine map's shape is wanted.")
    expect(torch.equal(fine, before), f"{called} changed the fine map in place: another branch may still need it.")
    detail = _call(called, "", answer, fine, torch.zeros_like(coarse))
    expect(detail.any(), f"{called}: with a coarse map of zeros nothing is left. Add the fine map.")
    hint = "with a coarse map of zeros it does not give the fine map back: enlarge the coarse map, then add."
    expect(torch.allclose(detail, fine, atol=1e-5), f"{called}: {hint}")
    part = _call(called, "", answer, zero, coarse)
    nearest = torch.allclose(part, _twice(coarse, mode="nearest", align_corners=None), atol=1e-5)
    expect(not nearest, f"{called} repeats each coarse position as a 2 x 2 block: use bilinear, not nearest.")
    corners = torch.allclose(part, _twice(coarse, align_corners=True), atol=1e-5)
    expect(not corners, f"{called} pins the corners: with align_corners=True the coarse map is stretched.")
    hint = "is not fine plus the bilinear enlargement of coarse, weights 3/4 and 1/4 along each axis."
    expect(torch.allclose(got, fine + _twice(coarse), atol=1e-5), f"{called} {hint}")
    fine, coarse = _maps(7, 9)
    called = f"fuse(fine {tuple(fine.shape)}, coarse {tuple(coarse.shape)})"
    odd = "Where a side is odd the enlarged map is one row or column too large: crop it."
    got, whole = _call(called, odd, answer, fine, coarse), _twice(coarse)
    expect(isinstance(got, Tensor) and got.shape == fine.shape, f"{called}: crop the enlarged map to the fine one's.")
    part = got - fine
    stretched = torch.allclose(part, _twice(coarse, size=(7, 9), scale_factor=None), atol=1e-5)
    expect(not stretched, f"{called}: size=(7, 9) squeezes 8 x 10 into 7 x 9. Double the map, then crop.")
    left = torch.allclose(part, whole[..., 1:, 1:], atol=1e-5)
    expect(not left, f"{called}: you cropped at the top and the left; what is too much lies below and at the right.")
    expect(torch.allclose(part, whole[..., :7, :9], atol=1e-5), f"{called}: right for even sizes, wrong for odd ones.")


@exercise("Restore a photograph of any size", difficulty=2, minutes=10)
def check_any_size(answer: Callable[[Callable[[Tensor], Tensor], Tensor], Tensor]) -> None:
    """``answer(network, image)``: mirror to multiples of 16, call the network, crop its result."""
    image = torch.rand(1, 3, 45, 70, generator=torch.Generator().manual_seed(0))
    got, taken = _spied(answer, image)
    shape = tuple(taken.shape[2:])
    expect(
        shape[0] % 16 == shape[1] % 16 == 0, f"45 x 70: the network got {shape[0]} x {shape[1]}, no multiples of 16."
    )
    expect(
        shape >= (45, 70) and shape[1] >= 70, f"45 x 70: the network got {shape[0]} x {shape[1]}: round up, not down."
    )
    expect(
        shape == (48, 80), f"45 x 70 fits into 48 x 80, each side for itself; the network got {shape[0]} x {shape[1]}."
    )
    kept = torch.equal(taken[..., :45, :70], image)
    expect(kept, "The image moved inside its frame: F.pad takes (left, right, top, bottom); pad only right and bottom.")
    zeros = not taken[..., 45:, :].any()
    expect(not zeros, "Your padding is black: an edge that the photograph does not have. Pass mode='reflect'.")
    mirrored = torch.equal(taken, F.pad(image, (0, 10, 0, 3), mode="reflect"))
    expect(mirrored, "The padding is not the mirrored image: pass mode='reflect'.")
    uncropped = f"The result is {tuple(got.shape[2:])}, the image (45, 70): crop what you padded."
    expect(got.shape == image.shape, uncropped)
    wrong = "A network that changes nothing must give the image back: keep the upper left corner of its result."
    expect(torch.equal(got, image), wrong)
    for height, width in ((48, 80), (32, 47), (17, 64)):
        image = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(1))
        got, taken = _spied(answer, image)
        wanted = (-(-height // 16) * 16, -(-width // 16) * 16)
        case = f"{height} x {width}: the network got {taken.shape[2]} x {taken.shape[3]}"
        expect(tuple(taken.shape[2:]) == wanted, f"{case}: a side that is a multiple needs no padding.")
        lost = f"{height} x {width}: the result is {tuple(got.shape[2:])}; a slice [:-0] keeps nothing."
        expect(got.shape == image.shape, lost)
        expect(torch.equal(got, image), f"{height} x {width}: the image does not come back.")


def _spied(answer: Callable, image: Tensor) -> tuple[Tensor, Tensor]:
    """What comes back when the network changes nothing, and what the network was given."""
    taken = []

    def network(padded: Tensor) -> Tensor:
        taken.append(padded)
        return padded.clone()

    called = f"restore(network, image of {image.shape[2]} x {image.shape[3]})"
    takes = "The network takes one tensor (b, 3, h, w) whose sides are multiples of 16."
    got = _call(called, takes, answer, network, image)
    expect(len(taken) == 1, f"{called} called the network {len(taken)} times; once is wanted.")
    expect(isinstance(got, Tensor), f"{called} gave {type(got).__name__}; a tensor is wanted.")
    return got, taken[0]


def _shares(
    blocks: Mapping[int, int],
    width: int,
    *,
    power: int = 2,
    convolutions: int = 2,
    early: bool = False,
    colours: int = 3,
) -> dict[int, float]:
    """Share of the work at each scale; the options are how one gets it wrong."""
    work = {1: 9 * colours * width, 2: 0, 4: 0, 8: 0, 16: 0}
    for scale in (2, 4, 8, 16):
        work[scale // 2 if early else scale] += 9 * width**2
        work[scale] += blocks.get(scale, 0) * convolutions * 9 * width**2
    work = {scale: each / scale**power for scale, each in work.items()}
    return {scale: each / sum(work.values()) for scale, each in work.items()}


SCALES = "A scale without residual blocks is missing in blocks: blocks.get(scale, 0)."


@exercise("Share out the work among the scales", difficulty=3, minutes=15)
def check_shares(answer: Callable[[Mapping[int, int], int], dict[int, float]]) -> None:
    """``answer(blocks, width)``: share of the multiply-accumulates at 1/1, 1/2, 1/4, 1/8, 1/16; keys 1, 2, 4, 8, 16."""
    blocks, called = {4: 5, 8: 2, 16: 1}, "shares({4: 5, 8: 2, 16: 1}, 64)"
    got = _call(called, SCALES, answer, blocks, 64)
    named = isinstance(got, Mapping) and sorted(got) == [1, 2, 4, 8, 16]
    expect(named, f"{called} gave {got!r}; a dictionary with the keys 1, 2, 4, 8, 16 is wanted.")
    total = sum(got.values())
    expect(abs(total - 1) < 1e-6, f"{called}: shares sum to 1, yours to {total:,.3f}. Divide by the sum.")
    for mistake, hint in (
        ({"power": 0}, "You shared out the weights. A weight works at every position: multiply by their number."),
        ({"power": 1}, "A map at 1/s has s * s times fewer positions, not s times: both sides shrink."),
        ({"convolutions": 1}, "A residual block is two convolutions; you counted one."),
        ({"early": True}, "A strided convolution computes only what it puts out: count it at the smaller scale."),
        ({"colours": 64}, "The stem takes the 3 channels of a photograph, not 64."),
    ):
        expect(not _close(got, _shares(blocks, 64, **mistake)), f"{called}: {hint}")
    shown = ", ".join(f"1/{scale} {share:.1%}" for scale, share in _shares(blocks, 64).items())
    expect(_close(got, _shares(blocks, 64)), f"{called}: MSHF spends {shown}; yours differs.")
    for blocks, width in (({4: 2}, 64), ({4: 1, 8: 3, 16: 9}, 32)):
        got = _call(f"shares({blocks}, {width})", SCALES, answer, blocks, width)
        hint = f"Right for MSHF, wrong for shares({blocks}, {width}): is a 64 or a 5 written down?"
        expect(_close(got, _shares(blocks, width)), hint)


def _close(got: Mapping[int, float], wanted: Mapping[int, float]) -> bool:
    return all(abs(got.get(scale, 0) - share) < 1e-4 for scale, share in wanted.items())
