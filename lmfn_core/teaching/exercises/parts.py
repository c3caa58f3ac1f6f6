"""Checkers of notebook 02: a convolution's size, a depthwise separable one's parameters, a residual block, ESA."""

from collections.abc import Callable, Iterator
from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lmfn_core.parts.rfdb import ESA
from lmfn_core.teaching.lesson import Hint, exercise, expect


def _tried(called: str, why: str, function: Callable, *args: object) -> object:
    """What the student's function returns; if it raises, a hint that says what was called."""
    try:
        return function(*args)
    except NotImplementedError:
        raise
    except Exception as error:  # a student's code may raise anything
        said = str(error).partition("\n")[0].rstrip(".")
        raise Hint(f"{called} raised {type(error).__name__}: {said}. {why}") from None


def _whole(called: str, got: object, why: str) -> None:
    expect(got is not None, f"{called} returned None: is the return missing?")
    expect(isinstance(got, int) and not isinstance(got, bool), f"{called} returned {got!r}. {why}")


@exercise("Say what size comes out", difficulty=2, minutes=10)
def check_output_size(answer: Callable[..., int]) -> None:
    """``answer(size, kernel, stride=1, padding=0, dilation=1)`` is one side of what a convolution returns."""

    def asked(*case: int) -> int:
        called = f"your function{case}"
        got = _tried(called, "It takes size, kernel, stride, padding, dilation.", answer, *case)
        _whole(called, got, "A size is a whole number: divide with //.")
        return got

    plain = asked(32, 3, 1, 0, 1)
    expect(plain != 29, "32 - 3 = 29 is how far the kernel can move; where it starts is a position too.")
    expect(plain == 30, f"A 3 wide kernel lies in 30 places on 32, yours says {plain}.")
    padded = asked(32, 3, 1, 1, 1)
    expect(padded != 31, "Padding is laid on both sides: padding=1 adds two positions.")
    expect(padded == 32, f"32 wide, kernel 3, padding 1 stays 32; yours says {padded}.")
    strided = asked(32, 3, 2, 0, 1)
    expect(strided != 16, "A last step that does not fit is left out: round down, not up.")
    expect(strided == 15, f"32 wide, kernel 3, stride 2: 15 places; yours says {strided}.")
    dilated = asked(32, 3, 1, 0, 2)
    expect(dilated != 30, "You forgot the dilation: it leaves gaps between the kernel's taps, so that it spans more.")
    expect(dilated != 27, "Three taps have two gaps: dilation 2 spans 5 positions, not 6.")
    expect(dilated == 28, f"32 wide, kernel 3, dilation 2: it spans 5, so 28 places; yours says {dilated}.")
    for size, kernel, stride, padding, dilation in product((29, 32), (1, 2, 5), (1, 2, 3), (0, 1, 3), (1, 2, 3)):
        case = size, kernel, stride, padding, dilation
        truth = F.conv1d(torch.zeros(1, 1, size), torch.zeros(1, 1, kernel), None, stride, padding, dilation).shape[-1]
        got = asked(*case)
        expect(got == truth, f"size, kernel, stride, padding, dilation = {case}: torch gives {truth}, yours is {got}.")
    _tried("Your function(32, 3)", "Give stride 1, padding 0 and dilation 1 as defaults.", answer, 32, 3)


@exercise("Size a depthwise separable convolution", difficulty=2, minutes=5)
def check_separable_parameters(answer: Callable[[int, int, int], int]) -> None:
    """``answer(kernel, c_in, c_out)``: a biased depthwise k x k convolution, then a biased 1x1 convolution."""

    def asked(*case: int) -> int:
        called = f"your function{case}"
        got = _tried(called, "It takes kernel, c_in, c_out.", answer, *case)
        _whole(called, got, "Parameters come in whole numbers.")
        return got

    got = asked(3, 12, 20)
    for wrong, hint in {
        2_180: "That is the dense convolution: depthwise, every channel has one kernel and sees only itself.",
        348: "You left out the biases, of both convolutions.",
        368: "The depthwise convolution has a bias for each of its channels too.",
        360: "The 1x1 convolution has a bias for each output channel too.",
        120: "That is the depthwise half: a 1x1 convolution follows, which mixes the channels.",
        260: "That is the 1x1 half: the depthwise convolution stands before it.",
        2_300: "The second kernel is 1x1, not k x k: its weights are c_in * c_out.",
        620: "Depthwise keeps the number of channels: it has c_in kernels, and the 1x1 makes c_out of them.",
    }.items():
        expect(got != wrong, hint)
    expect(got == 380, f"3x3, 12 to 20 channels: 120 and 260 are 380; yours is {got:,}.")
    for kernel, c_in, c_out in [(3, 50, 50), (5, 8, 24), (7, 64, 3), (1, 6, 6)]:
        both = nn.Conv2d(c_in, c_in, kernel, groups=c_in), nn.Conv2d(c_in, c_out, 1)
        truth = sum(p.numel() for layer in both for p in layer.parameters())
        got = asked(kernel, c_in, c_out)
        why = "Right for (3, 12, 20): is one of its numbers written down?"
        expect(got == truth, f"({kernel}, {c_in}, {c_out}): torch stores {truth:,} numbers, yours is {got:,}. {why}")


def _made(kind: Callable[..., nn.Module], *args: int) -> nn.Module:
    expect(not isinstance(kind, nn.Module), "Give the class itself, MyBlock, not a block made of it, MyBlock(12).")
    called = f"{getattr(kind, '__name__', 'your class')}({', '.join(map(str, args))})"
    why = f"Its __init__ takes {len(args)} number(s) beside self and calls super().__init__() first."
    block = _tried(called, why, kind, *args)
    right = isinstance(block, nn.Module)
    expect(right, f"{called} is of type {type(block).__name__}; write a class that inherits from nn.Module.")
    return block


def _returned(block: nn.Module, x: Tensor, why: str) -> Tensor:
    called = f"Your block, given {tuple(x.shape)},"
    y = _tried(called, why, block, x)
    expect(isinstance(y, Tensor), f"{called} returned {type(y).__name__}: does forward return its result?")
    expect(y.shape == x.shape, f"{called} returned {tuple(y.shape)}. {why}")
    expect(y.dtype == x.dtype, f"{called} returned {y.dtype}, and got {x.dtype}: make no tensors of a fixed type.")
    return y


def _fill(block: nn.Module, seed: int = 0, scale: float = 0.3) -> list[Tensor]:
    """Seeded weights for every parameter, in the order in which they were made."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for p in block.parameters():
            p.copy_(scale * torch.randn(p.shape, generator=generator))
    return [p.detach() for p in block.parameters()]


def _random(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(1))


def _close(a: Tensor, b: Tensor) -> bool:
    return torch.allclose(a, b, atol=1e-4)


def _reaches_all(block: nn.Module, x: Tensor) -> None:
    block(x.clone().requires_grad_()).square().sum().backward()
    for name, p in block.named_parameters():
        expect(p.grad is not None, f"No gradient reaches {name}: forward never uses it, or detaches it.")


@exercise("Write a residual block", difficulty=2, minutes=10)
def check_residual_block(answer: Callable[[int], nn.Module]) -> None:
    """``answer(channels)`` is a module x + conv2(relu(conv1(x))), both 3x3 with bias, "b c h w" to the same."""
    block, x = _made(answer, 12), _random(2, 12, 7, 9)
    why = "Both convolutions are 3x3 from channels to channels, and padding=1 keeps the size."
    owned, one = sum(p.numel() for p in block.parameters()), 9 * 12 * 12 + 12
    _returned(block, x, why)
    expect(owned != one, "Your block owns one convolution; it needs two, each with weights of its own.")
    expect(owned != 2 * one - 24, "Both convolutions have a bias.")
    hint = f"Two 3x3 convolutions of 12 channels own {2 * one:,} numbers, yours {owned:,}. {why}"
    expect(owned == 2 * one, hint)
    for shape in [(1, 5, 1, 1), (3, 8, 4, 16)]:
        _returned(_made(answer, shape[1]), _random(*shape), why)
    weights = _fill(block)
    given = x.clone()
    y = _returned(block, given, why)
    expect(torch.equal(given, x), "Your block changed its input in place: whoever else uses x gets other numbers.")

    def convolved(x: Tensor, i: int) -> Tensor:
        return F.conv2d(x, *weights[2 * i : 2 * i + 2], padding=1)

    inner = convolved(F.relu(convolved(x, 0)), 1)
    for wrong, hint in [
        (inner, "The skip is missing: add x to what the convolutions return."),
        (F.relu(x + inner), "You activate after the sum. Then nothing negative gets past, not even from x."),
        (
            x + F.relu(inner),
            "You activate behind the second convolution: the block could only add, never take away.",
        ),
        (x + convolved(convolved(x, 0), 1), "No ReLU between the convolutions: two in a row are no more than one."),
        (x + convolved(F.relu(convolved(F.relu(x), 0)), 1), "The ReLU stands between the convolutions, not before."),
        (x + convolved(F.relu(convolved(x, 1)), 0), "Your convolutions are used in the other order than made."),
        (x + convolved(F.relu(convolved(x, 0)), 0), "One convolution is used twice, the other never."),
    ]:
        expect(not _close(y, wrong), hint)
    expect(_close(y, x + inner), "With equal weights, x + conv2(relu(conv1(x))) gives other numbers; zero padding?")
    _reaches_all(block, x)
    with torch.no_grad():
        weights[2].zero_(), weights[3].zero_()
    expect(torch.equal(block(x), x), "With a zero second convolution the block has to return x itself.")


def _esa(x: Tensor, weights: list[Tensor], mistake: str = "") -> Tensor:
    """ESA from its description, with one mistake if one is named; weights in the order of its table."""

    def conv(i: int, x: Tensor, **how: int) -> Tensor:
        return F.conv2d(x, *weights[2 * i : 2 * i + 2], **how)

    squeezed = conv(0, x)
    pool = F.avg_pool2d if mistake == "average" else F.max_pool2d
    f = pool(conv(2, squeezed, stride=2), 7, stride=7 if mistake == "pool stride" else 3)
    f = conv(4, F.relu(conv(3, f, padding=1)), padding=1)
    f = conv(5, f if mistake == "one relu" else F.relu(f), padding=1)
    f = F.relu(f) if mistake == "three relus" else f
    mode = {"mode": "nearest"} if mistake == "nearest" else {"mode": "bilinear", "align_corners": mistake == "corners"}
    f = F.interpolate(f, squeezed.shape[-2:], **mode)
    shortcut = conv(1, f if mistake == "shortcut of grid" else squeezed)
    logits = conv(6, f if mistake == "no shortcut" else f + shortcut)
    mask = logits if mistake == "no sigmoid" else torch.sigmoid(logits)
    return {"nothing": x, "mask only": mask, "added": x + mask, "skip": x + x * mask}.get(mistake, x * mask)


_ESA_MISTAKES = {
    "no sigmoid": "The sigmoid is missing: without it the mask is no weight between 0 and 1.",
    "mask only": "You return the mask; multiply it onto x.",
    "added": "You add the mask to x; a weight is multiplied.",
    "skip": "You return x + x * mask; ESA only multiplies, x * mask.",
    "no shortcut": "The shortcut is missing: conv 1 of the squeezed map is added before the last convolution.",
    "shortcut of grid": "The shortcut starts from the squeezed map, not from the coarse one.",
    "nothing": "You return x unchanged.",
    "pool stride": "The pooling moves by 3; left out, its stride is the window, 7.",
    "average": "The pooling takes the maximum, not the average.",
    "one relu": "A ReLU follows the first and the second coarse convolution; yours lacks the second.",
    "three relus": "No ReLU follows the third coarse convolution: the mask must be able to fall.",
    "nearest": "The coarse map is enlarged bilinearly, not by repeating.",
    "corners": "Enlarge with align_corners=False.",
}


def _layers(block: nn.Module) -> Iterator[tuple[str, nn.Conv2d]]:
    return ((name, m) for name, m in block.named_modules() if isinstance(m, nn.Conv2d))


@exercise("Build ESA from its description", difficulty=4, minutes=25)
def check_esa(answer: Callable[[int, int], nn.Module]) -> None:
    """``answer(channels, reduced)`` is ``ESA``, its seven convolutions made in the order of the notebook's table."""
    block, model = _made(answer, 50, 12), ESA(50, 12)
    owned, truth = (sum(p.numel() for p in m.parameters()) for m in (block, model))
    several = len(list(_layers(block)))
    expect(
        several == 7,
        f"ESA has seven convolutions, yours {several}: each its own weights, a list in nn.ModuleList.",
    )
    for i, ((name, mine), (_, theirs)) in enumerate(zip(_layers(block), _layers(model), strict=True)):
        got, want = tuple(mine.weight.shape), tuple(theirs.weight.shape)
        expect(got == want, f"Convolution {i} ({name}): the table says {want} for its weights, yours are {got}.")
        same = mine.stride == theirs.stride and mine.padding in (theirs.padding, "same", "valid")
        want = f"stride {theirs.stride[0]} and padding {theirs.padding[0]}"
        expect(same, f"Convolution {i} ({name}): the table says {want}; yours has {mine.stride} and {mine.padding}.")
    expect(owned == truth, f"ESA(50, 12) owns {truth:,} numbers, yours {owned:,}: every convolution has a bias.")
    why = "Enlarge the coarse map to the height and width of the squeezed one before you add them."
    for shape in [(1, 50, 15, 15), (2, 50, 17, 32)]:
        _returned(block, _random(*shape), why)
    for channels, reduced in [(16, 4), (50, 12)]:
        block, x = _made(answer, channels, reduced), _random(2, channels, 33, 40)
        weights = _fill(block)
        given = x.clone()
        y = _returned(block, given, why)
        expect(torch.equal(given, x), "Your ESA changed its input in place.")
        for mistake, hint in _ESA_MISTAKES.items():
            expect(not _close(y, _esa(x, weights, mistake)), hint)
        mask = y / x
        inside = bool(((mask > -1e-3) & (mask < 1 + 1e-3)).all())
        expect(inside, "The result over x is the mask, and yours leaves 0 to 1: sigmoid last, then the product with x.")
        model = ESA(channels, reduced)
        with torch.no_grad():
            for p, weight in zip(model.parameters(), weights, strict=True):
                p.copy_(weight)
            same = _close(y, model(x))
        expect(same, "With equal weights, yours and the library's differ: go through the table line by line.")
        _reaches_all(block, x)
