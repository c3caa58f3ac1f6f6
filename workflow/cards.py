"""Which graphics cards there are, and how a run takes some of them for itself alone."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from workflow import lock

QUESTION = "import torch; print(torch.cuda.device_count() if torch.cuda.is_available() else 0)"


def visible() -> tuple[str, ...]:
    """The cards that PyTorch sees, as CUDA_VISIBLE_DEVICES names them; none where there is no driver.

    PyTorch is asked in a process of its own, so that this one never opens a card.
    """
    if shutil.which("nvidia-smi") is None:
        return ()
    asked = subprocess.run([sys.executable, "-c", QUESTION], capture_output=True, text=True, check=False)
    count = int(asked.stdout) if asked.stdout.strip().isdecimal() else 0
    chosen = [name.strip() for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name.strip()]
    return tuple(chosen or map(str, range(count)))[:count]


@contextlib.contextmanager
def claimed(cards: Sequence[str], count: int) -> Iterator[tuple[str, ...]]:
    """Hold `count` of the cards (at most all of them), waiting until so many are free on this machine.

    A card is a locked file in the system's temporary folder, so a killed holder leaves nothing to clean up. Inside one
    Slurm job the names start from 0 again, whichever cards it was given: its number is part of the file's name.
    """
    wanted, folder = min(count, len(cards)), Path(tempfile.gettempdir())
    job = os.environ.get("SLURM_JOB_ID", "")
    while True:
        with contextlib.ExitStack() as held:
            paths = {card: folder / f"lmfn-card-{job}-{card}.lock" for card in cards}
            taken: list[str] = []
            for card, path in paths.items():
                if len(taken) < wanted and held.enter_context(lock.tried(path)):
                    taken.append(card)
            if len(taken) == wanted:
                yield tuple(taken)
                return
        time.sleep(0.2)  # all let go meanwhile: two runs that want two cards each never hold one each for good
