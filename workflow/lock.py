"""Locks that the operating system lets go of when their holder dies. Standard library only."""

import contextlib
import os
import time

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None
    import msvcrt


def _try_lock(handle, shared=False):
    """Take the lock on an open file, or raise OSError when another process holds it."""
    if fcntl is not None:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    else:
        handle.seek(0)
        msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)


@contextlib.contextmanager
def held(path, announce, shared=False):
    """Hold the lock file `path`; while another process has it, wait, after one call of `announce(path)`.

    Several may share it (not on Windows); one that does not share waits for all of them, and they for it. The file
    itself stays behind: it is the lock on it that counts, so a killed holder leaves nothing to clean up.
    """
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path, "a+b") as handle:
        told = False
        while True:
            try:
                _try_lock(handle, shared)
                break
            except OSError:
                if not told:
                    announce(path)
                    told = True
                time.sleep(0.2)
        yield


@contextlib.contextmanager
def tried(path):
    """Hold the lock file `path` if it is free, without waiting; whether it was."""
    with open(path, "a+b") as handle:
        try:
            _try_lock(handle)
        except OSError:
            yield False
        else:
            yield True
