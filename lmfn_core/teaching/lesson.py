"""What the notebooks need to teach: exercises that check themselves and answer typical mistakes with a hint."""

import functools
from collections.abc import Callable
from pathlib import Path

from lmfn_core.records import load_record
from lmfn_core.teaching.calls import Calls


class Hint(AssertionError):
    """A check that failed; the message is the hint shown to the student.

    >>> str(Hint("Count the biases too."))
    'Count the biases too.'
    """


def expect(condition: object, hint: str) -> None:
    """Fail with ``hint`` unless ``condition`` is true.

    Raises:
        Hint: when ``condition`` is false.

    >>> expect(1 + 1 == 2, "Add again.")
    """
    if not bool(condition):
        raise Hint(hint)


def exercise(title: str, *, difficulty: int, minutes: int) -> Callable[[Callable], Callable]:
    """Turn a function that ``expect``s things of a student's answer into a checker that prints a verdict.

    Args:
        title: what the student does. difficulty: 1 to 5. minutes: how long it takes.

    The checker returns True when every expectation holds. It prints the hint of the first that does not. An answer
    that raises, that is of a kind nobody can check, or that is still missing gets a sentence, never a traceback. The
    first sentence of the function's docstring says what is wanted, in words a student understands.

    >>> @exercise("Double a number", difficulty=1, minutes=1)
    ... def check_double(answer):
    ...     "``answer(x)`` is twice x."
    ...     expect(answer(2) == 4, "Twice two is four: multiply by 2.")
    >>> check_double(lambda x: 2 * x)
    ✓ Double a number: right.
    True
    >>> check_double(lambda x: x + 1)
    ✗ Double a number: Twice two is four: multiply by 2.
    False
    >>> check_double(None)
    ✗ Double a number: your answer is None. Wanted: answer(x) is twice x.
    False
    """

    def wrap(checks: Callable) -> Callable[..., bool]:
        @functools.wraps(checks)
        def checker(*answer: object) -> bool:
            calls = Calls()
            try:
                given = all(one is not None for one in answer)
                expect(given, f"your answer is None. {_wanted(checks, answer)}".rstrip())
                checks(*map(calls.record, answer))
            except Hint as hint:
                verdict = f"✗ {title}: {hint}{_missing_return(str(hint), calls)}"
            except Exception as error:  # noqa: BLE001 (a student's code may raise anything)
                if isinstance(error, NotImplementedError) and calls.stopped_in_theirs(error):
                    verdict = f"… {title}: your turn ({_stars(difficulty)}, about {minutes} minutes)."
                else:
                    verdict = f"✗ {title}: {_told(error, calls)} {_wanted(checks, answer)}".rstrip()
            else:
                verdict = f"✓ {title}: right."
            print(verdict)
            return verdict.startswith("✓")

        checker.title, checker.difficulty, checker.minutes = title, difficulty, minutes
        return checker

    return wrap


def _told(error: Exception, calls: Calls) -> str:
    """What was called, what came back, and why that was the end."""
    why = (str(error).partition("\n")[0] or type(error).__name__).rstrip(".")
    because = "" if "format" in why or "specify" in why else f" ({why})"  # our own sentence could not be written
    if calls.stopped_in_theirs(error):
        what = f"{type(error).__name__}: {why}" if str(error) else why
        return f"your code stopped with {what}." + f" The check had called {calls.called}." * bool(calls.called)
    if not calls.called:
        return f"your answer is {calls.came_back}, and the check cannot use it{because}."
    if calls.came_back == "None":
        return f"{calls.called} returned None. Does every way through your code end in a return?"
    return f"{calls.called} returned {calls.came_back}, and the check cannot use it{because}."


def _missing_return(hint: str, calls: Calls) -> str:
    """What to add to a hint that was written for another mistake than a forgotten ``return``."""
    forgotten = calls.called and calls.came_back == "None" and "return" not in hint.lower()
    return f" ({calls.called} returned None: is a return missing?)" if forgotten else ""


def _wanted(checks: Callable, answer: tuple) -> str:
    """The check's contract, with the student's own name in it."""
    contract = " ".join((checks.__doc__ or "").split("\n\n")[0].split()).replace("``", "")
    name = getattr(answer[0], "__name__", "<") if len(answer) == 1 else "<"
    contract = contract if name.startswith("<") else contract.replace("answer(", f"{name}(")
    return f"Wanted: {contract}" if contract else ""


def _stars(difficulty: int) -> str:
    return "●" * difficulty + "○" * (5 - difficulty)


def title_card(run: str, records: Path | str = "examples/records") -> None:
    """Print how long a notebook's committed example run took, and on what hardware.

    Args:
        run: name of the run. records: folder of the example records, relative to ``notebooks/``.

    Raises:
        FileNotFoundError: when there is no such example record.
    """
    path = Path(records) / f"{run}.json"
    if not path.is_file():
        raise FileNotFoundError(f"There is no example record at {path}; run the notebooks from their own folder.")
    record = load_record(path)
    stamp, total = record["environment"], record["seconds"]["total"]
    hardware = stamp["cuda"] or f"{stamp['threads']} CPU thread(s) of {stamp['cpu']}, no GPU"
    took = f"{total:.0f} s" if total < 90 else f"{total / 60:.0f} min"
    print(f"Measured: {took} on {hardware} (run {run}, {record['tier']} tier).")
