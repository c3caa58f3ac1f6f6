"""Mutants of the core: one small change to its code at a time, which its tests have to notice.

The mutants are Cosmic Ray's, made by ``cosmic`` in an environment of its own; ``judges`` runs the tests in a copy of
the tree. What was found is kept in a file as it comes: a campaign that was stopped goes on, and one that is started
after tests were added tries only those survivors again that have no reason to. The file goes when the campaign ends.
"""

import json
import random
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from itertools import groupby
from pathlib import Path

from workflow import ROOT, Problem
from workflow.reliability.judges import Judge
from workflow.reliability.survivors import UNSEEN, reasons, summary

PYTHON = ROOT / ".venv-mutation" / "bin" / "python"
JOURNAL = ROOT / "reports" / "executed" / "mutants.jsonl"
TESTS = {  # those of tests/unit that look at the file, quickest first; its doctests come before them
    "parts/alternatives": ["blocks"],
    "parts/context": ["blocks"],
    "parts/fdnb": ["fdnb"],
    "parts/fdnb_loops": ["fdnb"],
    "parts/fusion": ["fusion", "layers", "blocks"],
    "parts/layers": ["layers", "portable", "blocks"],
    "parts/mshf": ["blocks", "reach"],
    "parts/published": ["blocks", "fusion"],
    "parts/rfdb": ["blocks", "dissection"],
    "measures/conventions": ["conventions", "metrics"],
    "measures/kohler": ["kohler"],
    "measures/metrics": ["metrics_input", "metrics"],
    "measures/multiscale": ["multiscale", "kohler"],
    "measures/profiling": ["profiling"],
    "measures/timing": ["timing"],
}
Runs = list[list[str]]
"""Files for pytest: those of the first call, then of those that follow while nothing is found."""


def run(share: float = 0.25, seed: int = 0, journal: Path = JOURNAL) -> dict:
    """Judge a random ``share`` of each file's mutants, the same for the same ``seed``.

    Returns:
        "tried" and "killed"; "rows", one for each file; "tables", with the survivors; "seconds", of all calls.

    Raises:
        Problem: when the mutants cannot be made here; RuntimeError: when a test fails without any mutant.
    """
    runs = {f"lmfn_core/{name}.py": _runs(name, tests) for name, tests in TESTS.items()}
    made = make(list(runs))
    draw, reason_of = random.Random(seed), reasons()
    chosen = [m for _, of_file in groupby(made, key=_file) for m in _drawn(list(of_file), share, draw)]
    with tempfile.TemporaryDirectory() as folder:
        found = judged(chosen, runs, Judge(ROOT, Path(folder)), journal, lambda mutant: reason_of(mutant) != UNSEEN)
    result = summary(made, found, reason_of)
    result["caption"] += (
        f" {len(found):,} of {len(made):,} mutants were tried: the same part of each file, seed {seed}."
    )
    journal.unlink(missing_ok=True)
    return result


def make(files: list[str]) -> list[dict]:
    """All mutants of these files, see ``cosmic.mutants_of``; with "file"."""
    if not PYTHON.exists():
        raise Problem("Cosmic Ray is not installed here: python3 lab.py reliability mutants does that.")
    command = [str(PYTHON), "-m", "workflow.reliability.cosmic", *files]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)


def judged(
    mutants: list[dict], runs: dict[str, Runs], judge: Judge, journal: Path, settled: Callable[[dict], bool]
) -> list[dict]:
    """Each mutant with "killed", "timed_out", "seconds", and "late": by the journal it survived an earlier call.

    A mutant that the journal has as killed, or that survived and is ``settled``, is not tried again.
    """
    journal.parent.mkdir(parents=True, exist_ok=True)
    known = [json.loads(line) for line in journal.read_text("utf-8").splitlines()] if journal.exists() else []
    dead, alive = ({(e["file"], e["source"]): e for e in known if e["killed"] is state} for state in (True, False))
    found = []
    for file, of_file in groupby(mutants, key=_file):
        limits = None
        for mutant in of_file:
            key = (file, mutant["source"])
            entry = dead.get(key) or (alive.get(key) if settled(mutant) else None)
            if entry is None:
                limits = limits or _limits(judge, file, runs[file])
                entry = mutant | _verdict(judge, mutant, runs[file], limits)
                with journal.open("a", encoding="utf-8") as lines:
                    lines.write(json.dumps(entry) + "\n")
            found.append(entry | mutant | {"late": entry["killed"] and key in alive})
        if limits:
            judge.mutate(file, None)
        killed = [entry["killed"] for entry in found if entry["file"] == file]
        print(f"  {file}: {sum(killed)} of {len(killed)} killed", flush=True)
    return found


def _limits(judge: Judge, file: str, runs: Runs) -> list[float]:
    """Seconds for each call, from calls without a mutant; and the proof that the tests see the copy, and pass."""
    for files in runs:
        code, _ = judge.passes(files, 600, keep=True)
        if code:
            raise RuntimeError(f"{', '.join(files)} failed without a mutant: pytest ended with {code}.")
    usual = [judge.passes(files, 600)[1] for files in runs]
    judge.mutate(file, "raise RuntimeError('no module')\n")
    if not judge.passes(runs[0], 600)[0]:
        raise RuntimeError(f"{', '.join(runs[0])} passed although {file} cannot be imported.")
    return [10 + 4 * seconds for seconds in usual]


def _verdict(judge: Judge, mutant: dict, runs: Runs, limits: list[float]) -> dict:
    judge.mutate(mutant["file"], mutant["source"])
    began, code = time.monotonic(), 0
    for files, limit in zip(runs, limits, strict=True):
        code, _ = judge.passes(files, limit)
        if code:
            break
    return {"killed": bool(code), "timed_out": code == -9, "seconds": round(time.monotonic() - began, 2)}


def _runs(name: str, tests: Iterable[str]) -> Runs:
    first, *others = [f"tests/unit/test_{test}.py" for test in tests]
    return [[f"lmfn_core/{name}.py", first], *([other] for other in others)]


def _drawn(mutants: list[dict], share: float, draw: random.Random) -> list[dict]:
    """A random part of them, in their order."""
    chosen = sorted(draw.sample(range(len(mutants)), round(share * len(mutants))))
    return [mutants[at] for at in chosen]


def _file(mutant: dict) -> str:
    return mutant["file"]
