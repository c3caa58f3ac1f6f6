"""Commit to a number, then see it: what a reader predicted, what came out, and what surprised most."""

from math import isfinite

_said: dict[str, float] = {}
_came_out: dict[str, float] = {}


def predict(what: str, guess: float) -> None:
    """Commit to a number before it is computed. A second guess for the same thing takes the first one's place.

    Args:
        what: its name, for ``reveal``. guess: a finite number, in the unit that the text names.

    Raises:
        ValueError: when ``guess`` is no finite number.

    >>> predict("days in a leap year", 365)
    days in a leap year: you say 365.
    """
    if isinstance(guess, bool) or not isinstance(guess, (int, float)) or not isfinite(guess):
        raise ValueError(f"A prediction is a number; for {what!r} you gave {guess!r}.")
    _said[what] = guess
    _came_out.pop(what, None)
    print(f"{what}: you say {_written(guess)}.")


def reveal(what: str, truth: float) -> None:
    """Print the number beside the prediction.

    Raises:
        KeyError: when nothing was predicted under this name.

    >>> predict("minutes in a day", 1_000)
    minutes in a day: you say 1,000.
    >>> reveal("minutes in a day", 1_440)
    minutes in a day: you said 1,000, it is 1,440 (1.4 times as much).
    """
    if what not in _said:
        raise KeyError(f"Nothing was predicted under {what!r}; predicted are {', '.join(map(repr, _said)) or 'none'}.")
    _came_out[what] = truth
    print(f"{what}: you said {_written(_said[what])}, it is {_written(truth)} ({_apart(_said[what], truth)}).")


def surprises() -> None:
    """Print all predictions whose truth is known, the furthest off first.

    >>> predict("legs of a spider", 6); reveal("legs of a spider", 8)
    legs of a spider: you say 6.
    legs of a spider: you said 6, it is 8 (1.3 times as much).
    >>> surprises()  # doctest: +ELLIPSIS
    What surprised you, the furthest off first:
    ...legs of a spider: 6, in truth 8 (1.3 times as much)...
    """
    print("What surprised you, the furthest off first:")
    for what in sorted(_came_out, key=lambda what: _distance(_said[what], _came_out[what]), reverse=True):
        said, truth = _said[what], _came_out[what]
        print(f"  {what}: {_written(said)}, in truth {_written(truth)} ({_apart(said, truth)})")


def _written(number: float) -> str:
    return f"{number:,}" if isinstance(number, int) else f"{number:,.4g}"


def _apart(said: float, truth: float) -> str:
    if said == truth:
        return "right"
    if said * truth <= 0:
        return "another sign" if said * truth < 0 else f"off by {_written(abs(truth - said))}"
    ratio = truth / said
    return f"{ratio:.1f} times as much" if ratio >= 1.05 else f"{ratio:.2f} of it" if ratio <= 0.95 else "close"


def _distance(said: float, truth: float) -> float:
    """How far off, as a factor; a wrong sign or a zero is furthest."""
    if said == truth:
        return 1.0
    return max(truth / said, said / truth) if said * truth > 0 else float("inf")
