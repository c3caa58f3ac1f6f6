"""What went wrong, in one sentence on stderr and an exit code, for every command."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console

FAILED = 1
"""It could not be done, for one file or more, or the data are not what they should be."""
MISUSED = 2
"""The command was not understood: an unknown name, a folder that is not there."""
STOPPED = 130
"""Ctrl-C, as shells say it."""


@contextmanager
def in_one_sentence(code: int = FAILED) -> Iterator[None]:
    """Turn an expected error into its sentence and an exit code, Ctrl-C into 130; a defect keeps its traceback.

    >>> with in_one_sentence(MISUSED):  # doctest: +IGNORE_EXCEPTION_DETAIL
    ...     raise ValueError("There is no such thing.")
    Traceback (most recent call last):
    typer.exceptions.Exit: 2
    """
    try:
        yield
    except (ValueError, OSError) as error:
        say(error)
        raise typer.Exit(code) from error
    except KeyboardInterrupt as error:
        say("stopped; what is done stays.")
        raise typer.Exit(STOPPED) from error


def say(sentence: object) -> None:
    """A sentence on stderr, after the program's name.

    >>> say("stopped.")
    """
    Console(stderr=True).print(f"lmfn: {sentence}", markup=False, highlight=False, soft_wrap=True)
