"""``lmfn data``: look a data set through, download one, list what is known."""

import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn, track
from rich.table import Table

from lmfn_core.cli.errors import FAILED, MISUSED, in_one_sentence
from lmfn_core.datasets.addresses import ADDRESSES, Address, address_of
from lmfn_core.datasets.check import check
from lmfn_core.datasets.download import get
from lmfn_core.datasets.kinds import KINDS
from lmfn_core.datasets.verdict import UNITS, Check

app = typer.Typer(help="Data sets: check, get, list.", no_args_is_help=True)
SHOWN = 5
"""How many unreadable or unmatched files are named."""


@app.command("check")
def check_command(
    kind: Annotated[str, typer.Argument(help="What the folder should hold, as in `lmfn data list`.")],
    path: Annotated[Path, typer.Argument(help="The folder.")],
    everything: Annotated[bool, typer.Option("--all", help="Decode every image and compare every pair.")] = False,
) -> None:
    """Look a data set through, and say whether it is the official one (exit code 0) or how it differs (1).

    Example: lmfn data check gopro /data/GOPRO_Large
    """
    with in_one_sentence(MISUSED):
        seen = check(kind, path, everything, _bar)
    console = Console(soft_wrap=True, highlight=False)
    console.print(render(seen))
    console.print(seen.verdict, markup=False)
    as_wanted = seen.verdict.startswith(("This agrees", "Fit for use"))
    raise typer.Exit(0 if as_wanted else FAILED)


@app.command("get")
def get_command(
    name: Annotated[str, typer.Argument(help="A name of `lmfn data list`.")],
    to: Annotated[Path, typer.Option("--to", help="The folder for it.")] = Path("data"),
    yes: Annotated[bool, typer.Option("--yes", help="Accept the terms without being asked.")] = False,
) -> None:
    """Download a data set from its authors: terms first, continued where it was cut, checked, unpacked.

    Example: lmfn data get bsds500 --to /data
    """
    with in_one_sentence(MISUSED):
        address = address_of(name)
    Console(soft_wrap=True).print(f"{address.title}, {address.page}\nTerms: {address.terms}", markup=False)
    if address.files and not yes and not typer.confirm("Download it on these terms?"):
        raise typer.Exit(FAILED)
    with in_one_sentence():
        place = _with_bar(address, to)
    print(f"{address.title} is in {place}. Next: lmfn data check {address.kind} {place}")


@app.command("list")
def list_command() -> None:
    """List the data sets that can be read, and which of them can be downloaded."""
    table = Table("name", "data set", "to train / to test", "made of", "lmfn data get")
    for name, kind in KINDS.items():
        counts = "{} / {}".format(*kind.counts) if kind.counts else ""
        address = ADDRESSES.get(name)
        how = "" if address is None else "yes" if address.files else "by hand"
        table.add_row(name, kind.title, counts, UNITS[kind.content], how)
    Console().print(table)


def render(seen: Check) -> Table:
    """What ``check`` saw, as a table of two columns.

    >>> render(Check(KINDS["pairs"], Path("x"), (9, 1), 20, (((64, 48), 20),), (), (), (24.0,), False)).row_count
    6
    """
    table = Table(title=f"{seen.root} as {seen.kind.title}", show_header=False, title_style="")
    published = " (published: {} / {})".format(*seen.kind.counts) if seen.kind.counts else ""
    table.add_row(f"{UNITS[seen.kind.content]} to train / to test", f"{seen.counts[0]} / {seen.counts[1]}{published}")
    table.add_row("images", str(seen.images))
    table.add_row("sizes", ", ".join(f"{many} of {w} x {h}" for (w, h), many in seen.sizes[:SHOWN]))
    table.add_row("unreadable", _named([f"{file}: {reason}" for file, reason in seen.unreadable]))
    table.add_row("without a partner", _named([str(file) for file in seen.alone]))
    table.add_row("blurred against sharp", _blur(seen))
    if seen.kind.note:
        table.add_row("note", seen.kind.note)
    return table


def _named(lines: Sequence[str]) -> str:
    rest = [f"and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    return "\n".join([str(len(lines)), *lines[:SHOWN], *rest])


def _blur(seen: Check) -> str:
    if not seen.psnr:
        return "not compared"
    which = "all" if seen.everything else "a sample of"
    known = f" (published set: about {seen.kind.psnr} dB)" if seen.kind.psnr else ""
    measure = {"rgb": "RGB", "luma": "luma"}[seen.kind.measure]
    spread = f", from {min(seen.psnr):.2f} to {max(seen.psnr):.2f}"
    return f"mean {statistics.fmean(seen.psnr):.2f} dB{known}{spread}; {measure}, {which} {len(seen.psnr)} pairs"


def _bar(items: Sequence) -> Iterable:
    console = Console(stderr=True)
    return track(items, description="reading", console=console, transient=True, disable=not console.is_terminal)


def _with_bar(address: Address, to: Path) -> Path:
    columns = ("{task.description}", BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        tasks: dict[str, int] = {}

        def tell(name: str, done: int, total: int | None) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=total)
            progress.update(tasks[name], completed=done, total=total)

        return get(address, to, tell)
