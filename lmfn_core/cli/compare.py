"""``lmfn compare``: a photograph before and after, to look at."""

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from lmfn_core.cli.errors import MISUSED, in_one_sentence
from lmfn_core.cli.restore import Backend, Device, Looks, Network, OnDevice, Overwrite, WithBackend, opened
from lmfn_core.files.before_after import write_before_after
from lmfn_core.files.photo_reading import read_photo
from lmfn_core.restoring.ensemble import ways
from lmfn_core.restoring.restoration import DONE, restore_pixels


class Task(str, Enum):
    """What is done to the photograph."""

    deblur = "deblur"
    derain = "derain"


def compare(
    photo: Annotated[Path, typer.Argument(help="The photograph.")],
    out: Annotated[Path | None, typer.Option("-o", "--out", help="A .html or .png file.")] = None,
    task: Annotated[Task, typer.Option("--task", help="What is done to it.")] = Task.deblur,
    network: Network = None,
    device: OnDevice = Device.auto,
    backend: WithBackend = Backend.auto,
    looks: Looks = 1,
    overwrite: Overwrite = False,
) -> None:
    """Show a photograph before and after: a page with a slider (.html, one file), or both side by side (.png).

    Examples:

    lmfn compare photo.jpg

    lmfn compare wet.jpg --task derain -o wet-and-dry.png
    """
    out = photo.with_name(f"{photo.stem}-before-after.html") if out is None else out
    with in_one_sentence(MISUSED):
        ways(task.value, looks)
        if out.suffix.lower() not in (".html", ".htm", ".png"):
            raise ValueError(f"A comparison is a .html or a .png file; got {out.name!r}.")
        if not photo.exists():
            raise FileNotFoundError(f"There is no file {str(photo)!r}; check the path.")
        if out.exists() and not overwrite:
            raise FileExistsError(f"{str(out)!r} exists; --overwrite replaces it.")
    with in_one_sentence():
        found = read_photo(photo)
        engine = opened(task.value, network, device, backend, looks)
        restored = restore_pixels(engine, found.pixels, found.inks)
        print(write_before_after(out, found, restored, photo.name, DONE[task.value]))
