"""A check tells three things apart: a wrong answer, code that stops, and an answer of a kind that it cannot read."""

import copy
import functools

import numpy as np
import pytest
import torch
from torch import nn

from lmfn_core.teaching.calls import Calls, brief
from lmfn_core.teaching.lesson import exercise, expect


@exercise("Double it", difficulty=1, minutes=1)
def check_double(answer):
    """``answer(x)`` is twice x, in the shape of x."""
    y = answer(torch.ones(2, 3))
    expect(y.shape == (2, 3), f"The shape is to stay (2, 3); yours is {tuple(y.shape)}.")
    expect(torch.allclose(y, torch.full((2, 3), 2.0)), "Multiply by 2.")


class Doubling(nn.Module):
    """Doubles."""

    def __init__(self, width=3):
        super().__init__()
        self.scale = nn.Parameter(torch.full((width,), 2.0))

    def forward(self, x):
        return self.scale * x

    def helper(self):
        raise KeyError("scale")

    def words(self):
        yield "one"
        raise ValueError("no second word")


@exercise("Double it in a class", difficulty=2, minutes=2)
def check_module(answer):
    """``answer(width)`` is a module that doubles."""
    model = answer(3)
    expect(isinstance(model, nn.Module), "Extend nn.Module.")
    expect(model(torch.ones(2, 3)).sum().item() == 12, "Multiply by 2.")


def said(capsys, check, *answer):
    assert check(*answer) is False
    text = capsys.readouterr().out
    assert text.count("\n") == 1 and "Traceback" not in text
    return text


def stops(x):
    raise ZeroDivisionError("division by zero")


def blank(x):
    raise NotImplementedError("your turn")


def nothing(x):
    2 * x


WRONG_KIND = [
    (None, ["your answer is None", "Wanted: answer(x) is twice x"]),
    (3, ["your answer is 3, and the check cannot use it", "not callable"]),
    (torch.ones(2, 3), ["your answer is a tensor of shape (2, 3), float32"]),
    (nothing, ["nothing(a tensor of shape (2, 3), float32) returned None", "end in a return", "Wanted: nothing(x)"]),
    (lambda x: [1, 2], ["your function(a tensor", "returned a list of 2", "no attribute 'shape'"]),
    (lambda x: (2 * x).long(), ["returned a tensor of shape (2, 3), int64"]),
    (lambda x: np.full((2, 3), 2.0), ["returned an array of shape (2, 3), float64"]),
    (lambda x: Doubling, ["returned the class Doubling itself"]),
    (lambda x: nothing, ["returned the function nothing itself"]),
    (nn.Identity, ["Identity(a tensor", "returned an Identity"]),
]
STOPPED = [
    (stops, ["your code stopped with ZeroDivisionError: division by zero", "The check had called stops(a tensor"]),
    (lambda: 2, ["your code stopped with TypeError", "takes 0 positional arguments but 1 was given"]),
    (functools.partial(stops), ["stopped with ZeroDivisionError"]),
    (lambda x: x @ x, ["stopped with RuntimeError"]),
]


@pytest.mark.parametrize(("answer", "pieces"), WRONG_KIND, ids=[pieces[0][:30] for _, pieces in WRONG_KIND])
def test_an_answer_of_the_wrong_kind_is_told_what_came_back(answer, pieces, capsys):
    text = said(capsys, check_double, answer)
    assert all(piece in text for piece in pieces) and "your code stopped" not in text, text


@pytest.mark.parametrize(("answer", "pieces"), STOPPED, ids=[pieces[0][-30:] for _, pieces in STOPPED])
def test_code_that_stops_is_told_with_what_it_was_called(answer, pieces, capsys):
    text = said(capsys, check_double, answer)
    assert all(piece in text for piece in pieces), text


def test_a_blank_is_no_mistake_but_a_type_that_torch_cannot_add_is(capsys):
    assert said(capsys, check_double, blank).startswith("… Double it: your turn")

    @exercise("Add", difficulty=1, minutes=1)
    def check_add(answer):
        answer(1)
        raise NotImplementedError('"add" not implemented for this type')  # as torch says it of some types

    assert "returned 1, and the check cannot use it" in said(capsys, check_add, lambda x: x)


def test_classes_keep_what_makes_them_classes(capsys):
    recorded = Calls().record(Doubling)
    model = recorded(4)
    assert issubclass(recorded, Doubling) and isinstance(model, Doubling)
    assert recorded.__name__ == type(copy.deepcopy(model)).__name__ == "Doubling" and recorded.__doc__ == "Doubles."
    assert repr(model) == repr(Doubling(4)) and list(model.state_dict()) == ["scale"]
    assert torch.equal(model(torch.ones(4)), torch.full((4,), 2.0))
    assert check_module(Doubling) is True


class Shy(Doubling):
    def forward(self, x):
        super().forward(x)


class Broken(Doubling):
    def forward(self, x):
        return x.no_such_thing


class Unready(Doubling):
    def forward(self, x):
        raise NotImplementedError("your turn")


class Plain:
    pass


def test_calls_of_an_object_are_told_too(capsys):
    text = said(capsys, check_module, Shy)
    assert "your Shy(a tensor of shape (2, 3), float32) returned None" in text
    assert "stopped with AttributeError" in said(capsys, check_module, Broken)
    assert "your turn" in said(capsys, check_module, Unready)
    text = said(capsys, check_module, Plain)
    assert "your answer is the class Plain itself, and the check cannot use it (Plain() takes no arguments)" in text


@pytest.mark.parametrize("method", ["helper", "words"])
def test_a_method_that_nobody_recorded_is_still_the_students(method, capsys):
    @exercise("Call it", difficulty=1, minutes=1)
    def check_method(answer):
        list(getattr(answer(3), method)())

    assert "your code stopped with" in said(capsys, check_method, Doubling)


def test_of_two_answers_the_called_one_is_named(capsys):
    @exercise("Save and load", difficulty=1, minutes=1)
    def check_both(save, load):
        """``save(x)`` is what ``load(state)`` reads."""
        expect(load(save(1)) + 1 == 2, "Give it back.")

    assert check_both(lambda x: {"x": x}, lambda state: state["x"]) is True
    capsys.readouterr()
    text = said(capsys, check_both, lambda x: {"x": x}, dict.copy)
    assert "copy(a dict of 1) returned a dict of 1" in text and "Wanted: save(x) is what load(state) reads." in text
    assert "KeyError: 'y'" in said(capsys, check_both, lambda x: {"x": x}, lambda state: state["y"])
    assert "your answer is None" in said(capsys, check_both, lambda x: x, None)


@exercise("Count", difficulty=1, minutes=1)
def check_count(answer):
    """``answer()`` is 1,000."""
    got = answer()
    expect(got is None or got == 1_000, f"It is 1,000; yours is {got:,}." if got else "")
    expect(isinstance(got, int), f"A whole number is wanted; got {got!r}.")


def test_nothing_of_our_own_writing_is_told(capsys):
    assert said(capsys, check_count, lambda: [1]) == (
        "✗ Count: your function() returned a list of 1, and the check cannot use it. "
        "Wanted: answer() is 1,000.\n"
    )  # fmt: skip
    text = said(capsys, check_count, lambda: None)
    assert "got None. (your function() returned None: is a return missing?)" in text


def test_arguments_may_bear_any_name():
    """Also those that the recorder uses itself."""

    class Named:
        def __init__(self, name, function):
            self.both = name, function

        def __call__(self, name):
            return name

    calls = Calls()
    assert calls.record(lambda name, function, self: (name, function, self))(name=1, function=2, self=3) == (1, 2, 3)
    assert calls.called == "your function(name=1, function=2, self=3)"
    made = calls.record(Named)(name=1, function=[2])
    assert made.both == (1, [2]) and made(name=4) == 4 and calls.called == "your Named(name=4)"


def test_values_in_few_words():
    assert brief("x" * 100).endswith(" ...") and len(brief("x" * 100)) < 50
    assert [brief(value) for value in (True, 1, np.float32(2), {1, 2}, object())] == [
        "True", "1", repr(np.float32(2)), "a set of 2", "an object",
    ]  # fmt: skip
