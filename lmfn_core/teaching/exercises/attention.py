"""Checkers of notebook 05: ALFM and ACFM as classes, and how many channels a row listens to."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from lmfn_core.parts.fusion import ACFM, acfm_by_conv3d, alfm_by_loops
from lmfn_core.teaching.lesson import Hint, exercise, expect


def _try(what: str, call: Callable[..., object], *given: object) -> object:
    """What ``call`` returns; an error inside becomes a sentence that says what was called."""
    try:
        return call(*given)
    except NotImplementedError:
        raise
    except Exception as error:  # noqa: BLE001 (a student's code may raise anything)
        raise Hint(f"{what} raised {type(error).__name__}: {error}") from error


def _made(answer: Callable[[], nn.Module], name: str) -> nn.Module:
    expect(not isinstance(answer, nn.Module), f"Hand over the class itself: {name}, without brackets.")
    module = _try(f"{name}()", answer)
    expect(isinstance(module, nn.Module), f"{name}() made a {type(module).__name__}; let your class extend nn.Module.")
    return module


def _tensor(what: str, call: Callable[..., object], given: Tensor, shape: tuple[int, ...]) -> Tensor:
    """What ``call`` makes of ``given``: a tensor of floats in this shape, or a hint."""
    called = f"{what} of a {tuple(given.shape)}"
    got = _try(called, call, given)
    expect(isinstance(got, Tensor), f"{called} gave a {type(got).__name__}; a tensor is wanted: is a return missing?")
    expect(got.shape == shape, f"{called} has shape {tuple(got.shape)}; it must be {shape}.")
    expect(got.is_floating_point(), f"{called} holds {got.dtype}; floating-point numbers are wanted.")
    return got.detach()


def _close(a: Tensor, b: Tensor) -> bool:
    return torch.allclose(a.float(), b.float(), atol=1e-4)


def _alfm(f: Tensor, theta: float, axis: int = -1, scale: float = 1.0, residual: bool = True) -> Tensor:
    rows = f.flatten(2)
    m = torch.softmax(scale * rows @ rows.transpose(1, 2), dim=axis)
    return theta * (m @ rows).view_as(f) + residual * f


def _alfm_over_positions(f: Tensor, theta: float) -> Tensor:
    rows = f.flatten(2)
    m = torch.softmax(rows.transpose(1, 2) @ rows, dim=-1)
    return theta * (rows @ m.transpose(1, 2)).view_as(f) + f


@exercise("Write ALFM as a class", difficulty=2, minutes=15)
def check_alfm(answer: Callable[[], nn.Module]) -> None:
    """``answer()`` is a module with one parameter, ``theta``: (b, nc, h, w) to the same by Eq. 1 and 2."""
    alfm, name = _made(answer, "MyALFM"), "MyALFM"
    owned = dict(alfm.named_parameters())
    wrap = "self.theta = nn.Parameter(torch.zeros(()))"
    expect("theta" in owned, f"No optimiser could find theta: make it a parameter, {wrap}.")
    expect(len(owned) == 1, f"ALFM owns theta and nothing else; yours owns {', '.join(owned)}.")
    expect(alfm.theta.numel() == 1, f"theta is one number for all channels; yours holds {alfm.theta.numel()}.")
    expect(
        alfm.theta.item() == 0,
        f"theta starts at 0, so that a new ALFM changes nothing; yours at {alfm.theta.item():.3g}.",
    )
    f = 0.5 * torch.randn(2, 6, 3, 5, generator=torch.Generator().manual_seed(0))
    before, start = f.clone(), _tensor(f"A new {name}", alfm, f, (2, 6, 3, 5))
    expect(torch.equal(f, before), "You changed the features that you were given; make a new tensor.")
    expect(start.abs().max() > 0, "At theta = 0 nothing is left: Eq. 2 adds the features themselves, ... + f.")
    expect(_close(start, f), "At theta = 0 ALFM must give back what it is given: out = theta * m f + f.")
    alfm.theta.data.fill_(0.7)
    got = _tensor(f"{name} with theta 0.7", alfm, f, (2, 6, 3, 5))
    expect(not _close(got, 1.7 * f), "Your m f is f itself: is there a softmax over the energies f f^T?")
    wrong = {
        "You attend between positions, WH x WH. ALFM compares channels: energies are f f^T with a channel in a row.":
            _alfm_over_positions(f, 0.7),
        "The columns of your m sum to 1, not its rows: each channel's weights are a row, so softmax over dim=-1.":
            _alfm(f, 0.7, axis=-2),
        "That softmax runs across the batch: one image would share its weights with another. Use dim=-1.":
            _alfm(f, 0.7, axis=0),
        "You divided the energies by W*H. That is steadier (section 4), and not Eq. 1: take the plain sums.":
            _alfm(f, 0.7, scale=1 / 15),
        "You divided the energies by the root of W*H, as a transformer would; Eq. 1 takes the plain sums.":
            _alfm(f, 0.7, scale=15**-0.5),
    }  # fmt: skip
    for hint, mistake in wrong.items():
        expect(not _close(got, mistake), hint)
    alone = torch.cat([_tensor(f"{name}", alfm, image[None], (1, 6, 3, 5)) for image in f])
    expect(_close(got, alone), "One image's result depends on its batch: keep the batch axis out of the products.")
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    shuffled = _tensor(f"{name}", alfm, f[:, order], (2, 6, 3, 5))
    why = "keep a channel's W*H numbers together, f_g.flatten(2), and go back with view_as(f_g)"
    expect(
        _close(shuffled, got[:, order]), f"Shuffle the channels, and yours does more than shuffle its result: {why}."
    )
    expect(_close(got, alfm_by_loops(f, 0.7)), f"It is not what the loops give, nor a mistake that I know: {why}.")


def _acfm(f: Tensor, acfm: ACFM, activation: Callable = torch.sigmoid, between: Callable = lambda x: x) -> Tensor:
    with torch.no_grad():
        return activation(acfm.conv2(between(acfm.conv1(f.unsqueeze(1))))).squeeze(1)


@exercise("Write ACFM with 3-D convolutions", difficulty=3, minutes=15)
def check_acfm(answer: Callable[[], nn.Module]) -> None:
    """``answer()`` is a module with ``conv1``, ``conv2`` and ``alpha``: (b, c, h, w) to the same by Eq. 3."""
    acfm, name = _made(answer, "MyACFM"), "MyACFM"
    shapes = {key: tuple(p.shape) for key, p in acfm.named_parameters()}
    size = sum(p.numel() for p in acfm.parameters())
    wanted = {"conv1.weight": (1, 1, 1, 3, 3), "conv2.weight": (1, 1, 3, 1, 1), "alpha": ()}
    expect("alpha" in shapes, "alpha is missing, a learnt number: self.alpha = nn.Parameter(torch.zeros(())).")
    expect(size != 29, "You own one 3x3x3 kernel, 27 + 1 + 1. That is the published code; Eq. 3 takes it apart in two.")
    for conv, role in (("conv1", "space: 1x3x3"), ("conv2", "neighbouring channels: 3x1x1")):
        kind = getattr(acfm, conv, None)
        expect(isinstance(kind, nn.Conv3d), f"{conv} is a {type(kind).__name__}; make it an nn.Conv3d, over {role}.")
        key, there = f"{conv}.weight", tuple(kind.weight.shape)
        sees = "the volume's axes are (channels, rows, columns)"
        expect(there == wanted[key], f"{conv}'s weight is {there}, {wanted[key]} is wanted, over {role}: {sees}.")
        expect(kind.bias is not None, f"{conv} has lost its bias: 10 + 4 + 1 parameters count one for each kernel.")
    expect(size == 15, f"ACFM owns 10 + 4 + 1 = 15 numbers, yours {size}: {shapes}.")
    expect(
        acfm.alpha.item() == 0,
        f"alpha starts at 0, so that a new ACFM changes nothing; yours at {acfm.alpha.item():.3g}.",
    )
    generator, library = torch.Generator().manual_seed(0), ACFM()
    for key, p in library.state_dict().items():
        p.copy_(torch.randn(p.shape, generator=generator))
        dict(acfm.named_parameters())[key].data.view(-1).copy_(p.view(-1))
    f, alpha = torch.randn(2, 5, 4, 6, generator=generator), library.alpha.item()
    got = _tensor(f"{name}", acfm, f, (2, 5, 4, 6))
    mask = _acfm(f, library)
    relu = _acfm(f, library, between=torch.relu)
    wrong = {
        "The mask has no sigmoid: squeeze conv2's result into (0, 1).": f + alpha * _acfm(f, library, lambda x: x) * f,
        "LFDN's figure draws a ReLU between the convolutions; Eq. 3 has none.": f + alpha * relu * f,
        "f itself is missing: Eq. 3 is f + alpha * mask * f.": alpha * mask * f,
        "alpha does nothing: Eq. 3 is f + alpha * mask * f.": f + mask * f,
        "You added the mask. It weighs: multiply it with f, number by number.": f + alpha * mask,
        "The convolutions run in the wrong order: first over space, then over channels. Biases and borders differ.":
            f + alpha * torch.sigmoid(library.conv1(library.conv2(f.unsqueeze(1)))).squeeze(1).detach() * f,
    }  # fmt: skip
    for hint, mistake in wrong.items():
        expect(not _close(got, mistake), hint)
    turned = _acfm(f.transpose(1, 2), library).transpose(1, 2)
    expect(not _close(got, f + alpha * turned * f), "Channels and rows have changed places: the depth is the channels.")
    truth = acfm_by_conv3d(f, library).detach()
    why = "the volume is f.unsqueeze(1), one channel deep; pad (0, 1, 1) and (1, 0, 0) with zeros"
    expect(_close(got, truth), f"Not what acfm_by_conv3d gives, nor a mistake that I know: {why}.")


@exercise("Count the channels that a row listens to", difficulty=2, minutes=10)
def check_effective_channels(answer: Callable[[Tensor], Tensor]) -> None:
    """``answer(m)``: 2 to the power of each row's entropy in bits, from (b, n, n) to (b, n)."""
    name, flat = "effective_channels", torch.full((2, 8, 8), 1 / 8)
    got = _tensor(name, answer, flat, (2, 8))
    expect(not _close(got, torch.full((2, 8), 3.0)), "You stopped at the entropy, 3 bits; 2 ** 3 = 8 is the number.")
    expect(not _close(got, torch.full((2, 8), 2.0794)), "You stopped at the entropy, log 8 = 2.08; exp of it is 8.")
    expect(not _close(got, torch.full((2, 8), 1 / 8)), "Entropy is minus the sum of p log p; your sign is turned.")
    mixed = not (_close(got, torch.full((2, 8), 8.0)))
    expect(not mixed, f"Eight equal weights are eight channels; yours says {got[0, 0]:.2f}: log and power of one base?")
    one_hot = _tensor(name, answer, torch.eye(8)[None], (1, 8))
    expect(
        torch.isfinite(one_hot).all(), "0 * log 0 is not a number to torch, and counts as 0: see torch.special.entr."
    )
    expect(
        _close(one_hot, torch.ones(1, 8)), f"All weight on one channel is one channel; yours says {one_hot[0, 0]:.2f}."
    )
    m = torch.softmax(2 * torch.randn(2, 8, 8, generator=torch.Generator().manual_seed(0)), -1)
    got, truth = _tensor(name, answer, m, (2, 8)), torch.special.entr(m).sum(-1).exp()
    expect(
        not _close(got, torch.special.entr(m).sum(-2).exp()), "You summed over columns; a channel's weights are a row."
    )
    expect(not _close(got, 1 / m.amax(-1)), "One over the largest weight sees the largest only; take the entropy.")
    expect(
        not _close(got, 1 / m.square().sum(-1)), "One over the sum of squares counts too, but otherwise: use entropy."
    )
    expect(
        _close(got, truth), f"Right for flat and one-hot rows; a row of {truth[0, 0]:.2f} is {got[0, 0]:.2f} with you."
    )
