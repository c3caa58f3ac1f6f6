"""Kill a command with SIGKILL, after some seconds or right before one of its changes to files.

A command starts in a process that is forked from one with the packages imported, so that blows hit work, not imports.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

IMPORTED = ["workflow.reliability.victims", "lmfn_core.cli.main", "lmfn_core.datasets.opening",
            "lmfn_core.training.trained", "lmfn_core.training.launch"]  # fmt: skip
CHANGES = ("os.rename", "os.remove", "os.mkdir")
"""Python's names, for its auditors, of what changes a folder, besides opening a file for writing."""
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
PATIENCE = 600
"""Seconds after which a command is taken to hang."""


@dataclass(frozen=True)
class Blow:
    """When to kill: after so many seconds, or before the so-manieth change to a file. Neither: not at all.

    >>> Blow(seconds=0.5).change
    0
    """

    seconds: float = PATIENCE
    change: int = 0  # counted from 1


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    >>> Ended(-9, 1.5, 3, "").killed
    True
    """

    code: int  # the exit code; minus the signal's number for a killed one
    seconds: float
    changes: int  # to files of the folder, begun
    text: str  # printed

    @property
    def killed(self) -> bool:
        """Whether the blow came before the end."""
        return self.code == -signal.SIGKILL


def strike(command: Callable[[Path], None], folder: Path, blow: Blow) -> Ended:
    """Run ``command(folder)`` in a process of its own and kill it there.

    Args:
        command: importable by name. folder: where it works; changes to files elsewhere are not counted.

    Raises:
        TimeoutError: when the command had not ended after ``PATIENCE`` seconds.
    """
    context, log = get_context("forkserver"), folder.with_suffix(".log")
    context.set_forkserver_preload(IMPORTED)
    counter = context.Value("i", 0, lock=False)
    process = context.Process(target=_struck, args=(command, folder, log, blow.change, counter))
    log.write_text("")
    process.start()
    began = time.monotonic()
    process.join(blow.seconds)
    late = process.is_alive()
    process.kill()
    process.join()
    if late and blow.seconds >= PATIENCE:
        raise TimeoutError(f"{command} had not ended after {PATIENCE} s; it printed {log.read_text()!r}.")
    return Ended(process.exitcode, time.monotonic() - began, counter.value, log.read_text())


def _struck(command: Callable[[Path], None], folder: Path, log: Path, change: int, counter: object) -> None:
    with open(log, "ab", buffering=0) as file:
        for descriptor in (1, 2):
            os.dup2(file.fileno(), descriptor)

    def audit(event: str, arguments: tuple) -> None:
        writing = event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING
        if (writing or event in CHANGES) and str(arguments[0]).startswith(f"{folder}{os.sep}"):
            counter.value += 1
            if counter.value == change:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(audit)
    command(folder)
