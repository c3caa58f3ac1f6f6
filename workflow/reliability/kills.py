"""Interrupted work: every command is killed at random moments and given again; what it leaves is as if it had not been.

Half of the moments are drawn by the clock, half among the command's changes to files. After each, nothing in the folder
may be damaged; the same command must find everything that was done, end well, and leave the very bytes of an
uninterrupted call, and no temporary file.
"""

import random
import shutil
import tempfile
import time
from pathlib import Path

from workflow.reliability.blows import Blow, Ended, strike
from workflow.reliability.victims import VICTIMS, Victim, leftovers


def run(moments: int = 20, seed: int = 0) -> dict:
    """Kill each command at ``moments`` moments.

    Returns:
        "tried" and "survived", moments of all commands; "rows", one for each; "seconds".
    """
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        rows = [campaign(victim, Path(folder) / str(n), moments, seed) for n, victim in enumerate(VICTIMS)]
    return {
        "tried": sum(row["moments"] for row in rows),
        "survived": sum(row["survived"] for row in rows),
        "rows": [row | {"problems": "; ".join(row["problems"]) or None} for row in rows],
        "caption": CAPTION,
        "seconds": round(time.monotonic() - began, 1),
    }


CAPTION = (
    "Each command killed at random moments, half of them right before it changes a file, then given again. A moment is "
    "survived when nothing is damaged, what was done is found again, no half-written file stays, and the result has "
    "the bytes of an uninterrupted one."
)


def campaign(victim: Victim, folder: Path, moments: int, seed: int) -> dict:
    """Kill one command at ``moments`` moments, each time in a fresh folder.

    Returns:
        "what"; "moments"; "resumed": after how many the same command found work done and all of it; "equal": after how
        many the result is that of the uninterrupted call, bit for bit; "survived": moments without any of "problems",
        which are sentences.

    Raises:
        RuntimeError: when the command fails without having been killed, or its moments cannot be hit.
    """
    folder.mkdir(parents=True)
    whole, draw = folder / "whole", random.Random(f"{victim.what} {seed}")
    victim.prepare(whole)
    usual = strike(victim.command, whole, Blow())
    if usual.code:
        raise RuntimeError(f"{victim.what} failed by itself: {usual.text}")
    expected = victim.result(whole)
    row = {"what": victim.what, "moments": moments, "resumed": 0, "equal": 0, "survived": 0, "problems": []}
    for moment in range(moments):
        here = folder / f"{moment}"
        blow = _killed(victim, here, usual, draw, by_clock=moment % 2 == 0)
        done, again, wrong = _given_again(victim, here)
        equal = not again.code and victim.result(here) == expected
        wrong += [] if equal else ["the result is another"]
        row["resumed"] += 0 < done <= victim.found(again.text)
        row["equal"] += equal
        row["survived"] += not wrong
        row["problems"] += [f"{blow}: {sentence}" for sentence in wrong]
        shutil.rmtree(here)
    return row


def _killed(victim: Victim, here: Path, usual: Ended, draw: random.Random, by_clock: bool) -> Blow:
    """Start the command and kill it; a moment after its end is drawn anew."""
    for _ in range(20):
        shutil.rmtree(here, ignore_errors=True)
        victim.prepare(here)
        seconds, change = draw.uniform(0, usual.seconds), draw.randint(1, usual.changes)
        blow = Blow(seconds=seconds) if by_clock else Blow(change=change)
        if strike(victim.command, here, blow).killed:
            return blow
    raise RuntimeError(f"{victim.what} always ended before it could be killed.")


def _given_again(victim: Victim, here: Path) -> tuple[int, Ended, list[str]]:
    """How much was done when it was killed, how the same command ended, and what was wrong."""
    wrong, done = [], 0
    try:
        done = victim.done(here)
    except (ValueError, OSError) as error:
        wrong.append(f"damaged: {error}")
    again = strike(victim.command, here, Blow())
    if again.code:
        wrong.append(f"the same command ended with {again.code}: {again.text}")
    if victim.found(again.text) < done:
        wrong.append(f"{done} were done, the same command found {victim.found(again.text)}")
    if left := leftovers(here):
        wrong.append(f"left behind: {', '.join(left)}")
    return done, again, wrong
