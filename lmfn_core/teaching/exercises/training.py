"""Checkers of notebook 08: a schedule with warm-up, a loss's gradient, a resume without loss of memory, an average."""

import copy
import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from lmfn_core.teaching.lesson import exercise, expect
from lmfn_core.training.recipes import charbonnier


@exercise("Write the schedule", difficulty=2, minutes=10)
def check_schedule(answer: Callable[[int, int, int], float]) -> None:
    """``answer(step, steps, warm)``: a straight climb over ``warm`` steps to 1, then half a cosine wave down to 0."""
    first, start, last = answer(0, 100, 10), answer(10, 100, 10), answer(100, 100, 10)
    expect(first != 0, "Step 0 has rate 0 and learns nothing: climb with (step + 1) / warm.")
    expect(first < 0.9, "There is no warm-up: the first step already takes the full rate.")
    expect(abs(first - 0.1) < 1e-9, f"With warm = 10 the first step takes a tenth of the rate; yours takes {first:g}.")
    expect(last > -0.5, "A bare cosine ends at -1 and would climb the loss again: (1 + cos) / 2 lies between 0 and 1.")
    expect(last < 0.02 or last > 0.03, "It stops above 0: after the warm-up only steps - warm steps are left.")
    expect(abs(last) < 1e-9, f"It must end at 0; yours ends at {last:.3g}. Python's cos takes radians.")
    expect(start > 0.99, f"After the warm-up the rate falls to {start:.3f}: count the cosine's steps from warm.")
    quarter = answer(32, 100, 10)
    expect(abs(quarter - 0.7556) > 1e-3, "That is a straight line down. A cosine stays high first and falls later.")
    for step, steps, warm in [(4, 100, 10), (9, 100, 10), (32, 100, 10), (55, 100, 10), (20, 37, 5), (0, 9, 1)]:
        cosine = 0.5 * (1 + math.cos(math.pi * (step - warm) / (steps - warm)))
        truth, got = (step + 1) / warm if step < warm else cosine, answer(step, steps, warm)
        expect(abs(got - truth) < 1e-6, f"At step {step} of {steps}, warm {warm}: {truth:.4f}; yours is {got:.4f}.")


@exercise("Differentiate the Charbonnier loss", difficulty=2, minutes=10)
def check_charbonnier_gradient(answer: Callable[[Tensor, Tensor], Tensor]) -> None:
    """``answer(preds, target)`` is what autograd finds for ``charbonnier``, in the shape of ``preds``."""
    generator = torch.Generator().manual_seed(0)
    target = torch.rand(2, 3, 4, 5, generator=generator)
    preds = (target + 0.003 * torch.randn(2, 3, 4, 5, generator=generator)).requires_grad_()
    (truth,) = torch.autograd.grad(charbonnier(preds, target), preds)
    preds = preds.detach()
    got, d, n = answer(preds, target), preds - target, preds.numel()
    expect(got.shape == preds.shape, f"One number per pixel and colour, {tuple(preds.shape)}; got {tuple(got.shape)}.")
    root = (d**2 + 1e-6).sqrt()
    for wrong, hint in [
        (-truth, "The sign is turned: the loss grows with preds where preds lie above the target."),
        (truth * n, "The loss is a mean over all values, and so is its gradient: divide by their number."),
        (truth / 2, "The 2 of the square's derivative cancels the 1/2 of the root's; you kept one of them."),
        (2 * truth, "The 2 of the square's derivative cancels the 1/2 of the root's; you kept one of them."),
        (2 * d / n, "That is the gradient of the mean squared error."),
        (d.sign() / n, "That is the gradient of |d|: it jumps at 0. Charbonnier's goes through 0 smoothly."),
        (d / (d**2 + 1e-3).sqrt() / n, "Under the root stands 0.001 squared, one millionth."),
        (1 / root / n, "The inner derivative is missing: d itself, over the root."),
    ]:
        expect(not torch.allclose(got, wrong, rtol=1e-3), hint)
    expect(torch.allclose(got, truth, rtol=1e-3), "Compare with autograd: d over the root of d*d + 1e-6, over n.")


def _run(model: nn.Module, optimizer: Optimizer, start: int, stop: int) -> None:
    for step in range(start, stop):
        x = torch.randn(8, 4, generator=torch.Generator().manual_seed(step))
        (model(x) - x.roll(1, 1)).square().mean().backward()
        optimizer.step()
        optimizer.zero_grad()


def _fresh(seed: int) -> tuple[nn.Module, Optimizer]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = nn.Linear(4, 4)
    return model, torch.optim.Adam(model.parameters(), lr=0.05)


@exercise("Resume without a loss of memory", difficulty=3, minutes=15)
def check_resume(save_state: Callable[..., dict], load_state: Callable[..., int]) -> None:
    """``save_state(model, optimizer, done)`` is a dict; ``load_state(state, model, optimizer)`` the next step."""
    model, optimizer = _fresh(0)
    _run(model, optimizer, 0, 4)
    weights, memory = copy.deepcopy(model.state_dict()), copy.deepcopy(optimizer.state_dict()["state"])
    state = save_state(model, optimizer, 4)
    _run(model, optimizer, 4, 8)  # the training goes on after the checkpoint, then the process dies
    resumed, other = _fresh(1)
    untouched = resumed.weight.detach().clone()
    start = load_state(state, resumed, other)
    expect(not torch.equal(resumed.weight, untouched), "The new network still has its own random weights: load yours.")
    expect(
        torch.equal(resumed.weight, weights["weight"]),
        "Your state kept changing after it was saved: state_dict() hands out the live tensors. Copy them.",
    )
    held = other.state_dict()["state"]
    expect(len(held) == len(memory), "The weights are back, but Adam's moments are not: it starts as if new.")
    for key, why in {
        "exp_avg": "Adam's moments kept changing after they were saved, or are not Adam's: deepcopy its state_dict().",
        "step": "The moments are back, but not Adam's own count of steps: its bias correction starts anew.",
    }.items():
        expect(torch.equal(held[0][key], memory[0][key]), why)
    expect(start not in (0, None), "You start again at step 0 and see old batches twice: return the next step.")
    expect(start == 4, f"Steps 0 to 3 are done, so the next one is 4; yours is {start}.")
    _run(resumed, other, start, 8)
    expect(torch.equal(resumed.weight, model.weight), "Four more steps do not lead where the uninterrupted run went.")


@exercise("Average the weights", difficulty=2, minutes=10)
def check_average(answer: Callable[[Tensor, Tensor, int, float], Tensor]) -> None:
    """``answer(average, weights, done, decay)``: the next average, its decay min(decay, (1 + done) / (10 + done))."""
    average, weights = torch.tensor([1.0, 2.0]), torch.tensor([3.0, -6.0])

    def decay_used(done: int) -> float:
        new = answer(average.clone(), weights, done, 0.999)
        expect(new is not None and new.shape == (2,), "Return the new average, in the shape of the old one.")
        share = (new - weights) / (average - weights)
        expect(abs(share[0] - share[1]) < 1e-3, "Both shares must sum to 1: d of the average, 1 - d of the weights.")
        return round(share.mean().item(), 6)

    early, late = decay_used(0), decay_used(10**6)
    expect(torch.equal(weights, torch.tensor([3.0, -6.0])), "You changed the weights in training; return a new tensor.")
    expect(abs(early - 0.9) > 1e-4, "The roles are swapped: d is the share of the old average.")
    frozen = abs(early - 0.999) < 1e-4
    expect(not (frozen and late > 0.9995), "You took the larger of the two decays: it must be the smaller one.")
    expect(not frozen, "No warm-up: after 20 steps your average would still be 98 % of the random start.")
    expect(late < 0.9995, "Without a cap the memory grows for ever: the decay must not pass the one given.")
    for done in (0, 1, 7, 100, 10**4, 10**6):
        truth, got = min(0.999, (1 + done) / (10 + done)), decay_used(done)
        expect(abs(got - truth) < 1e-4, f"After {done} steps the decay is {truth:.4f}; yours is {got:.4f}.")
