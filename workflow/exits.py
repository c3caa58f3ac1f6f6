"""How a command ends: 0 done, 1 failed, 2 a mistake in the call, 130 stopped, each with one sentence."""

import signal
import sys
from collections.abc import Callable

from workflow import Problem


def exit_code(work: Callable[[], int]) -> int:
    """Do the work; its exit code, or that of what it raised. A polite kill ends it as Ctrl-C does."""
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _interrupt)
    try:
        return work()
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 2
    except OSError as error:
        print(
            f"Stopped: {str(error).rstrip('.')}. What was finished is kept; the same command goes on from there.",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        print("Stopped. What was finished is kept; the same command goes on from there.", file=sys.stderr)
        return 130


def _interrupt(number, frame):
    raise KeyboardInterrupt
