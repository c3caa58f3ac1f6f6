"""Hand the graph to Snakemake, in its own environment, with the options that our runs want.

python -m workflow.engine [KEY=value ...] [Snakemake's options ...]      (started by: python3 lab.py snakemake)

The words come first and mean what they mean to `reproduce`. On this machine Snakemake is told of all cores and of all
graphics cards, unless the options say otherwise; a profile or an executor decides for itself.
"""

import os
import sys
from itertools import takewhile
from pathlib import Path

from workflow import ROOT, Problem, cards
from workflow.exits import exit_code
from workflow.selection import select
from workflow.words import parse

SNAKEMAKE = ROOT / ".venv-snakemake" / "bin" / "python"
ELSEWHERE = ("--profile", "--workflow-profile", "--executor", "-e")
CORES = ("--cores", "-c", "--jobs", "-j")
RESOURCES = ("--resources", "--res")


def main(arguments: list[str], root: Path = ROOT) -> int:
    """Become Snakemake; the exit code where the call has a mistake."""
    return exit_code(lambda: _become(arguments, root))


def _become(arguments: list[str], root: Path) -> int:
    words = list(takewhile(lambda word: not word.startswith("-"), arguments))
    select(parse(words), root)  # a mistake is told here, in one sentence
    if not SNAKEMAKE.exists():
        raise Problem("Snakemake is not installed here: python3 lab.py snakemake does that.")
    config = [f"root={root}", f"python={sys.executable}", *words]
    options = complete(arguments[len(words) :], len(cards.visible()))
    places = ["--snakefile", str(ROOT / "workflow" / "Snakefile"), "--directory", str(root)]
    command = [str(SNAKEMAKE), "-m", "snakemake", *places, "--drop-metadata", *options, "--config", *config]
    os.execv(command[0], command)  # signals and exit code are Snakemake's


def complete(options: list[str], gpus: int) -> list[str]:
    """The options with those that a call on this machine needs and does not have.

    >>> complete(["-n"], 2)
    ['-n', '--cores', 'all', '--resources', 'gpu=2']
    >>> complete(["--cores", "4", "--resources", "gpu=1"], 2), complete(["--executor", "slurm"], 0)
    (['--cores', '4', '--resources', 'gpu=1'], ['--executor', 'slurm'])
    """
    if _has(options, ELSEWHERE):
        return options
    cores = [] if _has(options, CORES) else ["--cores", "all"]
    if any(word.split("=")[-2:-1] == ["gpu"] for word in options):
        return options + cores
    limit = f"gpu={gpus}"
    for at, word in enumerate(options):
        if word in RESOURCES:  # a second one would replace it
            return [*options[: at + 1], limit, *options[at + 1 :], *cores]
    return [*options, *cores, "--resources", limit]


def _has(options: list[str], names: tuple[str, ...]) -> bool:
    """Whether one of the options is given: apart, by `=`, or as a short one with its value behind it."""
    return any(word.split("=")[0] in names or word[:2] in names and word[1:2] != "-" for word in options)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
