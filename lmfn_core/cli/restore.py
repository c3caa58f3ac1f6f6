"""``lmfn deblur`` and ``lmfn derain``: photographs, folders and patterns in, restored files out."""

from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import track

from lmfn_core.cli.errors import FAILED, MISUSED, in_one_sentence, say
from lmfn_core.files.photo_reading import PhotoFile, read_photo
from lmfn_core.files.photo_writing import write_photo
from lmfn_core.records import check_writable
from lmfn_core.restoring.assembly_line import Outcome, assembly_line
from lmfn_core.restoring.ensemble import ways
from lmfn_core.restoring.errands import Errand, errands
from lmfn_core.restoring.restoration import DONE, Restorer, open_engine, restore_pixels
from lmfn_core.restoring.unfinished import unfinished


class Device(str, Enum):
    """Where the network runs."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


class Backend(str, Enum):
    """What runs the network."""

    auto = "auto"
    torch = "torch"
    openvino = "openvino"
    onnxruntime = "onnxruntime"


Inputs = Annotated[list[str], typer.Argument(help="Photographs, folders, or patterns such as 'holiday/**/*.jpg'.")]
Out = Annotated[Path | None, typer.Option("-o", "--out", help="A file for one photograph, else a folder.")]
Network = Annotated[str | None, typer.Option("--network", help="Shipped weights by name, or a checkpoint's path.")]
OnDevice = Annotated[Device, typer.Option("--device", help="Where to compute; auto: a GPU where there is one.")]
WithBackend = Annotated[Backend, typer.Option("--backend", help="What computes; auto: the fastest that is installed.")]
Looks = Annotated[int, typer.Option("--looks", help="2, 4 or 8 (rain: 2, 4) turned copies, averaged: better, slower.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace files that exist, the photograph itself too.")]


def command(task: str, text: str) -> Callable[..., None]:
    """The command of a task, for Typer; its help is the text."""

    def restore_all(
        inputs: Inputs,
        out: Out = None,
        network: Network = None,
        device: OnDevice = Device.auto,
        backend: WithBackend = Backend.auto,
        looks: Looks = 1,
        overwrite: Overwrite = False,
    ) -> None:
        _restore_all(inputs, out, task, network, device, backend, looks, overwrite)

    restore_all.__name__, restore_all.__doc__ = task, text
    return restore_all


deblur = command(
    "deblur",
    """Sharpen photographs that camera shake or motion has blurred.

    Written: the photograph beside it as photo-deblurred.jpg, or as -o says; upright, of the same kind, quality and
    depth, with EXIF and colour profile. Printed: the path of each file written. Exit code: 0 all done, 1 not all
    (which, and why, comes last), 2 misused and nothing done, 130 stopped. A call that was stopped, killed or met a
    full disk goes on when it is given again.

    Examples:

    lmfn deblur photo.jpg -o sharp.jpg

    lmfn deblur holiday/ -o holiday-sharp/

    lmfn deblur '**/*.png' --backend torch

    lmfn deblur photo.jpg -o best.jpg --looks 4
    """,
)
derain = command(
    "derain",
    """Take rain streaks out of photographs. Files and exit codes as in `lmfn deblur`.

    Examples:

    lmfn derain wet.jpg -o dry.jpg

    lmfn derain street/ --overwrite -o street/
    """,
)


def opened(task: str, network: str | None, device: Device, backend: Backend, looks: int) -> Restorer:
    """The engine that the options ask for.

    Raises:
        ValueError: when there are no such weights. OSError: when the backend is not installed, with what to install.
    """
    try:
        return open_engine(task, network, device.value, backend.value, looks)
    except ImportError as error:
        raise OSError(f"{backend.value} is not to be had here: {error}") from error


def _restore_all(
    inputs: Sequence[str],
    out: Path | None,
    task: str,
    network: str | None,
    device: Device,
    backend: Backend,
    looks: int,
    overwrite: bool,
) -> None:
    with in_one_sentence(MISUSED):
        ways(task, looks)  # refused before photographs are looked for
        planned = errands(inputs, out, DONE[task], overwrite)
    with in_one_sentence():
        for place in {errand.target.parent for errand in planned}:
            check_writable(place)
        engine = opened(task, network, device, backend, looks)
        notes = unfinished(planned, task, network, device.value, backend.value, looks, overwrite)
        if notes.done:
            say(f"{len(notes.done)} of {len(planned)} were done before this call was interrupted; they stay.")
        failures = _run([errand for errand in planned if errand not in notes.done], engine, overwrite)
    if failures:
        say(f"{len(failures)} of {len(planned)} could not be done:")
        for failure in failures:
            say(failure)
        raise typer.Exit(FAILED)
    notes.forget()


def _run(planned: Sequence[Errand], engine: Restorer, overwrite: bool) -> list[str]:
    """Do the work; the sentences of what could not be done."""

    def read(errand: Errand) -> PhotoFile:
        if errand.target.exists() and not overwrite:
            raise FileExistsError(f"{str(errand.target)!r} exists; --overwrite replaces it.")
        return read_photo(errand.source)

    def work(photo: PhotoFile) -> np.ndarray:
        return restore_pixels(engine, photo.pixels, photo.inks)

    def write(errand: Errand, photo: PhotoFile, restored: np.ndarray) -> Path:
        return write_photo(errand.target, photo, restored)

    failures = []
    for outcome in _bar(assembly_line(planned, read, work, write), len(planned)):
        if outcome.error is None:
            print(outcome.item.target, flush=True)
        else:
            failures.append(_sentence(outcome))
    return failures


def _sentence(outcome: Outcome) -> str:
    source, reason = str(outcome.item.source), str(outcome.error) or type(outcome.error).__name__
    if isinstance(outcome.error, RuntimeError | MemoryError):
        return f"{source!r}: there is not enough memory ({reason.splitlines()[0]})."
    return reason if source in reason else f"{source!r}: {reason}"


def _bar(outcomes: Iterable[Outcome], total: int) -> Iterable[Outcome]:
    console = Console(stderr=True)
    return track(outcomes, "restoring", total, console=console, transient=True, disable=not console.is_terminal)
