"""Notebook 08's exercises: the reference passes, and each typical mistake is answered with a hint of its own."""

import copy
import math

import torch

from lmfn_core.teaching.exercises.training import (
    check_average,
    check_charbonnier_gradient,
    check_resume,
    check_schedule,
)


def schedule(step, steps, warm, *, climb=lambda s, w: (s + 1) / w, wave=lambda t: 0.5 * (1 + math.cos(math.pi * t))):
    return climb(step, warm) if step < warm else wave((step - warm) / (steps - warm))


def gradient(preds, target, *, eps2=1e-6):
    d = preds - target
    return d / (d**2 + eps2).sqrt() / d.numel()


def save_state(model, optimizer, done, keep=copy.deepcopy):
    return {"model": keep(model.state_dict()), "optimizer": keep(optimizer.state_dict()), "done": done}


def load_state(state, model, optimizer):
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    return state["done"]


def live_weights(model, optimizer, done):
    return save_state(model, optimizer, done) | {"model": model.state_dict()}


def live_moments(model, optimizer, done):
    return save_state(model, optimizer, done) | {"optimizer": optimizer.state_dict()}


def moments_without_count(model, optimizer, done):
    state = save_state(model, optimizer, done)
    for entry in state["optimizer"]["state"].values():
        entry["step"].zero_()
    return state


def other_rate(state, model, optimizer):
    done = load_state(state, model, optimizer)
    optimizer.param_groups[0]["lr"] = 0.1
    return done


def forgets_weights(state, model, optimizer):
    optimizer.load_state_dict(state["optimizer"])
    return state["done"]


def forgets_moments(state, model, optimizer):
    model.load_state_dict(state["model"])
    return state["done"]


def average(old, weights, done, decay, *, used=lambda done, decay: min(decay, (1 + done) / (10 + done))):
    d = used(done, decay)
    return d * old + (1 - d) * weights


def in_place(old, weights, done, decay):
    return weights.lerp_(old, min(decay, (1 + done) / (10 + done)))


REFERENCES = [
    (check_schedule, (schedule,)),
    (check_charbonnier_gradient, (gradient,)),
    (check_resume, (save_state, load_state)),
    (check_average, (average,)),
]

MUTANTS = [
    # a climb from 0; no climb; a bare cosine; the cosine over all steps, twice; a line; degrees
    (check_schedule, (lambda s, n, w: schedule(s, n, w, climb=lambda s, w: s / w),), "learns nothing"),
    (check_schedule, (lambda s, n, w: schedule(s, n, w, climb=lambda s, w: 1.0),), "no warm-up"),
    (check_schedule, (lambda s, n, w: schedule(s, n, w, climb=lambda s, w: (s + 1) / 2 / w),), "a tenth of the rate"),
    (check_schedule, (lambda s, n, w: schedule(s, n, w, wave=lambda t: math.cos(math.pi * t)),), "bare cosine"),
    (check_schedule, (lambda s, n, w: schedule(s, n + w, w),), "only steps - warm"),
    (check_schedule, (lambda s, n, w: (s + 1) / w if s < w else schedule(s, n, 0),), "count the cosine's steps"),
    (check_schedule, (lambda s, n, w: schedule(s, n, w, wave=lambda t: 1 - t),), "straight line"),
    (check_schedule, (lambda s, n, w: schedule(s, n, w, wave=lambda t: 0.5 + 0.5 * math.cos(180 * t)),), "radians"),
    (check_schedule, (lambda s, n, w: schedule(s, n, w, wave=lambda t: math.cos(math.pi / 2 * t)),), "At step 32 of"),
    # the sign; no mean; the chain rule's halves; other losses; the root's constant; the inner derivative; the shape
    (check_charbonnier_gradient, (lambda p, t: gradient(t, p),), "sign is turned"),
    (check_charbonnier_gradient, (lambda p, t: gradient(p, t) * p.numel(),), "is a mean"),
    (check_charbonnier_gradient, (lambda p, t: gradient(p, t) / 2,), "cancels"),
    (check_charbonnier_gradient, (lambda p, t: 2 * (p - t) / p.numel(),), "mean squared error"),
    (check_charbonnier_gradient, (lambda p, t: (p - t).sign() / p.numel(),), "jumps at 0"),
    (check_charbonnier_gradient, (lambda p, t: gradient(p, t, eps2=1e-3),), "one millionth"),
    (check_charbonnier_gradient, (lambda p, t: gradient(p, t) / (p - t),), "inner derivative"),
    (check_charbonnier_gradient, (lambda p, t: gradient(p, t).sum(),), "One number per pixel"),
    (check_charbonnier_gradient, (lambda p, t: gradient(p, t) / p.shape[1],), "Compare with autograd"),
    # what a resume forgets: weights, copies, moments, their count, the step
    (check_resume, (save_state, forgets_weights), "random weights"),
    (check_resume, (live_weights, load_state), "live tensors"),
    (check_resume, (save_state, forgets_moments), "starts as if new"),
    (check_resume, (live_moments, load_state), "deepcopy its state_dict"),
    (check_resume, (moments_without_count, load_state), "count of steps"),
    (check_resume, (save_state, lambda *a: load_state(*a) * 0), "old batches twice"),
    (check_resume, (save_state, lambda *a: load_state(*a) + 1), "Steps 0 to 3 are done"),
    (check_resume, (save_state, other_rate), "where the uninterrupted run went"),
    # shares that miss 1; roles; max for min; no warm-up; no cap; another warm-up; the weights changed; nothing returned
    (check_average, (lambda a, w, n, d: d * a + w,), "sum to 1"),
    (check_average, (lambda a, w, n, d: average(w, a, n, d),), "roles are swapped"),
    (check_average, (lambda a, w, n, d: average(a, w, n, d, used=lambda n, d: max(d, (1 + n) / (10 + n))),), "larger"),
    (check_average, (lambda a, w, n, d: average(a, w, n, d, used=lambda n, d: d),), "No warm-up"),
    (check_average, (lambda a, w, n, d: average(a, w, n, d, used=lambda n, d: (1 + n) / (10 + n)),), "cap"),
    (check_average, (lambda a, w, n, d: average(a, w, n, d, used=lambda n, d: min(d, n / (10 + n))),), "After 0 steps"),
    (check_average, (in_place,), "changed the weights"),
    (check_average, (lambda a, w, n, d: None,), "Return the new average"),
]


def test_checking_leaves_the_random_state_alone():
    torch.manual_seed(3)
    expected = torch.rand(())
    torch.manual_seed(3)
    check_resume(save_state, load_state)
    assert torch.rand(()) == expected
