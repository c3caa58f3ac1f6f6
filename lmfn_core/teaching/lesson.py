"""What the notebooks need to teach: exercises that check themselves and answer typical mistakes with a hint."""

import functools
from collections.abc import Callable
from pathlib import Path

from lmfn_core.records import load_record


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

    The checker returns True when every expectation holds. It prints the hint of the first that does not, and answers
    an answer that raises, or that is still missing, with a sentence instead of a traceback.

    >>> @exercise("Double a number", difficulty=1, minutes=1)
    ... def check_double(answer):
    ...     expect(answer(2) == 4, "Twice two is four: multiply by 2.")
    >>> check_double(lambda x: 2 * x)
    ✓ Double a number: right.
    True
    >>> check_double(lambda x: x + 1)
    ✗ Double a number: Twice two is four: multiply by 2.
    False
    """

    def wrap(checks: Callable) -> Callable[..., bool]:
        @functools.wraps(checks)
        def checker(*answer: object) -> bool:
            try:
                checks(*answer)
            except Hint as hint:
                verdict = f"✗ {title}: {hint}"
            except NotImplementedError:
                verdict = f"… {title}: your turn ({_stars(difficulty)}, about {minutes} minutes)."
            except Exception as error:  # noqa: BLE001 (a student's code may raise anything)
                verdict = f"✗ {title}: your code stopped with {type(error).__name__}: {error}"
            else:
                verdict = f"✓ {title}: right."
            print(verdict)
            return verdict.startswith("✓")

        checker.title, checker.difficulty, checker.minutes = title, difficulty, minutes
        return checker

    return wrap


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
