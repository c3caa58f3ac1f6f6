"""What went wrong, in one sentence on stderr and an exit code, for every command."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console

FAILED = 1
"""It could not be done, or the data are not what they should be."""
MISUSED = 2
"""The command was not understood: an unknown name, a folder that is not there."""


@contextmanager
def in_one_sentence(code: int = FAILED) -> Iterator[None]:
    """Turn an expected error into its sentence and an exit code; a defect keeps its traceback.

    >>> with in_one_sentence(MISUSED):  # doctest: +IGNORE_EXCEPTION_DETAIL
    ...     raise ValueError("There is no such thing.")
    Traceback (most recent call last):
    typer.exceptions.Exit: 2
    """
    try:
        yield
    except (ValueError, OSError) as error:
        Console(stderr=True).print(f"lmfn: {error}", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(code) from error
