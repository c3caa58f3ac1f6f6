"""Start one function in several processes of this machine as a group, and watch them: when one ends, all end."""

import os
import socket
import sys
import time
from collections.abc import Callable, Mapping
from logging import ERROR, getLogger
from multiprocessing import get_context, parent_process
from multiprocessing.queues import SimpleQueue
from threading import Thread

import torch
from torch.multiprocessing import ProcessExitedException, start_processes

from lmfn_core.training.processes import ProcessLost
from lmfn_core.training.state import TrainingDiverged

EXPECTED = (ValueError, OSError, TrainingDiverged)
"""Errors whose text is a sentence for the person who started the run; any other keeps its traceback."""
HEAD_START = 20.0
"""Seconds for which a process that lost another lets the launcher see, and name, the one that died."""

getLogger("torch.multiprocessing.spawn").setLevel(ERROR)  # it announces each process that it stops on stderr


def launch(function: Callable[..., object], arguments: Mapping[str, object], processes: int) -> None:
    """Call ``function(**arguments)`` in ``processes`` new processes that see each other as a group.

    ``function`` must be importable by name. CPU threads are divided among the processes, unless OMP_NUM_THREADS is set.

    Raises:
        ProcessLost: when a process was killed or ended by itself; the others are stopped.
        ValueError: (or OSError, TrainingDiverged) the first that a process raised, as if it had been raised here.
    """
    told = get_context("spawn").SimpleQueue()
    group = start_processes(_member, (processes, _free_port(), function, dict(arguments), told), processes, join=False)
    try:
        while not group.join():
            pass
    except ProcessExitedException as error:
        if not told.empty():
            raise told.get() from None
        how = error.signal_name or f"exit code {error.exit_code}"
        raise ProcessLost(f"Process {error.error_index} of {processes} died ({how})") from None
    finally:  # also when the person at the keyboard stops the launcher
        for process in group.processes:
            process.terminate()


def _member(
    rank: int, processes: int, port: int, function: Callable, arguments: dict[str, object], told: SimpleQueue
) -> None:
    """One process of the group: the environment that ``torchrun`` would give it, then the function."""
    Thread(target=_end_with_launcher, daemon=True).start()
    names = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": processes, "LOCAL_WORLD_SIZE": processes, "GROUP_RANK": 0}
    os.environ.update({name: str(value) for name, value in names.items()})
    os.environ.update({"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)})
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(max(1, torch.get_num_threads() // processes))
    try:
        function(**arguments)
    except ProcessLost:
        time.sleep(HEAD_START)
        raise
    except EXPECTED as error:
        told.put(error)
        sys.exit(1)


def _end_with_launcher() -> None:
    parent_process().join()
    os._exit(1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
