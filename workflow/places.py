"""Where things lie: the folders of one call, and how a notebook or a message names them."""

import os
from dataclasses import dataclass
from pathlib import Path

from workflow import Problem, suggest

SIZES = ("smoke", "lesson", "study", "weights", "bench", "paper")  # the tiers that ship, small to large

README_TIERS = ("lesson", "study")  # whose results README shows; lmfn_core.evidence.report says which blocks are whose


@dataclass(frozen=True)
class Places:
    """The folders of one call."""

    root: Path  # the repository
    out: Path  # where results go; reports/ unless OUT= says otherwise
    tier: str

    @property
    def notebooks(self) -> Path:
        """The masters; also the folder that every notebook runs in."""
        return self.root / "notebooks"

    @property
    def records(self) -> Path:
        """Run records of this tier."""
        return self.out / "runs" / self.tier

    @property
    def work(self) -> Path:
        """One folder per run of this tier: executed notebook, log, checkpoint, state."""
        return self.out / "executed" / self.tier

    @property
    def readme(self) -> str:
        """The README as a notebook sees it; empty unless the results are those that README shows."""
        shown = self.tier in README_TIERS and self.out == self.root / "reports"
        return self.seen_from_notebooks(self.root / "README.md") if shown else ""

    def seen_from_notebooks(self, path: Path) -> str:
        """`path` as a notebook gets it: relative inside the repository, so that records name no machine's folders."""
        inside = path.is_relative_to(self.root)
        return Path(os.path.relpath(path, self.notebooks)).as_posix() if inside else str(path)

    def shown(self, path: Path) -> str:
        """`path` for a message: relative to the repository where it lies inside."""
        return str(path.relative_to(self.root)) if path.is_relative_to(self.root) else str(path)


def tiers(root: Path) -> list[str]:
    """Names of the tiers, by the files under notebooks/params, small to large where the sizes are known."""
    names = [path.stem for path in (root / "notebooks" / "params").glob("*.yaml")]
    return sorted(names, key=lambda name: (SIZES.index(name) if name in SIZES else len(SIZES), name))


def tier_file(root: Path, tier: str) -> Path:
    """The parameters of a tier; a Problem that lists the tiers when there is none of that name."""
    if tier not in (known := tiers(root)):
        raise Problem(f"TIER={tier} does not exist{suggest(tier, known)} Known: {', '.join(known)}.")
    return root / "notebooks" / "params" / f"{tier}.yaml"
