"""One process at a time: a lock that the operating system lets go of when its holder dies. Standard library only."""

import contextlib
import os
import time

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None
    import msvcrt


def _try_lock(handle):
    """Take the lock on an open file, or raise OSError when another process holds it."""
    if fcntl is not None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    else:
        handle.seek(0)
        msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)


@contextlib.contextmanager
def held(path, announce):
    """Hold the lock file `path`; while another process has it, wait, after one call of `announce(path)`.

    The file itself stays behind: it is the lock on it that counts, so a killed holder leaves nothing to clean up.
    """
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path, "a+b") as handle:
        told = False
        while True:
            try:
                _try_lock(handle)
                break
            except OSError:
                if not told:
                    announce(path)
                    told = True
                time.sleep(0.2)
        yield
