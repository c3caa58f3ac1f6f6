"""What the machine offers: cores, threads, and how many runs at a time."""

import os


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def allowed(threads: int) -> int:
    """So many threads, or fewer where the caller set a limit: it holds for every run."""
    most = os.environ.get("OMP_NUM_THREADS", "")
    return min(threads, int(most)) if most.isdigit() and int(most) else threads


def usual_jobs(cores: int, cards: int) -> int:
    """Runs at a time unless JOBS= says otherwise: one per graphics card; without cards two, if there are two cores.

    >>> usual_jobs(16, 1), usual_jobs(64, 8), usual_jobs(16, 0), usual_jobs(1, 0)
    (1, 8, 2, 1)
    """
    return cards or min(2, cores)
