"""What a check called and what came back, so that a wrong kind of answer can be told in a sentence."""

import functools
import inspect
import traceback
from collections.abc import Callable, Iterator
from types import CodeType

import numpy as np
from torch import Tensor


class Calls:
    """Hand a student's answers to a check through ``record``; then it is known whose code stopped, and what came back.

    Functions are wrapped, classes are extended under their own names; anything else is handed on as it is.

    >>> calls = Calls()
    >>> calls.record(divmod)(7, 2)
    (3, 1)
    >>> calls.called, calls.came_back
    ('divmod(7, 2)', 'a tuple of 2')
    """

    def __init__(self) -> None:
        self.called = self.came_back = ""  # of the last call that returned
        self._stopped: BaseException | None = None
        self._codes: set[CodeType] = set()

    def record(self, answer: object) -> object:
        """The answer itself, in a form that remembers its calls."""
        name = getattr(answer, "__name__", type(answer).__name__)
        name = "your function" if name == "<lambda>" else name
        self._codes |= set(_codes_of(answer))
        self.came_back = self.came_back or brief(answer)
        if isinstance(answer, type):
            return self._class(answer, name)
        if inspect.isroutine(answer) or isinstance(answer, functools.partial):
            wrapped = functools.partial(self._call, name, answer)
            return functools.update_wrapper(lambda *args, **given: wrapped(*args, **given), answer)
        return answer

    def stopped_in_theirs(self, error: Exception) -> bool:
        """Whether the student's code raised this error, not the check that read what came back."""
        frames = (frame.f_code for frame, _ in traceback.walk_tb(error.__traceback__))
        return error is self._stopped or not self._codes.isdisjoint(frames)

    def _call(self, name: str, function: Callable, /, *args: object, **given: object) -> object:
        said = f"{name}({_listed(args, given)})"
        try:
            result = function(*args, **given)
        except Exception as error:
            if error is not self._stopped:  # the innermost call says it best
                self._stopped, self.called = error, said
            raise
        self.called, self.came_back = said, brief(result)
        return result

    def _class(self, answer: type, name: str) -> type:
        calls, own = self, {"__module__": answer.__module__, "__qualname__": answer.__qualname__}

        def made(self: object, /, *args: object, **given: object) -> None:
            calls._call(name, super(recorded, self).__init__, *args, **given)
            calls.came_back = brief(self)

        def called(self: object, /, *args: object, **given: object) -> object:
            return calls._call(f"your {name}", super(recorded, self).__call__, *args, **given)

        if inspect.isfunction(answer.__init__):
            own["__init__"] = functools.wraps(answer.__init__)(made)
        if any("__call__" in vars(base) for base in answer.__mro__):
            own["__call__"] = called
        try:
            recorded = type(answer)(answer.__name__, (answer,), own)
        except Exception:  # noqa: BLE001 (a class that nobody may extend is handed on as it is)
            return answer
        recorded.__doc__ = answer.__doc__
        return recorded


def brief(value: object) -> str:
    """A value in a few words: its kind, and what tells it from others of that kind.

    >>> brief(None), brief(2.5), brief("a"), brief(np.zeros((2, 3)))
    ('None', '2.5', "'a'", 'an array of shape (2, 3), float64')
    """
    if isinstance(value, Tensor | np.ndarray):
        kind = "a tensor" if isinstance(value, Tensor) else "an array"
        return f"{kind} of shape {tuple(value.shape)}, {str(value.dtype).removeprefix('torch.')}"
    if value is None or isinstance(value, bool | int | float | complex | str | np.generic):
        text = repr(value)
        return text if len(text) <= 40 else f"{text[:36]} ..."
    if isinstance(value, type):
        return f"the class {value.__name__} itself"
    if inspect.isroutine(value):
        return f"the function {value.__name__} itself"
    kind = type(value).__name__
    article = "an" if kind[0] in "AEIOUaeiou" else "a"
    return f"{article} {kind} of {len(value)}" if isinstance(value, list | tuple | dict | set) else f"{article} {kind}"


def _listed(args: tuple, given: dict[str, object]) -> str:
    def one(value: object) -> str:
        short = isinstance(value, list | tuple) and len(value) <= 8
        plain = short and all(isinstance(v, bool | int | float | str) for v in value)
        return repr(value) if plain else brief(value)

    return ", ".join([*map(one, args), *(f"{name}={one(value)}" for name, value in given.items())])


def _codes_of(answer: object) -> Iterator[CodeType]:
    """The code of a function, or of a class's or an object's methods."""
    if isinstance(answer, functools.partial):
        answer = answer.func
    kind = answer if isinstance(answer, type) else type(answer)
    for part in [answer] if inspect.isroutine(answer) else vars(kind).values():
        code = getattr(inspect.unwrap(part) if callable(part) else part, "__code__", None)
        if code is not None:
            yield code
