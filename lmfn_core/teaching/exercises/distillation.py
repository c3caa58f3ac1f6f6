"""Checkers of notebook 03: keep a part, size an IMDN block, write RFDB, silence one kept quarter."""

import copy
from collections.abc import Callable, Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lmfn_core.parts.layers import conv
from lmfn_core.parts.rfdb import RFDB, SLOPE
from lmfn_core.teaching.lesson import Hint, exercise, expect


def _call(said: str, hint: str, function: Callable, *given: object) -> object:
    """What a student's function returns; an exception in it becomes a sentence that says what was called."""
    try:
        return function(*given)
    except (Hint, NotImplementedError):
        raise
    except Exception as error:  # noqa: BLE001 (a student's code may raise anything)
        raise Hint(f"I called {said} and got {type(error).__name__}: {error}. {hint}") from None


def _noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def _like(got: object, wanted: Tensor) -> bool:
    return isinstance(got, Tensor) and got.shape == wanted.shape and torch.allclose(got, wanted, rtol=1e-4, atol=1e-6)


class _Step(nn.Module):
    """A refinement that says so when it is handed the wrong channels."""

    def __init__(self, channels: int, kept: int, out_channels: int, seed: int) -> None:
        super().__init__()
        self.channels, self.kept = channels, kept
        self.weight = _noise(out_channels, channels, seed=seed)

    def forward(self, x: Tensor) -> Tensor:
        given, whole = x.shape[1], self.channels + self.kept
        if given != self.channels:
            expect(given != self.kept, "You refine the kept part and set the rest aside: it is the other way round.")
            expect(given != whole, f"A refinement got all {whole} channels: hand on the rest, without the kept part.")
            raise Hint(f"A refinement got {given} channels where {self.channels} are left.")
        return torch.tanh(torch.einsum("oc,bchw->bohw", self.weight, x))


@exercise("Keep a part, refine the rest", difficulty=2, minutes=10)
def check_split(answer: Callable[[Tensor, Sequence[Callable], Callable, int], Sequence[Tensor]]) -> None:
    """``answer(x, steps, last, kept)``: ``kept`` channels of each step's result, then ``last`` of the rest."""
    for width, kept in ((8, 2), (8, 3)):
        rest, x = width - kept, _noise(1, width, 3, 5)
        steps = [_Step(width, 0, width, 1), _Step(rest, kept, width, 2), _Step(rest, kept, width, 3)]
        last, before = _Step(rest, kept, kept, 4), x.clone()
        said = f"your function with {width} channels, three steps and kept={kept}"
        parts = _call(said, "Each step is called with features.", answer, x, steps, last, kept)
        expect(not isinstance(parts, Tensor), "Return the list of the parts; joining them is the next layer's work.")
        expect(isinstance(parts, list | tuple), f"Return the parts in a list; yours is a {type(parts).__name__}.")
        expect(torch.equal(x, before), "You changed the features that you were given; make new ones.")
        expect(len(parts) != 3, "Three parts: what `last` makes of the rest is the fourth, and the most refined.")
        expect(len(parts) == 4, f"Three steps and `last` give four parts; yours are {len(parts)}.")
        ours, swapped, y = [], [], x
        for step in steps:
            y = step(y)
            ours, swapped, y = [*ours, y[:, :kept]], [*swapped, y[:, -kept:]], y[:, kept:]
        ours.append(last(y))
        sizes, wanted = [p.shape[1] for p in parts], [p.shape[1] for p in ours]
        expect(
            sizes == wanted, f"kept={kept}: the parts have {wanted} channels, yours {sizes}. Is a share written down?"
        )
        buffer = any(a.data_ptr() == b.data_ptr() for i, a in enumerate(parts) for b in parts[:i])
        expect(not buffer, "Your parts share their memory: all of them show what was written last. Make new ones.")
        expect(not _like(parts[0], swapped[0]), "Keep the first channels of a step, not the last ones.")
        blank = any(not p.any() for p in parts)
        expect(not blank, "A kept part is all zeros: y[:, :kept] is a view, and you changed y after you took it.")
        expect(not _like(parts[-1], ours[0]), "The parts are in reverse: the one refined least comes first.")
        right = all(_like(got, part) for got, part in zip(parts, ours, strict=True))
        expect(right, f"Right in shape, wrong in value (kept={kept}): each step works on what the step before left.")


def _imdn_size(c: int) -> int:
    kept = c // 4
    layers = [conv(c, c), conv(c - kept, c), conv(c - kept, c), conv(c - kept, kept), conv(4 * kept, c, kernel=1)]
    return sum(p.numel() for layer in layers for p in layer.parameters())


@exercise("Size an IMDN block", difficulty=2, minutes=10)
def check_imdn_size(answer: Callable[[int], int]) -> None:
    """``answer(channels)`` is what the IMDN block of section 4 owns: no attention, ``channels // 4`` kept."""
    size = _call("your function with 50 channels", "It takes the width, a whole number.", answer, 50)
    whole = isinstance(size, int)
    expect(whole, f"Parameters come in whole numbers: a quarter of 50 is 50 // 4 = 12 channels. Got {size!r}.")
    for wrong, hint in {
        63_416 - 212: "The biases are missing: each convolution has one for each of its outputs.",
        63_416 + 2 * 5_400 + 1_296: "Behind a split a convolution sees the rest, 38 of 50 channels, not all 50.",
        63_416 - 2 * 11_700 - 2_808: "The kept 12 channels are set aside; the other 38 are refined further.",
        63_416 + 38 * 343: "The last convolution only makes the fourth part: 12 channels, not 50.",
        63_416 + 100: "The join sees the four parts: 4 times 12 channels are 48, not 50.",
        63_416 - 2_450: "The 1x1 convolution that joins the four parts is missing.",
        63_416 + 353: "That counts IMDN's channel attention, CCA, too; the block of section 4 has none.",
        63_416 + 17_150: "Three splits, so three convolutions before the last one: the first sees 50, two see 38.",
    }.items():
        expect(size != wrong, hint)
    expect(size == 63_416, f"At 50 channels the block owns 63,416 numbers; you are off by {size - 63_416:+,}.")
    for channels in (64, 48, 30):
        got, truth = answer(channels), _imdn_size(channels)
        expect(got == truth, f"Right for 50 channels, off by {got - truth:+,} for {channels}: is a 12 or 38 fixed?")


def _groups(block: nn.Module) -> dict[tuple[int, ...], list[nn.Conv2d]]:
    """The convolutions of a block by the shape of their weights, each group in the order of registration."""
    groups: dict[tuple[int, ...], list[nn.Conv2d]] = {}
    for layer in block.modules():
        if isinstance(layer, nn.Conv2d):
            groups.setdefault(tuple(layer.weight.shape), []).append(layer)
    return groups


def _copied(block: nn.Module, library: RFDB) -> None:
    """Give a student's block the library's weights: equal shapes, in the order in which both own them."""
    mine, theirs = _groups(block), _groups(library)
    for shape, layers in theirs.items():
        have = len(mine.get(shape, ()))
        expect(have == len(layers), f"RFDB has {len(layers)} convolutions with weights of shape {shape}; yours {have}.")
        for own, other in zip(mine[shape], layers, strict=True):
            own.load_state_dict(other.state_dict())


def _variant(
    block: RFDB,
    x: Tensor,
    *,
    identity: bool = True,
    late: bool = False,
    act: Callable[[Tensor], Tensor] = lambda x: F.leaky_relu(x, SLOPE),
    on_kept: bool = True,
    on_refined: bool = True,
    on_last: bool = True,
    after: bool = False,
    order: Sequence[int] = (0, 1, 2, 3),
    attend: str = "joined",
    outer: bool = False,
) -> Tensor:
    """What the library's weights give under a usual mistake."""
    parts, given = [], x
    for keep, refine in zip(block.keep, block.refine, strict=True):
        kept, refined = keep(x), refine(x)
        if late:
            refined = act(refined) + x
        else:
            refined = refined + x if identity else refined
            refined = act(refined) if on_refined else refined
        kept = keep(refined) if after else kept
        parts.append(act(kept) if on_kept else kept)
        x = refined
    parts.append(act(block.last(x)) if on_last else block.last(x))
    y = block.join(torch.cat([parts[i] for i in order], dim=1))
    y = {"joined": block.attention, "none": lambda y: y, "added": lambda y: y + block.attention(y)}[attend](y)
    return y + given if outer else y


_MISTAKES: Mapping[str, dict] = {
    "The identity is missing: a refinement is the 3x3 convolution plus its input, then the leaky ReLU.": {
        "identity": False},
    "The identity is added behind the leaky ReLU; it belongs before it.": {"late": True},
    "A kept part goes through a leaky ReLU before it is joined; yours does not.": {"on_kept": False},
    "The refinements have no leaky ReLU.": {"on_refined": False},
    "The fourth part, of the last 3x3, goes through a leaky ReLU too.": {"on_last": False},
    "That is a plain ReLU; RFDB's keeps 0.05 of what is negative.": {"act": F.relu},
    "A leaky ReLU of torch keeps 0.01 of what is negative unless told otherwise; RFDB's keeps 0.05.": {
        "act": F.leaky_relu},
    "You keep a part of what a step gives; RFDB keeps a part of what it is given, before the refinement.": {
        "after": True},
    "The parts are joined in reverse: the one refined least comes first.": {"order": (3, 2, 1, 0)},
    "The last part is joined first: append it behind the three kept ones.": {"order": (3, 0, 1, 2)},
    "ESA is built and never called: weight the joined features with it.": {"attend": "none"},
    "ESA multiplies its mask by itself: return attention(joined), do not add joined again.": {"attend": "added"},
    "You add the block's input at the end; IMDN does, RFDB does not.": {"outer": True},
}  # fmt: skip


_SIZES = {
    94_450 - 6_650: "ESA is missing: 6,650 parameters. RFDB's attention is ESA(channels, channels // 4).",
    94_450 - 10_000: "The last convolution is 3x3, as the refinements are; yours is 1x1.",
    94_450 + 30_000: "The kept parts come from 1x1 convolutions; yours are 3x3, nine times the weights.",
    94_450 + 12_525: "The last convolution makes a part like the others: half of the channels, not all of them.",
    94_450 - 12_525: "Three kept parts are joined; the fourth, from the last 3x3 convolution, is missing.",
    94_450 - 2 * 1_275 - 2 * 22_550: "One layer is used three times: each step has a 1x1 and a 3x3 of its own.",
    94_450 - 3_825 - 67_650: "Layers in a plain list belong to nobody: put them into an nn.ModuleList.",
}


@exercise("Write RFDB yourself", difficulty=4, minutes=25)
def check_rfdb(answer: Callable[[int], nn.Module]) -> None:
    """``answer(channels)`` is a module that computes what ``RFDB(channels)`` computes."""
    expect(not isinstance(answer, nn.Module), "Hand over the class itself, MyRFDB, not an object of it.")
    block = _call("MyRFDB(50)", "It takes the width and nothing else.", answer, 50)
    expect(isinstance(block, nn.Module), f"MyRFDB(50) is a {type(block).__name__}; derive the class from nn.Module.")
    size = sum(p.numel() for p in block.parameters())
    for wrong, hint in _SIZES.items():
        expect(size != wrong, hint)
    expect(size == 94_450, f"RFDB owns 94,450 parameters at 50 channels; yours {size:,}, {size - 94_450:+,}.")
    for channels, height, width in ((50, 15, 15), (50, 16, 24), (20, 33, 17), (8, 16, 16)):
        made = _call(f"MyRFDB({channels})", "Is a 50 or a 25 written down?", answer, channels)
        shape = (2, channels, height, width)
        off = sum(p.numel() for p in made.parameters()) - sum(p.numel() for p in RFDB(channels).parameters())
        expect(
            off == 0, f"Right for 50 channels, off by {off:+,} parameters for {channels}: is a 25 or a 12 written down?"
        )
        hint = "Is a 50 or a 25 written down?" if channels != 50 else "Follow the shapes from layer to layer."
        got = _call(f"MyRFDB({channels}) on {shape}", hint, made, torch.zeros(shape))
        found = tuple(got.shape) if isinstance(got, Tensor) else type(got).__name__
        expect(found == shape, f"MyRFDB({channels}) makes {found} of {shape}; the shape stays. {hint}")
    _same_function(block)


def _same_function(block: nn.Module) -> None:
    library, x = RFDB(50), _noise(2, 50, 16, 20)
    with torch.no_grad():
        for i, p in enumerate(library.parameters()):
            p.copy_(0.1 * _noise(*p.shape, seed=i))  # large enough that no mistake hides in a small number
        _copied(block, library)
        before, wanted = x.clone(), library(x)
        got = block(x)
        expect(torch.equal(x, before), "Your block changes its input: write x = ... + x, not x += ...")
        for hint, mistake in _MISTAKES.items():
            expect(not _like(got, _variant(library, x, **mistake)), f"With the library's weights: {hint}")
        apart = (got - wanted).abs().max()
        expect(_like(got, wanted), f"With the library's weights your output is off by up to {apart:.2g}.")
    said, hint = "backward() on your block's output", "A step works in place or outside of autograd."
    _call(said, hint, lambda: block(x).square().sum().backward())
    dry = [name for name, p in block.named_parameters() if p.grad is None]
    expect(not dry, f"Right values, but no gradient reaches {', '.join(dry[:2])}: is there a detach() or .data?")


@exercise("Silence one kept quarter", difficulty=3, minutes=10)
def check_silence(answer: Callable[[RFDB, int], RFDB]) -> None:
    """``answer(block, quarter)`` is a copy of ``block`` that gives what it would if that quarter's part were zero."""
    for channels in (50, 20):
        torch.manual_seed(0)
        block, x, kept = RFDB(channels), _noise(1, channels, 16, 18), channels // 2
        before = copy.deepcopy(block.state_dict())
        for quarter in range(4):
            said = f"your function with RFDB({channels}) and quarter {quarter}"
            hint = "The fourth part comes from block.last: block.keep has three entries. The join sees all four."
            silent = _call(said, hint, answer, block, quarter)
            expect(isinstance(silent, nn.Module), f"Return a block; {said} gave a {type(silent).__name__}.")
            kept_as_is = all(torch.equal(value, before[name]) for name, value in block.state_dict().items())
            expect(kept_as_is, "You changed the block that you were given: work on copy.deepcopy(block).")
            with torch.no_grad():
                got, wanted = silent(x), _silenced(block, slice(kept * quarter, kept * (quarter + 1)))(x)
                expect(not torch.equal(got, block(x)), f"With quarter {quarter} silenced nothing changes.")
                rows = _silenced(block, slice(kept * quarter, kept * (quarter + 1)), axis=0)(x)
                expect(not _like(got, rows), "You zeroed outputs of the join: its weight is (outputs, inputs, 1, 1).")
                for other in (q for q in range(4) if q != quarter):
                    off = _silenced(block, slice(kept * other, kept * (other + 1)))(x)
                    expect(
                        not _like(got, off), f"Asked for quarter {quarter} you silence quarter {other}: count from 0."
                    )
                expect(channels == 50 or not _like(got, _silenced(block, slice(25 * quarter, 25 * (quarter + 1)))(x)),
                       "Right for 50 channels, wrong for 20: is a 25 written down?")  # fmt: skip
                expect(not _like(got, _without_weights(block, quarter)(x)),
                       "The bias is left: a part whose weights are zero is still its bias, not zero.")  # fmt: skip
                expect(_like(got, wanted), "More than that part changed: the refinements must go on as they were.")


def _silenced(block: RFDB, which: slice, axis: int = 1) -> RFDB:
    silent = copy.deepcopy(block)
    silent.join.weight.data[(slice(None),) * axis + (which,)] = 0
    return silent


def _without_weights(block: RFDB, quarter: int) -> RFDB:
    silent = copy.deepcopy(block)
    [*silent.keep, silent.last][quarter].weight.data.zero_()
    return silent
