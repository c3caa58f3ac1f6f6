"""``lmfn reproduce``: the measurements behind the report, which live in the repository and not in the package."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from lmfn_core.cli.errors import FAILED, STOPPED, in_one_sentence

PACKAGE = Path(__file__).parents[1]


def reproduce(
    words: Annotated[
        list[str] | None, typer.Argument(help="As for `make reproduce`: TIER=smoke ONLY=table3 ...")
    ] = None,
) -> None:
    """Run the notebooks and renew the report, in a checkout of the repository: what `make reproduce` does.

    Examples:

    lmfn reproduce TIER=smoke

    lmfn reproduce ONLY=table3 JOBS=2
    """
    with in_one_sentence(FAILED):
        launcher = checkout() / "lab.py"
    try:
        code = subprocess.call([sys.executable, str(launcher), "reproduce", *(words or [])])
    except KeyboardInterrupt:  # it reached the runner too, which has said how to go on
        code = STOPPED
    raise typer.Exit(code)


def checkout() -> Path:
    """The repository: around this package, or the folder that the command is called in.

    Raises:
        FileNotFoundError: when neither is one.
    """
    for folder in (PACKAGE.parent, Path.cwd()):
        if (folder / "lab.py").is_file() and (folder / "workflow").is_dir():
            return folder
    raise FileNotFoundError("To reproduce the report takes a checkout of the repository, and there is none around the "
                            "package or here: clone it, and run `make reproduce` inside.")  # fmt: skip
